"""The server's life: listen, answer, say goodbye to watchers, stop."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.auth import Authenticate
from secondunit.rpc.blobs import Blobs
from secondunit.rpc.blobs import add_to_server as add_blobs_to_server
from secondunit.rpc.capabilities import MESSAGE_BYTES, Capabilities
from secondunit.rpc.engines import Engines
from secondunit.rpc.handlers import Methods
from secondunit.rpc.hosts import Hosts
from secondunit.rpc.jobs import Jobs
from secondunit.rpc.ledger import Ledgers
from secondunit.rpc.limits import Limited
from secondunit.rpc.listen import check, credentials, is_loopback
from secondunit.rpc.measured import Measure
from secondunit.rpc.pictures import Pictures
from secondunit.rpc.plans import Plans
from secondunit.rpc.rules import Rules
from secondunit.rpc.status import Translate
from secondunit.rpc.timeline import Timelines
from secondunit.rpc.token_uses import WRITTEN, Uses
from secondunit.rpc.tokens import Keys
from secondunit.v1 import (
    capabilities_pb2_grpc,
    engines_pb2_grpc,
    hosts_pb2_grpc,
    jobs_pb2_grpc,
    ledger_pb2_grpc,
    pictures_pb2_grpc,
    plans_pb2_grpc,
    timeline_pb2_grpc,
)

if TYPE_CHECKING:
    from secondunit.rpc.bridge.serve import Bridge

log = logging.getLogger(__name__)

SERVICES = (
    "secondunit.v1.JobService",
    "secondunit.v1.PlanService",
    "secondunit.v1.TimelineService",
    "secondunit.v1.CapabilityService",
    "secondunit.v1.EngineService",
    "secondunit.v1.BlobService",
    "secondunit.v1.LedgerService",
    "secondunit.v1.HostService",
    "secondunit.v1.PictureService",
)
OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    # Only ping_timeout makes a hanging peer known before a minute is over, and so within 20 s; a
    # client may ping every 12 s, watched or not.
    ("grpc.keepalive_time_ms", 12_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 8_000),
    # Identity only: compressed media wastes a core, and a small request may not unpack to a large.
    ("grpc.compression_enabled_algorithms_bitset", 1),
    # Who connects and says nothing, or says it slowly, is let go before a call that never comes.
    ("grpc.server_handshake_timeout_ms", 10_000),
    # A connection on which nothing was asked for so long is let go; a client opens it again unseen.
    ("grpc.max_connection_idle_ms", 15 * 60_000),
    ("grpc.so_reuseport", 0),  # two servers on one port would share the calls between them
]


class Server:
    """gRPC on one port, in the event loop that starts it."""

    def __init__(
        self, desk: Desk, config: Config, *, listen: str = "127.0.0.1:0",
        reader: Reader | None = None, trusted: bool = False, bridge: str = "",
        insist: bool = True,
    ) -> None:  # fmt: skip
        """`listen`: `host:port`, port 0 for any that is free. `reader`: the caller's to stop.

        `bridge`: the same for programs without gRPC; empty: there is none; without `insist` there
        is none either where its port is taken, and the log says so. `trusted`: callers need
        no token whatever the data folder says, since the server is but the program's own way to
        itself. Raises Refused for an address that other machines could reach, without a
        certificate and tokens; StoreDamaged for tokens that cannot be read.
        """
        self._near = is_loopback(listen)
        self._keys = None if trusted else Keys(config.data)
        tokens = self._keys is not None and self._keys.exist
        check(listen, config, tokens=tokens)
        if bridge:
            check(bridge, config, tokens=tokens, flag="--bridge")
        self._credentials = credentials(config.tls) if not trusted else None
        self._listen, self._desk, self._config = listen, desk, config
        self._closing, self._draining = asyncio.Event(), asyncio.Event()
        self._reader, self._reader_is_ours = reader or Reader(config), reader is None
        self._noting: asyncio.Task[None] | None = None
        self._bridge_listen, self._insist = bridge, insist
        self._bridge: Bridge | None = None
        self.panel = ""
        """Where the panel is, once it listens; empty without a bridge."""

    async def start(self) -> str:
        """Listen; returns `host:port` as bound. Raises Refused when the port is taken."""
        limits = self._config.limits
        keep_freed_memory()
        limited = Limited(limits, self._closing)  # one count for both doors
        guards: list[grpc.aio.ServerInterceptor] = [Measure(), Translate()]
        if self._keys is not None:
            guards.append(Authenticate(self._keys, near=self._near))
        guards += [limited, Rules()]
        # A little more on one connection than on all: who asks for more is refused, and told why,
        # where gRPC would keep the call waiting.
        most = ("grpc.max_concurrent_streams", limits.streams + limits.calls + 32)
        self._server = grpc.aio.server(interceptors=guards, options=[*OPTIONS, most])
        servicers = self._servicers()
        for servicer in servicers:
            servicer(self._server)
        self._health = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        host = self._listen.rpartition(":")[0]
        try:
            port = (
                self._server.add_insecure_port(self._listen)
                if self._credentials is None
                else self._server.add_secure_port(self._listen, self._credentials)
            )
            if self._bridge_listen:
                self.panel = await self._start_bridge(limited, servicers)
        except RuntimeError as exc:
            await self._server.stop(None)  # else it is missed when its loop is gone
            raise Refused.single(
                f"{self._listen} is taken; choose another port, or 0 for any", "--listen"
            ) from exc
        except Refused:
            await self._server.stop(None)
            raise
        await self._server.start()
        if self._keys is not None:
            self._noting = asyncio.create_task(self._note(self._keys.uses))
        for service in ("", *SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        address = f"{host}:{port}"
        self._desk.announce(address)
        log.info("listening on %s", address)
        return address

    def _servicers(self) -> list[Callable[[Any], None]]:
        """Each adds itself to a server."""
        desk, config, reader = self._desk, self._config, self._reader
        jobs = Jobs(desk, config, self._draining, reader)
        plans = Plans(config, desk.blobs, reader, desk.accounts)
        return [
            partial(jobs_pb2_grpc.add_JobServiceServicer_to_server, jobs),
            partial(plans_pb2_grpc.add_PlanServiceServicer_to_server, plans),
            partial(ledger_pb2_grpc.add_LedgerServiceServicer_to_server, Ledgers(desk.accounts)),
            partial(
                timeline_pb2_grpc.add_TimelineServiceServicer_to_server,
                Timelines(desk, config, reader),
            ),
            partial(
                capabilities_pb2_grpc.add_CapabilityServiceServicer_to_server,
                Capabilities(desk, config, self._closing),
            ),
            partial(
                engines_pb2_grpc.add_EngineServiceServicer_to_server,
                Engines(desk, self._draining),
            ),
            partial(add_blobs_to_server, Blobs(desk.blobs, desk.uploads, config)),
            partial(hosts_pb2_grpc.add_HostServiceServicer_to_server, Hosts(self._draining)),
            partial(
                pictures_pb2_grpc.add_PictureServiceServicer_to_server,
                Pictures(config, desk.blobs, reader),
            ),
        ]

    async def _start_bridge(
        self, limited: Limited, servicers: Sequence[Callable[[Any], None]]
    ) -> str:
        # Here, not above: a server without a bridge starts without a web server.
        from secondunit.rpc.bridge.door import Door
        from secondunit.rpc.bridge.gate import Known
        from secondunit.rpc.bridge.pairing import Pairing
        from secondunit.rpc.bridge.serve import PANEL, Bridge

        pairing = Pairing(self._config.data)
        known = Known(self._keys or Keys(self._config.data), pairing)
        methods = Methods([Measure(), Translate(), known, limited, Rules()])
        for servicer in servicers:
            servicer(methods)
        door = Door(methods, self._desk.blobs, known, pairing, PANEL)
        bridge = Bridge(door, self._config, self._bridge_listen)
        try:
            address = await bridge.start()
        except Refused as refused:
            if self._insist:
                raise
            log.warning("there is no panel: %s; another port: --bridge HOST:PORT", refused)
            return ""
        self._bridge = bridge
        log.info("the panel is at %s", address)
        return address

    async def drain(self) -> None:
        """Begin no more work, and tell health so; what is asked is still answered."""
        self._closing.set()
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float = 5.0) -> None:
        """Tell watchers their last events, finish calls within `grace` seconds, close."""
        await self.drain()
        self._draining.set()
        self._desk.rouse()
        if self._bridge is not None:
            await self._bridge.stop(grace)
        await self._server.stop(grace)
        if self._noting is not None and self._keys is not None:
            self._noting.cancel()
            await asyncio.to_thread(self._keys.uses.write)
        if self._reader_is_ours:
            await asyncio.to_thread(self._reader.stop)

    async def _note(self, uses: Uses) -> None:
        while True:
            await asyncio.sleep(WRITTEN)
            await asyncio.to_thread(uses.write)

    async def wait(self) -> None:
        """Return when the server has stopped."""
        await self._server.wait_for_termination()


@contextmanager
def serving(
    desk: Desk, config: Config, *, listen: str = "127.0.0.1:0", reader: Reader | None = None,
    trusted: bool = False, bridge: str = "", panel: Callable[[str], None] | None = None,
) -> Iterator[str]:  # fmt: skip
    """A server in a thread of its own; gives its address, stops it on the way out.

    The desk is the caller's to start and stop, and so is a reader. `panel` is told where the bridge
    listens. Raises Refused as Server does.
    """
    bound: Future[str] = Future()
    leave = threading.Event()

    async def live() -> None:
        try:
            server = Server(
                desk, config, listen=listen, reader=reader, trusted=trusted, bridge=bridge
            )
            address = await server.start()
            if panel is not None:
                panel(server.panel)
            bound.set_result(address)
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
