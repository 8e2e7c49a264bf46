"""Optical flow between pictures of the footage, with how far each vector can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import Arrays
from secondunit.engine.raster import Field, blurred, places, sampled, scaled

LONGEST = 480
"""Longer side of the pictures that are compared, in pixels; small ones grow at most 1.5x."""
SLACK = 1.0
"""Forward-backward error, in pixels of the compared size, at which confidence is 1/e."""
LAGS = (1, 2, 4, 8)
"""Frames before the last one that its history is measured against."""
LOOK_BACK = LAGS[-1]
FITTED = 3
"""Lags that vouch for the velocity at the last frame: the first ones."""
MOTIONS = 4
"""Groups of matched features that are tried as starts."""
AGREEING = 8
"""Features that make a group."""
GROWTH = 5.0
"""Times that a picture may grow or shrink from one to the other."""
CALM = 4.0
"""How much a place's choice of start follows its neighbours'."""

Luma = NDArray[np.uint8]
"""`fh fw`: a picture at the compared size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Where each place of one picture is in another."""

    displacement: Field
    """`fh fw 2`, in fractions of the frame's width on both axes, x right, y down."""
    confidence: Field
    """`fh fw`, 0..1."""


def arrays(forth: Flow, back: Flow) -> Arrays:
    """A pair of flows as arrays by name, to be kept."""
    ways = {"forth": forth, "back": back}
    return {
        f"{name}-{field}": getattr(way, field)
        for name, way in ways.items()
        for field in ("displacement", "confidence")
    }


def pair(kept: Arrays) -> tuple[Flow, Flow]:
    """The pair of flows that `arrays` was given."""
    forth, back = (
        Flow(displacement=kept[f"{name}-displacement"], confidence=kept[f"{name}-confidence"])
        for name in ("forth", "back")
    )
    return forth, back


def compared_size(width: int, height: int) -> tuple[int, int]:
    """Return (width, height) at which pictures of a size are compared."""
    scale = min(LONGEST / max(width, height), 1.5)
    return max(16, round(width * scale)), max(16, round(height * scale))


def grey(picture: NDArray[np.floating]) -> Luma:
    """Return a picture (`h w 3`, 0..1) as 8-bit luma at the compared size."""
    h, w = picture.shape[:2]
    size = compared_size(w, h)
    small = scaled(picture, size, "area" if size[0] < w else "cubic")
    luma = small @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(np.rint(luma * 255), 0, 255).astype(np.uint8)


def between(
    first: Luma,
    second: Luma,
    guesses: Sequence[tuple[Field, Field]] = (),
    *,
    far: bool = True,
) -> tuple[Flow, Flow]:
    """Return the flow first -> second and second -> first of two pictures from `grey`.

    DIS (Kroeger et al. 2016) finds only what moved less than its coarsest patch, so it starts from
    several guesses: none, the motions that matched features agree on, and `guesses`, pairs of
    forward and backward displacement (`fh fw 2`, fractions of width). Each place then takes the
    start whose result looks the same in both pictures, leads back to itself, and is its
    neighbours' choice too. Pictures that are next to each other in time need no features: `far`
    False. Confidence is the agreement of the two directions; it is 0 outside the
    frame.
    """
    width = np.float32(first.shape[1])
    starts = [(np.zeros((*first.shape, 2), np.float32),) * 2]
    starts += matched_motions(first, second) if far else []
    starts += [(forth * width, back * width) for forth, back in guesses]
    ways = [(_dis(first, second, forth), _dis(second, first, back)) for forth, back in starts]
    if len(ways) == 1:
        forth, back = ways[0]
    else:
        here, there = _look(first), _look(second)
        forth_doubts = [_doubt(here, there, forth, back) for forth, back in ways]
        back_doubts = [_doubt(there, here, back, forth) for forth, back in ways]
        forth = _chosen([way[0] for way in ways], forth_doubts)
        back = _chosen([way[1] for way in ways], back_doubts)
    return _judged(forth, back), _judged(back, forth)


