"""Training of the motion network on scenes that it draws itself; resumable at any time."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from secondunit.catalog.weights import FOLDERS
from secondunit.engine.motion import conditions, evaluate
from secondunit.engine.motion.card import card
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline, even_schedule
from secondunit.engine.motion.samples import Pool, Question, fill_cache

RATE = 8e-4
"""Learning rate at its height of AdamW, which moves everything outside the blocks' matrices."""
RATE_OF_BLOCKS = 3e-3
"""That of Muon (Jordan et al. 2024), for the blocks' matrices: half as many steps to learn."""
WARM_UP = 150
COOL_DOWN = 0.5
"""Share of all steps, at the end, over which the rate falls to a fiftieth."""
AVERAGE = 0.996
"""Decay of the moving average of the weights."""
KNEE = 0.1
"""Error, in expected sizes, up to which the loss is quadratic; linear beyond."""
FROM_NOTHING = 0.5
"""Share of questions asked at pure noise, where all must come from the conditions."""
SAMPLING = 6
"""Euler steps of the sampler when a checkpoint is measured."""
FARTHEST = 8.0
"""Residuals beyond this many expected sizes are clipped: a scene's worst outliers teach nothing."""

State = dict[str, Any]
Progress = Callable[[str], None]


def pace(step: int, share: float) -> float:
    """Return the learning rate, of its height: warm-up by steps, plateau, cosine fall at the end.

    `share` is how much of the run is done, 0..1.
    """
    rise = min(1.0, (step + 1) / WARM_UP)
    late = max(0.0, share - (1 - COOL_DOWN)) / COOL_DOWN
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, late))))


def optimizers(model: MotionTransformer) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks and AdamW for the rest."""
    matrices = [w for name, w in model.blocks.named_parameters() if name.endswith(".weight")]
    chosen = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    return [
        torch.optim.Muon(
            matrices, lr=RATE_OF_BLOCKS, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(rest, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def tensors(questions: list[Question]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a batch: residual b t h w 2, channels b t h w c, scalars b k, weight b 1 h w 1."""
    residual, told, span, weight = [], [], [], []
    for question in questions:
        c = question.conditions
        prior = conditions.prior(c)
        residual.append((question.truth - prior) / conditions.spread(c))
        told.append(conditions.channels(c, prior))
        span.append(conditions.scalars(c))
        weight.append(np.where(c.mask > 0, 1.0, 0.1).astype(np.float32)[None, ..., None])
    stacks = (np.stack(part).astype(np.float32) for part in (residual, told, span, weight))
    clean, told, span, weight = (torch.from_numpy(stack) for stack in stacks)
    return clean.clamp(-FARTHEST, FARTHEST), told, span, weight


def loss_of(
    model: MotionTransformer, batch: tuple[Tensor, Tensor, Tensor, Tensor], seed: list[int]
) -> Tensor:
    """Return the rectified-flow loss of one batch, float32; the noise follows from the seed.

    The error is taken on the clean residual, weighs more at low noise (as that of the velocity
    would, but with a bound), and grows linearly beyond `KNEE`: wild scenes do not rule, and what
    should stand still learns to stand still.
    """
    device = next(model.parameters()).device
    clean, told, span, weight = (part.to(device) for part in batch)
    rng = np.random.default_rng(seed)
    chance = rng.random((2, len(clean)))
    level = np.where(chance[0] < FROM_NOTHING, 1.0, 1 - 0.85 * chance[1])
    level = torch.from_numpy(level).float().to(device)
    noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32)).to(device)
    wide = level[:, None, None, None, None]
    noisy = (1 - wide) * clean + wide * noise
    with torch.autocast(device.type, dtype=torch.bfloat16):
        estimate = model.clean(noisy, level, told, span)
    square = (estimate.float() - clean).square().sum(-1, keepdim=True)
    error = (square + KNEE**2).sqrt() - KNEE
    weight = weight / (wide + 0.3)
    return (error * weight).sum() / weight.expand_as(error).sum()


def _average(average: MotionTransformer, model: MotionTransformer, step: int) -> None:
    decay = min(AVERAGE, (1 + step) / (10 + step))
    with torch.no_grad():
        for kept, new in zip(average.parameters(), model.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)


