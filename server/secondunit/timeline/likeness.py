"""Two frames in, with what leads into them; whether they show the same shot out, by looking.

Small patches of one picture are looked for all over the other. In one shot neighbouring patches
are found, and found side by side again; between two shots hardly any are. Where they are not
found, fast motion may be the reason: then what leads into the cut moves as fast.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from secondunit.timeline.frames import decode
from secondunit.timeline.media import index_of
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Neighbour, SourceFrames
from secondunit.units import Size

Grey = NDArray[np.float32]

_WIDTH = 96  # pixels that a picture is looked at with
_PATCH, _STEP = 12, 4
_LEAD = 8  # frames of each clip that tell how fast it moves

# Measured on a hand-held clip with a train crossing (370 bridges of 1 to 24 frames, no false alarm)
# and on 147 pairs of unrelated footage, all told. Shares found again: at least 0.06 in one shot
# that is not fast, at most 0.04 between two. Colours that change: 0.38 at most in one shot, 0.49 at
# least between two. Places of the clip 340 frames apart are told as two shots half of the time.
_FOUND = 0.06
_SURELY_FOUND = 0.4  # soft pictures are alike in patches: up to 0.35 of two that were drawn so
_OTHER_COLOURS = 0.43
_WOULD_BE_FOUND = 0.25
_REMEMBERED = 8192  # bridges of a long edit, each a word of an answer
_TEXTURED = 12  # patches with something to find; with fewer nobody can tell


def other_shots(before: Neighbour, after: Neighbour, frames: int) -> bool:
    """Whether the frames at both ends of a gap of so many frames show different shots.

    False where it cannot be told. The answer is kept for as long as the files stay the same.
    Raises MediaError.
    """
    return _other_shots(before.shown, after.shown, frames)


@lru_cache(maxsize=_REMEMBERED)
def _other_shots(before: SourceFrames, after: SourceFrames, frames: int) -> bool:
    # Frames that decode alone are at hand at once; if they are alike, so are those at the cut.
    quick = _standing_alone(before, last=True), _standing_alone(after, last=False)
    ends = before.indexes[-1], after.indexes[0]
    if quick[0] is not None and quick[1] is not None and quick != ends:
        a = _seen(before, quick[0])[quick[0]]
        b = _seen(after, quick[1], like=a)[quick[1]]
        if _one_shot(a, b):
            return False
    a = _seen(before, ends[0])[ends[0]]
    b = _seen(after, ends[1], like=a)[ends[1]]
    found = _found_again(_grey(a), _grey(b))
    if found is None or _one_shot(a, b, found):
        return False
    if _colours_apart(a, b) > _OTHER_COLOURS:
        return True
    led = min(_LEAD, len(before.indexes) - 1, len(after.indexes) - 1)
    if led < 1:
        return False
    came, went = before.indexes[-led - 1], after.indexes[led]
    own = [
        _found_again(_grey(_seen(before, came)[came]), _grey(a)),
        _found_again(_grey(b), _grey(_seen(after, went, like=a)[went])),
    ]
    slowest = min((share for share in own if share is not None), default=0.0)
    return slowest ** ((frames + 1) / led) > _WOULD_BE_FOUND


def _one_shot(a: NDArray[np.floating], b: NDArray[np.floating], found: float | None = None) -> bool:
    """Whether so much of one picture is in the other that nothing more need be asked."""
    share = _found_again(_grey(a), _grey(b)) if found is None else found
    if share is None or share < _FOUND:
        return False
    return share >= _SURELY_FOUND or _colours_apart(a, b) <= _OTHER_COLOURS


def _standing_alone(side: SourceFrames, *, last: bool) -> int | None:
    """The frame nearest the cut that decodes without others, if the cut shows any."""
    index = index_of(side.media.path, side.media.size.width * side.media.size.height)
    alone = set(np.searchsorted(index.pts, index.keys).tolist())
    order = side.indexes[::-1] if last else side.indexes
    return next((number for number in order if number in alone), None)


def _seen(
    side: SourceFrames, *indexes: int, like: NDArray[np.floating] | None = None
) -> dict[int, NDArray[np.floating]]:
    """Small RGB pictures (`h w 3`, 0..1), of the shape of `like` where that is given."""
    found = decode(side.media, indexes)
    return {number: _small(picture, like) for number, picture in found.items()}


def _small(picture: Picture, like: NDArray[np.floating] | None) -> NDArray[np.floating]:
    size = picture.size
    height = max(2 * _PATCH, round(size.height * _WIDTH / size.width))
    if like is not None:
        height = like.shape[0]
    return picture.fitted(Size(width=_WIDTH, height=min(height, 2 * _WIDTH))).rgb()


def _grey(rgb: NDArray[np.floating]) -> Grey:
    """0..255."""
    return np.asarray(rgb @ np.array([54.2, 182.4, 18.4], np.float32), np.float32)


def _found_again(a: Grey, b: Grey) -> float | None:
    """The share of patches of one picture that the other shows, whichever share is larger."""
    first, second = _patches(a), _patches(b)
    one = _share_found(first, second)
    other = None if one is None else _share_found(second, first)
    return None if one is None or other is None else max(one, other)


def _share_found(a: _Patches, b: _Patches) -> float | None:
    textured = a.sparse[a.contrast[a.sparse] > 4]
    if len(textured) < _TEXTURED:
        return None
    patches, places = a.patches[textured], a.places[textured]
    likeness = patches @ b.patches.T
    best = likeness.argmax(axis=1)
    # What it was found at must find it again, and its neighbours must have gone the same way.
    back = a.places[(b.patches[best] @ a.patches.T).argmax(axis=1)]
    found = (np.abs(back - places).max(axis=1) <= 2) & (likeness.max(axis=1) > 0.7)
    way = b.places[best] - places
    beside = np.abs(places[:, None] - places[None]).max(axis=2) <= 2 * _STEP
    together = np.abs(way[:, None] - way[None]).max(axis=2) <= 4
    company = (beside & together & found[None]).sum(axis=1) - found
    return float((found & (company >= 3)).mean())


class _Patches(NamedTuple):
    """Every patch of a picture."""

    patches: Grey
    """`n p`, of zero mean and unit length."""
    contrast: Grey
    """Of each, in code values."""
    places: Grey
    """`n 2`: x, y."""
    sparse: NDArray[np.int64]
    """Numbers of those that are looked for: every few columns and rows."""


def _patches(grey: Grey) -> _Patches:
    view = np.lib.stride_tricks.sliding_window_view(grey, (_PATCH, _PATCH))
    rows, columns = view.shape[:2]
    flat = view.reshape(rows * columns, -1).astype(np.float32)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(flat).sum(axis=1, keepdims=True))
    y, x = np.divmod(np.arange(rows * columns), columns)
    return _Patches(
        patches=flat / (length + np.float32(1e-3)), contrast=length[:, 0] / _PATCH,
        places=np.stack([x, y], axis=1).astype(np.float32),
        sparse=np.flatnonzero((x % _STEP == 0) & (y % _STEP == 0)),
    )  # fmt: skip


def _colours_apart(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """0 the same colours in the same amounts, 1 none in common."""
    return float(1 - np.minimum(_colours(a), _colours(b)).sum())


def _colours(rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    steps = np.minimum((rgb * 6).astype(np.int64), 5)
    counts = np.bincount((steps @ np.array([36, 6, 1])).ravel(), minlength=216)
    return counts / counts.sum()
