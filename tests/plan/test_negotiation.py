"""What an engine of a checkpoint makes of each control, said before any work, and compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from secondunit.catalog.adding import card_of, examine, keep
from secondunit.catalog.engines import MOTION, Engine, Tier
from secondunit.catalog.installed import known
from secondunit.config import Config
from secondunit.plan.build import plan_shot, plan_shots
from secondunit.plan.controls import control_faults
from secondunit.plan.grid import work_size
from secondunit.plan.layout import Layout
from secondunit.plan.negotiation import checkpoint_adaptations, key_of, passes, tier_of
from secondunit.plan.planned import Options
from secondunit.plan.shot_plan import Level, ShotPlan
from secondunit.timeline.shot import Ambient, CameraMove, Keyframe, Shot, Stroke
from secondunit.units import FrameRange, Operation, Rate, Size

from tests.fakes.pipeline_folder import vace
from tests.shots import media, shot, still
from tests.timeline.cuts import asking, bring, clip, save

ACROSS = Stroke(points=((0.2, 0.5), (0.4, 0.5)), region=still("boat.png"), over=None)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Of a machine with two added engines: a VACE, and one of which only the pictures are used."""
    home = tmp_path_factory.mktemp("engines")
    config = Config(data=home / "data")
    for name, index in (
        ("vace", {}),
        ("other", {"_class_name": "NovelVideoPipeline"}),
    ):
        found = examine(name, vace(home / name, **index), ())
        keep(card_of(found, source=str(home / name), revision="", by="a test"), config)
    return config


def planned(config: Config, asked: Shot, engine: str = "vace", **options: Any) -> ShotPlan:
    found = plan_shot(asked, Options(engine=engine, **options), config)
    assert not found.faults, found.faults
    return found.plans[0]


def refused(config: Config, asked: Shot, engine: str = "vace") -> str:
    found = plan_shot(asked, Options(engine=engine), config)
    assert found.faults and not found.plans
    return "\n".join(map(str, found.faults))


def said(plan: ShotPlan, key: str) -> list[tuple[Level, str]]:
    path = f"{plan.place.path}.{key}" if key else plan.place.path
    return [(a.level, a.what) for a in plan.adaptations if a.path == path]


def test_a_preset_is_a_tier_of_steps_and_guidance(config: Config) -> None:
    for preset, steps in (("draft", 10), ("fast", 20), ("full", 40), (None, 40)):
        plan = planned(config, shot(Operation.BRIDGE, preset=preset))
        assert (plan.tier, plan.steps, plan.guidance) == (preset or "full", steps, 5.0)
    assert planned(config, shot(Operation.BRIDGE), draft=True).tier == "draft"
    assert "has no preset 'best'; here are draft, fast, full" in refused(
        config, shot(Operation.BRIDGE, preset="best")
    )


def test_other_presets_and_other_weights_are_other_results(config: Config) -> None:
    plans = [planned(config, shot(Operation.BRIDGE, preset=p)) for p in ("draft", "full")]
    assert plans[0].digest != plans[1].digest
    assert plans[0].weights and plans[0].weights == plans[1].weights


def test_large_pictures_are_made_smaller_in_their_own_shape(config: Config) -> None:
    plan = planned(config, shot(Operation.BRIDGE, size=Size(width=1920, height=1080)))
    assert plan.size == Size(width=1920, height=1080)
    assert plan.work.width * plan.work.height <= 832 * 480
    assert plan.work.width / plan.work.height == pytest.approx(16 / 9, rel=0.01)
    ((level, what),) = said(plan, "size")
    assert level is Level.ROUNDED and f"made at {plan.work} and scaled to 1920x1080" in what


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (641, 359), (100, 90), (4096, 1716)])
def test_no_size_is_stretched_or_too_large(size: tuple[int, int]) -> None:
    row = replace(MOTION, most_pixels=832 * 480, size_multiple=16)
    wide, high = size
    for draft in (False, True):
        work = work_size(row, Size(width=wide, height=high), draft=draft)
        assert work.width * work.height <= row.most_pixels
        assert work.width / work.height == pytest.approx(wide / high, rel=0.02)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (640, 360), (100, 90)])
