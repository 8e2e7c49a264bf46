"""A run that is taken up again gives what an undisturbed one gives, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from secondunit.engine.engine import RGB, LoadedEngine
from secondunit.engine.motion.engine import load
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline, even_schedule
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.shot import Ambient, Footage
from secondunit.units import FrameRange, Operation, Size

from tests.engine.keeping import PowerCut, Shelf, interrupted
from tests.engine.pictures import MEDIA, Pictures, animation, bridge, dots, plan_of, silent
from tests.plans import shot_plan

HEIGHT, WIDTH = 64, 96
TEXTURE = dots(HEIGHT, WIDTH + 64)
CLIP = [TEXTURE[:, 32 - 2 * k : 32 - 2 * k + WIDTH] for k in range(8)]
SIZE = Size(width=WIDTH, height=HEIGHT)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a network whose every step shows."""
    torch.manual_seed(5)
    model = MotionTransformer(width=32, depth=1, heads=2, features=8)
    for weight in model.finish.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    folder = tmp_path_factory.mktemp("weights")
    MotionPipeline(transformer=model, scheduler=even_schedule()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def wild(weights: Path) -> LoadedEngine:
    return load(threads=1, weights=weights)


def same(found: dict[int, RGB], whole: dict[int, RGB]) -> bool:
    return set(found) == set(whole) and all(np.array_equal(found[f], whole[f]) for f in whole)


def waving() -> tuple[ShotPlan, Pictures]:
    return animation(CLIP[0], 4, ambients=(Ambient(region=None, strength=1.0),))


def drawn() -> tuple[ShotPlan, Pictures]:
    plan, sources = bridge(CLIP, 0, 7)
    sources.pins[2] = TEXTURE[:, 20 : 20 + WIDTH]
    return replace(plan, pulls=(Pin(frame=2, media=MEDIA, index=0, strength=0.5),)), sources


@pytest.mark.parametrize(
    ("make", "every"), [(lambda: bridge(CLIP, 0, 5), 1), (waving, 1), (drawn, 5)]
)
def test_a_run_that_dies_at_every_step_and_every_frame_gives_the_same_bits(
    wild: LoadedEngine, make, every: int
) -> None:
    plan, sources = make()
    whole = dict(wild.run(plan, sources, silent))
    found, cuts = interrupted(wild, plan, sources, every)
    assert cuts >= (plan.steps + len(whole)) // every
    assert same(found, whole)


def test_another_process_takes_up_what_the_first_left(weights: Path) -> None:
    plan, sources = bridge(CLIP, 0, 5)
    first, second = (load(threads=1, weights=weights) for _ in range(2))
    whole = dict(first.run(plan, sources, silent))
    shelf = Shelf(cut_after=4)
    with pytest.raises(PowerCut):
        list(first.run(plan, sources, silent, keep=shelf))
    steps: list[tuple[str, int, int]] = []
    found = dict(second.run(plan, sources, lambda *step: steps.append(step), keep=shelf))
    assert same(found, whole)
    assert [s for s in steps if s[0] == "denoise"] == [("denoise", 5, 6), ("denoise", 6, 6)]


def test_a_run_after_one_that_died_starts_from_nothing(wild: LoadedEngine) -> None:
    plan, sources = bridge(CLIP, 0, 5)
    whole = dict(wild.run(plan, sources, silent))
    with pytest.raises(PowerCut):
        list(wild.run(plan, sources, silent, keep=Shelf(cut_after=3)))
    assert same(dict(wild.run(plan, sources, silent)), whole)


def test_frames_that_are_kept_cost_nothing(wild: LoadedEngine) -> None:
    plan, sources = bridge(CLIP, 0, 5)
    shelf = Shelf(cut_after=0, pictures=dict.fromkeys(range(4), CLIP[0]))
    steps: list[str] = []
    assert not list(wild.run(plan, sources, lambda what, *_: steps.append(what), keep=shelf))
    assert steps == []


def transition() -> tuple[ShotPlan, Pictures]:
    sources = Pictures(
        pins={-1: CLIP[0], 5: CLIP[5]},
        streams={"outgoing": CLIP[:5], "incoming": [p[:, ::-1] for p in CLIP[:5]]},
    )
    return plan_of(Operation.TRANSITION, sources, 5, FrameRange(start=0, frames=5)), sources


def slowed() -> tuple[ShotPlan, Pictures]:
    footage = Footage(
        media=MEDIA, lead=0, indexes=(0, 0, 1, 1),
        shares=((0, 1), (3, 4), (1, 2), (3, 4)),
    )  # fmt: skip
    plan = shot_plan(
        operation=Operation.RETIME, frames=4, handles=(0, 0), size=SIZE, work=SIZE,
        generate=(FrameRange(start=1, frames=3),), footage=footage,
    )  # fmt: skip
    return plan, Pictures(pins={0: CLIP[0]}, reel=CLIP)


def replaced(motion: str) -> tuple[ShotPlan, Pictures]:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[8:56, 8:80] = 1
    media = replace(MEDIA, frames=len(CLIP), still=False)
    plan = shot_plan(
        operation=Operation.REPLACE, frames=len(CLIP), handles=(0, 0), size=SIZE, work=SIZE,
        generate=(FrameRange(start=1, frames=len(CLIP) - 1),), motion=motion,
        footage=Footage(media=media, lead=0, indexes=tuple(range(len(CLIP)))),
        pins=(Pin(frame=0, media=MEDIA, index=0),),
    )  # fmt: skip
    return plan, Pictures(pins={0: CLIP[0]}, reel=CLIP, plane=plane)


@pytest.mark.parametrize(
    "make", [transition, slowed, lambda: replaced("steady"), lambda: replaced("freeze")]
)
def test_every_kind_of_shot_is_taken_up_at_its_frame(make) -> None:
    plan, sources = make()
    engine = MotionEngine(classical)
    whole = dict(engine.run(plan, sources, silent))
    found, cuts = interrupted(engine, plan, sources, 1)
    assert cuts >= len(whole)
    assert same(found, whole)
