"""Work side by side comes out in order, bounded, and fails in its place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from secondunit.engine import parallel
from secondunit.engine.parallel import cores, in_order


def test_results_come_in_the_order_of_the_items_though_the_first_is_the_slowest() -> None:
    def work(n: int) -> int:
        time.sleep(0.05 if n == 0 else 0)
        return n * n

    assert list(in_order(work, range(6), 3)) == [0, 1, 4, 9, 16, 25]


def test_no_more_items_are_taken_than_may_be_in_work() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    results = in_order(lambda n: n, items(), 3)
    assert next(results) == 0
    assert len(taken) == 3
    results.close()  # type: ignore[attr-defined]
    assert len(taken) == 3


def test_items_are_worked_on_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)
    assert list(in_order(lambda _: both.wait() >= 0, range(2), 2)) == [True, True]


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_failure_comes_after_the_results_before_it(at_once: int) -> None:
    def work(n: int) -> int:
        if n == 2:
            raise ValueError("two")
        return n

    results = in_order(work, range(9), at_once)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1


def test_a_ceiling_holds_for_everything_until_it_is_lifted() -> None:
    at_work: list[int] = []
    most: list[int] = []

    def work(item: int) -> int:
        at_work.append(item)
        most.append(len(at_work))
        time.sleep(0.005)
        at_work.remove(item)
        return item * item

    parallel.at_most(1)
    try:
        assert list(parallel.in_order(work, range(6), 4)) == [n * n for n in range(6)]
        assert max(most) == 1
    finally:
        parallel.at_most(None)
    assert list(parallel.in_order(work, range(6), 4)) == [n * n for n in range(6)]
    assert max(most) > 1
