"""Training samples: what a scene looks like and how it moves, measured once, asked about often.

`measure` renders a scene and keeps its truth and what real optical flow says of it; `ask` makes
conditions and a target from that, with fresh dropout, noise, masks and strokes each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.motion import conditions, scenes
from secondunit.engine.motion.conditions import FRAMES, AnchorConditions, Field
from secondunit.engine.motion.textures import Wardrobe, wardrobe

Record = dict[str, NDArray[Any]]

AREAS = ((18, 32), (24, 24), (32, 18), (20, 28), (16, 36))
SHARES = (0.5, 0.16, 0.14, 0.12, 0.08)
"""Grids that samples are drawn on, and how often."""
FINE = 8
"""Pixels per grid cell in the pictures on which optical flow is measured."""
SHARD = 250
"""Samples per file; a file holds one grid."""
MOST_OBJECTS = 6


def flow_hint(first: Field, second: Field, area: tuple[int, int]) -> tuple[Field, Field]:
    """Return the engine's own optical flow between two pictures (h w 3, 0..1), on a grid.

    Flow is gh gw 2 in fractions of width, each cell the mean of what can be believed in it;
    confidence is gh gw, 0..1.
    """
    found = flow.between(flow.grey(first), flow.grey(second))[0]
    weight = found.confidence[..., None] + np.float32(1e-4)
    cells = [
        cv2.resize(plane, area[::-1], interpolation=cv2.INTER_AREA)
        for plane in (found.displacement * weight, weight[..., 0], found.confidence)
    ]
    mean = cells[0] / cells[1][..., None]
    return mean.astype(np.float32), np.asarray(cells[2], np.float32)


def _pair(field: NDArray[np.complexfloating], unit: float) -> Field:
    """Return complex displacements in scene units as pairs (... 2) in fractions of width."""
    return (np.stack([field.real, field.imag], -1) * unit).astype(np.float32)


def measure(rng: np.random.Generator, clothes: Wardrobe, area: tuple[int, int]) -> Record:
    """Draw one scene and measure it: see `ask` for what the entries mean."""
    gh, gw = area
    directed = bool(rng.random() < 0.42)
    span = int(np.exp(rng.uniform(np.log(4), np.log(97))))
    world = scenes.scene(rng, clothes, span, directed=directed)
    lag = int(rng.integers(1, 5))
    places = scenes.frame_places(gh, gw, area)
    fine = scenes.frame_places(gh * FINE, gw * FINE, area)
    unit = 24 / gw * np.sqrt(gh * gw) / 24
    ids = world.top(clothes, places, 0.0)
    times = np.arange(1, FRAMES + 1) * span / FRAMES
    moved = _pair(world.follow(places, ids, np.concatenate([times, [-lag, span + lag]])), unit)
    scale = span / lag
    noise = rng.uniform(0, 0.025) * (rng.random() < 0.6)

    def picture(frame: float) -> Field:
        light = 1 + 0.04 * rng.normal() * (rng.random() < 0.3)
        seen = world.render(clothes, fine, frame) * light
        return np.clip(seen + noise * rng.normal(size=seen.shape), 0, 1).astype(np.float32)

    anchor = picture(0)
    record = {
        "directed": np.bool_(directed),
        "span": np.int32(span),
        "picture": anchor,
        "ids": ids.astype(np.uint8),
        "runs": np.array([layer.path.rate != 0 for layer in world.layers][:MOST_OBJECTS]),
        "truth": moved[:FRAMES],
        "camera": _pair(world.camera_field(places, times), unit),
        "ambient": _ambient(world, places, ids),
        "past_true": -moved[FRAMES] * scale,
        "after_true": (moved[FRAMES + 1] - moved[FRAMES - 1]) * scale,
    }
    if directed:
        record["other"] = np.zeros((gh, gw, 3), np.float32)
        record |= {
            k: np.zeros((gh, gw, 3), np.float32) for k in ("past_seen", "end_seen", "after_seen")
        }
    else:
        other = picture(span)
        record["other"] = other
        pairs = {
            "past_seen": (anchor, picture(-lag), -scale),
            "end_seen": (anchor, other, 1.0),
            "after_seen": (other, picture(span + lag), scale),
        }
        for name, (first, second, gain) in pairs.items():
            motion, confidence = flow_hint(first, second, area)
            record[name] = np.concatenate([motion * gain, confidence[..., None]], -1)
    for name in ("picture", "other"):
        small = cv2.resize(record[name], (gw, gh), interpolation=cv2.INTER_AREA)
        record[name] = (np.clip(small, 0, 1) * 255).round().astype(np.uint8)
    record["runs"] = np.pad(record["runs"], (0, MOST_OBJECTS - len(record["runs"])))
    return {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in record.items()}


def _ambient(world: scenes.Scene, places: scenes.Places, ids: NDArray[np.int64]) -> Field:
    """Return the strength (gh gw) of ambient motion of the ground, 0..1."""
    waves = [r for r in world.layers[0].ripples if r.radius]
    if not waves:
        return np.zeros(places.shape, np.float32)
    strength = max(abs(r.reach) for r in waves) / 0.012
    q = world.place(world.layers[0], places, 0.0)
    return np.where(ids == 0, min(1.0, strength) * waves[0].window(q), 0).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Conditions, the true motion under them (T gh gw 2) and what kind of task it is."""

    conditions: AnchorConditions
    truth: Field
    task: str  # "bridge", "extend" or "animate"


