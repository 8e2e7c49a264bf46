"""The server's life: listen on this machine, answer, say goodbye to watchers, stop."""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.capabilities import MESSAGE_BYTES, Capabilities
from secondunit.rpc.jobs import Jobs
from secondunit.rpc.plans import Plans
from secondunit.rpc.rules import Rules
from secondunit.rpc.status import Translate
from secondunit.rpc.timeline import Timelines
from secondunit.v1 import (
    capabilities_pb2_grpc,
    jobs_pb2_grpc,
    plans_pb2_grpc,
    timeline_pb2_grpc,
)

log = logging.getLogger(__name__)

SERVICES = (
    "secondunit.v1.JobService",
    "secondunit.v1.PlanService",
    "secondunit.v1.TimelineService",
    "secondunit.v1.CapabilityService",
)
OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    # Only ping_timeout makes a hanging peer known before a minute is over; a client may ping every
    # 30 s, watched or not.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 15_000),
    # Identity only: compressed media wastes a core, and a small request may not unpack to a large.
    ("grpc.compression_enabled_algorithms_bitset", 1),
    ("grpc.so_reuseport", 0),  # two servers on one port would share the calls between them
]


class Server:
    """gRPC on one loopback port, in the event loop that starts it."""

    def __init__(
        self, desk: Desk, config: Config, *, listen: str = "127.0.0.1:0",
        reader: Reader | None = None,
    ) -> None:  # fmt: skip
        """`listen`: `host:port`, port 0 for any that is free. `reader`: the caller's to stop.

        Raises Refused for an address that other machines could reach.
        """
        self._listen = loopback(listen)
        self._desk, self._config = desk, config
        self._draining = asyncio.Event()
        self._reader, self._reader_is_ours = reader or Reader(config), reader is None

    async def start(self) -> str:
        """Listen; returns `host:port` as bound. Raises Refused when the port is taken."""
        keep_freed_memory()
        self._server = grpc.aio.server(interceptors=[Translate(), Rules()], options=OPTIONS)
        jobs = Jobs(self._desk, self._config, self._draining, self._reader)
        jobs_pb2_grpc.add_JobServiceServicer_to_server(jobs, self._server)
        plans = Plans(self._config, self._reader)
        plans_pb2_grpc.add_PlanServiceServicer_to_server(plans, self._server)
        timelines = Timelines(self._desk, self._config, self._reader)
        timeline_pb2_grpc.add_TimelineServiceServicer_to_server(timelines, self._server)
        capabilities = Capabilities(self._desk, self._config, self._draining)
        capabilities_pb2_grpc.add_CapabilityServiceServicer_to_server(capabilities, self._server)
        self._health = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        host = self._listen.rpartition(":")[0]
        try:
            port = self._server.add_insecure_port(self._listen)
        except RuntimeError as exc:
            await self._server.stop(None)  # else it is missed when its loop is gone
            raise Refused.single(
                f"{self._listen} is taken; choose another port, or 0 for any", "--listen"
            ) from exc
        await self._server.start()
        for service in ("", *SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        address = f"{host}:{port}"
        self._desk.announce(address)
        log.info("listening on %s", address)
        return address

    async def stop(self, grace: float = 5.0) -> None:
        """Tell health and watchers, finish calls within `grace` seconds, close."""
        await self._health.enter_graceful_shutdown()
        self._draining.set()
        await self._server.stop(grace)
        if self._reader_is_ours:
            await asyncio.to_thread(self._reader.stop)

    async def wait(self) -> None:
        """Return when the server has stopped."""
        await self._server.wait_for_termination()


@contextmanager
def serving(
    desk: Desk, config: Config, *, listen: str = "127.0.0.1:0", reader: Reader | None = None
) -> Iterator[str]:
    """A server in a thread of its own; gives its address, stops it on the way out.

    The desk is the caller's to start and stop, and so is a reader. Raises Refused as Server does.
    """
    bound: Future[str] = Future()
    leave = threading.Event()

    async def live() -> None:
        server = Server(desk, config, listen=listen, reader=reader)
        try:
            bound.set_result(await server.start())
        except BaseException as exc:
            bound.set_exception(exc)
            return
        await asyncio.to_thread(leave.wait)
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="rpc")
    thread.start()
    try:
        yield bound.result()
    finally:
        leave.set()
        thread.join()


def loopback(listen: str) -> str:
    """`host:port` when only this machine can reach it; raises Refused otherwise."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise Refused.single(f"'{listen}' is no address of the form host:port", "--listen")
    try:
        near = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        near = False
    if not near:
        raise Refused.single(
            f"'{host}' can be reached from other machines, and calls are not authenticated; listen "
            "on 127.0.0.1 and reach it through a tunnel: ssh -L 50051:127.0.0.1:50051 this-machine",
            "--listen",
        )
    return listen


def keep_freed_memory() -> None:
    """Have glibc keep buffers of 1 MiB instead of returning them: streams cost a fifth of the CPU.

    Nothing happens on other C libraries.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  (musl has mallopt too, and means nothing by it)
        mallopt = library.mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 32 * 1024 * 1024)
    mallopt(trim_threshold, 256 * 1024 * 1024)
