"""A server that may be killed, a caller of it, and the check of everything that was promised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from secondunit.v1 import units_pb2
from secondunit.v1.shots_pb2 import ShotRequest

from tests.faults.history import History, check
from tests.faults.service import COUNTING, Service
from tests.faults.shots import asked, footage
from tests.faults.stages import wish_file
from tests.faults.witness import Witness


@dataclass(frozen=True, kw_only=True)
class House:
    """Both ends of the wire, and what was said over it."""

    service: Service
    witness: Witness
    history: History
    movie: Path

    def shot(self, seed: int, *, frames: int = 4, **wishes: Any) -> ShotRequest:
        """A shot whose work goes as the fake stages are told."""
        file = wish_file(self.service.data, seed)
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(wishes))
        return asked(self.movie, units_pb2.OPERATION_EXTEND, seed, frames=frames)

    def settled(self) -> None:
        """Everything has ended, and every promise was kept."""
        self.witness.settle()
        assert check(self.history.records) == [], self.service.log()


@pytest.fixture(scope="session")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 frames of 64x48."""
    return footage(tmp_path_factory.mktemp("footage"), (64, 48))


@pytest.fixture
def open_house(tmp_path: Path, movie: Path) -> Iterator[Callable[..., House]]:
    """Opens a house whose server runs; it is gone at the end."""
    with ExitStack() as stack:

        def opener(stages: str = COUNTING, *, settings: str = "", mishaps: str = "") -> House:
            service = Service(
                tmp_path / "house", stages=stages, roots=[movie.parent], settings=settings
            )
            stack.enter_context(service)
            service.start(mishaps)
            history = History()
            witness = stack.enter_context(Witness(service.address, history).there())
            return House(service=service, witness=witness, history=history, movie=movie)

        yield opener
