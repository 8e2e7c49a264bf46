"""Who may call what: every method, with no token, a bad one, and one that is not enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_status import rpc_status
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.rpc.auth import HEALTH, SCOPES, Authenticate, is_near
from secondunit.rpc.principal import LOCAL, Principal, Scope, current
from secondunit.rpc.serve import SERVICES, serving
from secondunit.rpc.status import Translate
from secondunit.rpc.tokens import Keys, Register
from secondunit.v1 import (
    blobs_pb2,
    capabilities_pb2,
    engines_pb2,
    hosts_pb2,
    jobs_pb2,
    ledger_pb2,
    pictures_pb2,
    plans_pb2,
    timeline_pb2,
)
from secondunit_client import Access, Connection
from secondunit_client.errors import Forbidden, NotFound, Unauthenticated

from tests.jobs.conftest import wish
from tests.rpc.conftest import STAGES
from tests.rpc.test_tokens import changed

FILES = (
    blobs_pb2, capabilities_pb2, engines_pb2, hosts_pb2, jobs_pb2, ledger_pb2, pictures_pb2,
    plans_pb2, timeline_pb2, health_pb2,
)  # fmt: skip


def services() -> Iterator[ServiceDescriptor]:
    for file in FILES:
        yield from file.DESCRIPTOR.services_by_name.values()


METHODS = {
    f"/{service.full_name}/{method.name}": method
    for service in services()
    for method in service.methods
}


def test_every_method_has_a_row_and_every_row_a_method() -> None:
    assert set(SCOPES) == set(METHODS)
    assert {s.full_name for s in services()} >= set(SERVICES)


def test_what_only_looks_needs_the_least_and_all_else_more() -> None:
    # By their names: a method that is added is sorted here, or its author thinks about it.
    looks = ("Get", "List", "Watch", "Plan", "Inspect", "Find", "Read", "Check")
    for path, scope in SCOPES.items():
        name = path.rpartition("/")[2]
        looked = name.startswith(looks) and not name.startswith("Place")
        assert (scope is Scope.READ) == looked, path


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A server that has tokens, and one of each kind."""

    address: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    data = tmp_path_factory.mktemp("guarded") / "data"
    register = Register(data)
    _, expired = register.add("old", scope=Scope.ADMIN, days=1)
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    changed(data, lambda token: token.update(expires=past))
    gone, revoked = register.add("gone", scope=Scope.ADMIN, days=1)
    register.revoke(gone.id)
    tokens = {"expired": expired, "revoked": revoked, "garbage": "su_12345678_abc"}
    for scope in Scope:
        _, tokens[scope] = register.add(scope, scope=scope, days=1)
    config = Config(data=data)
    desk = Desk(config, stages=STAGES)
    try:
        with serving(desk, config) as address:
            yield Guarded(address=address, tokens=tokens)
    finally:
        desk.stop(0.1)


def ended(channel: grpc.Channel, path: str, header: str | None) -> grpc.RpcError:
    """Call any method with an empty request; how it ended."""
    method = METHODS[path]
    kind: Any = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming]
    metadata = [("authorization", header)] if header is not None else []
    given: Any = iter([b""]) if method.client_streaming else b""
    with pytest.raises(grpc.RpcError) as caught:
        answer = kind(path)(given, metadata=metadata, timeout=20)
        if method.server_streaming:
            list(answer)
    return caught.value


