"""Transitions made: joined without a jump, a morph of one scene, a dissolve of two."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from secondunit.engine import flow
from secondunit.engine.engine import RGB
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.motion.morph import eased
from secondunit.units import FrameRange, Operation

from tests.engine.pictures import Pictures, decibels, dots, moved_by, plan_of, silent

H, W, FRAMES = 108, 192, 6


def made(outgoing: list[RGB], incoming: list[RGB]) -> dict[int, RGB]:
    sources = Pictures(
        pins={-1: outgoing[0], FRAMES: incoming[-1]},
        streams={"outgoing": outgoing, "incoming": incoming},
    )
    plan = plan_of(Operation.TRANSITION, sources, FRAMES, FrameRange(start=0, frames=FRAMES))
    return dict(MotionEngine(classical).run(plan, sources, silent))


def pan(start: float, step: float, seed: int = 3) -> list[RGB]:
    """One texture that moves to the left, so many pixels a frame."""
    wide = dots(H, W + 80, seed)
    lefts = [round(start + step * k) for k in range(FRAMES)]
    return [wide[:, left : left + W] for left in lefts]


def test_one_scene_moves_from_the_one_place_to_the_other_and_stays_sharp() -> None:
    outgoing, incoming = pan(0, 0), pan(20, 0)
    frames = made(outgoing, incoming)
    wide = dots(H, W + 80)
    inside = np.zeros((H, W), np.bool_)
    inside[20:-20, 40:-40] = True
    for k, frame in frames.items():
        share = eased((k + 1) / (FRAMES + 1))
        way = moved_by(outgoing[k].astype(np.float32), frame.astype(np.float32), inside)
        assert way[0] == pytest.approx(-20 * share, abs=1.0), k
        assert abs(way[1]) < 0.5
        left = round(20 * share)
        if 2 < left < 18:
            true = wide[:, left : left + W]
            ghost = outgoing[k] * (1 - share) + incoming[k] * share
            mine = decibels(frame[20:-20, 40:-40], true[20:-20, 40:-40])
            assert mine > decibels(ghost[20:-20, 40:-40], true[20:-20, 40:-40]) + 3


def test_the_ends_join_what_stands_beside_them() -> None:
    frames = made(pan(0, 1), pan(30, 1))
    assert decibels(frames[0], pan(0, 1)[0]) > 30
    assert decibels(frames[FRAMES - 1], pan(30, 1)[-1]) > 30


def test_two_scenes_dissolve_and_nothing_is_bent() -> None:
    outgoing, incoming = pan(0, 1), pan(0, 2, seed=9)
    frames = made(outgoing, incoming)
    for k, frame in frames.items():
        share = np.float32(eased((k + 1) / (FRAMES + 1)))
        plain = outgoing[k] + share * (incoming[k] - outgoing[k])
        assert np.allclose(frame, plain, atol=1e-6)


def test_kinship_tells_one_scene_from_two() -> None:
    def kin(first: RGB, last: RGB) -> float:
        here, there = flow.grey(first), flow.grey(last)
        return flow.kinship(here, there, *flow.between(here, there))

    assert kin(pan(0, 0)[0], pan(15, 0)[0]) > 0.4
    assert kin(pan(0, 0)[0], pan(0, 0, seed=9)[0]) < 0.05


def test_the_share_is_open_at_both_ends_and_symmetric() -> None:
    shares = [eased(k / 13) for k in range(14)]
    assert shares[0] == 0 and shares[-1] == pytest.approx(1)
    assert shares[1] < 0.005
    assert shares[3] + shares[10] == pytest.approx(1)
    assert all(b > a for a, b in pairwise(shares))
