"""Training: interrupted or not, the same bits; what it writes can be used."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from secondunit.engine.motion import train as training
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline
from secondunit.engine.motion.samples import Pool, fill_cache

TINY: dict[str, object] = {"width": 32, "depth": 1, "heads": 2}
STEPS = 4


class Stopped(Exception):
    """What ends a run from outside."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    fill_cache(folder / "seen", 12, 1)
    fill_cache(folder / "unseen", 12, 7919)
    return folder


def run(out: Path, cache: Path, progress: training.Progress = lambda line: None) -> Path:
    return training.train(
        out, STEPS, 2, device="cpu", data_cache=cache, samples=12, check_every=2, held_out=4,
        size=TINY, progress=progress,
    )  # fmt: skip


def test_a_resumed_run_ends_with_the_same_bits(tmp_path: Path, cache: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith('{"step": 2'):
            raise Stopped

    run(tmp_path / "whole", cache)
    with pytest.raises(Stopped):
        run(tmp_path / "parts", cache, stop)
    heard: list[str] = []
    run(tmp_path / "parts", cache, heard.append)
    assert "going on from step 2" in heard
    whole, parts = (torch.load(tmp_path / name / "last.pt") for name in ("whole", "parts"))
    assert whole["step"] == parts["step"] == STEPS
    for part in ("model", "average"):
        for name, value in whole[part].items():
            assert torch.equal(value, parts[part][name]), name


def test_every_check_writes_a_line_with_network_prior_and_nothing(
    tmp_path: Path, cache: Path
) -> None:
    run(tmp_path, cache)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    for line in lines:
        assert set(line["network"]) == set(line["prior"]) == set(line["nothing"])
        assert np.isfinite(line["loss"])


def test_an_exported_checkpoint_loads_as_a_pipeline(tmp_path: Path, cache: Path) -> None:
    best = run(tmp_path / "run", cache)
    line = training.export(best, tmp_path / "weights")
    pipeline = MotionPipeline.from_pretrained(tmp_path / "weights", local_files_only=True)
    assert pipeline.transformer.config["width"] == TINY["width"]
    assert json.loads((tmp_path / "weights" / "figures.json").read_text()) == line


def test_the_loss_falls_on_one_batch(cache: Path) -> None:
    torch.manual_seed(0)
    model = MotionTransformer(width=64, depth=1, heads=2)
    questions = Pool.read(cache / "seen").questions(np.random.default_rng(0), 4)
    batch = training.tensors(questions)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = training.loss_of(model, batch, [0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_the_learning_rate_rises_stays_and_falls() -> None:
    rates = [training.pace(step, step / 4000) for step in range(4000)]
    assert rates[0] < rates[100] < rates[300] == rates[2000] == 1
    assert rates[-1] < 0.05
