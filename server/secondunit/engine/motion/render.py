"""Motion becomes pictures: the anchor's own pixels, at full size, sampled once and sharply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera
from secondunit.engine.conditioning import Guide, Layer, grid_places
from secondunit.engine.engine import RGB
from secondunit.engine.light import LIGHT
from secondunit.engine.motion import fill, splat
from secondunit.engine.motion.balance import Balance
from secondunit.engine.motion.conditions import FRAMES, prior, similarity
from secondunit.engine.motion.conditions import fill as fill_cells
from secondunit.engine.motion.conditions import places as cell_places
from secondunit.engine.motion.matte import FEATHER, feathered, fitted
from secondunit.engine.motion.trajectory import Trajectory
from secondunit.engine.parallel import in_order
from secondunit.engine.raster import (
    Field,
    blurred,
    depth_inside,
    grown,
    places,
    sampled,
    scaled,
    sharply,
)

Region = NDArray[np.bool_]

MOTION_LONGEST = 960
"""Longer side at which motion is turned round, in pixels; pictures are sampled at full size."""
SHORE = 0.012
"""Fractions of width over which free motion dies away towards pixels that must stay."""
STILL = 0.02
"""Pixels of motion below which a picture is not resampled."""


FINEST = 0.15
"""Pixels a frame, at the size at which flow is measured, that count as error of a velocity."""
RIM, LEAST_RIM = 0.25, 0.005
"""Most and least that the picture is continued beyond its frame, in fractions of it."""
GUESSED = np.float32(0.2)
"""Trust in a pixel whose motion is its neighbours': far above that in a hole's filling."""
CORRECTED = np.float32(0.25)
"""How far the transformer's correction of the classical answer counts on top of a trajectory."""
DOUBTED = 640.0
"""A trajectory is half trusted where it may be wrong by a pixel of a picture this wide."""
FIRMNESS = 2.0
"""How much harder one anchor is preferred where the two show different things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One anchor's answer for one frame."""

    picture: RGB
    weight: Field
    """`h w`, above 0: how much each pixel counts beside another anchor's at the same frame."""


