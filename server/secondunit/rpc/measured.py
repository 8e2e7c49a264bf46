"""The interceptor that counts calls and gives their log lines the method's name."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.descriptor_pool import Default

from secondunit import logs, measures
from secondunit.rpc.status import wrapped

if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    from secondunit.rpc.status import Continuation, Handler

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
QUIET = {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED}
"""Ends of calls that are not worth a line: a client that leaves is no event."""

Context = grpc.aio.ServicerContext[Any, Any]


class Measure(grpc.aio.ServerInterceptor):
    """Outside of all others, so that what they refuse is counted and logged too."""

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, measured; unknown methods are no series."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        name = _known(handler_call_details.method.lstrip("/"))
        stream = bool(handler.request_streaming or handler.response_streaming)
        return wrapped(
            handler,
            lambda method: _single(method, name, stream=stream),
            lambda method: _streaming(method, name),
        )


def _known(name: str) -> str:
    # Whoever has no token is refused whatever he asks for: his words make no series and no line.
    service, _, method = name.partition("/")
    try:
        found = Default().FindServiceByName(service).methods_by_name
    except KeyError:
        return UNKNOWN
    return name if method in found else UNKNOWN


def _single(method: Any, name: str, *, stream: bool) -> Any:
    async def call(request: Any, context: Context) -> Any:
        logs.bind(method=name)
        async with _Call(name, context, stream=stream):
            return await method(request, context)

    return call


def _streaming(method: Any, name: str) -> Any:
    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        logs.bind(method=name)
        async with _Call(name, context, stream=True):
            async for response in method(request, context):
                yield response

    return call


class _Call:
    """One call, from its first byte to its status."""

    def __init__(self, name: str, context: Context, *, stream: bool) -> None:
        self._name, self._context, self._stream = name, context, stream
        self._measures = measures.current()
        self._began = time.perf_counter()

    async def __aenter__(self) -> _Call:
        if self._measures and self._stream:
            self._measures.streams.labels(self._name).inc()
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        code = self._ended(error)
        took = time.perf_counter() - self._began
        if self._measures:
            self._measures.calls.labels(self._name, code.name).observe(took)
            if self._stream:
                self._measures.streams.labels(self._name).dec()
        if code not in QUIET:
            log.info("call refused", extra={"status": code.name, "seconds": round(took, 3)})

    def _ended(self, error: BaseException | None) -> grpc.StatusCode:
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            return grpc.StatusCode.CANCELLED
        given: Any = self._context.code()
        if isinstance(given, int):  # grpc keeps the number of what was set
            given = next((c for c in grpc.StatusCode if c.value[0] == given), None)
        if error is not None and given in (None, grpc.StatusCode.OK):
            return grpc.StatusCode.UNKNOWN
        return given or grpc.StatusCode.OK