def test_pictures_go_whole_into_the_one_size_that_weights_know(size: tuple[int, int]) -> None:
    row = replace(MOTION, most_pixels=720 * 480, only_size=(720, 480))
    work = work_size(row, Size(width=size[0], height=size[1]), draft=False)
    assert work.width <= min(720, size[0]) and work.height <= min(480, size[1])
    assert work.width / work.height == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize(("frames", "made"), [(40, 41), (33, 33), (2, 5), (1, 1)])
def test_frames_are_rounded_up_and_trimmed(config: Config, frames: int, made: int) -> None:
    plan = planned(config, shot(Operation.BRIDGE, frames))
    assert plan.frames == frames and sum(r.frames for r in plan.generate) == frames
    found = said(plan, "frames")
    if made == frames:
        assert not found
    else:
        assert found[0][0] is Level.ROUNDED and f"{frames} are made as {made}" in found[0][1]


def test_what_is_longer_than_a_pass_is_made_in_several(config: Config) -> None:
    plan = planned(config, shot(Operation.BRIDGE, 400))
    ((level, what),) = said(plan, "frames")
    assert level is Level.EMULATED and "400 frames are made in about 7 passes" in what
    assert "frames in one pass" in refused(config, shot(Operation.BRIDGE, 20_000))
    row = replace(MOTION, longest=81, frame_step=4)
    assert [passes(row, n) for n in (81, 82, 1440)] == [1, 3, 21]


def test_a_rate_that_the_model_was_not_trained_at_is_told(config: Config) -> None:
    ((level, what),) = said(planned(config, shot(Operation.BRIDGE)), "rate")
    assert level is Level.ROUNDED and "16 frames per second" in what
    assert not said(planned(config, shot(Operation.BRIDGE, rate=Rate(num=16))), "rate")


def test_keyframes_are_the_pictures_themselves_and_the_model_knows_them_or_is_held(
    config: Config,
) -> None:
    keys = tuple(Keyframe(frame=f, image=still(f"{f}.png")) for f in ("first", 7, "last"))
    plan = planned(config, shot(Operation.BRIDGE, keyframes=keys))
    assert [said(plan, f"keyframe[{i}]")[0][0] for i in range(3)] == [Level.EXACT] * 3


def test_strokes_ambient_and_camera_are_held_to(config: Config) -> None:
    asked = shot(
        Operation.ANIMATE, strokes=(ACROSS,), ambients=(Ambient(region=still("sea.png")),),
        cameras=(CameraMove(pan=5),), mask=still("mask.png"), before=None, after=None,
    )  # fmt: skip
    plan = planned(config, asked)
    for key in ("stroke[0]", "ambient[0]", "camera[0]"):
        assert said(plan, key)[0][0] is Level.EMULATED, key
    assert said(plan, "mask")[0] == (
        Level.EXACT, "pixels outside the mask are the source's own; the model is told where",
    )  # fmt: skip


def test_a_prompt_that_is_too_long_is_told_and_words_reach_the_plan(config: Config) -> None:
    plan = planned(config, shot(Operation.BRIDGE, prompt="a train " * 400, negative="blur"))
    assert plan.prompt.startswith("a train") and plan.negative == "blur"
    assert "reads the first 512" in said(plan, "prompt")[0][1]
    assert not said(planned(config, shot(Operation.BRIDGE, prompt="a train")), "prompt")


def test_references_that_are_too_many_are_left_out(config: Config) -> None:
    pictures = tuple(still(f"{n}.png") for n in range(5))
    plan = planned(config, shot(Operation.BRIDGE, references=pictures))
    assert plan.references == pictures[:3]
    assert [said(plan, f"reference[{n}]") != [] for n in range(5)] == [False] * 3 + [True] * 2
    assert planned(config, shot(Operation.BRIDGE, references=pictures), "motion").references == ()


def test_what_is_required_and_would_be_dropped_is_refused_with_who_could(config: Config) -> None:
    asked = shot(Operation.BRIDGE, prompt="a train", required=("prompt",))
    assert "reads no words, and it is required; these engines could: vace" in refused(
        config, asked, "motion"
    )
    assert planned(config, asked).prompt == "a train"
    everything = shot(Operation.BRIDGE, prompt="a train", required=("all",))
    assert "these engines could: vace" in refused(config, everything, "motion")
    other = shot(Operation.BRIDGE, prompt="a train", required=("camera",))
    assert planned(config, other, "motion").prompt == ""


