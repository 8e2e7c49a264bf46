"""The client's uploads and downloads, and a server that is killed under them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from secondunit.v1.units_pb2 import Digest
from secondunit_client import Connection
from secondunit_client.blobs import digest_of
from secondunit_client.errors import Busy, NotFound, ServerFault

from tests.rpc.conftest import Unit, footage, importable, unit

__all__ = ["footage", "importable", "unit"]  # fixtures of the room next door

MIB = 2**20


class Served:
    """A server in a process of its own, which may be killed and started anew at its address."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        """Start it; returns when it listens."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "secondunit", "serve", "--listen", self.address,
             "--data", str(self.data)],
            env={**os.environ, **environment}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):
                owner = json.loads((self.data / "lock").read_text())
                if owner == {"pid": self.process.pid, "address": self.address}:
                    return
            time.sleep(0.02)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """As a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def served(tmp_path: Path):
    server = Served(tmp_path / "data")
    yield server
    server.kill()


def numbered(path: Path, mib: int) -> Path:
    """A file in which every MiB says its number."""
    with path.open("wb") as file:
        for n in range(mib):
            file.write(n.to_bytes(4, "big") * (MIB // 4))
    return path


def test_a_server_killed_at_random_offsets_of_an_upload_is_sent_hardly_a_byte_twice(
    served: Served, tmp_path: Path
) -> None:
    source = numbered(tmp_path / "clip.mov", 192)
    size = source.stat().st_size
    dice, kills = random.Random(6), 3
    places = sorted(dice.randrange(size // 20, size - size // 20) for _ in range(kills))
    sent, seen = 0, 0

    def on_bytes(at: int, of: int) -> None:
        nonlocal sent, seen
        sent += MIB
        seen = max(seen, at)
        if places and seen >= places[0]:
            places.pop(0)
            served.kill()
            served.start()

    served.start()
    with Connection(served.address, patience=30) as unit:
        digest = unit.blobs.upload(source, on_bytes)
        assert not places and not unit.blobs.missing([digest])
        back = unit.blobs.download(digest, tmp_path / "back.mov")
    assert digest_of(back) == digest_of(source) == digest
    again = (sent - size) / size / kills
    assert 0 <= again < 0.05, f"{again:.1%} of the bytes were sent twice for each kill"


def test_a_disk_that_fills_in_an_upload_drops_it_and_serves_the_others(
    served: Served, tmp_path: Path
) -> None:
    source = numbered(tmp_path / "clip.mov", 12)
    served.start(SECONDUNIT_FAILPOINTS="blobs.write.before=full@5")
    with Connection(served.address, patience=30) as unit:
        with pytest.raises(Busy) as full:
            unit.blobs.upload(source)
        assert full.value.code == "STORE_FULL"
        assert not list(served.data.glob("uploads/*/*"))
        assert unit.status().uptime
        digest = unit.blobs.upload(source)  # somebody made room
        assert digest_of(unit.blobs.download(digest, tmp_path / "back.mov")) == digest


def test_a_file_that_is_there_is_not_sent_again(unit: Unit, tmp_path: Path) -> None:
    source = numbered(tmp_path / "clip.mov", 3)
    steps: list[tuple[int, int]] = []
    digest = unit.client.blobs.upload(source, lambda at, of: steps.append((at, of)))
    assert steps == [(n * MIB, 3 * MIB) for n in (1, 2, 3)]
    copy = tmp_path / "copy.mov"
    copy.write_bytes(source.read_bytes())
    assert unit.client.blobs.upload(copy, lambda at, of: steps.append((at, of))) == digest
    assert len(steps) == 3


def test_an_empty_file_needs_no_upload_and_comes_back_empty(unit: Unit, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    digest = unit.client.blobs.upload(tmp_path / "empty")
    assert unit.client.blobs.download(digest, tmp_path / "back").stat().st_size == 0


def test_a_download_goes_on_with_what_an_earlier_one_left(unit: Unit, tmp_path: Path) -> None:
    source = numbered(tmp_path / "clip.mov", 4)
    digest = unit.client.blobs.upload(source)
    part = tmp_path / f".back.mov.{digest.sha256[:12]}.part"
    part.write_bytes(source.read_bytes()[: 3 * MIB])
    steps: list[int] = []
    back = tmp_path / "back.mov"
    unit.client.blobs.download(digest, back, lambda at, of: steps.append(at))
    assert steps == [4 * MIB] and back.read_bytes() == source.read_bytes()
    part.write_bytes(b"something else" * 1000)  # spoilt: it is fetched anew
    unit.client.blobs.download(digest, back)
    assert back.read_bytes() == source.read_bytes() and not part.exists()


def test_a_download_appears_whole_or_not_at_all(unit: Unit, tmp_path: Path) -> None:
    target = tmp_path / "back.mov"
    with pytest.raises(NotFound):
        unit.client.blobs.download(Digest(sha256="0" * 64, size_bytes=9), target)
    digest = unit.client.blobs.upload(numbered(tmp_path / "clip.mov", 2))
    (blob,) = unit.config.data.rglob("blob")
    blob.write_bytes(hashlib.sha256().digest())
    with pytest.raises(ServerFault) as lost:
        unit.client.blobs.download(digest, target)
    assert lost.value.code == "BLOB_DAMAGED" and not target.exists()
