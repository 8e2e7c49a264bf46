"""How far the network's motion is from the truth, beside the classical prior and stillness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch

from secondunit.engine.motion.conditions import Field, prior
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline, even_schedule
from secondunit.engine.motion.samples import Pool, Question

WIDTH = 640
"""Frame width in pixels in which errors are given."""
TASKS = ("bridge", "extend", "animate")


def held_out(pool: Pool, per_shard: int, seed: int = 0) -> list[Question]:
    """Return the same questions every time, `per_shard` from each shard of a pool."""
    found: list[Question] = []
    for index, name in enumerate(sorted(pool.shards)):
        rng = np.random.default_rng([seed, index])
        single = Pool({name: pool.shards[name]})
        found += single.questions(rng, per_shard)
    return found


def answers(
    pipeline: MotionPipeline, questions: Sequence[Question], steps: int, seed: int = 0
) -> list[Field]:
    """Return the pipeline's motion (T gh gw 2) for each question, with fixed noise."""
    found: list[Field] = []
    generator = torch.Generator().manual_seed(seed)
    start = 0
    while start < len(questions):
        area = questions[start].truth.shape
        stop = start
        while stop < min(len(questions), start + 16) and questions[stop].truth.shape == area:
            stop += 1
        batch = [q.conditions for q in questions[start:stop]]
        found.extend(np.asarray(pipeline(batch, steps, generator).displacement))
        start = stop
    return found


def errors(question: Question, motion: Field) -> dict[str, float]:
    """Return mean end-point errors in pixels at a frame `WIDTH` wide, by task and kind of cell."""
    c = question.conditions
    error = np.linalg.norm(motion - question.truth, axis=-1) * WIDTH
    free = c.mask > 0
    found = {question.task: float(error[:, free].mean()) if free.any() else 0.0}
    if not free.all():
        found["outside mask"] = float(error[:, ~free].mean())
    led = free & (c.stroke_weight > 0)
    if led.any():
        found["stroke"] = float(error[:, led].mean())
        found["beside stroke"] = float(error[:, free & ~led].mean()) if (free & ~led).any() else 0.0
    swaying = free & (c.ambient > 0.05)
    if swaying.any():
        found["ambient"] = float(error[:, swaying].mean())
    if c.camera_given and np.abs(c.camera).max() > 1e-4 and c.other is None:
        found["camera"] = float(error[:, free].mean())
    if c.other is not None:
        found["bridge end"] = float(error[-1][free].mean())
    return found


def compare(
    transformer: MotionTransformer, questions: Sequence[Question], steps: int = 4
) -> dict[str, dict[str, float]]:
    """Return errors by row ("network", "prior", "nothing") and by task or kind of cell."""
    pipeline = MotionPipeline(transformer=transformer, scheduler=even_schedule())
    pipeline.set_progress_bar_config(disable=True)
    motions = answers(pipeline, questions, steps)
    table: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for question, motion in zip(questions, motions, strict=True):
        classical = prior(question.conditions)
        rows = {"network": motion, "prior": classical, "nothing": np.zeros_like(motion)}
        for row, answer in rows.items():
            for kind, error in errors(question, answer).items():
                table[row][kind].append(error)
    return {
        row: {kind: round(float(np.mean(found)), 3) for kind, found in kinds.items()}
        for row, kinds in table.items()
    }


def score(table: dict[str, dict[str, float]]) -> float:
    """Return the network's error relative to the prior's, averaged over tasks; lower is better."""
    ratios = [
        table["network"][task] / max(table["prior"][task], 1e-3)
        for task in TASKS
        if task in table["network"]
    ]
    return float(np.mean(ratios))