class Mover:
    """Renders any frame of a span from its anchor: what does not change with time is made once."""

    def __init__(
        self,
        guide: Guide,
        displacement: Field,
        waving: Field | None = None,
        trajectory: Trajectory | None = None,
    ) -> None:
        """Take a guide and its motion T gh gw 2 (fractions of width, from the anchor's places).

        `waving` is the motion with the guide's wave, where it has one. With a `trajectory` the
        picture goes its way, and `displacement` adds only what it corrects of the classical answer.
        """
        self._guide = guide
        self._within = guide.plan.curve == LIGHT
        self._trajectory = trajectory
        h, w = guide.mask.shape
        scale = min(1.0, MOTION_LONGEST / max(h, w))
        self._size = (max(8, round(w * scale)), max(8, round(h * scale)))
        self._seen: tuple[Field, Region, Field] | None = None
        self._keeps = bool(guide.mask.min() <= 0)
        local = self._without_camera(displacement)
        self._base, self._own = self._shared_out(local)
        self._shore = self._dying_away(guide.free)
        self._wave = None
        if waving is not None and guide.wave is not None:
            change = self._without_camera(waving) - local
            self._wave = (change, self._dying_away(guide.wave.region))
        self._way = None if trajectory is None else self._charted(trajectory, local)
        self._detail, self._trust = self._fine(local)
        if trajectory is not None:
            self._trust = self._trusted(1.0)
        self._rank = self._importance(local)
        self._edges = [fitted(layer.matte, guide.picture) for layer in guide.layers]
        rim = 1 + round(0.002 * w)
        self._whole = [grown(layer.matte > 0.02, rim) for layer in guide.layers]
        gone = np.zeros((h, w), np.bool_)
        for whole in self._whole:
            gone |= whole
        self._plate = fill.clean_plate(guide.picture, gone)
        self._canvas = fill.canvas(self._through_the_window(displacement), self._rim(displacement))
        self._made_up = None if not guide.layers else gone.astype(np.float32)

    def render(self, frame: float) -> Rendering:
        """Return the anchor's picture as it looks at a frame of the shot inside the span."""
        guide = self._guide
        share = guide.span.share(frame)
        matrix = guide.camera(frame)
        view = self._view(matrix)
        picture, trust = self._background(share, view)
        for number in range(len(guide.layers)):
            front, matte = self._front(number, share, frame, view)
            picture = picture * (1 - matte[..., None]) + front * matte[..., None]
            trust = np.maximum(trust, matte)
        static, blend = self._window(round(frame))
        picture = guide.picture * (1 - blend[..., None]) + picture * blend[..., None]
        picture = np.clip(picture, 0, 1)
        picture[static] = guide.picture[static]
        return Rendering(picture=picture, weight=self._weight(trust, share))

    def _window(self, frame: int) -> tuple[Region, Field]:
        # What must stay, and how the rest meets it; greys are parts of motion, not of pixels.
        mask = self._guide.window(frame)
        seen = self._seen  # frames are rendered side by side: another one may be kept meanwhile
        if seen is None or seen[0] is not mask:
            seen = self._seen = (mask, mask <= 0, feathered((mask > 0).astype(np.float32)))
        return seen[1], seen[2]

    def _through_the_window(self, displacement: Field) -> Field:
        # A camera inside a mask looks through a window: what comes in at its rim is more of the
        # view, not of the wall.
        guide, plate = self._guide, self._plate
        if not (guide.cameras and self._keeps):
            return plate
        inside = guide.mask > 0
        if not inside.any():
            return plate
        h, w = inside.shape
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        cells = scaled(inside.astype(np.float32), displacement.shape[2:0:-1], "area") > 0
        reach = 8 + round(1.1 * w * float(np.abs(displacement[:, cells]).max(initial=0)))
        box = (
            slice(max(0, int(rows[0]) - reach), min(h, int(rows[-1]) + reach + 1)),
            slice(max(0, int(columns[0]) - reach), min(w, int(columns[-1]) + reach + 1)),
        )
        plate = plate.copy()
        plate[box] = fill.clean_plate(plate[box], ~inside[box], fill.BEYOND)
        return plate

    def _without_camera(self, displacement: Field) -> Field:
        # Motion on top of the camera, T+1 gh gw 2 from time 0: the camera itself is exact, not
        # sampled on the grid.
        guide = self._guide
        rows, columns = displacement.shape[1:3]
        start = grid_places((rows, columns), guide.ratio)
        result = np.zeros((FRAMES + 1, *displacement.shape[1:]), np.float32)
        for k, frame in enumerate(guide.span.times):
            back = _inverse(guide.camera(frame))
            result[k + 1] = camera.carry(back, start + displacement[k]) - start
        return result

    def _charted(self, trajectory: Trajectory, local: Field) -> Field:
        # The trajectory from time 0 on, T+1 fh fw 2. What a stroke carries away is not part of it:
        # there the picture goes on as it does around.
        guide = self._guide
        way = trajectory.displacement.copy()
        size = (way.shape[2], way.shape[1])
        classical = self._without_camera(guide.through_camera(prior(guide.conditions)))
        change = (local - classical)[1:] * CORRECTED
        if np.abs(change).max() > 0:
            way += np.stack([scaled(step, size) for step in change])
        if guide.layers:
            rest = np.asarray(np.prod([1 - layer.cells for layer in guide.layers], axis=0))
            rest = rest.astype(np.float32)
            rows, columns = guide.conditions.mask.shape
            cells = (columns, rows)
            around = _continued(np.stack([scaled(s, cells, "area") for s in way]), _surely(rest))
            share = scaled(rest, size)[..., None]
            for step, cells_around in zip(way, around, strict=True):
                step += (1 - share) * (scaled(cells_around, size) - step)
        return np.concatenate([np.zeros_like(way[:1]), way])

    def _weight(self, trust: Field, share: float) -> Field:
        # A classical answer knows no time of its own; a trajectory says how sure it is of each.
        if self._trajectory is None:
            return by_time(trust, share)
        sure = (trust / np.maximum(1 - trust, 1e-3)) ** 1.5 + 0.02
        return ((1 - share + 1e-6) ** 0.5 * sure).astype(np.float32)

    def _trusted(self, share: float) -> Field:
        if self._trajectory is None:
            return self._trust
        doubt = self._trajectory.doubt[min(max(round(share * FRAMES) - 1, 0), FRAMES - 1)]
        return scaled(1 / (1 + doubt * np.float32(DOUBTED)), self._size)

    def _shared_out(self, local: Field) -> tuple[Field, list[Field]]:
        # The grid's cells hold a mixture where a stroke's region ends inside one. Each layer is
        # continued from the cells that are surely its own, so that nothing bleeds.
        guide = self._guide
        rows, columns = local.shape[1:3]
        rest = scaled(guide.free, (columns, rows), "area")
        own = []
        for layer in guide.layers:
            moved = local.copy()
            for k, frame in enumerate(guide.span.times):
                moved[k + 1] -= guide.shift(layer, frame) * layer.gain_cells[..., None]
            own.append(_continued(moved, _surely(layer.cells)))
            rest = rest * (1 - layer.cells)
        if rest.min() >= 1:
            return local, own
        return _continued(local, _surely(rest)), own

    def _dying_away(self, free: Field) -> Field | None:
        if free.min() >= 1:
            return None
        ramp = np.clip(depth_inside(free > 0) / free.shape[1] / SHORE, 0, 1)
        return scaled(free * ramp * ramp * (3 - 2 * ramp), self._size, "area")

    def _rim(self, displacement: Field) -> tuple[int, int, int, int]:
        # How far the frame's border moves inwards at any time, where no other pin shows what is
        # beyond; a mask keeps what is outside it, border included.
        guide = self._guide
        h, w = guide.mask.shape
        if guide.conditions.other is not None or (self._keeps and not guide.cameras):
            return 0, 0, 0, 0
        x, y = displacement[..., 0] * w, displacement[..., 1] * w
        inwards = (x[:, :, 0], y[:, 0], -x[:, :, -1], -y[:, -1])
        most = (RIM * w, RIM * h) * 2
        rim = [
            min(1.1 * float(way.max()) + 2, limit) for way, limit in zip(inwards, most, strict=True)
        ]
        left, top, right, bottom = (round(way) if way > LEAST_RIM * w else 0 for way in rim)
        return left, top, right, bottom

    def _fine(self, local: Field) -> tuple[Field | None, Field]:
        # Measured motion is finer than the grid: what the grid lost is put back where the
        # measurement is sound and the network's answer agrees with it.
        hint, conditions = self._guide.hint, self._guide.conditions
        w, h = self._size
        if hint is None or self._way is not None:
            return None, np.full((h, w), 0.5, np.float32)
        told = conditions.end_displacement if hint.reaches else conditions.past_velocity
        size = hint.confidence.shape[::-1]
        coarse = scaled(told, size)
        detail = hint.displacement - coarse
        if not hint.reaches:
            # A velocity's error grows with the span: what is finer than the flow can tell is left.
            step = np.linalg.norm(detail, axis=-1) * size[0] / self._guide.span.frames
            detail *= (step**2 / (step**2 + FINEST**2))[..., None]
        detail *= hint.confidence[..., None]
        if hint.reaches:
            apart = np.linalg.norm(local[-1] - told, axis=-1)
            agreed = np.exp(-((apart / 0.01) ** 2)).astype(np.float32)
            detail *= scaled(agreed, size)[..., None]
        for layer in self._guide.layers:
            matte = scaled(layer.matte, size, "area")
            detail *= (1 - matte)[..., None]
        return (
            scaled(detail, (w, h)),
            GUESSED + (1 - GUESSED) * scaled(hint.confidence, (w, h)),
        )

    def _importance(self, local: Field) -> Field:
        # Nearer things move otherwise than the picture as a whole; sure motion beats a guess.
        conditions = self._guide.conditions
        rows, columns = conditions.mask.shape
        where = cell_places(rows, columns, self._guide.ratio)
        whole = similarity(local[-1], np.ones_like(conditions.mask), where)
        w, h = self._size
        if self._way is not None:
            last = scaled(self._way[-1], (w, h)) - scaled(whole, (w, h))
        else:
            last = scaled(local[-1] - whole, (w, h))
        if self._detail is not None:
            last = last + self._detail
        apart = np.linalg.norm(last, axis=-1)
        return (0.6 * apart / (apart + 0.02) + 0.4 * self._trust).astype(np.float32)

    def _profile(self, share: float) -> float:
        # How much of the hint's full way is done: straight to a pin, or as the past fades.
        guide = self._guide
        if guide.hint is None or guide.hint.reaches:
            return share
        told = guide.conditions.past_velocity
        energy = float((told * told).sum())
        if energy < 1e-12:
            return share
        return float((_at(self._base, share) * told).sum()) / energy

    def _background(self, share: float, view: Field | None) -> tuple[RGB, Field]:
        w, h = self._size
        motion = scaled(_at(self._base if self._way is None else self._way, share), (w, h))
        if self._detail is not None:
            motion = motion + self._detail * np.float32(self._profile(share))
        if self._shore is not None:
            motion = motion * self._shore[..., None]
        if self._wave is not None:
            change, shore = self._wave
            wave = scaled(_at(change, share), (w, h))
            motion = motion + (wave if shore is None else wave * shore[..., None])
        motion = (motion * w).astype(np.float32)
        full = (self._plate.shape[1], self._plate.shape[0])
        if float(np.abs(motion).max()) * full[0] / w < STILL:
            if view is None:
                return self._plate, self._known(None)
            return self._sampled(view), self._known(view)
        origin = splat.turn_round(motion, self._rank, self._trusted(share))
        offset = origin.offset
        if self._shore is not None:  # what moved does not lap over what rests
            offset = offset * (self._shore > 0)[..., None]
        offset = scaled(offset, full) * np.float32(full[0] / w)
        trust = scaled(origin.trust, full)
        if view is None:
            source = places(full[1], full[0]) - offset
        else:
            source, trust = view - sampled(offset, view), sampled(trust, view)
        return self._sampled(source), trust * self._known(source)

    def _sampled(self, source: Field) -> RGB:
        wide = self._canvas
        at = source + np.array([wide.left, wide.top], np.float32)
        return sharply(wide.picture, at, within=self._within)

    def _known(self, source: Field | None) -> Field:
        # What the plate had to make up is not to be believed beside what the other pin shows.
        if self._made_up is None:
            return np.ones(self._guide.mask.shape, np.float32)
        made_up = self._made_up
        if source is not None:
            made_up = sampled(made_up, source, mirror=True)
        return np.asarray(1 - np.float32(0.9) * made_up, np.float32)

    def _front(
        self, number: int, share: float, frame: float, view: Field | None
    ) -> tuple[RGB, Field]:
        guide = self._guide
        layer = guide.layers[number]
        w, h = self._size
        full = (guide.mask.shape[1], guide.mask.shape[0])
        shift = np.asarray(guide.shift(layer, frame), np.float32)
        bend = scaled(_at(self._own[number], share), (w, h))
        if layer.gain is not None:
            offset = self._in_part(layer, bend, shift)
        elif float(np.abs(bend).max()) * full[0] < STILL:
            offset = np.broadcast_to(shift * full[0], (full[1], full[0], 2))
        else:
            turned = splat.invert((bend + shift) * np.float32(w), shift * w)
            offset = scaled(turned, full) * np.float32(full[0] / w)
        # At rest the region is the picture itself, rim and all; its edge softens as it leaves.
        left = min(1.0, float(np.abs(offset).max()) / (2 * FEATHER * full[0]))
        edge = np.where(self._whole[number], 1 - left * (1 - self._edges[number]), 0)
        at = places(full[1], full[0]) if view is None else view
        if view is not None:
            offset = sampled(offset, view)
        source = (at - offset).astype(np.float32)
        return sharply(guide.picture, source, within=self._within), sampled(edge, source)

    def _in_part(self, layer: Layer, bend: Field, shift: Field) -> Field:
        # Places of a region go different shares of its way: it stretches, and may fold.
        assert layer.gain is not None
        w, h = self._size
        full = (layer.matte.shape[1], layer.matte.shape[0])
        gain = splat.spread_known(layer.gain[..., None], layer.matte > 0)
        gain = scaled(gain[..., 0], (w, h), "area")
        motion = ((bend + shift) * gain[..., None] * np.float32(w)).astype(np.float32)
        turned = splat.turn_round(motion, gain, np.ones((h, w), np.float32)).offset
        return scaled(turned, full) * np.float32(full[0] / w)

    def _view(self, matrix: camera.Homography) -> Field | None:
        # For each pixel of the frame, the place before the camera moved, in pixels.
        if np.allclose(matrix, np.eye(3), atol=1e-9):
            return None
        h, w = self._guide.mask.shape
        start = grid_places((h, w), h / w)
        before = camera.carry(_inverse(matrix), start)
        way = ((before - start) * w).astype(np.float32)
        if self._keeps or self._guide.mask.min() < 1:  # a camera, too, moves a grey in part
            way = way * np.where(self._guide.mask > 0, self._guide.mask, 1)[..., None]
        return way + places(h, w)


