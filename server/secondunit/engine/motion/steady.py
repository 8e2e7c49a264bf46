"""Shaking footage inside a mask, held still; a pan stays a pan, without its shake."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.camera import carry
from secondunit.engine.conditioning import grid_places
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.light import LIGHT
from secondunit.engine.motion.follow import Follower, Motion
from secondunit.engine.motion.render import feathered
from secondunit.engine.raster import Field, depth_inside, sampled, sharply
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan

PAN = 0.03
"""Fractions of width that the smoothed way may lead away: less is held still, more is a pan."""
CALM = 0.4
"""Seconds, one sigma, over which a pan is smoothed."""
SHORE = 0.03
"""Fractions of width from the mask's rim over which steadied motion meets the footage's own."""
NEIGHBOURS = 15
"""Frames before and after from which is taken what a frame does not show itself."""
_ROW = 256


def frames(
    plan: ShotPlan, sources: Sources, progress: Progress, there: Collection[int] = ()
) -> Iterator[tuple[int, RGB]]:
    """Yield (frame of the shot, `h w 3`) for every frame of `plan.generate`.

    Frames that are `there` already are left out. What the mask holds stands where it stood at frame
    0. Where it wanders off altogether, its way is kept and only smoothed. Raises EngineFailed where
    it cannot be followed.
    """
    footage = plan.footage
    assert footage is not None
    mask = np.asarray(sources.mask(), np.float32)
    moved = _followed(plan, sources, mask, progress)
    aims = _aims(moved, _middle(mask), plan)
    ramp = np.clip(depth_inside(mask > 0) / mask.shape[1] / SHORE, 0, 1)
    ramp = (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
    blend = feathered(mask)[..., None]
    start = grid_places(mask.shape, mask.shape[0] / mask.shape[1])
    inside = (mask > 0).astype(np.float32)
    for made in plan.generate:
        for frame in (n for n in range(made.start, made.end) if n not in there):
            own = sources.footage(footage.index(frame))
            back = moved[frame] @ np.linalg.inv(aims[frame])
            source = start + ramp[..., None] * (carry(back, start) - start)
            picture = sharply(own, _pixels(source, mask), within=plan.curve == LIGHT)
            lacking = np.flatnonzero((mask > 0) & ~_shown(source, inside))
            near = [n for k in range(1, NEIGHBOURS + 1) for n in (frame - k, frame + k)]
            for other in (n for n in near if n in moved):
                if not len(lacking):
                    break
                places = source.reshape(-1, 2)[lacking]
                there = carry(moved[other] @ np.linalg.inv(moved[frame]), places)
                found = _listed(_shown, there, inside)
                if found.any():
                    beside = sources.footage(footage.index(other))
                    rows, columns = np.divmod(lacking[found], mask.shape[1])
                    at = _pixels(there[found], mask)
                    picture[rows, columns] = _listed(_looked_up, at, beside)
                    lacking = lacking[~found]
            yield frame, np.clip(own + blend * (picture - own), 0, 1)


def _pixels(at: NDArray[np.float64], mask: Field) -> Field:
    height, width = mask.shape
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    return (at * width + middle).astype(np.float32)


def _shown(at: NDArray[np.float64], inside: Field) -> NDArray[np.bool_]:
    """Which places lie in the frame and under the mask: what is beside it may be something else."""
    pixels = _pixels(at, inside)
    height, width = inside.shape
    x, y = pixels[..., 0], pixels[..., 1]
    framed = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return framed & (sampled(inside, pixels) > 0.5)


def _looked_up(at: Field, picture: RGB) -> Field:
    return sharply(picture, at)


def _listed(
    read: Callable[[Any, Any], NDArray[Any]], at: NDArray[np.floating], plane: NDArray[np.floating]
) -> NDArray[Any]:
    """What `read` gives for a list of places (n 2), which OpenCV wants as a picture."""
    rows = math.ceil(len(at) / _ROW)
    square = np.zeros((rows * _ROW, 2), at.dtype)
    square[: len(at)] = at
    read_out = read(square.reshape(rows, _ROW, 2), plane)
    return read_out.reshape(rows * _ROW, *read_out.shape[2:])[: len(at)]


def _middle(mask: Field) -> NDArray[np.float64]:
    height, width = mask.shape
    return (grid_places(mask.shape, height / width) * mask[..., None]).sum((0, 1)) / mask.sum()


def _followed(
    plan: ShotPlan, sources: Sources, mask: Field, progress: Progress
) -> dict[int, Motion]:
    """Where what the mask holds at frame 0 is at every frame of the file."""
    footage = plan.footage
    assert footage is not None
    span = footage.range
    found = {0: np.eye(3)}
    for way in (range(1, span.end), range(-1, span.start - 1, -1)):
        follower = Follower(flow.grey(sources.footage(footage.index(0))), mask)
        for frame in way:
            motion = follower.follow(flow.grey(sources.footage(footage.index(frame))))
            if motion is None:
                raise EngineFailed(
                    f"what the mask holds cannot be followed to frame {frame}: it has too little "
                    "texture, or moves too much; draw the mask over something that can be "
                    "recognised"
                )
            found[frame] = motion
            progress("follow", len(found), span.frames)
    return found


def _aims(
    moved: Mapping[int, Motion], middle: NDArray[np.float64], plan: ShotPlan
) -> dict[int, Motion]:
    """Where what the mask holds shall be at each frame."""
    order = sorted(moved)
    parts = np.array([_parts(moved[frame], middle) for frame in order])
    zero = order.index(0)
    sigma = min(CALM * float(plan.rate), len(order) / 4)
    calm = parts.copy()
    # On each side of frame 0, which is the footage's own and stays in its place.
    calm[zero:] = _calmed(parts[zero:], sigma)
    calm[: zero + 1] = _calmed(parts[: zero + 1][::-1], sigma)[::-1]
    shown = calm[zero : zero + plan.frames, :2]
    if float(np.hypot(*shown.T).max()) < PAN:
        return {frame: np.eye(3) for frame in order}
    return {frame: _whole(calm[n], middle) for n, frame in enumerate(order)}


def _calmed(parts: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """A way (n 4) under a Gaussian; it goes straight on beyond its ends, which keep their place."""
    count = len(parts)
    if count < 3 or sigma < 0.5:
        return parts
    reach = min(count - 1, math.ceil(3 * sigma))
    head = 2 * parts[0] - parts[1 : reach + 1][::-1]
    tail = 2 * parts[-1] - parts[-reach - 1 : -1][::-1]
    long = np.concatenate([head, parts, tail])
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    smooth = [np.convolve(long[:, n], weights, "valid") for n in range(4)]
    return np.stack(smooth, axis=-1).astype(np.float64)


def _parts(motion: Motion, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """(dx, dy) of the middle in fractions of width, logarithm of scale, turn in radians."""
    way = motion[:2, :2] @ middle + motion[:2, 2] - middle
    cosine, sine = motion[0, 0], motion[1, 0]
    return np.array([*way, math.log(math.hypot(cosine, sine)), math.atan2(sine, cosine)])


def _whole(parts: NDArray[np.float64], middle: NDArray[np.float64]) -> Motion:
    scale, turn = math.exp(parts[2]), parts[3]
    motion = np.eye(3)
    motion[:2, :2] = scale * np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    )
    motion[:2, 2] = middle + parts[:2] - motion[:2, :2] @ middle
    return motion
