"""The bench of engines runs without a card, and counts operations as the literature does."""

from __future__ import annotations

import pytest
import torch

from bench.engines import FULL, PLAIN, TINY, flops, measured, table


def test_tiny_models_run_without_a_card() -> None:
    rows = list(measured(TINY[1:2], "cpu", repeats=1))
    assert [row.way for row in rows] == [PLAIN, "8-bit storage"]
    assert all(row.seconds > 0 and not row.said for row in rows)
    assert "| Wan TI2V (tiny) | plain diffusers |" in table(rows)


@pytest.mark.parametrize(
    ("number", "petaflops"), [(0, 626 / 80), (1, 52 / 100), (2, 78 / 160)], ids=lambda n: str(n)
)
def test_operations_of_the_full_models_are_the_published_ones(
    number: int, petaflops: float
) -> None:
    """Of a clip, by the passes of its steps (guidance counted)."""
    with torch.device("meta"):
        network = FULL[number].kind(**FULL[number].config)
    assert flops(FULL[number], network) / 1e15 == pytest.approx(petaflops, rel=0.03)
