"""Two frames in, with what leads into them; whether they show the same shot out, by looking.

Small patches of one picture are looked for all over the other. In one shot neighbouring patches
are found, and found side by side again; between two shots hardly any are. Where they are not
found, fast motion may be the reason: then what leads into the cut moves as fast.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from secondunit.timeline.frames import decode
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Neighbour, SourceFrames
from secondunit.units import Size

Grey = NDArray[np.float32]

_WIDTH = 96  # pixels that a picture is looked at with
_PATCH, _STEP = 12, 4
_LEAD = 8  # frames of each clip that tell how fast it moves

# Measured on a hand-held clip with a train crossing (bridges of 4 to 24 frames, 300 pairs) and on
# pairs of unrelated footage (94 pairs): shares found again are at least 0.06 in one shot unless it
# is fast, and at most 0.04 between two. One shot shares all but 0.38 of its colours at worst,
# others differ by 0.49 and more. Two places of the clip 340 frames apart count as two shots.
_FOUND = 0.06
_OTHER_COLOURS = 0.43
_WOULD_BE_FOUND = 0.25
_TEXTURED = 12  # patches with something to find; with fewer nobody can tell


def other_shots(before: Neighbour, after: Neighbour, frames: int) -> bool:
    """Whether the frames at both ends of a gap of so many frames show different shots.

    False where it cannot be told. The answer is kept for as long as the files stay the same.
    Raises MediaError.
    """
    return _other_shots(_near(before.shown, last=True), _near(after.shown, last=False), frames)


def _near(side: SourceFrames, *, last: bool) -> SourceFrames:
    indexes = side.indexes[-_LEAD - 1 :] if last else side.indexes[: _LEAD + 1]
    return SourceFrames(media=side.media, indexes=indexes)


@lru_cache(maxsize=256)
def _other_shots(before: SourceFrames, after: SourceFrames, frames: int) -> bool:
    ends = (before.indexes[-1], after.indexes[0])
    leads = (before.indexes[0], after.indexes[-1])
    first = _seen(before, leads[0], ends[0])
    second = _seen(after, leads[1], ends[1], like=first[ends[0]])
    a, b = first[ends[0]], second[ends[1]]
    found = _found_again(_grey(a), _grey(b))
    if found is None or found >= _FOUND:
        return False
    if _colours_apart(a, b) > _OTHER_COLOURS:
        return True
    shortest = min(len(before.indexes), len(after.indexes)) - 1
    if shortest < 1:
        return False
    own = [
        _found_again(_grey(side[lead]), _grey(side[end]))
        for side, lead, end in zip((first, second), leads, ends, strict=True)
    ]
    slowest = min((share for share in own if share is not None), default=0.0)
    return slowest ** ((frames + 1) / shortest) > _WOULD_BE_FOUND


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
    shares = [share for one in ((a, b), (b, a)) if (share := _share_found(*one)) is not None]
    return max(shares) if len(shares) == 2 else None


def _share_found(a: Grey, b: Grey) -> float | None:
    patches, contrast, places = _patches(a, _STEP)
    textured = contrast > 4
    if int(textured.sum()) < _TEXTURED:
        return None
    patches, places = patches[textured], places[textured]
    there, _, there_places = _patches(b, 1)
    here, _, here_places = _patches(a, 1)
    likeness = patches @ there.T
    best = likeness.argmax(axis=1)
    # What it was found at must find it again, and its neighbours must have gone the same way.
    back = here_places[(there[best] @ here.T).argmax(axis=1)]
    found = (np.abs(back - places).max(axis=1) <= 2) & (likeness.max(axis=1) > 0.7)
    way = there_places[best] - places
    beside = np.abs(places[:, None] - places[None]).max(axis=2) <= 2 * _STEP
    together = np.abs(way[:, None] - way[None]).max(axis=2) <= 4
    company = (beside & together & found[None]).sum(axis=1) - found
    return float((found & (company >= 3)).mean())


def _patches(grey: Grey, step: int) -> tuple[Grey, Grey, Grey]:
    """(patches of zero mean and unit length `n p`, their contrast in code values, their x y)."""
    view = np.lib.stride_tricks.sliding_window_view(grey, (_PATCH, _PATCH))[::step, ::step]
    rows, columns = view.shape[:2]
    flat = view.reshape(rows * columns, -1).astype(np.float32)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(flat).sum(axis=1, keepdims=True))
    y, x = np.divmod(np.arange(rows * columns), columns)
    places = np.stack([x, y], axis=1).astype(np.float32) * step
    return flat / (length + np.float32(1e-3)), length[:, 0] / _PATCH, places


def _colours_apart(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """0 the same colours in the same amounts, 1 none in common."""
    return float(1 - np.minimum(_colours(a), _colours(b)).sum())


def _colours(rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    steps = np.minimum((rgb * 6).astype(np.int64), 5)
    counts = np.bincount((steps @ np.array([36, 6, 1])).ravel(), minlength=216)
    return counts / counts.sum()