def test_of_an_unknown_pipeline_only_the_pictures_are_used(config: Config) -> None:
    text = refused(config, shot(Operation.BRIDGE), "other")
    assert "engine 'other' does not do 'bridge'; engines that do: motion, vace" in text
    row = known(config)["other"]
    asked = shot(
        Operation.ANIMATE, strokes=(ACROSS,), cameras=(CameraMove(pan=5),),
        mask=still("mask.png"), keyframes=(Keyframe(frame=7, image=still("7.png")),),
    )  # fmt: skip
    layout = Layout(handles=(0, 0), pins=(), generate=(FrameRange(start=1, frames=23),))
    found = {
        key_of(asked, a): (a.level, a.what)
        for a in checkpoint_adaptations(asked, row, layout, draft=False)
    }
    assert found["stroke"][0] is found["camera"][0] is Level.DROPPED
    assert found["mask"][0] is Level.EMULATED and "not told where" in found["mask"][1]
    assert (
        found["keyframe"][0] is Level.EMULATED and "nothing that it makes" in found["keyframe"][1]
    )


def test_a_shot_from_nothing_goes_to_engines_that_can(config: Config) -> None:
    asked = shot(
        Operation.GENERATE, prompt="dusk", still=None, like=media("A014.mov"),
    )  # fmt: skip
    plan = planned(config, asked)
    assert (plan.operation, plan.pins, plan.handles) == (Operation.GENERATE, (), (8, 8))
    assert plan.generate == (FrameRange(start=-8, frames=40),)
    assert plan.format == "yuv422p10le" and plan.past is None and plan.future is None
    assert "engines that do: other, vace" in refused(config, asked, "motion")
    silent = shot(Operation.GENERATE, still=None, like=media("A014.mov"))
    assert "nothing says what to generate" in refused(config, silent)
    masked = shot(Operation.GENERATE, prompt="x", mask=still("m.png"), still=None, like=media("a"))
    assert "a mask keeps pixels of one picture" in refused(config, masked)


def test_where_no_engine_does_it_the_command_that_adds_one_is_named() -> None:
    asked = shot(Operation.GENERATE, prompt="dusk", still=None, like=media("A014.mov"))
    found = plan_shot(asked, Options(), Config(data=Path("/nowhere")))
    assert "no engine here does; add one with `secondunit engines add`" in str(found.faults[0])
    assert not list(control_faults(asked, _able(), {}))


def _able() -> Engine:
    return replace(MOTION, operations=frozenset(Operation))


def test_weights_that_were_changed_refuse_the_plan(tmp_path: Path) -> None:
    config, folder = Config(data=tmp_path / "data"), vace(tmp_path / "c")
    found = examine("mine", folder, ())
    keep(card_of(found, source="", revision="", by=""), config)
    assert planned(config, shot(Operation.BRIDGE), "mine")
    (folder / "vae" / "config.json").write_text("{ }")
    assert "engine 'mine' cannot be loaded: its weights are not those" in refused(
        config, shot(Operation.BRIDGE), "mine"
    )


def test_a_tier_without_guidance_keeps_nothing_away() -> None:
    row = replace(MOTION, tiers=(Tier(name="draft", steps=4), Tier(name="full", steps=40)))
    tiers = [tier_of(row, preset, draft=d) for preset, d in ((None, True), (None, False))]
    assert [tier.name for tier in tiers if tier] == ["draft", "full"]
    assert tier_of(row, "best", draft=False) is None and tier_of(MOTION, None, draft=True) is None


def test_every_engine_is_planned_side_by_side(config: Config, shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "train.m4v")
    items = [clip("train.m4v", 0, 40), asking("gen: bridge\nprompt: a train", 8),
             clip("train.m4v", 60, 40)]  # fmt: skip
    plan = plan_shots(save(tmp_path, items), Options(compare=True), config).chosen(())
    by_engine = {choice.engine: choice for choice in plan.compared}
    assert list(by_engine) == ["motion", "other", "vace"]
    assert [len(c.shots) for c in by_engine.values()] == [1, 0, 1]
    assert by_engine["other"].faults and not by_engine["vace"].faults
    assert plan.shots[0].engine == "motion"
    plain = plan_shots(save(tmp_path, items), Options(), config).chosen(())
    assert plain.compared == ()
