"""What one caller may have in hand, and that it is given back however a call ends."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from secondunit.config import Config, Limits
from secondunit.jobs.desk import Desk
from secondunit.rpc.auth import V1
from secondunit.rpc.limits import Hand, Limited
from secondunit.rpc.principal import LOCAL, Principal, Scope, enter
from secondunit.rpc.serve import OPTIONS, serving
from secondunit.rpc.status import Translate
from secondunit_client import Access, Connection
from secondunit_client.access import OPTIONS as CLIENT_OPTIONS
from secondunit_client.errors import Busy

from tests.jobs.conftest import wish
from tests.rpc.conftest import STAGES

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
BOB = Principal(user="bob", tenant="red", scope=Scope.READ)
MIB = 2**20


class Named(grpc.aio.ServerInterceptor):
    """The caller is who the metadata say."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        metadata = dict(handler_call_details.invocation_metadata)
        enter(BOB if "bob" in metadata else LOCAL)
        return await continuation(handler_call_details)


class Slow:
    """Methods that last until the test lets them end."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.open = 0
        self.sent = 0

    async def single(self, request: bytes, context: Any) -> bytes:
        self.open += 1
        try:
            await self.go.wait()
            return b""
        finally:
            self.open -= 1

    async def fails(self, request: bytes, context: Any) -> bytes:
        raise RuntimeError("of the house")

    async def stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"begun"
        await self.go.wait()

    async def flood(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        while True:
            self.sent += 1
            yield bytes(MIB)

    async def upload(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return str(sum([len(r) async for r in requests])).encode()


@asynccontextmanager
async def guarded(limits: Limits) -> AsyncIterator[tuple[str, Limited, Slow, asyncio.Event]]:
    draining = asyncio.Event()
    limited, slow = Limited(limits, draining), Slow()
    server = grpc.aio.server(interceptors=[Translate(), Named(), limited], options=OPTIONS)
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    handlers = {
        "CreateJob": unary(slow.single),
        "GetJob": unary(slow.single),
        "CancelJob": unary(slow.fails),
        "WatchJob": stream(slow.stream),
        "Flood": stream(slow.flood),
        "Upload": grpc.stream_unary_rpc_method_handler(slow.upload),
    }
    service = grpc.method_handlers_generic_handler(f"{V1[1:]}JobService", handlers)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", limited, slow, draining
    finally:
        await server.stop(None)


def path(name: str) -> str:
    return f"{V1}JobService/{name}"


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        await asyncio.sleep(0.01)


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("the call went through")


def delay(error: grpc.RpcError) -> float:
    """Seconds after which the refusal says to try again."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    info = error_details_pb2.RetryInfo()
    assert status is not None and any(detail.Unpack(info) for detail in status.details)
    return info.retry_delay.seconds


def test_one_callers_streams_end_at_the_limit_and_anothers_go_on() -> None:
    async def live() -> None:
        async with (
            guarded(Limits(streams=3)) as (address, limited, slow, _),
            grpc.aio.insecure_channel(address) as one,
            grpc.aio.insecure_channel(address) as two,
        ):
            watch = path("WatchJob")
            held = [c.unary_stream(watch)(b"") for c in (one, two, two)]
            for stream in held:
                assert await stream.read() == b"begun"
            error = await refusal(one.unary_stream(watch)(b"").read())
            assert error.code() is EXHAUSTED and delay(error) >= 1
            other = one.unary_stream(watch)(b"", metadata=[("bob", "1")])
            assert await other.read() == b"begun"
            assert limited.hand(BOB).streams == 1
            held[0].cancel()
            await until(lambda: limited.hand(LOCAL).streams == 2)
            assert await one.unary_stream(watch)(b"").read() == b"begun"
            slow.go.set()

    asyncio.run(live())


@pytest.mark.parametrize("end", ["well", "cancel", "deadline", "error", "refused", "gone"])
def test_a_call_is_given_back_however_it_ends(end: str) -> None:
    async def live() -> None:
        async with guarded(Limits(calls=2)) as (address, limited, slow, _):
            channel = grpc.aio.insecure_channel(address)
            name = "CancelJob" if end == "error" else "GetJob"
            deadline = 0.3 if end == "deadline" else 20
            calls: list[Any] = [
                channel.unary_unary(path(name))(b"x" * 1000, timeout=deadline) for _ in range(2)
            ]
            if end != "error":
                await until(lambda: slow.open == 2)
                assert limited.hand(LOCAL) == Hand(calls=2, message_bytes=2000)
            if end == "refused":
                error = await refusal(channel.unary_unary(path(name))(b""))
                assert error.code() is EXHAUSTED and delay(error) >= 1
            if end in ("well", "refused"):
                slow.go.set()
            if end == "cancel":
                for call in calls:
                    call.cancel()
            if end == "gone":
                await channel.close(None)
            for call in calls:
                with suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
                    await call
            await until(lambda: limited.hand(LOCAL).empty())
            await channel.close()

    asyncio.run(live())


