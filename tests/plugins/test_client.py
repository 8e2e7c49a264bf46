"""The client against a real server: light, typed, and unmoved by a server that goes away."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.rpc.serve import serving
from secondunit.v1 import jobs_pb2 as pb
from secondunit_client import Connection, UnitError
from secondunit_client.errors import (
    Conflict,
    JobCancelled,
    JobFailed,
    NotFound,
    Refused,
    Unreachable,
)
from secondunit_client.jobs import report_of, state_name

from tests import edits
from tests.jobs.conftest import until, wish
from tests.rpc.conftest import STAGES, Unit, footage, importable, unit

__all__ = ["footage", "importable", "unit"]  # fixtures of the room next door


def test_the_client_imports_nothing_of_the_server_but_the_protocol() -> None:
    code = (
        "import sys, secondunit_client; "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('torch', 'opentimelineio', 'av', 'numpy', 'cv2') or m.startswith('secondunit.') "
        "and not m.startswith('secondunit.v1')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_an_address_where_nobody_answers_is_named(tmp_path: Path) -> None:
    began = time.monotonic()
    with Connection("127.0.0.1:9", patience=0.3) as client, pytest.raises(Unreachable) as caught:
        client.status()
    assert "127.0.0.1:9" in caught.value.what and caught.value.retryable
    assert time.monotonic() - began < 5


def test_a_call_waits_for_a_server_that_is_starting(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    desk = Desk(config, stages=STAGES)
    try:
        with serving(desk, config) as address:
            pass  # the port is free again
        answers: list[object] = []
        with Connection(address, patience=20) as client:
            asking = threading.Thread(target=lambda: answers.append(client.status()))
            asking.start()
            time.sleep(0.4)
            assert not answers
            with serving(desk, config, listen=address):
                asking.join(20)
            assert len(answers) == 1
    finally:
        desk.stop(0.2)


def test_a_watch_goes_on_after_the_server_came_back(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    desk = Desk(config, stages=STAGES)
    desk.start()
    events: list[pb.JobEvent] = []
    try:
        with serving(desk, config) as address:
            job = desk.create(wish(steps=150, pause=0.01), request_id="a", timeline="")
            client = Connection(address)
            watching = threading.Thread(target=lambda: events.extend(client.jobs.watch(job.id)))
            watching.start()
            until(lambda: desk.get(job.id).sequence > 5)
        time.sleep(0.5)  # nobody listens now, and the work goes on
        with serving(desk, config, listen=address):
            watching.join(30)
            ended = client.jobs.get(job.id)
            client.close()
    finally:
        desk.stop(0.5)
    assert [event.sequence for event in events] == list(range(1, ended.sequence + 1))
    assert events[-1].state.state == pb.JOB_STATE_SUCCEEDED


def test_a_watch_gives_up_when_the_server_stays_away(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    desk = Desk(config, stages=STAGES)
    job = desk.create(wish(), request_id="a", timeline="")
    with serving(desk, config) as address, Connection(address) as client:
        watch = client.jobs.watch(job.id, patience=0.3)
        next(watch)
    desk.stop(0.2)
    with Connection(address) as client, pytest.raises(Unreachable):
        list(client.jobs.watch(job.id, patience=0.3))


@contextmanager
def telling(*words: pb.WatchJobResponse) -> Iterator[str]:
    """The address of a server that says a few words on every stream, and then hangs."""
    over = threading.Event()

    def watch(request: pb.WatchJobRequest, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from (word for word in words if word.event.sequence > request.after_sequence)
        over.wait(20)

    method = grpc.unary_stream_rpc_method_handler(
        watch, pb.WatchJobRequest.FromString, pb.WatchJobResponse.SerializeToString
    )
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_registered_method_handlers("secondunit.v1.JobService", {"WatchJob": method})
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        over.set()
        server.stop(None).wait()


def test_a_server_that_hangs_in_the_middle_of_a_stream_is_left(tmp_path: Path) -> None:
    words = [pb.WatchJobResponse(event=pb.JobEvent(job_id="a", sequence=n)) for n in (1, 2)]
    heard: list[int] = []
    with telling(*words) as address, Connection(address) as client:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            for event in client.jobs.watch("a", patience=0.5, stretch=0.4):
                heard.append(event.sequence)
        assert time.monotonic() - began < 10
    assert heard == [1, 2], "asked anew, it goes on where it was"


def test_a_long_watch_is_asked_anew_and_misses_nothing(unit: Unit) -> None:
    job = unit.desk.create(wish(steps=120, pause=0.01), request_id="a", timeline="")
    heard = [e.sequence for e in unit.client.jobs.watch(job.id, stretch=0.3) if e.sequence]
    assert heard == list(range(1, unit.desk.get(job.id).sequence + 1))


def test_errors_arrive_as_classes_with_the_servers_words(
    unit: Unit, footage: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotFound) as missing:
        unit.client.jobs.get("none")
    assert missing.value.code == "JOB_UNKNOWN" and missing.value.remedy in str(missing.value)
    note = "gen: bridge\npromt: fog\nhandles: -1"
    timeline = edits.bridge(tmp_path, footage, note)
    with pytest.raises(Refused) as refused:
        unit.client.render(timeline)
    assert len(refused.value.faults) == 2
    assert all(fault.what in str(refused.value) for fault in refused.value.faults)
    timeline = edits.bridge(tmp_path, footage)
    shot = unit.client.plans.timeline(timeline).plans[0].shot_id
    unit.client.jobs.create(timeline, shot, request_id="one")
    with pytest.raises(Conflict):
        unit.client.jobs.create(timeline, shot, request_id="one", priority="batch")
    with pytest.raises(UnitError, match=r"gone\.otio"):
        unit.client.inspect(tmp_path / "gone.otio")


def test_a_take_is_waited_for_and_its_report_read(unit: Unit) -> None:
    seen: list[pb.JobEvent] = []
    job = unit.desk.create(wish(), request_id="a", timeline="")
    take = unit.client.jobs.take(job.id, seen.append)
    assert Path(take.file).is_file() and seen[-1].sequence == unit.desk.get(job.id).sequence
    assert all(entry["pass"] for entry in report_of(take).values()) and take.report
    assert state_name(unit.client.jobs.get(job.id).state) == "succeeded"


def test_a_job_without_a_take_is_an_error_of_its_own(unit: Unit) -> None:
    failing = unit.desk.create(wish(fail="no motion found"), request_id="f", timeline="")
    with pytest.raises(JobFailed, match="no motion found") as failed:
        unit.client.jobs.take(failing.id)
    assert failed.value.code == "ENGINE_FAILED" and failed.value.retryable
    slow = unit.desk.create(wish(steps=3000, pause=0.01), request_id="s", timeline="")
    unit.client.jobs.cancel(slow.id)
    with pytest.raises(JobCancelled):
        unit.client.jobs.take(slow.id)


def test_lists_go_on_over_pages(unit: Unit) -> None:
    made = [
        unit.desk.create(wish(steps=200, pause=0.01, n=n), request_id=str(n), timeline="").id
        for n in range(60)
    ]
    assert [job.id for job in unit.client.jobs.list()] == made[::-1]
