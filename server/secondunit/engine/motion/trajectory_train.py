"""Training of the trajectory network: measured scenes in, weights out, resumable."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from secondunit.engine import flow
from secondunit.engine.motion import trajectory, trajectory_model
from secondunit.engine.motion.conditions import FRAMES
from secondunit.engine.motion.trajectory import Field
from secondunit.engine.motion.trajectory_model import WIDEST, TrajectoryModel

BATCH = 12
RATE = 1.6e-3
WARM = 50
"""Steps over which the rate rises."""
STEADY = 0.35
"""Share of the time after which the rate falls, to a fiftieth at the end."""
AVERAGED = 0.998
"""Of the average of the weights that stays at each step."""
CHECK = 500
"""Steps between checkpoints."""
OUTLIER = 0.02
"""Weight of an answer that no candidate gives, spread over `FAR` pixels each way."""
FAR = 20.0
NEAR = 0.03
"""Pixels that nobody sees."""
FLAT = 0.15
"""Least weight of a cell: a wrong motion of a flat wall is not seen."""
TEXTURED = 0.03
"""Mean gradient per pixel at which a cell counts fully."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One anchor of a measured scene, in its own sense of time; see `trajectory.evidence`."""

    ways: Field
    """`lags gh gw 3`."""
    reach: Field
    beyond: Field
    own: Field
    other: Field
    structure: Field
    truth: Field
    """`T gh gw 2`."""
    span: int


def views(shard: Path) -> list[View]:
    """Return both anchors of every scene in a file of `trajectory_scenes.shard`."""
    with np.load(shard) as archive:
        record = {name: archive[name].astype(np.float32) for name in archive.files}
    found = []
    onward = np.array([1 / flow.LAGS[1], 1 / flow.LAGS[1], 1], np.float32)
    for scene, span in enumerate(record["span"]):
        for one, two in ("ab", "ba"):
            found.append(
                View(
                    ways=record[f"{one}_ways"][scene], reach=record[f"{one}_reach"][scene],
                    beyond=record[f"{two}_ways"][scene][1] * onward,
                    own=record[f"{one}_luma"][scene], other=record[f"{two}_luma"][scene],
                    structure=record[f"{one}_structure"][scene],
                    truth=record[f"{one}_truth"][scene], span=int(span),
                )
            )  # fmt: skip
    return found


