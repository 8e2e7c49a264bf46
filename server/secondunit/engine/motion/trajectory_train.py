"""Training of the trajectory network: measured scenes in, weights out, resumable."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from secondunit.catalog.weights import FOLDERS
from secondunit.engine import flow
from secondunit.engine.motion import trajectory, trajectory_model
from secondunit.engine.motion.card import card
from secondunit.engine.motion.conditions import FRAMES
from secondunit.engine.motion.pipeline import MotionPipeline
from secondunit.engine.motion.trajectory import Field
from secondunit.engine.motion.trajectory_model import WIDEST, TrajectoryModel
from secondunit.engine.motion.trajectory_scenes import SCENES, shard
from secondunit.engine.raster import blurred

BATCH = 12
RATE = 1.6e-3
WARM = 50
"""Steps over which the rate rises."""
STEADY = 0.35
"""Share of the time after which the rate falls, to a fiftieth at the end."""
AVERAGED = 0.998
"""Of the average of the weights that stays at each step."""
SCENES_DRAWN = 3000
"""Measured scenes, two questions in each."""
CHECK = 500
"""Steps between checkpoints."""
TREMBLING, TREMBLE = 0.75, (0.05, 1.0)
"""Share of questions whose flows tremble, and by how much: pixels at 640 wide, least and most."""
OUTLIER = 0.02
"""Weight of an answer that no candidate gives, spread over `FAR` pixels each way."""
FAR = 20.0
MEAN = 0.7
"""How much the error of the mean counts beside the likelihood of all."""
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


def _trembling(rng: np.random.Generator, flows: Field, size: float) -> Field:
    # Codecs and film make flow tremble by itself, each time anew, in patches.
    noise = rng.normal(size=(*flows.shape[:-1], 2)).astype(np.float32)
    patch = rng.uniform(0.3, 1.5)
    noise = np.stack([blurred(plane, patch) for plane in noise.reshape(-1, *noise.shape[-3:])])
    noise *= np.float32(size / max(float(noise.std()), 1e-9))
    return np.concatenate(
        [flows[..., :2] + noise.reshape(*flows.shape[:-1], 2), flows[..., 2:]], axis=-1
    )


def asked(rng: np.random.Generator, view: View) -> tuple[Any, ...]:
    """Return one question: a bridge or an extension, with more or less of a history."""
    bridge = bool(rng.random() < 0.55)
    lags = int(rng.choice((4, 3, 2, 1), p=(0.83, 0.08, 0.06, 0.03)))
    if bridge and rng.random() < 0.08:
        lags = 0
    known = not (rng.random() < 0.15)
    tremble = 0.0
    if rng.random() < TREMBLING:
        tremble = float(np.exp(rng.uniform(*np.log(TREMBLE)))) / WIDEST
    ways, reach, beyond = (
        _trembling(rng, flows, tremble) for flows in (view.ways, view.reach, view.beyond)
    )
    seen, sure = trajectory.evidence(
        list(ways[:lags]), reach if bridge else None, beyond if bridge and known else None,
        view.other, view.own, view.structure, view.span,
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
    raw, doubt = model(asked_of.told)
    doubt = trajectory_model.doubts(doubt, asked_of.scale)
    weights = trajectory_model.shares(raw, asked_of.bridge).clamp(min=1e-12).log()
    apart = asked_of.candidates - asked_of.truth[:, :, None]
    error = trajectory_model.length(apart, asked_of.metric) * WIDEST + NEAR
    likely = weights - error * torch.exp(-doubt)[:, :, None] - 2 * doubt[:, :, None]
    nowhere = torch.full_like(likely[:, :, :1], float(np.log(OUTLIER / (2 * FAR) ** 2)))
    surprise = -torch.logsumexp(torch.cat([likely, nowhere], 2), 2)
    # The mean is what is drawn: pixels forgive a small error, and a large one is all the same.
    mean = (weights.exp()[..., None] * asked_of.candidates).sum(2) - asked_of.truth
    surprise = surprise + MEAN * torch.log1p(
        trajectory_model.length(mean, asked_of.metric) * WIDEST
    )
    return (surprise * asked_of.weight[:, None]).mean() / asked_of.weight.mean()


@torch.no_grad()
def errors(model: TrajectoryModel, asked_of: Batch) -> dict[str, tuple[float, float]]:
    """Return the mean error in pixels at 640 wide, at most 8: (the answer's, the classical one's).

    By what the question was, "bridge" or "extend".
    """
    weights = trajectory_model.shares(model(asked_of.told)[0], asked_of.bridge)
    answer = (weights[..., None] * asked_of.candidates).sum(2)
    result: dict[str, tuple[float, float]] = {}
    for name, which in (("bridge", asked_of.bridge), ("extend", ~asked_of.bridge)):
        if not which.any():
            continue
        plain = trajectory.PATH if name == "bridge" else trajectory.PAST
        classical = asked_of.candidates[which][:, :, plain]
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
    out: Path,
    *,
    minutes: float,
    seed: int = 1,
    scenes: int = SCENES_DRAWN,
    progress: Callable[[str], None],
    check_every: int = CHECK,
) -> Path:
    """Draw scenes, train on them for some minutes, and return the checkpoint.

    `out` keeps the scenes and the checkpoint; the same call goes on where it was stopped.
    `progress` is told of each file of scenes and of each check.
    """
    files = _drawn(out / "trajectory-scenes", scenes, seed, progress)
    held_out, seen = views(files[0]), [views(path) for path in files[1:]]
    kept = out / "trajectory.pt"
    torch.manual_seed(seed)
    model = TrajectoryModel()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    average, step, spent = copy.deepcopy(model), 0, 0.0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
        progress(f"going on from step {step}")
    began = time.monotonic() - spent * 60
    while True:
        share = (time.monotonic() - began) / 60 / minutes
        if step % check_every == 0 or share >= 1:
            scores = measured(average, held_out)
            state = {
                "model": model.state_dict(), "average": average.state_dict(),
                "optimiser": optimiser.state_dict(), "step": step, "spent": share * minutes,
                "scores": scores, "scenes": len(files) * SCENES, "seed": seed,
            }  # fmt: skip
            part = kept.with_suffix(".part")
            torch.save(state, part)
            part.replace(kept)
            progress(f"step {step}, errors {scores}")
            if share >= 1:
                return kept
            model.train()
        rng = np.random.default_rng([seed, step])
        falling = max(0.02, (1 - share) / (1 - STEADY))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM, falling)
        chosen = seen[rng.integers(len(seen))]
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


def _drawn(folder: Path, scenes: int, seed: int, progress: Callable[[str], None]) -> list[Path]:
    """Files of measured scenes, at least two: the first is held out. What is there stays."""
    count = max(2, -(-scenes // SCENES))
    files = [folder / f"scenes-{seed}-{number:04}.npz" for number in range(count)]
    for number, path in enumerate(files):
        if not path.exists():
            shard(path, seed * 100_003 + number)
            progress(f"scenes drawn: {number + 1} of {count} files")
    return files


def export(checkpoint: Path, weights: Path) -> dict[str, list[float]]:
    """Put the averaged weights of a checkpoint beside the transformer of the package.

    Writes the whole pipeline folder, and returns the held-out errors (see `errors`).
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = TrajectoryModel()
    model.load_state_dict(state["average"])
    whole = MotionPipeline.from_pretrained(FOLDERS["motion"], local_files_only=True)
    pipeline = MotionPipeline(
        transformer=whole.transformer, scheduler=whole.scheduler, trajectory=model
    )
    pipeline.save_pretrained(weights, safe_serialization=True)
    figures = FOLDERS["motion"] / "figures.json"
    known = json.loads(figures.read_text()) if figures.exists() else {}
    kept = ("step", "spent", "scenes", "seed", "scores")
    known["trajectory"] = {name: state[name] for name in kept}
    known["trajectory"]["parameters"] = sum(weight.numel() for weight in model.parameters())
    (weights / "figures.json").write_text(json.dumps(known, indent=1) + "\n")
    if "network" in known:
        parameters = sum(weight.numel() for weight in whole.transformer.parameters())
        (weights / "README.md").write_text(card(known, parameters))
    return state["scores"]
