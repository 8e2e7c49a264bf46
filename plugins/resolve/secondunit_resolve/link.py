"""The link with the server: attached as long as both live, taken up again when one comes back."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator

import grpc
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.hosts_pb2_grpc import HostServiceStub

from secondunit_resolve.api import Resolve
from secondunit_resolve.edition import hello
from secondunit_resolve.faults import HostError
from secondunit_resolve.owner import Owner
from secondunit_resolve.verbs import Verbs

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 5.0, 10.0)
LOOK = 1.0
"""Seconds between two looks at what the editor looks at."""
LOOK_PATIENCE = 5.0
PLACE_PATIENCE = 240.0


class Link:
    """Carries requests to Resolve and answers back."""

    def __init__(
        self, channel: grpc.Channel, connect: Callable[[], Resolve], *, token: str = ""
    ) -> None:
        """`connect` gives the running Resolve, anew whenever it went. The channel is the caller's."""
        self._stub = HostServiceStub(channel)
        self._connect, self._token = connect, token
        self._owner = Owner()
        self._leave = threading.Event()

    def run(self) -> None:
        """Until `stop`: attach, serve, and attach again."""
        tries = 0
        while not self._leave.is_set():
            try:
                verbs, host = self._owner.call(self._begun)
                if self._attached(verbs, host):
                    tries = 0
            except HostError as error:
                log.warning("%s %s", error.fault.what, error.fault.remedy)
            except grpc.RpcError as exc:
                log.warning("the server is away: %s", exc.code().name)  # pyright: ignore
            self._leave.wait(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1
        self._owner.stop()

    def stop(self) -> None:
        """Detach; `run` returns soon."""
        self._leave.set()

    def _begun(self) -> tuple[Verbs, pb.Host]:
        resolve = self._connect()
        return Verbs(resolve), hello(resolve)

    def _attached(self, verbs: Verbs, host: pb.Host) -> bool:
        """Serve until the link ends; whether it had begun. Raises RpcError."""
        frames: queue.SimpleQueue[pb.AttachHostRequest | None] = queue.SimpleQueue()
        frames.put(pb.AttachHostRequest(hello=host))
        metadata = (("authorization", f"Bearer {self._token}"),) if self._token else ()
        stream = self._stub.AttachHost(_frames(frames), metadata=metadata)
        ended, welcome = threading.Event(), False
        look = threading.Thread(
            target=self._look, args=(verbs, frames, ended), name="look", daemon=True
        )
        watch = threading.Thread(target=self._watch, args=(stream, ended), daemon=True)
        watch.start()
        try:
            for frame in stream:
                if frame.HasField("welcome"):
                    welcome = True
                    log.info("attached to the server as %s", frame.welcome.id)
                    look.start()
                elif frame.HasField("request"):
                    frames.put(pb.AttachHostRequest(reply=self._answer(verbs, frame.request)))
            return welcome
        except grpc.RpcError:
            if self._leave.is_set():
                return welcome
            raise
        finally:
            ended.set()
            frames.put(None)
            stream.cancel()

    def _answer(self, verbs: Verbs, request: pb.HostRequest) -> pb.HostReply:
        patience = PLACE_PATIENCE if request.HasField("place_takes") else 60.0
        try:
            return self._owner.call(lambda: verbs.do(request), patience)
        except HostError as error:
            return pb.HostReply(id=request.id, fault=error.fault)

    def _look(
        self, verbs: Verbs, frames: queue.SimpleQueue[pb.AttachHostRequest | None],
        ended: threading.Event,
    ) -> None:  # fmt: skip
        """Tell what changed, so that nobody has to ask."""
        last = b""
        while not ended.wait(LOOK):
            try:
                context = self._owner.call(verbs.context, LOOK_PATIENCE)
            except Exception as exc:  # a dialogue, a page without a timeline: it is looked again
                log.debug("no context: %s", exc)
                continue
            now = context.SerializeToString(deterministic=True)
            if now != last:
                last = now
                event = pb.HostEvent(context_changed=context)
                frames.put(pb.AttachHostRequest(event=event))

    def _watch(self, stream: grpc.Call, ended: threading.Event) -> None:
        while not ended.wait(0.2):
            if self._leave.is_set():
                stream.cancel()
                return


def _frames(
    frames: queue.SimpleQueue[pb.AttachHostRequest | None],
) -> Iterator[pb.AttachHostRequest]:
    while (frame := frames.get()) is not None:
        yield frame