def frames(
    wanted: Iterable[int],
    forth: Mover | None,
    back: Mover | None,
    at_once: int = 1,
    balance: Balance | None = None,
) -> Iterator[tuple[int, RGB]]:
    """Yield each wanted frame, from one anchor or blended from both, in the light of its time.

    `at_once` frames are made side by side, which changes no bit of them.
    """

    def made(frame: int) -> tuple[int, RGB]:
        if forth is not None and back is not None:
            one, other = forth.render(frame), back.render(frame)
            if balance is not None:
                one = replace(one, picture=balance.first(one.picture, frame))
                other = replace(other, picture=balance.last(other.picture, frame))
            return frame, blended(one, other)
        anchor = forth or back
        assert anchor is not None
        return frame, anchor.render(frame).picture

    if forth is not None or back is not None:
        yield from in_order(made, wanted, at_once)


def by_time(trust: Field, share: float) -> Field:
    """Return the weight (`h w`) of a picture that is trusted (`h w`, 0..1) the same at all times.

    `share` is how far it has gone from its own pin to the other, 0..1.
    """
    return ((1 - share) * (trust + 0.02) + 1e-6).astype(np.float32)


def blended(first: Rendering, last: Rendering) -> RGB:
    """Return one frame of two anchors' answers.

    Where the two agree they are averaged by time; where they do not, the one that is nearer in time
    and surer of its motion is shown alone, so that nothing is seen twice.
    """
    apart = np.abs(first.picture - last.picture).mean(axis=-1)
    apart = blurred(apart, _reach(apart))
    sharper = 1 + FIRMNESS * apart / (apart + 0.08)
    ratio = np.log(last.weight / first.weight) * sharper
    weight = (1 / (1 + np.exp(-ratio))).astype(np.float32)
    weight = blurred(weight, _reach(apart) / 2)[..., None]
    return first.picture + weight * (last.picture - first.picture)