def matched_motions(first: Luma, second: Luma) -> list[tuple[Field, Field]]:
    """Return the similarities that matched features agree on (SIFT, Lowe 2004).

    The largest group first, each as displacement first -> second and second -> first
    (`fh fw 2`, pixels); at most `MOTIONS`.
    """
    finder = cv2.SIFT.create(nfeatures=1500)
    everywhere = np.full(first.shape, 255, np.uint8)
    points, marks = finder.detectAndCompute(first, everywhere)
    others, other_marks = finder.detectAndCompute(second, everywhere)
    if len(points) < 2 or len(others) < 2:
        return []
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(marks, other_marks, k=2)
    clear = [best for best, second_best in pairs if best.distance < 0.8 * second_best.distance]
    here = np.array([points[m.queryIdx].pt for m in clear], np.float32).reshape(-1, 2)
    there = np.array([others[m.trainIdx].pt for m in clear], np.float32).reshape(-1, 2)
    at = places(*first.shape)
    found = []
    while len(found) < MOTIONS and len(here) >= AGREEING:
        matrix, inliers = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=3.0)
        if matrix is None or int(inliers.sum()) < AGREEING:
            break
        motion = np.asarray(matrix, np.float64)
        grows = float(np.hypot(motion[0, 0], motion[1, 0]))
        if not 1 / GROWTH < grows < GROWTH:  # chance: features of unrelated pictures
            break
        inverse = np.asarray(cv2.invertAffineTransform(motion), np.float64)
        found.append(
            tuple((at @ m[:, :2].T + m[:, 2] - at).astype(np.float32) for m in (motion, inverse))
        )
        rest = inliers.ravel() == 0
        here, there = here[rest], there[rest]
    return found


def alike(first: Luma, second: Luma, way: Flow) -> tuple[Field, Field]:
    """Return how far a flow leads to the same structure, and how much structure there is.

    Both `fh fw`; the first is the correlation over windows, 0..1, the second a spread of luma.
    """
    own = first.astype(np.float32) / 255
    arrival = places(*own.shape) + way.displacement * np.float32(own.shape[1])
    found = sampled(second.astype(np.float32) / 255, arrival)
    mean, found_mean = blurred(own, WINDOW), blurred(found, WINDOW)
    spread = np.maximum(blurred(own * own, WINDOW) - mean**2, 0)
    found_spread = np.maximum(blurred(found * found, WINDOW) - found_mean**2, 0)
    common = blurred(own * found, WINDOW) - mean * found_mean
    correlation = common / np.sqrt((spread + 1e-4) * (found_spread + 1e-4))
    structure = np.sqrt(np.maximum(spread, found_spread))
    return np.clip(correlation, 0, 1).astype(np.float32), structure.astype(np.float32)


def kinship(first: Luma, second: Luma, forth: Flow, back: Flow) -> float:
    """Return how far two pictures show the same things, 0..1, by the flow between them.

    The share of what has structure that the flow leads there and back and whose structure it
    finds again. Two views of one scene have 0.5 and more, pictures that only happen to hang
    together 0.05 and less.
    """
    shares = []
    for here, there, way in ((first, second, forth), (second, first, back)):
        likeness, structure = alike(here, there, way)
        weight = np.minimum(structure, 0.1) + 1e-6
        shares.append(float((weight * way.confidence * likeness).sum() / weight.sum()))
    return sum(shares) / 2


