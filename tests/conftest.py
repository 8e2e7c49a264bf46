"""Fixtures that every room shares: the folder of real footage, and small made-up media."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: hashes and timings stay stable

from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.jobs.reader import Reader

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real footage and NLE exports beside the checkout; a clone alone skips these tests."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "media").is_dir():
        pytest.skip("no ../shared: real footage is not part of the repository")
    return folder


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """One for all servers: each call brings the settings of its server."""
    reader = Reader(Config(data=tmp_path_factory.mktemp("reader")))
    try:
        yield reader
    finally:
        reader.stop()


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that tiny checkpoints are saved below, each once."""
    return tmp_path_factory.mktemp("checkpoints")
