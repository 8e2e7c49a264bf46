"""How much one caller may have in hand at once: gRPC itself sets limits per connection only."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import DecodeError

from secondunit.config import Limits
from secondunit.errors import Draining, LimitReached, Refused
from secondunit.rpc.auth import HEALTH, V1, refusing
from secondunit.rpc.principal import Principal, current

if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]
    Context = grpc.aio.ServicerContext[Any, Any]

BEGINNINGS = frozenset(
    (f"{V1}JobService/CreateJob", f"{V1}JobService/RetryJob", f"{V1}EngineService/LoadEngine")
)
"""Methods that begin work: a server that is about to stop takes none."""


@dataclass(slots=True)
class Hand:
    """What one caller has in hand."""

    streams: int = 0
    calls: int = 0
    message_bytes: int = 0

    def empty(self) -> bool:
        """Nothing is in it."""
        return not (self.streams or self.calls or self.message_bytes)


class Limited(grpc.aio.ServerInterceptor):
    """Inside Authenticate: counts what each caller has open, and refuses what is too much.

    A caller is a user of a tenant, over all its connections and tokens. Calls are counted before
    their request is read, and for as long as the task lasts that answers them: however it ends,
    the count goes down. Of a call with one request, its bytes are counted from their arrival; a
    streamed request is one message at a time, and so bounded by the number of streams.
    """

    def __init__(self, limits: Limits, closing: asyncio.Event) -> None:
        """`closing` is set when the server is about to stop."""
        self._limits, self._closing = limits, closing
        self._hands: dict[tuple[str, str], Hand] = {}

    def hand(self, caller: Principal) -> Hand:
        """What a caller has in hand now."""
        return self._hands.get((caller.tenant, caller.user), Hand())

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, counted; or one that refuses."""
        method = handler_call_details.method
        if self._closing.is_set() and method in BEGINNINGS:
            return refusing(Draining("the server is about to stop"))
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        streaming = handler.request_streaming or handler.response_streaming
        caller = current()
        hand = self._hands.setdefault((caller.tenant, caller.user), Hand())
        most = self._limits.streams if streaming else self._limits.calls
        if (hand.streams if streaming else hand.calls) >= most:
            word = "streams" if streaming else "calls"
            return refusing(LimitReached(f"{most} {word} are open, which is all that one may have"))
        ticket = _Ticket(hand, streaming=streaming)
        task = asyncio.current_task()
        assert task is not None

        def ended(_: object) -> None:
            ticket.release()
            if hand.empty():
                self._hands.pop((caller.tenant, caller.user), None)

        task.add_done_callback(ended)
        if handler.request_streaming or method.startswith(HEALTH):
            return handler
        return self._weighed(handler, ticket)

    def _weighed(self, handler: Handler, ticket: _Ticket) -> Handler:
        read: Any = handler.request_deserializer

        def weigh(data: bytes) -> Any:
            ticket.weigh(len(data))
            try:
                return data if read is None else read(data)
            except DecodeError:  # raised here, its text would go to the client as UNKNOWN
                return None

        def check(request: Any) -> None:
            if request is None:
                raise Refused.single("the bytes are no message of this method", "request")
            if ticket.hand.message_bytes > self._limits.message_bytes:
                raise LimitReached(
                    f"requests of {self._limits.message_bytes} bytes are being answered, which is "
                    "all that one may have"
                )

        method: Any = handler.unary_stream or handler.unary_unary
        if handler.response_streaming and inspect.isasyncgenfunction(method):

            async def generate(request: Any, context: Context) -> Any:
                check(request)
                async for response in method(request, context):
                    yield response

            return grpc.unary_stream_rpc_method_handler(
                generate, weigh, handler.response_serializer
            )

        async def call(request: Any, context: Context) -> Any:
            check(request)
            return await method(request, context)

        kind = (
            grpc.unary_stream_rpc_method_handler
            if handler.response_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        return kind(call, weigh, handler.response_serializer)


class _Ticket:
    """One call in a caller's hand."""

    def __init__(self, hand: Hand, *, streaming: bool) -> None:
        self.hand, self._streaming, self._bytes = hand, streaming, 0
        if streaming:
            hand.streams += 1
        else:
            hand.calls += 1

    def weigh(self, size: int) -> None:
        """Its request has arrived."""
        self.hand.message_bytes += size - self._bytes
        self._bytes = size

    def release(self) -> None:
        """The call has ended."""
        self.hand.message_bytes -= self._bytes
        if self._streaming:
            self.hand.streams -= 1
        else:
            self.hand.calls -= 1