def carried_over(way: Flow, likeness: Field, picture: Luma, base: Field, reach: float) -> Flow:
    """Return a flow whose doubtful places move as the believed ones of the same surface do.

    A surface is what no edge of the picture divides: a normalised convolution under the domain
    transform (Gastal and Oliveira 2011) over about `reach` pixels of the compared size. A place
    is believed as far as the flow leads to the same structure (`likeness` of `alike`). A surface
    with next to nothing to believe moves by `base` (`fh fw 2`, fractions of width).
    """
    trust = (way.confidence * likeness).astype(np.float32)
    weight = trust[..., None] ** 2
    planes = np.concatenate([(way.displacement - base) * weight, weight], axis=-1)
    luma = blurred(picture.astype(np.float32) / 255, 1.0)
    spread = _along_surfaces(planes, luma, reach)
    mean = base + spread[..., :2] / (spread[..., 2:] + HEARSAY)
    return Flow(displacement=blurred(mean, SEAMLESS), confidence=trust)


HEARSAY = np.float32(0.05)
"""Belief that a surface's motion needs before it counts against that of the whole picture."""
SEAMLESS = 3.0
"""Pixels over which surfaces that move otherwise hang together: bent, but not torn."""
SURFACE = 0.12
"""Difference of luma, 0..1, that parts two surfaces."""


def _along_surfaces(planes: Field, luma: Field, reach: float, rounds: int = 3) -> Field:
    across = 1 + reach / SURFACE * np.abs(np.diff(luma, axis=1))
    down = 1 + reach / SURFACE * np.abs(np.diff(luma, axis=0)).T
    result = planes
    for number in range(rounds):
        sigma = reach * 3**0.5 * 2 ** (rounds - number - 1) / (4**rounds - 1) ** 0.5
        keep = np.float32(np.exp(-(2**0.5) / sigma))
        for ways in (across, down):
            result = _swept(result, keep ** ways.astype(np.float32)).swapaxes(0, 1)
    return result


def _swept(planes: Field, keep: Field) -> Field:
    # A recursive filter along the columns, to the right and back; all rows at once.
    lines = np.ascontiguousarray(planes.swapaxes(0, 1))
    share = np.ascontiguousarray(keep.T)[..., None]
    for x in range(1, len(lines)):
        lines[x] += share[x - 1] * (lines[x - 1] - lines[x])
    for x in range(len(lines) - 2, -1, -1):
        lines[x] += share[x] * (lines[x + 1] - lines[x])
    return lines.swapaxes(0, 1)


WINDOW = 4.0
"""Pixels of the compared size, about, that are one structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How the last picture of a clip came about, on that picture's own grid."""

    ways: tuple[Flow, ...]
    """From the last picture to those before it, for each of `LAGS` that the clip has."""
    velocity: Flow
    """Motion per frame at the last picture."""


def history(clip: Sequence[Luma]) -> History | None:
    """Return the history of the last picture of a clip; None for fewer than two pictures.

    `clip` holds pictures from `grey`, oldest first. The flows back to earlier pictures are samples
    of each point's way; a straight line with a damped bend through them gives the velocity at its
    end.
    """
    if len(clip) < 2:
        return None
    last = clip[-1]
    pairs: list[tuple[Flow, Flow]] = []
    for number, lag in enumerate(LAGS):
        if lag >= len(clip):
            break
        # A frame further back lies further along the same way.
        reach = np.float32(lag / LAGS[max(number - 1, 0)])
        near = [(a.displacement * reach, b.displacement * reach) for a, b in pairs[-1:]]
        pairs.append(between(last, clip[-1 - lag], near, far=False))
    ways = tuple(to_past for to_past, _ in pairs)
    speed = end_velocity(
        [(lag, way.displacement, way.confidence) for lag, way in zip(LAGS, ways, strict=False)]
    )
    sure = velocity_confidence(np.stack([way.confidence for way in ways]))
    return History(ways=ways, velocity=Flow(displacement=speed, confidence=sure))


BEND = 6.0
"""How strongly a bend in a point's way is doubted, against one frame's fully trusted flow."""


