"""Many who connect, and one who does not listen: the others are served, and memory stays small."""

from __future__ import annotations

import base64
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Lease
from secondunit.rpc.serve import serving
from secondunit_client import Access, Connection

from tests.fuzz.bounds import resident
from tests.jobs.conftest import wish
from tests.rpc.conftest import STAGES


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    """A whole server at which jobs wait."""
    config = Config(data=tmp_path / "data")
    desk = Desk(config, stages=STAGES)  # never started
    try:
        with serving(desk, config) as address:
            yield desk, address
    finally:
        desk.stop(0.1)


IDLER = """
import sys
import grpc
from secondunit.v1 import jobs_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
with grpc.insecure_channel(sys.argv[1]) as channel:
    watch = JobServiceStub(channel).WatchJob(jobs_pb2.WatchJobRequest(job_id=sys.argv[2]))
    next(watch)
    print("open", flush=True)
    last = int(sys.stdin.readline())
    numbers = []
    for update in watch:
        numbers += [update.event.sequence] * bool(update.event.sequence)
        if update.event.sequence == last:
            break
    print(numbers == list(range(numbers[0], last + 1)), flush=True)
"""


def test_ten_minutes_of_events_wait_for_who_does_not_read_and_hold_nobody_up(
    small: tuple[Desk, str],
) -> None:
    desk, address = small
    job = desk.create(wish(), request_id="idle", timeline="t")
    claimed = desk._store.claim("w", "cpu")
    assert claimed
    held = Lease(job=job.id, attempt=claimed.attempt)
    picture = {"rough": False, "jpeg": base64.b64encode(os.urandom(12_000)).decode()}
    idler = subprocess.Popen(
        [sys.executable, "-c", IDLER, address, job.id],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert idler.stdout is not None and idler.stdout.readline() == "open\n"
        before = resident()
        for frame in range(1200):  # two words and two pictures a second
            assert desk._store.note(held, f"word {frame}")
            desk._shown(job.id, {**picture, "frame": frame})
        assert resident() - before < 10
        told, _ = idler.communicate(f"{desk.get(job.id).sequence}\n", 60)
        assert told == "True\n"  # and then it hears every word, none twice
    finally:
        idler.kill()
        idler.wait()


CROWD = """
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = []
for _ in range(int(sys.argv[2])):
    held.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30))
print(len(held), flush=True)
sys.stdin.read()
"""


def test_ten_thousand_connections_that_say_nothing_keep_nobody_from_the_server(
    small: tuple[Desk, str],
) -> None:
    _, address = small
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(10_000, hard - 2000)  # each end is a process of its own, with files of its own
    if many < 1000:
        pytest.skip("the system allows a process too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    crowd = subprocess.Popen(
        [sys.executable, "-c", CROWD, address.rpartition(":")[2], str(many)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert crowd.stdout is not None and int(crowd.stdout.readline()) == many
        began = time.monotonic()
        with Connection(address, access=Access()) as unit:
            assert unit.status().running == 0
        assert time.monotonic() - began < 5
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown / many < 64  # KiB for each
    finally:
        crowd.communicate("")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
