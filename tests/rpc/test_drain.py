"""A server that is told to stop: its jobs wait, its watchers know, and it is gone in time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import State
from secondunit.rpc.auth import HEALTH, V1
from secondunit.v1 import jobs_pb2

from tests.fakes.engine import calls
from tests.jobs.conftest import until, wish

SERVE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from secondunit import app\n"
    "from secondunit.config import Config\n"
    "stages = 'tests.fakes.engine:CountingStages'\n"
    "app.serve_forever(Config(data=Path(sys.argv[1])), '127.0.0.1:0', stages=stages)"
)
WATCHERS = 20


@asynccontextmanager
async def served(data: Path) -> AsyncIterator[tuple[Any, str]]:
    """A server in a process of its own, whose jobs are made by fake stages."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(data), stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        while b"serves on " not in (line := await process.stderr.readline()):
            assert line, "the server did not start"
        yield process, line.decode().partition("serves on ")[2].partition(";")[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def handed_in(data: Path, wishes: list[dict[str, Any]], timeline: str = "t") -> list[str]:
    """Jobs that the server finds when it starts."""
    desk = Desk(Config(data=data))
    try:
        return [
            desk.create(wish(seed=n, **w), request_id=f"r{n}", timeline=timeline).id
            for n, w in enumerate(wishes)
        ]
    finally:
        desk.stop(0.1)


async def watched(channel: grpc.aio.Channel, job: str) -> tuple[list[Any], grpc.StatusCode]:
    """Everything a watcher is sent, and how its stream ended."""
    method = channel.unary_stream(
        f"{V1}JobService/WatchJob",
        request_serializer=jobs_pb2.WatchJobRequest.SerializeToString,
        response_deserializer=jobs_pb2.WatchJobResponse.FromString,
    )
    stream: Any = method(jobs_pb2.WatchJobRequest(job_id=job))
    sent: list[Any] = []
    try:
        async for message in stream:
            sent.append(message)
    except grpc.aio.AioRpcError as error:
        return sent, error.code()
    return sent, grpc.StatusCode.OK


async def at_work(data: Path, stages: int) -> None:
    """Wait until a worker has begun so many stages."""
    await asyncio.to_thread(until, lambda: len(calls(data)) >= stages)


def events(sent: list[Any]) -> list[int]:
    return [m.event.sequence for m in sent if m.HasField("event") and m.event.sequence]


def test_three_jobs_and_twenty_watchers_are_let_go_well(tmp_path: Path) -> None:
    data = tmp_path / "data"
    jobs = handed_in(data, [{"steps": 400, "pause": 0.05}] * 3)

    async def live() -> tuple[list[tuple[list[Any], grpc.StatusCode]], float, grpc.StatusCode]:
        async with served(data) as (process, address), grpc.aio.insecure_channel(address) as c:
            watching = [
                asyncio.create_task(watched(c, jobs[n % len(jobs)])) for n in range(WATCHERS)
            ]
            health: Any = c.unary_stream(
                f"{HEALTH}Watch", response_deserializer=health_pb2.HealthCheckResponse.FromString
            )(b"")
            assert (await health.read()).status == health_pb2.HealthCheckResponse.SERVING
            await at_work(data, 1)
            await asyncio.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            status = (await health.read()).status
            assert status == health_pb2.HealthCheckResponse.NOT_SERVING
            try:
                await cast("Any", c.unary_unary(f"{V1}JobService/CreateJob")(b""))
                refused = grpc.StatusCode.OK
            except grpc.aio.AioRpcError as error:
                refused = error.code()
            ends = await asyncio.gather(*watching)
            health.cancel()
            assert await asyncio.wait_for(process.wait(), 20) == 0
            return ends, time.monotonic() - began, refused

    ends, took, refused = asyncio.run(live())
    assert took < 10
    assert refused is grpc.StatusCode.UNAVAILABLE
    for sent, code in ends:
        assert code is grpc.StatusCode.UNAVAILABLE
        assert sent[-1].event.heartbeat.draining
        numbers = events(sent)
        assert numbers == list(range(1, len(numbers) + 1))
    # The one that ran was queued again, and its watchers were told so before they had to go.
    worked = [sent for sent, _ in ends if sent[0].snapshot.id == jobs[0]]
    last = [m.event.state.state for m in worked[0] if m.event.HasField("state")][-1]
    assert last == jobs_pb2.JOB_STATE_QUEUED
    desk = Desk(Config(data=data))
    try:
        assert {desk.get(job).state for job in jobs} == {State.QUEUED}
        assert desk.get(jobs[0]).sequence == events(worked[0])[-1]
    finally:
        desk.stop(0.1)


def test_a_second_signal_ends_even_a_worker_that_does_not_listen(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (job,) = handed_in(data, [{"steps": 1000, "pause": 0.1, "deaf": True}])

    async def live() -> float:
        async with served(data) as (process, _):
            await at_work(data, 3)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
            return time.monotonic() - began

    assert asyncio.run(live()) < 3
    desk = Desk(Config(data=data))
    try:
        assert desk.get(job).state is State.QUEUED
    finally:
        desk.stop(0.1)
    pid = calls(data)[-1][2]
    with pytest.raises(ProcessLookupError):  # nobody works on for a server that is gone
        os.kill(pid, 0)
