"""HostService: who is attached, and a relay between those who ask and those who answer."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from secondunit.errors import HostGone, HostUnknown, LimitReached, Refused
from secondunit.rpc.principal import Principal, current
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.hosts_pb2_grpc import HostServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]
log = logging.getLogger(__name__)

LONGEST_CALL = 300.0
"""Seconds that a host may take for one thing: an export of a long timeline."""
MOST_CALLS = 32
"""Things that one host is asked for at once."""
MOST_HOSTS = 16
"""Of one caller."""
KEPT_EVENTS = 64
"""Of a watcher that is slow; older ones are dropped, since the newest context says all."""
PROTOCOL = 1


@dataclass(slots=True)
class _Attached:
    """A host on its link."""

    host: pb.Host
    owner: tuple[str, str]
    orders: asyncio.Queue[pb.HostRequest] = field(default_factory=asyncio.Queue)
    asked: dict[str, asyncio.Future[pb.HostReply]] = field(default_factory=dict)


class _Watcher:
    """Who hears of one caller's hosts."""

    def __init__(self) -> None:
        self.events: deque[pb.WatchHostsResponse] = deque(maxlen=KEPT_EVENTS)
        self.more = asyncio.Event()

    def tell(self, event: pb.WatchHostsResponse) -> None:
        self.events.append(event)
        self.more.set()


class Hosts(HostServiceServicer):
    """See proto/secondunit/v1/hosts.proto. All of it happens in one event loop."""

    def __init__(self, draining: asyncio.Event) -> None:
        """`draining`: set when watchers and adapters are to be sent away."""
        self._draining = draining
        self._hosts: dict[str, _Attached] = {}
        self._watchers: dict[tuple[str, str], set[_Watcher]] = {}
        self._numbers = itertools.count(1)

    async def AttachHost(
        self, request_iterator: AsyncIterator[pb.AttachHostRequest], context: Context
    ) -> AsyncIterator[pb.AttachHostResponse]:
        """A host's life."""
        first = await anext(request_iterator, None)
        if first is None or not first.HasField("hello"):
            raise Refused.single("the first frame says which host it is", "hello")
        one = self._enter(first.hello, current())
        reading = asyncio.ensure_future(self._read(one, request_iterator))
        try:
            yield pb.AttachHostResponse(welcome=one.host)
            while (order := await self._order(one, reading)) is not None:
                yield pb.AttachHostResponse(request=order)
        finally:
            reading.cancel()
            self._leave(one)

    async def ListHosts(self, request: pb.ListHostsRequest, context: Context) -> Any:
        """The caller's hosts."""
        return pb.ListHostsResponse(hosts=self._of(_owner(current())))

    async def CallHost(self, request: pb.CallHostRequest, context: Context) -> Any:
        """Ask a host for one thing."""
        if request.request.WhichOneof("ask") is None:
            raise Refused.single("nothing is asked of the host", "request.ask")
        one = self._hosts.get(request.host_id)
        if one is None or one.owner != _owner(current()):
            raise HostUnknown(f"no host '{request.host_id}' is attached")
        if len(one.asked) >= MOST_CALLS:
            raise LimitReached(f"{MOST_CALLS} things are asked of '{one.host.name}' already")
        order = pb.HostRequest()
        order.CopyFrom(request.request)
        order.id = f"{next(self._numbers)}"  # the asker's own may be another asker's too
        answer = one.asked[order.id] = asyncio.get_running_loop().create_future()
        one.orders.put_nowait(order)
        try:
            reply = await asyncio.wait_for(answer, LONGEST_CALL)
        except TimeoutError as exc:
            raise HostGone(f"'{one.host.name}' did not answer in {LONGEST_CALL:g} s") from exc
        finally:
            one.asked.pop(order.id, None)
        reply.id = request.request.id
        return pb.CallHostResponse(reply=reply)

    async def WatchHosts(
        self, request: pb.WatchHostsRequest, context: Context
    ) -> AsyncIterator[pb.WatchHostsResponse]:
        """What happens to the caller's hosts."""
        owner, watcher = _owner(current()), _Watcher()
        self._watchers.setdefault(owner, set()).add(watcher)
        closing = asyncio.ensure_future(self._draining.wait())
        try:
            watcher.tell(pb.WatchHostsResponse(hosts=self._of(owner)))
            while not closing.done():
                waiting = asyncio.ensure_future(watcher.more.wait())
                await asyncio.wait((waiting, closing), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                watcher.more.clear()
                while watcher.events:
                    yield watcher.events.popleft()
        finally:
            closing.cancel()
            watchers = self._watchers[owner]
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[owner]

    def _enter(self, hello: pb.Host, caller: Principal) -> _Attached:
        if hello.protocol != PROTOCOL:
            raise Refused.single(
                f"the adapter speaks version {hello.protocol} of the hosts' language, the server "
                f"version {PROTOCOL}; update the older of them",
                "hello.protocol",
            )
        owner = _owner(caller)
        if len(self._of(owner)) >= MOST_HOSTS:
            raise LimitReached(f"{MOST_HOSTS} hosts are attached, which is all that one may have")
        host = pb.Host()
        host.CopyFrom(hello)
        host.id = secrets.token_hex(4)
        one = self._hosts[host.id] = _Attached(host=host, owner=owner)
        log.info("host %s attached: %s %s", host.id, host.name, host.version)
        self._tell(owner, pb.WatchHostsResponse(hosts=self._of(owner)))
        return one

    def _leave(self, one: _Attached) -> None:
        del self._hosts[one.host.id]
        for answer in one.asked.values():
            if not answer.done():
                answer.set_exception(HostGone(f"'{one.host.name}' went while it was asked"))
        log.info("host %s left", one.host.id)
        self._tell(one.owner, pb.WatchHostsResponse(hosts=self._of(one.owner)))

    async def _read(self, one: _Attached, frames: AsyncIterator[pb.AttachHostRequest]) -> None:
        async for frame in frames:
            match frame.WhichOneof("frame"):
                case "reply":
                    answer = one.asked.get(frame.reply.id)
                    if answer is not None and not answer.done():
                        answer.set_result(frame.reply)
                case "event":
                    event = pb.WatchHostsResponse(host_id=one.host.id, event=frame.event)
                    self._tell(one.owner, event)
                case _:
                    raise Refused.single("after `hello` come replies and events", "frame")

    async def _order(self, one: _Attached, reading: asyncio.Future[None]) -> pb.HostRequest | None:
        """What the adapter is to do next; None when its link, or the server, ends."""
        next_one = asyncio.ensure_future(one.orders.get())
        closing = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait((next_one, closing, reading), return_when=asyncio.FIRST_COMPLETED)
            if next_one.done():
                return next_one.result()
            if reading.done():
                reading.result()  # a frame that made no sense is told to the adapter
            return None
        finally:
            next_one.cancel()
            closing.cancel()

    def _of(self, owner: tuple[str, str]) -> list[pb.Host]:
        return [one.host for one in self._hosts.values() if one.owner == owner]

    def _tell(self, owner: tuple[str, str], event: pb.WatchHostsResponse) -> None:
        for watcher in self._watchers.get(owner, ()):
            watcher.tell(event)


def _owner(caller: Principal) -> tuple[str, str]:
    return caller.tenant, caller.user
