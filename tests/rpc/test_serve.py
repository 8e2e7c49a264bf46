"""The server's life: where it listens, how it says that it is well, how it leaves."""

from __future__ import annotations

import asyncio
import platform
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.rpc.capabilities import MESSAGE_BYTES
from secondunit.rpc.serve import SERVICES, Server, serving
from secondunit.v1 import jobs_pb2, plans_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit.v1.plans_pb2_grpc import PlanServiceStub

from tests.jobs.conftest import wish
from tests.rpc.conftest import STAGES, Unit

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    return cast("grpc.Call", error).code()


def test_a_port_that_is_taken_is_refused(unit: Unit) -> None:
    with (
        pytest.raises(Refused, match="taken"),
        serving(unit.desk, unit.config, listen=unit.address),
    ):
        pass


def test_port_0_becomes_a_port_that_answers(unit: Unit) -> None:
    host, _, port = unit.address.rpartition(":")
    assert host == "127.0.0.1" and int(port) > 0
    with socket.create_connection((host, int(port)), timeout=5):
        pass


def test_every_service_says_that_it_is_well(unit: Unit) -> None:
    stub: Any = health_pb2_grpc.HealthStub(unit.channel)
    for service in ("", *SERVICES):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        assert answer.status == SERVING


def test_a_message_over_the_limit_is_refused(unit: Unit) -> None:
    request = plans_pb2.PlanTimelineRequest(timeline="/" + "x" * MESSAGE_BYTES)
    with pytest.raises(grpc.RpcError) as caught:
        PlanServiceStub(unit.channel).PlanTimeline(request, timeout=10)
    assert code_of(caught.value) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_compressed_request_is_refused(unit: Unit) -> None:
    request = plans_pb2.PlanTimelineRequest(timeline="/" + "x" * 10_000)
    with pytest.raises(grpc.RpcError) as caught:
        PlanServiceStub(unit.channel).PlanTimeline(
            request, timeout=10, compression=grpc.Compression.Gzip
        )
    assert code_of(caught.value) is grpc.StatusCode.UNIMPLEMENTED


def test_a_stopping_server_says_goodbye_to_watchers_and_ends_in_time(tmp_path: Path) -> None:
    async def live() -> tuple[list[jobs_pb2.WatchJobResponse], grpc.StatusCode, float]:
        config = Config(data=tmp_path / "data")
        desk = await asyncio.to_thread(Desk, config, stages=STAGES)  # never started: jobs wait
        job = desk.create(wish(), request_id="a", timeline="t")
        server = Server(desk, config)
        address = await server.start()
        async with grpc.aio.insecure_channel(address) as channel:
            request = jobs_pb2.WatchJobRequest(job_id=job.id)
            stream = JobServiceStub(cast("grpc.Channel", channel)).WatchJob(request)
            seen = [await stream.read(), await stream.read()]
            stub: Any = health_pb2_grpc.HealthStub(cast("grpc.Channel", channel))
            health = stub.Watch(health_pb2.HealthCheckRequest())
            assert (await health.read()).status == SERVING
            began = time.monotonic()
            stopping = asyncio.create_task(server.stop(5.0))
            assert (await health.read()).status == NOT_SERVING
            health.cancel()
            seen.append(await stream.read())
            code = await stream.code()
            await stopping
            took = time.monotonic() - began
        await asyncio.to_thread(desk.stop, 0.2)
        return seen, code, took

    seen, code, took = asyncio.run(live())
    assert seen[0].HasField("snapshot")
    assert seen[1].event.sequence == 1
    assert seen[2].event.heartbeat.draining
    assert code is grpc.StatusCode.UNAVAILABLE
    assert took < 4


def faults(told: bool) -> int:
    """Pages that the system had to give to a program that takes and frees chunks all the time."""
    code = (
        "import resource\n"
        "from secondunit.rpc.serve import keep_freed_memory\n"
        f"{'keep_freed_memory()' if told else ''}\n"
        "for _ in range(40):\n"
        "    held = [b'x' * 2**20 for _ in range(8)]\n"
        "    del held\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


def test_the_allocator_keeps_what_is_freed_for_the_next_chunk() -> None:
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc is told")
    before, after = faults(told=False), faults(told=True)
    assert before - after > 30 * 8 * 256 / 2  # most of the 8 MiB of every round, in 4 KiB pages