def end_velocity(ways: Sequence[tuple[int, Field, Field]]) -> Field:
    """Return the velocity (`h w 2`, per frame) at the end of ways.

    Each way is (lag, displacement back over the lag `h w 2`, confidence `h w`). Least squares of
    x(-k) = -k v + k^2/2 a, weights by confidence, a ridge on the bend a.
    """
    kk = kb = bb = np.float32(0)
    kx = bx = np.float32(0)
    for lag, displacement, confidence in ways[:FITTED]:
        # The further back, the less a flow says about now.
        weight = (confidence + np.float32(1e-3)) / np.float32(lag**2)
        bend = np.float32(lag * lag / 2)
        kk = kk + weight * np.float32(lag * lag)
        kb = kb - weight * np.float32(lag) * bend
        bb = bb + weight * bend * bend
        kx = kx - (weight * np.float32(lag))[..., None] * displacement
        bx = bx + (weight * bend)[..., None] * displacement
    bb = bb + np.float32(BEND)
    determinant = np.asarray(kk * bb - kb * kb)[..., None]
    speed = (np.asarray(bb)[..., None] * kx - np.asarray(kb)[..., None] * bx) / determinant
    return np.asarray(speed, np.float32)


def velocity_confidence(sure: Field) -> Field:
    """Return how far `end_velocity` can be believed, `h w`, from that of each lag (`lags h w`)."""
    share = [plane / np.float32(lag) for lag, plane in zip(LAGS, sure[:FITTED], strict=False)]
    return np.max(share, axis=0).astype(np.float32)


def _dis(first: Luma, second: Luma, start: Field) -> Field:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    engine.setFinestScale(1)
    return np.asarray(engine.calc(first, second, start.copy()), np.float32)


def _look(luma: Luma) -> Field:
    # Brightness and its slopes: flat places differ little, edges must lie on edges.
    plane = luma.astype(np.float32) / 255
    across = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3), np.float32)
    down = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3), np.float32)
    return np.asarray(np.stack([plane, across / 2, down / 2], axis=-1), np.float32)


def _doubt(here: Field, there: Field, forth: Field, back: Field) -> Field:
    """How unlike both ends of each vector look, and how far the way back misses (`fh fw`)."""
    arrival = places(*forth.shape[:2]) + forth
    unlike = np.minimum(np.abs(sampled(there, arrival) - here).sum(axis=-1), 0.5)
    missed = np.minimum(np.linalg.norm(forth + sampled(back, arrival), axis=-1), 4)
    lost = _outside(arrival)
    total = np.where(lost, 0.3, unlike) + 0.06 * np.where(lost, 4, missed)
    return blurred(total, 2.0)


def _chosen(ways: Sequence[Field], doubts: Sequence[Field]) -> Field:
    # Mean field of a Potts model (Kraehenbuehl and Koltun 2011, with a plain Gaussian).
    doubt = np.stack(doubts)
    own = (doubt.min(axis=0) - doubt) / 0.02
    share = _softmax(own)
    for _ in range(5):
        share = _softmax(own + CALM * np.stack([blurred(plane, 3.0) for plane in share]))
    best = share.argmax(axis=0)[None, ..., None]
    return np.asarray(np.take_along_axis(np.stack(ways), best, axis=0)[0], np.float32)


def _softmax(planes: Field) -> Field:
    raised = np.exp(planes - planes.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0), np.float32)


def _outside(at: Field) -> NDArray[np.bool_]:
    height, width = at.shape[:2]
    x, y = at[..., 0], at[..., 1]
    return (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)


def _judged(forth: Field, back: Field) -> Flow:
    height, width = forth.shape[:2]
    arrival = places(height, width) + forth
    error = np.linalg.norm(forth + sampled(back, arrival), axis=-1)
    # Long ways are measured less exactly.
    slack = SLACK + 0.03 * np.linalg.norm(forth, axis=-1)
    confidence = np.exp(-((error / slack) ** 2))
    confidence[_outside(arrival)] = 0
    return Flow(
        displacement=(forth / width).astype(np.float32), confidence=confidence.astype(np.float32)
    )
