"""Families beside Wan's with every control, on tiny checkpoints, through a whole run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from secondunit.catalog.checkpoint import read
from secondunit.catalog.engines import Engine
from secondunit.engine import hold
from secondunit.engine.diffusion.engine import CheckpointEngine, family_of
from secondunit.engine.diffusion.family import Pass
from secondunit.engine.engine import RGB
from secondunit.errors import Cancelled
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.units import FrameRange, Operation

from bench.drawn import texture
from tests.engine.keeping import interrupted
from tests.engine.pictures import (
    MEDIA,
    Pictures,
    animation,
    extension,
    move,
    plan_of,
    silent,
    stroke,
)
from tests.fakes.checkpoints_ltx import tiny
from tests.fakes.family import Dissolve

SIDE = 64
NAMES = ("ltx", "ltx2", "cogvideox", "svd", "allegro")


class Watched:
    """A family that is looked at: what it was told, and what it made."""

    def __init__(self, own: Any) -> None:
        self._own = own
        self.told: list[Pass] = []
        self.clean: list[torch.Tensor] = []
        self.made: list[torch.Tensor] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def arguments(self, pipe: Any, wanted: Pass, clean: torch.Tensor, *rest: Any) -> Any:
        self.told.append(wanted)
        self.clean.append(clean.clone())
        return self._own.arguments(pipe, wanted, clean, *rest)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        self.made.append(grid.clone())
        return self._own.decode(pipe, grid)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    row: Engine
    family: Watched
    engine: CheckpointEngine

    def run(self, plan: ShotPlan, sources: Pictures, steps: int = 2) -> dict[int, RGB]:
        self.family.told.clear()
        self.family.clean.clear()
        self.family.made.clear()
        wanted = replace(plan, engine=self.row.name, steps=steps, guidance=2.0, prompt="rain")
        return dict(self.engine.run(wanted, sources, silent))

    def held_error(self) -> float:
        """Of the latents that are to be the source's to the end, in the last pass."""
        wanted, clean, made = self.family.told[-1], self.family.clean[-1], self.family.made[-1]
        cells = self.family.cells(self.engine._pipe, wanted)
        held = torch.from_numpy(hold.on_cells(wanted, cells) <= 0)
        return float((made - clean)[0][:, held].abs().max()) if bool(held.any()) else 0.0


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="module", params=NAMES)
def loaded(request: pytest.FixtureRequest, folder: Path) -> Iterator[Loaded]:
    name = request.param
    row = read(tiny(name, folder), name)
    row = replace(row, longest=min(row.longest, max(14, 3 * row.frame_step + row.frame_offset)))
    family = Watched(family_of(row))
    yield Loaded(row=row, family=family, engine=CheckpointEngine(row, family, Dissolve()))  # type: ignore[arg-type]


def picture(number: int) -> RGB:
    return texture(SIDE, SIDE, number)


def same(one: dict[int, RGB], other: dict[int, RGB]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def test_first_last_and_middle_keyframes_are_pinned_where_they_are(loaded: Loaded) -> None:
    sources = Pictures(pins={-1: picture(1), 4: picture(2), 8: picture(3)})
    parts = (FrameRange(start=0, frames=4), FrameRange(start=5, frames=3))
    plan = plan_of(Operation.BRIDGE, sources, 8, *parts)
    frames = loaded.run(plan, sources)
    assert sorted(frames) == [0, 1, 2, 3, 5, 6, 7]
    assert {f.shape for f in frames.values()} == {(SIDE, SIDE, 3)}
    told = loaded.family.told[-1]
    for place, number in ((0, 1), (5, 2), (9, 3)):
        assert place in told.pinned
        assert np.array_equal(told.reference[place, :SIDE, :SIDE], picture(number))
    assert loaded.held_error() < 1e-6


def test_a_mask_keeps_the_source_to_the_bit_while_a_stroke_moves_inside(loaded: Loaded) -> None:
    plane = np.zeros((SIDE, SIDE), np.float32)
    plane[16:48, 16:48] = 1
    still = picture(1)
    plan, sources = animation(still, 9, plane=plane, strokes=(stroke((0.4, 0.5), (0.6, 0.5)),))
    frames = loaded.run(replace(plan, mask=MEDIA), sources)
    assert sorted(frames) == list(range(1, 9))
    assert all(np.array_equal(frame[plane == 0], still[plane == 0]) for frame in frames.values())
    told = loaded.family.told[-1]
    assert told.hold[1:9, 16:48, 16:48].min() > 0
    assert loaded.held_error() < 1e-6


def test_a_camera_and_a_soft_keyframe_are_followed_as_far_as_they_say(loaded: Loaded) -> None:
    sources = Pictures(pins={0: picture(1), 6: picture(2)})
    made = FrameRange(start=1, frames=8)
    plan = plan_of(Operation.ANIMATE, sources, 9, made, cameras=(move(truck=5),))
    soft = Pin(frame=6, media=MEDIA, index=0, strength=0.6)
    frames = loaded.run(replace(plan, pins=plan.pins[:1], pulls=(soft,)), sources)
    assert sorted(frames) == list(range(1, 9))
    told = loaded.family.told[-1]
    assert told.strengths == {6: 0.6}
    assert told.hold[6].max() == pytest.approx(hold.drawn_near(0.6))
    assert np.array_equal(told.reference[6, :SIDE, :SIDE], picture(2))


def test_a_shot_longer_than_a_pass_is_made_whole(loaded: Loaded) -> None:
    frames = loaded.row.longest + 8
    plan, sources = extension([picture(n) for n in range(6)], 5, frames)
    made = loaded.run(replace(plan, strength=0.0), sources)
    assert sorted(made) == list(range(frames))
    assert len(loaded.family.told) > 1
    assert all(told.frames <= loaded.row.longest for told in loaded.family.told)
    sources = Pictures(pins={-1: picture(1), frames: picture(2)})
    between = plan_of(Operation.BRIDGE, sources, frames, FrameRange(start=0, frames=frames))
    made = loaded.run(replace(between, strength=0.0), sources)
    assert sorted(made) == list(range(frames))


def test_one_seed_gives_the_same_bits_after_a_stop_and_after_a_power_cut(loaded: Loaded) -> None:
    plan, sources = extension([picture(n) for n in range(6)], 5, 8)
    whole = loaded.run(plan, sources, steps=5)
    wanted = replace(plan, engine=loaded.row.name, steps=5, guidance=2.0, prompt="rain")

    def stop(doing: str, step: int, steps: int) -> None:
        if doing == "denoise" and step >= 2:
            raise Cancelled("by its owner")

    with pytest.raises(Cancelled):
        list(loaded.engine.run(wanted, sources, stop))
    assert same(whole, loaded.run(plan, sources, steps=5))
    pieces, cuts = interrupted(loaded.engine, wanted, sources, 2)
    assert cuts > 1
    assert same(whole, pieces)
    if loaded.row.family != "generic":  # that tiny one shows grey, whatever it is asked
        other = replace(plan, seed=plan.seed + 1)
        assert not same(whole, loaded.run(other, sources, steps=5))
