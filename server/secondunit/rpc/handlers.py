"""The services' methods by name, behind the guards: what gRPC's listener does, for other doors."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from google.rpc import status_pb2

if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]

DETAILS = "grpc-status-details-bin"
"""The trailer in which a status travels whole."""


class Refusal(grpc.aio.AbortError):
    """A call that ended with a status; servicers and guards see gRPC's own kind of error."""

    def __init__(self, status: status_pb2.Status) -> None:
        """`status`: as it would go to a gRPC client."""
        super().__init__(status.message)
        self.status = status


class Answering:
    """What a servicer sees of a call; a small part of `grpc.aio.ServicerContext`."""

    def __init__(self, peer: str) -> None:
        """`peer`: who calls, in gRPC's words: `ipv4:127.0.0.1:5000`."""
        self._peer = peer
        self._code: grpc.StatusCode | None = None

    def peer(self) -> str:
        """Who calls."""
        return self._peer

    def code(self) -> grpc.StatusCode | None:
        """The status that was set; None: none was."""
        return self._code

    async def abort_with_status(self, status: grpc.Status) -> NoReturn:
        """End the call with a status and its details."""
        self._code = status.code
        whole = status_pb2.Status(code=status.code.value[0], message=status.details)
        for key, value in status.trailing_metadata or ():
            if key == DETAILS and isinstance(value, bytes):
                whole.ParseFromString(value)
        raise Refusal(whole)


@dataclass(frozen=True, slots=True)
class _Details:
    """Of a call, before its request is read; implements `grpc.HandlerCallDetails`."""

    method: str
    invocation_metadata: tuple[tuple[str, str], ...]


class Methods:
    """Takes servicers as a gRPC server does, and answers calls of their methods.

    Implements as much of `grpc.aio.Server` as generated code asks for.
    """

    def __init__(self, guards: Sequence[grpc.aio.ServerInterceptor]) -> None:
        """`guards`: the outermost first, as for a gRPC server."""
        self._guards = guards
        self._services: list[str] = []
        self._methods: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Called by generated code."""
        for handler in handlers:
            assert isinstance(handler, grpc.ServiceRpcHandler)
            self._services.append(handler.service_name())

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Called by generated code, and by who knows better than that: the last one counts."""
        self._methods |= {f"/{service}/{name}": handler for name, handler in handlers.items()}

    @property
    def services(self) -> tuple[str, ...]:
        """Full names."""
        return tuple(self._services)

    async def answer(
        self,
        method: str,
        requests: AsyncIterator[bytes],
        *,
        metadata: tuple[tuple[str, str], ...],
        peer: str,
    ) -> AsyncGenerator[bytes, None]:
        """The answers of `/package.Service/Method`, serialised. In a task of the call's own.

        Raises Refusal; CancelledError where the task is cancelled, in the servicer too.
        """
        handler = await self._guarded(_Details(method, metadata))
        if handler is None:
            code = grpc.StatusCode.UNIMPLEMENTED.value[0]
            raise Refusal(status_pb2.Status(code=code, message=f"there is no method {method}"))
        read = handler.request_deserializer or _as_it_is
        write = handler.response_serializer or _as_it_is
        given: Any = (read(one) async for one in requests)
        if not handler.request_streaming:
            given = await anext(given)
        context = Answering(peer)
        called: Any = (
            handler.unary_unary
            or handler.unary_stream
            or handler.stream_unary
            or handler.stream_stream
        )
        if not handler.response_streaming:
            yield write(await called(given, context))
            return
        assert not inspect.iscoroutinefunction(called), f"{method} writes by itself"
        answers = called(given, context)
        try:
            async for one in answers:
                yield write(one)
        finally:
            await answers.aclose()

    async def _guarded(self, details: _Details) -> Handler | None:
        async def found(call: grpc.HandlerCallDetails) -> Handler | None:
            return self._methods.get(call.method)

        chain: Continuation = found
        for guard in reversed(self._guards):
            chain = partial(guard.intercept_service, chain)
        return await chain(cast(grpc.HandlerCallDetails, details))


def _as_it_is(data: Any) -> Any:
    return data
