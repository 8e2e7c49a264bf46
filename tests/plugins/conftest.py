"""A whole server with the built-in engine, over small footage: what callers' programs talk to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.bridge.pairing import new_code
from secondunit.rpc.serve import serving

from tests import odd

_SCENES = itertools.count(70)


@dataclass(frozen=True, kw_only=True)
class Studio:
    """A server that makes real takes."""

    address: str
    """gRPC, `127.0.0.1:PORT`."""
    bridge: str
    """`http://127.0.0.1:PORT`."""
    config: Config
    desk: Desk

    def cut(self, folder: Path, note: str = "", *, gap: int = 2) -> Path:
        """An edit in a folder with footage that nobody has seen, and a gap that asks."""
        folder.mkdir(parents=True, exist_ok=True)
        film = odd.film(folder / "harbour.mkv", odd.scene(next(_SCENES), size=(96, 64)))
        return odd.bridge(film, film, gap=gap, note=note)

    def code(self) -> str:
        """To pair with."""
        return new_code(self.config.data)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, reader: Reader) -> Iterator[Studio]:
    """One for all: the engine is loaded once."""
    config = Config(data=tmp_path_factory.mktemp("studio"))
    desk = Desk(config)
    desk.start()
    panels: list[str] = []
    try:
        with serving(
            desk, config, reader=reader, bridge="127.0.0.1:0", panel=panels.append
        ) as address:
            yield Studio(address=address, bridge=panels[0], config=config, desk=desk)
    finally:
        desk.stop(grace=1.0)