def flipped(view: View, across: bool, down: bool) -> View:
    """Return a view mirrored left to right, top to bottom, or both."""
    sign = np.array([-1 if across else 1, -1 if down else 1], np.float32)
    rows, columns = slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1)

    def turned(field: Field, vector: bool) -> Field:
        field = field[..., rows, columns, :].copy()
        if vector:
            field[..., :2] *= sign
        return field

    tensor = turned(view.structure, False)
    tensor[..., 1] *= sign.prod()
    return View(
        ways=turned(view.ways, True), reach=turned(view.reach, True),
        beyond=turned(view.beyond, True), own=view.own[rows, columns],
        other=view.other[rows, columns], structure=tensor, truth=turned(view.truth, True),
        span=view.span,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Questions of one grid: what `TrajectoryModel` reads and what its answer is held against."""

    told: Tensor
    """b `CHANNELS` gh gw."""
    scale: Tensor
    """b gh gw, fractions of width."""
    candidates: Tensor
    """b T n gh gw 2."""
    metric: Tensor
    """b gh gw 3."""
    weight: Tensor
    """b gh gw, how much a cell counts."""
    truth: Tensor
    """b T gh gw 2."""
    bridge: Tensor
    """b."""


def asked(rng: np.random.Generator, view: View) -> tuple[Any, ...]:
    """Return one question: a bridge or an extension, with more or less of a history."""
    bridge = bool(rng.random() < 0.55)
    lags = int(rng.choice((4, 3, 2, 1), p=(0.83, 0.08, 0.06, 0.03)))
    if bridge and rng.random() < 0.08:
        lags = 0
    known = not (rng.random() < 0.15)
    seen, sure = trajectory.evidence(
        list(view.ways[:lags]), view.reach if bridge else None,
        view.beyond if bridge and known else None, view.other, view.own, view.structure, view.span,
    )  # fmt: skip
    steps = np.stack([seen.candidates(step + 1) for step in range(FRAMES)])
    told, scale = trajectory.features(seen, sure, steps[-1])
    gradient = np.sqrt(view.structure[..., 0] + view.structure[..., 2])
    weight = FLAT + (1 - FLAT) * np.clip(gradient / TEXTURED, 0, 1)
    return told, scale, steps, trajectory.metric(view.structure), weight, view.truth, bridge


def batch(rng: np.random.Generator, picked: Sequence[View]) -> Batch:
    """Return one question about each of some views of one grid."""
    rows = zip(*(asked(rng, view) for view in picked), strict=True)
    told, scale, steps, metric, weight, truth, bridge = (
        torch.from_numpy(np.stack(row)) for row in rows
    )
    return Batch(told=told, scale=scale, candidates=steps, metric=metric, weight=weight.float(),
                 truth=truth, bridge=bridge)  # fmt: skip


def loss(model: TrajectoryModel, asked_of: Batch) -> Tensor:
    """Return the negative log-likelihood of the truth, by a mixture about the candidates."""
    raw, residual, doubt = model(asked_of.told)
    doubt = trajectory_model.doubts(doubt, asked_of.scale)
    weights = trajectory_model.shares(raw, asked_of.bridge).clamp(min=1e-12).log()
    moved = residual.permute(0, 1, 3, 4, 2) * asked_of.scale[:, None, ..., None]
    apart = asked_of.candidates + (moved - asked_of.truth)[:, :, None]
    error = trajectory_model.length(apart, asked_of.metric) * WIDEST + NEAR
    likely = weights - error * torch.exp(-doubt)[:, :, None] - 2 * doubt[:, :, None]
    nowhere = torch.full_like(likely[:, :, :1], float(np.log(OUTLIER / (2 * FAR) ** 2)))
    surprise = -torch.logsumexp(torch.cat([likely, nowhere], 2), 2)
    return (surprise * asked_of.weight[:, None]).mean() / asked_of.weight.mean()


@torch.no_grad()
def errors(model: TrajectoryModel, asked_of: Batch) -> dict[str, tuple[float, float]]:
    """Return the mean error in pixels at 640 wide, at most 8: (the answer's, the classical one's).

    By what the question was, "bridge" or "extend".
    """
    raw, residual, doubt = model(asked_of.told)
    expected = trajectory_model.doubts(doubt, asked_of.scale).exp() / WIDEST
    weights = trajectory_model.shares(raw, asked_of.bridge)
    kept = trajectory_model.likeliest(weights, asked_of.candidates, expected, asked_of.metric)
    moved = residual.permute(0, 1, 3, 4, 2) * asked_of.scale[:, None, ..., None]
    answer = (kept[..., None] * asked_of.candidates).sum(2) + moved
    result: dict[str, tuple[float, float]] = {}
    for name, which in (("bridge", asked_of.bridge), ("extend", ~asked_of.bridge)):
        if not which.any():
            continue
        classical = asked_of.candidates[which][:, :, 10 if name == "bridge" else 8]
        found = []
        for path in (answer[which], classical):
            error = trajectory_model.length(path - asked_of.truth[which], asked_of.metric[which])
            weight = asked_of.weight[which][:, None]
            capped = (error * WIDEST).clamp(max=8)
            found.append(float((capped * weight).mean() / weight.mean()))
        result[name] = (found[0], found[1])
    return result


def measured(model: TrajectoryModel, held_out: Sequence[View]) -> dict[str, list[float]]:
    """Return the mean errors on held-out views, the same questions each time; see `errors`."""
    rng = np.random.default_rng(0)
    rows: dict[str, list[tuple[float, float]]] = {}
    model.eval()
    for start in range(0, len(held_out), BATCH):
        for name, row in errors(model, batch(rng, held_out[start : start + BATCH])).items():
            rows.setdefault(name, []).append(row)
    return {name: np.mean(row, axis=0).round(3).tolist() for name, row in rows.items()}


def train(
    model: TrajectoryModel,
    shards: Callable[[], Sequence[Path]],
    held_out: Sequence[View],
    *,
    minutes: float,
    seed: int,
    out: Path,
    progress: Callable[[str], None],
) -> TrajectoryModel:
    """Train a model for some minutes; `out` keeps its weights every `CHECK` steps.

    `shards` is asked at each check, so that scenes may be drawn while it runs. Returns the average
    of the weights over the last steps (Polyak 1992), which is what `out` holds.
    """
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    average = copy.deepcopy(model)
    pool: dict[Path, list[View]] = {}
    began, step = time.monotonic(), 0
    while True:
        share = (time.monotonic() - began) / 60 / minutes
        if step % CHECK == 0 or share >= 1:
            pool |= {path: views(path) for path in shards() if path not in pool}
            torch.save(average.state_dict(), out)
            scores = measured(average, held_out)
            progress(f"step {step}, {len(pool)} files of scenes, errors {scores}")
            if share >= 1:
                return average
            model.train()
        falling = max(0.02, (1 - share) / (1 - STEADY))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, step / WARM, falling)
        chosen = list(pool.values())[rng.integers(len(pool))]
        picked = [
            flipped(chosen[pick], *(rng.random(2) < 0.5))
            for pick in rng.integers(len(chosen), size=BATCH)
        ]
        with torch.autocast("cpu", torch.bfloat16):
            surprise = loss(model, batch(rng, picked))
        optimiser.zero_grad()
        surprise.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), model.parameters(), strict=True):
                mean.lerp_(weight, 1 - AVERAGED)
        step += 1