def test_a_stream_whose_client_vanishes_is_given_back() -> None:
    async def live() -> None:
        async with guarded(Limits(streams=4)) as (address, limited, _, _):
            code = (
                "import grpc, sys, time\n"
                "c = grpc.insecure_channel(sys.argv[1])\n"
                "s = [c.unary_stream(sys.argv[2])(b'') for _ in range(4)]\n"
                "[next(x) for x in s]\n"
                "print('open', flush=True); time.sleep(60)"
            )
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, address, path("WatchJob"), stdout=subprocess.PIPE
            )
            assert client.stdout is not None
            assert (await client.stdout.readline()).strip() == b"open"
            assert limited.hand(LOCAL).streams == 4
            client.kill()
            await until(lambda: limited.hand(LOCAL).empty())
            await client.wait()

    asyncio.run(live())


def test_requests_are_refused_when_their_bytes_are_too_many() -> None:
    async def live() -> None:
        async with (
            guarded(Limits(message_bytes=8 * MIB)) as (address, limited, slow, _),
            grpc.aio.insecure_channel(address) as channel,
        ):
            get = channel.unary_unary(path("GetJob"))
            held: list[Any] = [get(bytes(3 * MIB)) for _ in range(2)]
            await until(lambda: slow.open == 2)
            assert (await refusal(get(bytes(3 * MIB)))).code() is EXHAUSTED
            bob: Any = get(bytes(3 * MIB), metadata=[("bob", "1")])
            await until(lambda: slow.open == 3)
            small: Any = get(bytes(MIB))
            await until(lambda: slow.open == 4)
            slow.go.set()
            await asyncio.gather(*held, bob, small)
            await until(lambda: limited.hand(LOCAL).empty() and limited.hand(BOB).empty())

    asyncio.run(live())


def test_an_upload_passes_whole_however_many_bytes_it_has() -> None:
    async def live() -> None:
        async with (
            guarded(Limits(message_bytes=2 * MIB)) as (address, _, _, _),
            grpc.aio.insecure_channel(address) as channel,
        ):
            upload: Any = channel.stream_unary(path("Upload"))
            assert await upload(iter([bytes(MIB)] * 6)) == str(6 * MIB).encode()

    asyncio.run(live())


def test_a_hundred_large_calls_at_once_leave_the_servers_memory_small() -> None:
    # Without limits these calls made this process 580 MB larger; with them, 170.
    async def live() -> float:
        async with guarded(Limits(calls=8, message_bytes=16 * MIB)) as (address, _, slow, _):
            code = (
                "import asyncio, grpc, sys\n"
                "async def main():\n"
                "    async with grpc.aio.insecure_channel(sys.argv[1]) as c:\n"
                "        get, data = c.unary_unary(sys.argv[2]), bytes(4_000_000)\n"
                "        calls = [get(data) for _ in range(100)]\n"
                "        done = await asyncio.gather(*calls, return_exceptions=True)\n"
                "        print([str(d.code()) for d in done if isinstance(d, grpc.RpcError)]\n"
                "              .count('StatusCode.RESOURCE_EXHAUSTED'))\n"
                "asyncio.run(main())"
            )
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, address, path("GetJob"), stdout=subprocess.PIPE
            )
            await until(lambda: slow.open >= 4, 30)
            await asyncio.sleep(1.5)
            slow.go.set()
            assert client.stdout is not None
            refused = int(await client.stdout.read())
            assert await client.wait() == 0
            assert refused >= 80
            return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    assert asyncio.run(live()) < 300


def test_a_reader_who_does_not_read_costs_the_server_a_few_messages() -> None:
    async def live() -> int:
        async with (
            guarded(Limits()) as (address, _, slow, _),
            grpc.aio.insecure_channel(address) as channel,
        ):
            stream: Any = channel.unary_stream(path("Flood"))(b"")
            assert len(await stream.read()) == MIB
            await until(lambda: slow.sent > 1)
            sent = 0
            while sent != slow.sent:  # until nothing moves any more
                sent = slow.sent
                await asyncio.sleep(0.5)
            stream.cancel()
            return sent

    assert asyncio.run(live()) < 40


def test_a_server_that_is_about_to_stop_begins_no_work_and_still_answers() -> None:
    async def live() -> None:
        async with (
            guarded(Limits()) as (address, _, slow, draining),
            grpc.aio.insecure_channel(address) as channel,
        ):
            slow.go.set()
            assert await cast("Any", channel.unary_unary(path("CreateJob"))(b"")) == b""
            draining.set()
            error = await refusal(channel.unary_unary(path("CreateJob"))(b""))
            assert error.code() is grpc.StatusCode.UNAVAILABLE and delay(error) >= 1
            assert await cast("Any", channel.unary_unary(path("GetJob"))(b"")) == b""

    asyncio.run(live())


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    """A whole server of small limits."""
    config = Config(data=tmp_path / "data", limits=Limits(streams=40, calls=20))
    desk = Desk(config, stages=STAGES)  # never started: jobs wait
    try:
        with serving(desk, config) as address:
            yield desk, address
    finally:
        desk.stop(0.1)


