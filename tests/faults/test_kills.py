"""Servers and workers die in the middle of things, and every promise is kept."""

from __future__ import annotations

from pathlib import Path

from tests.faults.history import History, check
from tests.faults.service import Service
from tests.faults.shots import counted, footage
from tests.faults.witness import Witness


def test_first(tmp_path: Path) -> None:
    movie = footage(tmp_path / "media", (64, 48))
    history = History()
    with Service(tmp_path, roots=[movie.parent]) as service:
        service.start()
        with service.kept_up(), Witness(service.address, history).there() as witness:
            ids = [
                witness.create(f"r{n}", counted(movie, n, steps=20, pause=0.02)) for n in range(3)
            ]
            for id in ids:
                witness.watch(id)
            service.kill()
            witness.look(ids[0])
            service.kill_worker()
            jobs = witness.settle()
    assert len(jobs) == 3
    assert check(history.records) == []