def reason(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    """The code, and the reason in the details."""
    call = cast("grpc.Call", error)
    status = rpc_status.from_call(call)
    info = error_details_pb2.ErrorInfo()
    assert status is not None and any(detail.Unpack(info) for detail in status.details)
    return call.code(), info.reason


OURS = sorted(path for path in METHODS if not path.startswith(HEALTH))
NO_ENTRY = (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
NOT_ENOUGH = (grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN")


@pytest.mark.parametrize("path", OURS)
def test_no_method_answers_who_has_no_valid_token(path: str, guarded: Guarded) -> None:
    with grpc.insecure_channel(guarded.address) as channel:
        assert reason(ended(channel, path, None)) == NO_ENTRY
        for kind in ("garbage", "expired", "revoked"):
            assert reason(ended(channel, path, f"Bearer {guarded.tokens[kind]}")) == NO_ENTRY
        for header in ("", "Bearer", f"Basic {guarded.tokens['admin']}", "Bearer a b"):
            assert reason(ended(channel, path, header)) == NO_ENTRY


@pytest.mark.parametrize("path", [p for p in OURS if SCOPES[p] is not Scope.READ])
def test_no_method_answers_a_scope_that_is_too_low(path: str, guarded: Guarded) -> None:
    order = list(Scope)
    with grpc.insecure_channel(guarded.address) as channel:
        for scope in order[: order.index(SCOPES[path])]:
            error = ended(channel, path, f"Bearer {guarded.tokens[scope]}")
            assert reason(error) == NOT_ENOUGH
            assert f"`{SCOPES[path]}`" in str(cast("grpc.Call", error).details())


def test_an_unknown_method_tells_a_stranger_nothing(guarded: Guarded) -> None:
    with grpc.insecure_channel(guarded.address) as channel:
        call = channel.unary_unary("/secondunit.v1.JobService/DropTables")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10)
        assert reason(caught.value) == NO_ENTRY
        header = f"Bearer {guarded.tokens['admin']}"
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10, metadata=(("authorization", header),))
        assert reason(caught.value) == NOT_ENOUGH


def test_health_is_told_to_watchdogs_of_this_machine_without_a_token(guarded: Guarded) -> None:
    with grpc.insecure_channel(guarded.address) as channel:
        answer = channel.unary_unary(f"{HEALTH}Check")(b"", timeout=10)
        assert health_pb2.HealthCheckResponse.FromString(answer).status == 1
        watch = channel.unary_stream(f"{HEALTH}Watch")(b"", timeout=10)
        assert health_pb2.HealthCheckResponse.FromString(next(iter(watch))).status == 1
        watch.cancel()


@pytest.mark.parametrize(
    ("peer", "near"),
    [
        ("ipv4:127.0.0.1:55", True), ("ipv6:%5B::1%5D:55", True), ("ipv6:[::1]:5", True),
        ("ipv4:10.0.0.7:127", False), ("ipv6:%5B2001:db8::1%5D:1", False), ("unix:", False),
        ("ipv4:127.0.0.1.evil.example:1", False), ("", False),
    ],
)  # fmt: skip
def test_only_a_loopback_peer_is_this_machine(peer: str, near: bool) -> None:
    assert is_near(peer) is near


def test_the_client_brings_its_token_and_tells_what_is_wrong_with_it(guarded: Guarded) -> None:
    with Connection(guarded.address, access=Access(token=guarded.tokens["read"])) as unit:
        assert unit.status().running == 0
        assert list(unit.jobs.list()) == []
        with pytest.raises(Forbidden, match="scope `render`"):
            unit.place(Path("/cut.otio"), ["a"])
    with (
        Connection(guarded.address, access=Access()) as unit,
        pytest.raises(Unauthenticated, match="--token-file"),
    ):
        unit.status()


def seen(keys: Keys, token: str | None, *, near: bool) -> list[Principal]:
    """Who calls, as a unary method and an async generator see it."""
    callers: list[Principal] = []

    async def who(request: bytes, context: Any) -> bytes:
        callers.append(await asyncio.to_thread(current))
        return b""

    async def watch(request: bytes, context: Any) -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        callers.append(current())
        yield b""

    async def live() -> None:
        guards = [Translate(), Authenticate(keys, near=near)]
        server = grpc.aio.server(interceptors=guards)
        handlers = {
            "Check": grpc.unary_unary_rpc_method_handler(who),
            "Watch": grpc.unary_stream_rpc_method_handler(watch),
        }
        service = grpc.method_handlers_generic_handler(HEALTH.strip("/"), handlers)
        server.add_generic_rpc_handlers((service,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        metadata = [("authorization", f"bearer  {token} ")] if token else []
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await channel.unary_unary(f"{HEALTH}Check")(b"", metadata=metadata)
            await channel.unary_stream(f"{HEALTH}Watch")(b"", metadata=metadata).read()
        await server.stop(None)

    asyncio.run(live())
    return callers


def test_methods_know_their_caller(tmp_path: Path) -> None:
    keys = Keys(tmp_path, look_again=0.0)
    assert seen(keys, None, near=True) == [LOCAL, LOCAL]
    _, token = Register(tmp_path).add("x", user="ann", tenant="blue", scope=Scope.RENDER, days=None)
    ann = Principal(user="ann", tenant="blue", scope=Scope.RENDER)
    assert seen(keys, token, near=True) == [ann, ann]
    assert seen(keys, token, near=False) == [ann, ann]


def test_another_tenants_token_finds_neither_jobs_nor_blobs(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    register = Register(config.data)
    tokens = {
        tenant: register.add(tenant, tenant=tenant, scope=Scope.RENDER, days=1)[1]
        for tenant in ("blue", "red")
    }
    desk = Desk(config, stages=STAGES)  # never started: jobs wait
    job = desk.create(wish(), request_id="a", timeline="t", tenant="blue").id
    try:
        with (
            serving(desk, config) as address,
            Connection(address, access=Access(token=tokens["blue"])) as blue,
            Connection(address, access=Access(token=tokens["red"])) as red,
        ):
            file = tmp_path / "frame.png"
            file.write_bytes(b"pixels of blue")
            digest = blue.blobs.upload(file)
            assert [one.id for one in blue.jobs.list()] == [job]
            assert list(red.jobs.list()) == []
            assert blue.jobs.get(job).id == job
            calls: list[Callable[[], Any]] = [
                lambda: red.jobs.get(job),
                lambda: red.jobs.cancel(job),
                lambda: red.jobs.retry(job),
                lambda: next(red.jobs.watch(job)),
                lambda: red.jobs.delete(job),
                lambda: red.jobs.plan(job),
                lambda: red.place(tmp_path / "cut.otio", [job]),
                lambda: red.blobs.download(digest, tmp_path / "stolen.png"),
            ]
            for call in calls:
                with pytest.raises(NotFound):
                    call()
            assert not (tmp_path / "stolen.png").exists()
            assert blue.blobs.missing([digest]) == [] and red.blobs.missing([digest]) == [digest]
            assert blue.jobs.get(job).state == jobs_pb2.JOB_STATE_QUEUED
    finally:
        desk.stop(0.1)