def _reach(plane: NDArray[np.floating]) -> float:
    return max(1.0, plane.shape[1] / 240)


def _surely(cells: Field) -> Field:
    # Cells that a region owns nearly whole; a region too thin for any counts with what it has.
    sure = np.clip(cells * 4 - 3, 0, 1) * cells
    return sure if sure.max() >= 0.1 else cells


def _continued(moved: Field, sure: Field) -> Field:
    return np.stack([fill_cells(step, sure) for step in moved])


def _at(knots: Field, share: float) -> Field:
    # Catmull-Rom through the samples at s = 0, 1/T .. 1; straight on past both ends.
    last = len(knots) - 1
    at = min(max(share, 0.0), 1.0) * last
    k = min(int(at), last - 1)
    u = at - k
    here, there = knots[k], knots[k + 1]
    before = knots[k - 1] if k else 2 * here - there
    after = knots[k + 2] if k + 2 <= last else 2 * there - here
    return (
        (-0.5 * u + u**2 - 0.5 * u**3) * before
        + (1 - 2.5 * u**2 + 1.5 * u**3) * here
        + (0.5 * u + 2 * u**2 - 1.5 * u**3) * there
        + (-0.5 * u**2 + 0.5 * u**3) * after
    ).astype(np.float32)


def _inverse(matrix: camera.Homography) -> camera.Homography:
    return np.asarray(np.linalg.inv(matrix), np.float64)