def test_a_thousand_watches_on_one_connection_leave_room_for_nobody_but_harm_nobody(
    small: tuple[Desk, str],
) -> None:
    desk, address = small
    job = desk.create(wish(), request_id="a", timeline="t")
    request = b"\x0a" + bytes([len(job.id)]) + job.id.encode()

    async def live() -> tuple[int, int]:
        async with grpc.aio.insecure_channel(address) as channel:
            streams = [channel.unary_stream(path("WatchJob"))(request) for _ in range(1000)]
            firsts = await asyncio.gather(*(s.read() for s in streams), return_exceptions=True)
            refused = [f for f in firsts if isinstance(f, grpc.RpcError)]
            # Some gRPC refuses itself, on one connection, in a way that clients try again.
            codes = {e.code() for e in cast("list[Any]", refused)}
            assert EXHAUSTED in codes <= {EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
            with Connection(address, access=Access()) as unit:  # a unary call is another account
                assert await asyncio.to_thread(lambda: unit.status().queued) == 1
            return len(firsts) - len(refused), len(refused)

    assert asyncio.run(live()) == (40, 960)


def test_bytes_that_are_no_message_are_refused_in_our_words(small: tuple[Desk, str]) -> None:
    _, address = small

    async def live() -> list[tuple[grpc.StatusCode, str | None]]:
        async with grpc.aio.insecure_channel(address) as channel:
            unary = channel.unary_unary(path("GetJob"))(b"\xff" * 9)
            stream = channel.unary_stream(path("WatchJob"))(b"\x0a\x02\xff\xff").read()
            ends = [await refusal(call) for call in (unary, stream)]
            return [(end.code(), end.details()) for end in ends]

    for code, said in asyncio.run(live()):
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said == "the bytes are no message of this method"


def test_a_client_is_told_that_it_is_busy_in_words(small: tuple[Desk, str]) -> None:
    desk, address = small
    job = desk.create(wish(), request_id="a", timeline="t")

    with Connection(address, access=Access(), patience=0.1) as unit:
        held = [unit.jobs.watch(job.id) for _ in range(40)]
        for events in held:
            next(events)
        with pytest.raises(Busy, match="40 streams") as caught:
            next(unit.jobs.watch(job.id))
        assert caught.value.retryable
        for events in held:
            cast("Any", events).close()


def test_a_peer_that_hangs_is_known_in_twenty_seconds_on_both_sides() -> None:
    """A stopped process keeps its sockets open: only pings tell that nobody is there."""

    async def live() -> tuple[float, float]:
        server_code = (
            "import asyncio, grpc, sys\n"
            "from secondunit.rpc.serve import OPTIONS\n"
            "async def watch(request, context):\n"
            "    yield b'begun'; await asyncio.sleep(100)\n"
            "async def main():\n"
            "    s = grpc.aio.server(options=OPTIONS)\n"
            "    h = {'W': grpc.unary_stream_rpc_method_handler(watch)}\n"
            "    s.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('x', h),))\n"
            "    p = s.add_insecure_port('127.0.0.1:0'); await s.start()\n"
            "    print(p, flush=True); await s.wait_for_termination()\n"
            "asyncio.run(main())"
        )
        client_code = (
            "import sys, time\n"
            "from secondunit_client.access import Access, channel\n"
            "c = channel(sys.argv[1], Access())\n"
            "s = c.unary_stream(sys.argv[2])(b''); next(s)\n"
            "print('open', flush=True); time.sleep(100)"
        )
        pipe = subprocess.PIPE
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-c", server_code, stdout=pipe
        )
        async with guarded(Limits()) as (address, limited, _, _):
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-c", client_code, address, path("WatchJob"), stdout=pipe
            )
            assert client.stdout is not None and server.stdout is not None
            assert (await client.stdout.readline()).strip() == b"open"
            port = int(await server.stdout.readline())
            options = cast("Any", CLIENT_OPTIONS)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
                stream: Any = channel.unary_stream("/x/W")(b"")
                assert await stream.read() == b"begun"
                os.kill(client.pid, signal.SIGSTOP)
                os.kill(server.pid, signal.SIGSTOP)
                began = time.monotonic()

                async def noticed() -> float:
                    error = await refusal(stream.read())
                    assert error.code() is grpc.StatusCode.UNAVAILABLE
                    return time.monotonic() - began

                async def released() -> float:
                    await until(lambda: limited.hand(LOCAL).empty(), 60)
                    return time.monotonic() - began

                try:
                    return await asyncio.gather(noticed(), released())
                finally:
                    for process in (client, server):
                        process.kill()
                        await process.wait()

    by_client, by_server = asyncio.run(live())
    assert by_client <= 20 and by_server <= 20
