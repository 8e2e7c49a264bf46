"""Scenes for the trajectory network: drawn, looked at by the engine's own flow, and their truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.motion import scenes, trajectory
from secondunit.engine.motion.conditions import FRAMES
from secondunit.engine.motion.samples import Record, keep
from secondunit.engine.motion.textures import Wardrobe, wardrobe
from secondunit.engine.raster import scaled

GRIDS = ((22, 40), (30, 40), (40, 22), (34, 34), (17, 40))
SHARES = (0.5, 0.2, 0.1, 0.1, 0.1)
"""Grids that scenes are measured on, and how often."""
SCENES = 60
"""To a file, which holds one grid."""
CLOTHES = 60
"""Textures and shapes to a file."""
PERSPECTIVE = 0.5
"""Share of scenes in which things come along tracks, towards a vanishing point or from it."""
SHORTEST, LONGEST = 4, 40
"""Frames of a span."""


def _between(rng: np.random.Generator, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def course(rng: np.random.Generator, span: int) -> scenes.Course:
    """Return a path that starts, stops, bends and sways over frames, whatever the span.

    From a fifth of a pixel to twenty-one pixels a frame, at 640 wide.
    """
    way = _between(rng, 0.002, 0.8)
    gate = int(rng.integers(1, 4)) if rng.random() < 0.55 else 0
    middle = rng.uniform(-25, span + 25)
    width = _between(rng, 2.5, 20) if gate < 3 else _between(rng, 12, 150) * rng.choice((-1, 1))
    bend = rng.normal() * 0.04 if rng.random() < 0.25 else 0.0
    swing, period = 0j, 48.0
    if rng.random() < 0.3:
        period = _between(rng, 10, 120)
        swing = scenes.direction(rng) * rng.uniform(0.05, 0.5) * way * period / 24 * 0.3
    return scenes.Course(
        rate=scenes.direction(rng) * way / 24, gate=gate, middle=middle, width=width, bend=bend,
        swing=swing, pulse=2 * np.pi / period, phase=rng.uniform(0, 6.28),
    )  # fmt: skip


def _approaching(rng: np.random.Generator, layer: scenes.Layer, away: complex) -> scenes.Layer:
    """Return a layer that grows, or shrinks, from a vanishing point as if it came along a track."""
    rate = _between(rng, 0.02, 0.9) / 24 * rng.choice((-1, 1))
    return replace(
        layer,
        path=scenes.Course(rate=(layer.home - away) * rate, bend=-1j * rate),
        turn=scenes.Course(rate=complex(rate)),
    )


def _shake(rng: np.random.Generator) -> tuple[scenes.Course, ...]:
    # A hand: slow sway is larger than quick tremor.
    size = _between(rng, 0.0005, 0.012)
    return tuple(
        scenes.Course(
            swing=scenes.direction(rng) * rng.uniform(0.3, 1) * size * (period / 20) ** 0.8,
            pulse=2 * np.pi / period, phase=rng.uniform(0, 6.28),
        )
        for period in np.exp(rng.uniform(np.log(5), np.log(60), 5))
    )  # fmt: skip


def scene(rng: np.random.Generator, clothes: Wardrobe, span: int) -> scenes.Scene:
    """Return a random scene as a camera in a hand or on a tripod sees it."""
    world = scenes.scene(rng, clothes, max(span, 12), directed=False)
    sharp = rng.choice((1.0, 1.6, 2.4))
    layers = []
    away = complex(rng.uniform(-1.2, 1.2), rng.uniform(-0.8, 0.8))
    deep = rng.random() < PERSPECTIVE
    for layer in world.layers:
        dressed = replace(layer, detail=layer.detail * sharp)
        if deep and rng.random() < 0.6:
            dressed = _approaching(rng, dressed, away)
        elif layer.path.rate != 0:
            path = course(rng, span)
            size = rng.normal() * 0.12 * (rng.random() < 0.4)
            angle = rng.normal() * 0.35 * (rng.random() < 0.4)
            turn = scenes.along(rng, path, complex(size, angle), 24)
            dressed = replace(dressed, path=path, turn=turn)
        layers.append(dressed)
    pan = course(rng, span) if rng.random() < 0.7 else scenes.Course()
    size = rng.normal() * 0.08 * (rng.random() < 0.5)
    roll = rng.normal() * 0.05 * (rng.random() < 0.4)
    shake = _shake(rng) if rng.random() < 0.5 else ()
    zoom = scenes.along(rng, pan, complex(size, roll), 24)
    return replace(world, layers=tuple(layers), pan=pan, zoom=zoom, shake=shake)


class _Lens:
    """Takes pictures of a scene: soft, noisy and compressed as footage is."""

    def __init__(
        self,
        rng: np.random.Generator,
        world: scenes.Scene,
        clothes: Wardrobe,
        grid: tuple[int, int],
    ) -> None:
        cell = trajectory.CELL
        self._rng, self._world, self._clothes = rng, world, clothes
        self._places = scenes.frame_places(grid[0] * cell, grid[1] * cell, grid)
        self._noise = rng.uniform(0, 0.03) * (rng.random() < 0.6)
        self._quality = int(rng.integers(25, 96)) if rng.random() < 0.7 else None
        self._soft = rng.uniform(0.5, 1.2) if rng.random() < 0.5 else 0.0
        self._flickers = rng.random() < 0.15

    def luma(self, frame: int) -> flow.Luma:
        seen = self._world.render(self._clothes, self._places, frame)
        if self._flickers:
            seen = seen * np.float32(1 + 0.03 * self._rng.normal())
        if self._soft:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), self._soft), np.float32)
        seen = seen + self._noise * self._rng.normal(size=seen.shape)
        picture = np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8)
        if self._quality is not None:
            coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
            picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        return flow.grey(picture.astype(np.float32) / 255)


def measure(rng: np.random.Generator, clothes: Wardrobe, grid: tuple[int, int]) -> Record:
    """Draw one scene and look at it from both ends of a span (`a`, `b`).

    For each end: `ways` (lags gh gw 3, pooled flows to the frames behind it), `reach` (gh gw 3, to
    the other end), `luma` (gh gw), `structure` (gh gw 3), `truth` (T gh gw 2, where its places go,
    fractions of width, in its own sense of time).
    """
    gh, gw = grid
    span = round(_between(rng, SHORTEST, LONGEST))
    world = scene(rng, clothes, span)
    lens = _Lens(rng, world, clothes, grid)
    before = [lens.luma(-lag) for lag in reversed(flow.LAGS)]
    first, last = lens.luma(0), lens.luma(span)
    after = [lens.luma(span + lag) for lag in flow.LAGS]
    # `history` picks by distance: what lies between the lags is never looked at.
    come, gone = (flow.history(_spaced(side, end)) for side, end in (
        (before, first), (after[::-1], last)))  # fmt: skip
    assert come is not None and gone is not None
    half = np.float32(span / 2)
    guess = tuple(-side.ways[1].displacement * half for side in (come, gone))
    reach = flow.between(first, last, [(guess[0], guess[1])])
    places = scenes.frame_places(gh, gw, grid)
    unit = np.sqrt(gh * gw) / gw
    times = np.arange(1, FRAMES + 1) / FRAMES * span
    record: Record = {"span": np.array(span, np.int32)}
    for name, luma, history, way, start, frames in (
        ("a", first, come, reach[0], 0.0, times),
        ("b", last, gone, reach[1], float(span), span - times),
    ):
        ids = world.top(clothes, places, start)
        moved = world.follow(places, ids, frames, start)
        record |= {
            f"{name}_ways": np.stack([trajectory.pooled(w, grid) for w in history.ways]),
            f"{name}_reach": trajectory.pooled(way, grid),
            f"{name}_luma": scaled(luma.astype(np.float32) / 255, (gw, gh), "area"),
            f"{name}_truth": np.stack([moved.real, moved.imag], -1) * unit,
        }
    half_size = {k: _half(v) for k, v in record.items() if k != "span"}
    structures = {
        f"{name}_structure": trajectory.structure(luma, grid)
        for name, luma in (("a", first), ("b", last))
    }
    return {"span": record["span"], **half_size, **structures}


def _spaced(side: list[flow.Luma], end: flow.Luma) -> list[flow.Luma]:
    clip = [side[0]] * (flow.LOOK_BACK + 1)
    for picture, lag in zip(side, reversed(flow.LAGS), strict=True):
        clip[-1 - lag] = picture
    clip[-1] = end
    return clip


def _half(field: NDArray[Any]) -> NDArray[np.float16]:
    # Where nothing was found a flow may hold anything.
    return np.clip(np.nan_to_num(field, nan=0, posinf=0, neginf=0), -2, 2).astype(np.float16)


def shard(path: Path, seed: int, count: int = SCENES) -> None:
    """Write `count` measured scenes of one grid to `path`, the same ones for the same seed."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    grid = GRIDS[rng.choice(len(GRIDS), p=SHARES)]
    clothes = wardrobe(seed, CLOTHES, CLOTHES)
    keep(path, [measure(rng, clothes, grid) for _ in range(count)])
