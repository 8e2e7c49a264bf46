"""A small storm: real jobs of the built-in engine, killed at random, come out as in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.soak import soak


@pytest.mark.timeout(300)  # of wall time on a machine that others use too; it takes half a minute
def test_three_real_shots_survive_six_kills(tmp_path: Path) -> None:
    outcome = soak(tmp_path, jobs=3, kills=6, seed=5, minutes=2, quiet=True)
    assert sum(outcome.kills.values()) == 6 and outcome.lives > 1
    assert outcome.losses == []