def _write(path: Path, state: State) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def train(
    out: Path,
    steps: int = 5000,
    batch: int = 16,
    *,
    device: str = "auto",
    resume: bool = True,
    minutes: float | None = None,
    seed: int = 1,
    data_cache: Path | None = None,
    samples: int = 16000,
    threads: int = 1,
    check_every: int = 250,
    held_out: int = 40,
    size: dict[str, Any] | None = None,
    progress: Progress = lambda line: None,
) -> Path:
    """Train the motion network and return the path of its best checkpoint.

    Scenes are drawn and measured once into `data_cache` (default `out`/scenes), then training runs
    for `steps` steps or `minutes` minutes, whichever ends first. Every `check_every` steps the
    moving average of the weights is measured on scenes never trained on, one line of
    `metrics.jsonl` is written, and `last.pt` and, if it is the best so far, `best.pt` are replaced
    in one move. With `resume` a run goes on from `last.pt`; without `minutes`, which also steers
    the learning rate, it ends with the same bits as one that was never stopped.

    Args:
        out: folder of the run.
        batch: samples per step.
        device: "auto", "cpu" or "cuda".
        samples: how many scenes are drawn.
        threads: threads of the CPU, also processes that draw scenes; 0: as many as there are.
        held_out: questions per held-out shard (there are four).
        size: arguments of `MotionTransformer`, for smaller or larger networks.
        progress: gets one line of text now and then.
    """
    if threads:
        torch.set_num_threads(threads)
    workers = threads or os.cpu_count() or 1
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    cache = data_cache or out / "scenes"
    out.mkdir(parents=True, exist_ok=True)
    progress(f"drawing scenes into {cache}")
    fill_cache(cache / "seen", samples, seed, workers, progress)
    fill_cache(cache / "unseen", min(samples, 1000), 7919, workers, progress)
    pool = Pool.read(cache / "seen")
    unseen = evaluate.held_out(Pool.read(cache / "unseen"), held_out)
    torch.manual_seed(seed)
    model = MotionTransformer(**(size or {}))
    nn.Module.to(model, device)
    average = deepcopy(model).eval().requires_grad_(False)
    movers = optimizers(model)
    last, step, best, hours = out / "last.pt", 0, math.inf, 0.0
    if resume and last.exists():
        state = torch.load(last, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        for mover, kept in zip(movers, state["optimizers"], strict=True):
            mover.load_state_dict(kept)
        step, best, hours = state["step"], state["best"], state["hours"]
        progress(f"going on from step {step}")
    began, losses = time.monotonic(), []

    def check() -> None:
        nonlocal best
        nn.Module.to(average, "cpu")
        table = evaluate.compare(average, unseen, SAMPLING)
        nn.Module.to(average, device)
        score = evaluate.score(table)
        spent = hours + (time.monotonic() - began) / 3600
        line = {"step": step, "loss": round(float(np.mean(losses)), 5), "score": round(score, 4)}
        line |= {"hours": round(spent, 3), "device": device, "samples": samples, "batch": batch}
        line |= {"seed": seed, "questions": len(unseen), "sampling": SAMPLING, **table}
        with (out / "metrics.jsonl").open("a") as log:
            log.write(json.dumps(line) + os.linesep)
        state: State = {"average": average.state_dict(), "config": dict(size or {}), "line": line}
        if score < best:
            best = score
            _write(out / "best.pt", state)
        state |= {"model": model.state_dict()}
        state |= {"optimizers": [mover.state_dict() for mover in movers]}
        state |= {"step": step, "best": best, "hours": spent}
        _write(last, state)
        progress(json.dumps(line))
        losses.clear()

    while step < steps and (minutes is None or time.monotonic() - began < minutes * 60):
        share = step / steps
        if minutes is not None:
            share = max(share, (time.monotonic() - began) / 60 / minutes)
        questions = pool.questions(np.random.default_rng([seed, step, 1]), batch)
        loss = loss_of(model, tensors(questions), [seed, step, 2])
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for mover, height in zip(movers, (RATE_OF_BLOCKS, RATE), strict=True):
            for group in mover.param_groups:
                group["lr"] = height * pace(step, share)
            mover.step()
        step += 1
        _average(average, model, step)
        losses.append(float(loss.detach()))
        if step % 20 == 0:
            passed = (time.monotonic() - began) / 60
            progress(f"step {step} loss {np.mean(losses[-20:]):.4f} after {passed:.1f} min")
        if step % check_every == 0:
            check()
    if losses:
        check()
    return out / "best.pt" if (out / "best.pt").exists() else last


def export(
    checkpoint: Path,
    weights: Path,
    *,
    scenes: Path | None = None,
    held_out: int = 60,
    notes: str = "",
) -> dict[str, Any]:
    """Write the averaged weights of a checkpoint as a pipeline folder in bfloat16, with its card.

    `scenes` is a `data_cache` of `train`: where it is given, the weights are measured again, as
    written, on `held_out` questions per held-out shard, other ones than those that chose the best
    checkpoint. `notes` is a sentence for the card. Returns the figures on the card.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = MotionTransformer(**state["config"])
    model.load_state_dict(state["average"])
    nn.Module.to(model, torch.bfloat16)
    beside = None
    if any(FOLDERS["motion"].rglob("*.safetensors")):
        whole = MotionPipeline.from_pretrained(FOLDERS["motion"], local_files_only=True)
        beside = whole.trajectory
    pipeline = MotionPipeline(transformer=model, scheduler=even_schedule(), trajectory=beside)
    pipeline.save_pretrained(weights, safe_serialization=True)
    line = state["line"]
    if scenes is not None:
        written = MotionPipeline.from_pretrained(weights, local_files_only=True)
        questions = evaluate.held_out(Pool.read(scenes / "unseen"), held_out, seed=1)
        line |= evaluate.compare(written.transformer, questions, SAMPLING)
        line |= {"questions": len(questions), "sampling": SAMPLING}
    figures = FOLDERS["motion"] / "figures.json"
    if beside is not None and figures.exists():
        line |= {"trajectory": json.loads(figures.read_text()).get("trajectory")}
    (weights / "figures.json").write_text(json.dumps(line, indent=1) + "\n")
    text = card(line, sum(weight.numel() for weight in model.parameters()), notes)
    (weights / "README.md").write_text(text)
    return line
