"""Drift of colours: measured on what was kept, undone on all, and left alone where it is none."""

from __future__ import annotations

import numpy as np
from secondunit.engine.diffusion.drift import measured

from bench.drawn import texture

TRUE = np.stack([texture(48, 64, n) for n in range(4)])
KEPT = np.zeros((4, 48, 64), np.bool_)
KEPT[0] = True


def test_a_change_of_colour_is_undone_where_nothing_was_kept_too() -> None:
    matrix = np.array([[0.95, 0.02, 0], [0.03, 0.92, 0.01], [0, 0.02, 0.97]])
    decoded = (TRUE @ matrix + (0.03, 0.0, 0.01)).astype(np.float32)
    drift = measured(decoded, TRUE, KEPT)
    assert drift.before > 0.02
    assert np.abs(drift.undone(decoded[2]) - TRUE[2]).mean() < 0.1 * drift.before


def test_a_picture_that_did_not_come_back_is_no_drift() -> None:
    drift = measured(TRUE[::-1].copy(), TRUE, KEPT)
    assert drift.matrix is None
    assert np.array_equal(drift.undone(TRUE[1]), TRUE[1])


def test_where_nothing_was_kept_nothing_is_measured() -> None:
    drift = measured(TRUE * 0.5, TRUE, np.zeros_like(KEPT))
    assert drift.matrix is None
    assert np.isnan(drift.before)
