"""Real footage beside a timeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.timeline.cuts import bring


@pytest.fixture
def train(shared: Path, tmp_path: Path) -> Path:
    """A folder with the train in it: 704 frames at 30."""
    bring(shared, tmp_path, "train.m4v")
    return tmp_path
