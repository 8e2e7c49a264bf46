"""The link with the server: attached as long as both live, taken up again when one comes back.

Where Resolve cannot be reached the adapter attaches all the same, as a host that can do nothing and
says why, so that the panel shows the way round instead of nothing.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import grpc
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.hosts_pb2_grpc import HostServiceStub

from secondunit_resolve.absent import Absent
from secondunit_resolve.api import Resolve
from secondunit_resolve.edition import hello
from secondunit_resolve.faults import HostError
from secondunit_resolve.owner import PATIENCE, Owner
from secondunit_resolve.verbs import Verbs

log = logging.getLogger(__name__)

LOOK_PATIENCE = 5.0
"""Seconds for one look at what the editor looks at."""
PLACE_PATIENCE = 240.0
GONE = 10
"""Looks that Resolve does not answer, after which it is taken to have ended; a dialogue that the
editor closes soon is not that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When it tries and looks again; seconds."""

    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0)
    """Between tries to reach the server."""
    look: float = 1.0
    """Between looks at what the editor looks at; longer where one look takes long."""
    seek: float = 15.0
    """Between tries to reach Resolve."""
    lost: float = 600.0
    """That one call is away, after which it never comes back and the adapter has to begin anew."""


class Host(Protocol):
    """What answers the server: Resolve, or what stands for it while it is not there."""

    def do(self, request: pb.HostRequest) -> pb.HostReply:
        """The reply to a request."""
        ...


@dataclass(slots=True)
class _Held:
    """One attachment, as long as it lasts."""

    verbs: Host
    frames: queue.SimpleQueue[pb.AttachHostRequest | None] = field(
        default_factory=queue.SimpleQueue
    )
    over: threading.Event = field(default_factory=threading.Event)
    """The adapter itself ends it: it stops, or Resolve came or went."""

    def sent(self) -> Iterator[pb.AttachHostRequest]:
        """What goes to the server, until there is no more."""
        while (frame := self.frames.get()) is not None:
            yield frame


class Link:
    """Carries requests to Resolve and answers back."""

    def __init__(
        self, channel: grpc.Channel, connect: Callable[[], Resolve], rhythm: Rhythm | None = None
    ) -> None:
        """`connect` gives the running Resolve, anew whenever it went. The caller owns the channel,
        which brings the token to every call.
        """
        self._stub = HostServiceStub(channel)
        self._connect, self._rhythm = connect, rhythm or Rhythm()
        self._owner = Owner()
        self._leave = threading.Event()
        self._said = ""

    def run(self) -> None:
        """Until `stop`: attach, serve, and attach again."""
        tries = 0
        while not self._leave.is_set():
            verbs, host = self._begun()
            try:
                welcome = self._attached(_Held(verbs), host)
            except grpc.RpcError as exc:
                welcome = False
                self._say(f"the server does not take us: {_words(exc)}")
            tries = 0 if welcome else tries + 1
            pauses = self._rhythm.pauses
            self._leave.wait(pauses[min(max(tries, 1), len(pauses)) - 1])
        self._owner.stop()

    def stop(self) -> None:
        """Detach; `run` returns soon."""
        self._leave.set()

    def _begun(self) -> tuple[Host, pb.Host]:
        try:
            return self._owner.call(self._resolve)
        except HostError as error:
            self._say(f"{error.fault.what} {error.fault.remedy}")
            absent = Absent(error.fault)
            return absent, absent.hello()

    def _resolve(self) -> tuple[Host, pb.Host]:
        resolve = self._connect()
        return Verbs(resolve), hello(resolve)

    def _attached(self, held: _Held, host: pb.Host) -> bool:
        """Serve until the link ends; whether it had begun. Raises RpcError where it had not."""
        held.frames.put(pb.AttachHostRequest(hello=host))
        stream, welcome = self._stub.AttachHost(held.sent()), False
        look = self._look if isinstance(held.verbs, Verbs) else self._seek
        threads = [
            threading.Thread(target=self._end, args=(held, stream), daemon=True),
            threading.Thread(target=look, args=(held,), name="look", daemon=True),
        ]
        threads[0].start()
        try:
            for frame in stream:
                if frame.HasField("welcome"):
                    welcome = True
                    log.info("attached to the server as %s", frame.welcome.id)
                    threads[1].start()
                elif frame.HasField("request"):
                    reply = self._answer(held.verbs, frame.request)
                    held.frames.put(pb.AttachHostRequest(reply=reply))
        except grpc.RpcError as exc:
            if not (welcome or held.over.is_set()):
                raise
            log.info("the link ended: %s", _words(exc))
        finally:
            held.over.set()
            held.frames.put(None)
            stream.cancel()
        return welcome

    def _answer(self, verbs: Host, request: pb.HostRequest) -> pb.HostReply:
        patience = PLACE_PATIENCE if request.HasField("place_takes") else PATIENCE
        try:
            return self._owner.call(lambda: verbs.do(request), patience)
        except HostError as error:
            return pb.HostReply(id=request.id, fault=error.fault)

    def _look(self, held: _Held) -> None:
        """Tell what changed, so that nobody has to ask; end the link when Resolve has ended."""
        assert isinstance(held.verbs, Verbs)
        verbs, last, silent, took = held.verbs, b"", 0, 0.0
        while not self._over(held, max(self._rhythm.look, 5 * took)):
            began = time.monotonic()
            try:
                context = self._owner.call(verbs.context, LOOK_PATIENCE)
            except HostError as error:  # a dialogue, a page without a timeline: it is looked again
                log.debug("no context: %s", error)
                silent = 0 if self._alive(verbs) else silent + 1
                if silent >= GONE:
                    log.warning("Resolve has ended")
                    held.over.set()
                continue
            except Exception as exc:  # of a foreign interface: anything may come
                log.debug("no context: %s", exc)
                continue
            took, silent = time.monotonic() - began, 0
            now = context.SerializeToString(deterministic=True)
            if now != last:
                last = now
                event = pb.HostEvent(context_changed=context)
                held.frames.put(pb.AttachHostRequest(event=event))

    def _alive(self, verbs: Verbs) -> bool:
        try:
            return self._owner.call(verbs.alive, LOOK_PATIENCE)
        except HostError:
            return True  # it is busy, or asks something: that is not the same as gone
        except Exception as exc:
            log.debug("Resolve does not answer: %s", exc)
            return False

    def _seek(self, held: _Held) -> None:
        """End the link, to attach anew, when Resolve can be reached or says something else."""
        assert isinstance(held.verbs, Absent)
        while not self._over(held, self._rhythm.seek):
            try:
                self._owner.call(self._connect)
            except HostError as error:
                if error.fault.what == held.verbs.fault.what:
                    continue
            held.over.set()

    def _over(self, held: _Held, seconds: float) -> bool:
        """Whether the link ends within these seconds; it does where Resolve never comes back."""
        if self._owner.away > self._rhythm.lost:
            log.error("Resolve never answered: the adapter ends. Start it from Resolve's menu.")
            self._leave.set()  # a thread cannot be ended, a process can
            held.over.set()
        return held.over.wait(seconds)

    def _say(self, words: str) -> None:
        # What is tried every few seconds for days is said once.
        log.log(logging.DEBUG if words == self._said else logging.WARNING, "%s", words)
        self._said = words

    def _end(self, held: _Held, stream: grpc.Call) -> None:
        while not held.over.wait(0.2):
            if self._leave.is_set():
                held.over.set()
        stream.cancel()


def _words(error: grpc.RpcError) -> str:
    if isinstance(error, grpc.Call):
        return f"{error.code().name}: {error.details()}"
    return str(error)
