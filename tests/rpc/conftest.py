"""A real server on a free port, over a real desk whose worker only counts its stages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import grpc
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.jobs.runner import Patience
from secondunit.rpc.serve import serving
from secondunit_client import Connection

from tests.conftest import REPOSITORY

STAGES = "tests.fakes.engine:CountingStages"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Both ends of the wire."""

    desk: Desk
    config: Config
    address: str
    client: Connection
    channel: grpc.Channel


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's process finds the fake stages."""
    # Before what is there: a checkout that is not the one installed is found by it.
    path = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))


@pytest.fixture
def unit(tmp_path: Path, footage: Path, reader: Reader) -> Iterator[Unit]:
    config = Config(data=tmp_path / "data", roots=(footage.parent,))
    desk = Desk(config, stages=STAGES, patience=Patience(confirm=1.0))
    desk.start()
    try:
        with (
            serving(desk, config, reader=reader) as address,
            Connection(address) as client,
            grpc.insecure_channel(address) as channel,
        ):
            yield Unit(desk=desk, config=config, address=address, client=client, channel=channel)
    finally:
        desk.stop(grace=0.5)


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 frames of 64x48 at 30 fps."""
    path = tmp_path_factory.mktemp("footage") / "LAD_0010.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(300):
            grey = np.full((48, 64, 3), number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def mask(footage: Path) -> Path:
    """A picture of the footage's size that lets its right half change."""
    path = footage.with_name("mask.png")
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:, 32:] = 255
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path
