"""Which frames each pass has: legal, pinned at its seams, and each frame made once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from secondunit.engine.diffusion.windows import Rule, Window, rule_of, windows

from tests.fakes.family import readable_row

WAN = Rule(step=4, offset=1, longest=81, context=5)
LTX = Rule(step=8, offset=1, longest=121, context=9)
ONE = Rule(step=4, offset=1, longest=33, context=1)
FIXED = Rule(step=1, offset=0, longest=14, context=2)
RULES = (WAN, LTX, ONE, FIXED)
Own = Callable[[int], bool]


def cut(made: Sequence[int], own: Own, rule: Rule) -> list[Window]:
    result = windows(made, own, rule)
    left: set[int] = set()
    for window in result:
        count = len(window.frames)
        assert count <= rule.longest
        assert (count - rule.offset) % rule.step == 0
        assert left.issuperset(window.given)  # each has what it needs
        left.update(window.left)
        assert set(window.made) <= set(window.frames)
        assert not any(own(n) for n in window.made)
    assert sorted(n for w in result for n in w.made) == list(made)
    assert len({w.name for w in result}) == len(result)
    return result


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("frames", [1, 7, 24, 80, 81, 82, 200, 700, 1440])
@pytest.mark.parametrize("ends", ["both", "first", "last", "none", "thin"])
def test_any_length_with_any_ends_is_covered_once_by_legal_passes(
    rule: Rule, frames: int, ends: str
) -> None:
    owns: dict[str, Own] = {
        "both": lambda n: n < 0 or n >= frames,
        "first": lambda n: n < 0,
        "last": lambda n: n >= frames,
        "none": lambda n: False,
        "thin": lambda n: n in (-1, frames),
    }
    cut(range(frames), owns[ends], rule)


def test_a_short_shot_is_one_pass_that_begins_and_ends_in_whole_latent_frames_of_footage() -> None:
    (window,) = cut(range(24), lambda n: n < 0 or n >= 24, WAN)
    assert window.frames == tuple(range(-5, 32))


def test_a_closing_picture_fills_the_pass_so_that_it_is_its_last_frame() -> None:
    (window,) = cut(range(24), lambda n: n in (-1, 24), WAN)
    assert window.frames == (*range(-1, 25), 24, 24, 24)


def test_an_open_end_is_made_longer_and_thrown_away() -> None:
    (window,) = cut(range(1, 24), lambda n: n == 0, WAN)
    assert window.frames == tuple(range(25))
    assert window.made == tuple(range(1, 24))


def test_an_open_beginning_is_made_longer_at_its_beginning() -> None:
    (window,) = cut(range(22), lambda n: n == 22, WAN)
    assert window.frames == tuple(range(-2, 23))


def test_a_keyframe_between_two_runs_is_inside_their_pass() -> None:
    made = [*range(12), *range(13, 24)]
    (window,) = cut(made, lambda n: n < 0 or n >= 24 or n == 12, WAN)
    assert 12 in window.frames
    assert 12 not in window.made


def test_a_keyframe_is_where_a_shot_that_is_too_long_is_cut() -> None:
    made = [*range(60), *range(61, 120)]
    first, second = cut(made, lambda n: n < 0 or n >= 120 or n == 60, WAN)
    assert not first.left
    assert not second.given
    assert 60 in first.frames
    assert 60 in second.frames


def test_a_long_gap_gets_anchors_first_and_then_windows_that_do_not_need_each_other() -> None:
    anchors, *fills = cut(range(300), lambda n: n < 0 or n >= 300, WAN)
    assert not anchors.made
    assert anchors.stride > 1
    assert len(anchors.left) == len(fills) - 1
    assert all(set(fill.given) <= set(anchors.left) for fill in fills)
    assert all(not fill.left for fill in fills)


def test_a_long_open_end_is_made_in_turn_with_an_overlap() -> None:
    result = cut(range(300), lambda n: n < 0, WAN)
    for one, other in itertools.pairwise(result):
        assert one.left == other.given == other.frames[:9]


def test_anchors_that_do_not_fit_a_pass_have_anchors_themselves() -> None:
    rule = Rule(step=4, offset=1, longest=9, context=1)
    result = cut(range(1440), lambda n: n < 0 or n >= 1440, rule)
    frames = sum(len(window.frames) for window in result)
    assert frames < 1.4 * 1440


def test_less_memory_means_shorter_passes_of_legal_length() -> None:
    row = readable_row(longest=81)
    assert rule_of(row).longest == 81
    assert rule_of(row, 0.5).longest == 37
    assert rule_of(readable_row(held=False, native=frozenset({"first"}))).context == 1