def _blob(rng: np.random.Generator, area: tuple[int, int], share: float) -> NDArray[np.bool_]:
    """Return a random smooth region (gh gw) that covers about `share` of the grid."""
    noise = conditions.smooth(rng.normal(size=(*area, 1)).astype(np.float32), rng.uniform(0.8, 3))
    return noise[..., 0] > np.quantile(noise, 1 - share)


def _grown(region: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    kernel = np.ones((2 * cells + 1, 2 * cells + 1), np.uint8)
    return cv2.dilate(region.astype(np.uint8), kernel) > 0


def _corrupt(
    rng: np.random.Generator, true: Field, seen: Field, blur: float
) -> tuple[Field, Field]:
    """Return a hint gh gw 2 and its confidence: what flow saw, or the truth with wrong cells."""
    area = (true.shape[0], true.shape[1])
    if rng.random() < 0.65:
        return seen[..., :2], seen[..., 2]
    wrong = _blob(rng, area, rng.uniform(0, 0.4))
    hint = true + blur * rng.uniform(0, 1) ** 3 * rng.normal(size=true.shape)
    other = rng.normal(size=2) * 0.12 + (rng.normal(size=true.shape) * 0.03)
    hint = np.where(wrong[..., None], other, hint)
    sure = np.where(wrong, rng.random(area) ** rng.uniform(0.5, 4), 1 - 0.3 * rng.random(area))
    return hint.astype(np.float32), sure.astype(np.float32)


def _strokes(
    rng: np.random.Generator, record: Record, truth: Field, chance: float
) -> tuple[Field, Field, NDArray[np.bool_]]:
    """Return strokes T gh gw 2 along true paths, their weight gh gw, and what runs at all."""
    ids, runs = record["ids"], record["runs"]
    stroke = np.zeros_like(truth)
    weight = np.zeros(ids.shape, np.float32)
    running = np.zeros(ids.shape, bool)
    y, x = np.mgrid[0 : ids.shape[0], 0 : ids.shape[1]]
    for k in np.unique(ids):
        region = ids == k
        if k == 0 or not runs[k] or region.sum() < 3:
            continue
        running |= region
        if rng.random() > chance:
            continue
        path = truth[:, region].mean(1)
        path = path + rng.normal(size=path.shape) * 0.002 * rng.random()
        kind = rng.random()
        if kind < 0.25:
            angle = rng.uniform(0, 6.28)
            side = np.cos(angle) * (x - x[region].mean()) + np.sin(angle) * (y - y[region].mean())
            region = region & (side > rng.normal())
        elif kind < 0.5:
            region = _grown(region, int(rng.integers(1, 3)))
        elif kind < 0.6:
            region = region & (rng.random(region.shape) < 0.7)
        stroke[:, region] = path[:, None]
        weight[region] = 1.0 if rng.random() < 0.7 else rng.uniform(0.5, 1)
    return stroke, weight, running


def ask(rng: np.random.Generator, record: Record) -> Question:
    """Return a question about one measured scene: dropout, noise, strokes and mask are fresh.

    `record` holds for one scene: truth and camera T gh gw 2; past_true, after_true gh gw 2
    (velocities per span); past_seen, end_seen, after_seen gh gw 3 (flow and confidence; after_seen
    at the other pin's own places); picture, other gh gw 3 as bytes; ids gh gw; runs per object;
    ambient gh gw; span; directed.
    """
    record = _flipped(rng, record)
    truth = record["truth"].astype(np.float32)
    area = truth.shape[1:3]
    directed = bool(record["directed"])
    tint = rng.permutation(3)
    picture: Field = record["picture"][..., tint].astype(np.float32) / np.float32(255)
    task = "animate" if directed else "bridge" if rng.random() < 0.62 else "extend"
    given: dict[str, Any] = {}
    span = int(record["span"])
    camera = record["camera"].astype(np.float32)
    panned = bool(np.abs(camera).max() > 1e-4)
    if rng.random() < ((0.92 if panned else 0.25) if directed else 0.12):
        given |= {"camera": camera, "camera_given": True}
    stroke, weight, running = _strokes(rng, record, truth, 0.88 if directed else 0.08)
    given |= {"stroke": stroke, "stroke_weight": weight}
    if rng.random() < 0.9:
        given["ambient"] = record["ambient"].astype(np.float32)
    if not directed or rng.random() < 0.1:
        seen = record["past_seen"].astype(np.float32)
        if task == "extend" or rng.random() < 0.75:
            true = record["past_true"].astype(np.float32)
            if directed:
                seen = np.concatenate([true, np.ones((*area, 1), np.float32)], -1)
            motion, sure = _corrupt(rng, true, seen, 0.001 * span)
            given |= {"past_velocity": motion, "past_confidence": sure}
    if task == "bridge":
        given["other"] = record["other"][..., tint].astype(np.float32) / 255
        end, sure = _corrupt(rng, truth[-1], record["end_seen"].astype(np.float32), 0.004)
        if rng.random() < 0.96:
            given |= {"end_displacement": end, "end_confidence": sure}
        if rng.random() < 0.75:
            there = conditions.places(*area) + end
            seen = conditions.sample_bilinear(record["after_seen"].astype(np.float32), there)
            after = record["after_true"].astype(np.float32)
            motion, known = _corrupt(rng, after, seen, 0.001 * span)
            given |= {"end_velocity": motion, "end_velocity_confidence": known * sure}
    mask = _mask(rng, running | (record["ambient"] > 0), 0.4 if directed and not panned else 0.92)
    if task == "bridge" and not mask.all():
        given["other"] = np.where(mask[..., None] > 0, given["other"], picture)
        if "end_displacement" in given:
            given["end_displacement"] = given["end_displacement"] * mask[..., None]
    told = replace(conditions.blank(picture, span), mask=mask, **given)
    return Question(conditions=told, truth=truth * (mask > 0)[..., None], task=task)


def _mask(rng: np.random.Generator, wanted: NDArray[np.bool_], free: float) -> Field:
    """Return a mask gh gw: everything, or a loose region around what moves."""
    area = wanted.shape
    if rng.random() < free:
        return np.ones(area, np.float32)
    if not wanted.any() or rng.random() < 0.1:
        return _blob(rng, area, rng.uniform(0.1, 0.7)).astype(np.float32)
    mask = _grown(wanted, int(rng.integers(1, 5)))
    if rng.random() < 0.3:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return mask.astype(np.float32)


_VECTORS = ("truth", "camera", "past_true", "after_true", "past_seen", "end_seen", "after_seen")


def _flipped(rng: np.random.Generator, record: Record) -> Record:
    """Return the record mirrored at random, left to right and top to bottom."""
    for component in (0, 1):
        if rng.random() < 0.5:
            continue
        turned: Record = {}
        for name, value in record.items():
            if name in ("runs", "span", "directed"):
                turned[name] = value
                continue
            value = np.flip(value, (2 - component) if value.ndim == 4 else (1 - component))
            if name in _VECTORS:
                value = value.copy()
                value[..., component] *= -1
            turned[name] = value
        record = turned
    return record


def shard(path: Path, seed: int, count: int = SHARD) -> None:
    """Write `count` measured scenes of one grid to `path`, the same ones for the same seed."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    area = AREAS[rng.choice(len(AREAS), p=SHARES)]
    clothes = wardrobe(seed)
    keep(path, [measure(rng, clothes, area) for _ in range(count)])


def keep(path: Path, records: Sequence[Record]) -> None:
    """Write records of one grid to a file, whole or not at all."""
    whole = {name: np.stack([record[name] for record in records]) for name in records[0]}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as out:
        np.savez(out, **whole)  # type: ignore[arg-type]
    part.replace(path)


class Pool:
    """Measured scenes in memory, by shard; a shard holds one grid."""

    def __init__(self, shards: dict[str, Record]) -> None:
        self.shards = shards

    @classmethod
    def read(cls, folder: Path) -> Pool:
        """Read all shards of a folder."""
        shards: dict[str, Record] = {}
        for path in sorted(folder.glob("shard-*.npz")):
            with np.load(path) as archive:
                shards[path.name] = {name: archive[name] for name in archive.files}
        return cls(shards)

    def questions(self, rng: np.random.Generator, count: int) -> list[Question]:
        """Return `count` fresh questions on one grid."""
        whole = self.shards[sorted(self.shards)[rng.integers(len(self.shards))]]
        total = len(whole["span"])
        return [
            ask(rng, {name: value[pick] for name, value in whole.items()})
            for pick in rng.integers(total, size=count)
        ]


def fill_cache(
    folder: Path,
    samples: int,
    seed: int,
    workers: int = 1,
    progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Make sure that `folder` holds at least `samples` measured scenes; what is there stays.

    `progress` is told of each file of scenes that is drawn.
    """
    missing = [
        (folder / f"shard-{seed}-{index:04}.npz", seed * 100_003 + index, min(SHARD, samples))
        for index in range(-(-samples // SHARD))
    ]
    missing = [job for job in missing if not job[0].exists()]
    if workers <= 1 or len(missing) <= 1:
        for number, job in enumerate(missing, 1):
            shard(*job)
            progress(f"scenes drawn: {number} of {len(missing)} files")
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        drawn = [pool.submit(shard, *job) for job in missing]
        for number, done in enumerate(as_completed(drawn), 1):
            done.result()
            progress(f"scenes drawn: {number} of {len(missing)} files")
