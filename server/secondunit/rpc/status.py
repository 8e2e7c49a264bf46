"""The one table from errors to gRPC statuses, and the interceptor that applies it to every call."""

from __future__ import annotations

import inspect
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from secondunit import errors
from secondunit.v1.errors_pb2 import ErrorDetail
from secondunit.v1.units_pb2 import Fault

log = logging.getLogger(__name__)

DOMAIN = "secondunit"
ROOM = 4000
"""Bytes for the faults in a status: clients take trailers of 8 KiB, and these go in base64."""
RETRY_SECONDS = 1

Code = grpc.StatusCode

TABLE: dict[type[errors.SecondUnitError], Code] = {
    errors.SecondUnitError: Code.INTERNAL,
    errors.Refused: Code.INVALID_ARGUMENT,
    errors.TimelineUnreadable: Code.INVALID_ARGUMENT,
    errors.MediaError: Code.INVALID_ARGUMENT,
    errors.MediaMissing: Code.NOT_FOUND,
    errors.MediaForbidden: Code.PERMISSION_DENIED,
    errors.MediaUnreadable: Code.INVALID_ARGUMENT,
    errors.EngineError: Code.FAILED_PRECONDITION,
    errors.EngineMissing: Code.FAILED_PRECONDITION,
    errors.EngineFailed: Code.INTERNAL,
    errors.EngineMemory: Code.FAILED_PRECONDITION,
    errors.EngineBusy: Code.FAILED_PRECONDITION,
    errors.HubUnreachable: Code.UNAVAILABLE,
    errors.WorkerLost: Code.INTERNAL,
    errors.DeliveryError: Code.FAILED_PRECONDITION,
    errors.PlacementError: Code.FAILED_PRECONDITION,
    errors.Cancelled: Code.CANCELLED,
    errors.JobUnknown: Code.NOT_FOUND,
    errors.JobOpen: Code.FAILED_PRECONDITION,
    errors.EventsGone: Code.OUT_OF_RANGE,
    errors.BlobError: Code.FAILED_PRECONDITION,
    errors.BlobUnknown: Code.NOT_FOUND,
    errors.BlobMissing: Code.FAILED_PRECONDITION,
    errors.BlobDamaged: Code.DATA_LOSS,
    errors.BlobRange: Code.OUT_OF_RANGE,
    errors.BlobTooLarge: Code.RESOURCE_EXHAUSTED,
    errors.UploadOffset: Code.OUT_OF_RANGE,
    errors.UploadBusy: Code.ABORTED,
    errors.UploadIdle: Code.ABORTED,
    errors.HostError: Code.FAILED_PRECONDITION,
    errors.HostUnknown: Code.NOT_FOUND,
    errors.HostGone: Code.UNAVAILABLE,
    errors.Unauthenticated: Code.UNAUTHENTICATED,
    errors.Forbidden: Code.PERMISSION_DENIED,
    errors.LimitReached: Code.RESOURCE_EXHAUSTED,
    errors.Draining: Code.UNAVAILABLE,
    errors.Conflict: Code.ALREADY_EXISTS,
    errors.StoreError: Code.UNAVAILABLE,
    errors.StoreBusy: Code.UNAVAILABLE,
    errors.StoreDamaged: Code.DATA_LOSS,
    errors.StoreFull: Code.RESOURCE_EXHAUSTED,
    errors.ServerUnreachable: Code.UNAVAILABLE,
}
"""Every class of the tree has a row of its own; a test walks the tree."""


def status_of(error: errors.SecondUnitError) -> status_pb2.Status:
    """An error as google.rpc.Status: ErrorDetail, ErrorInfo, and what else its kind has."""
    detail = detail_of(error)
    metadata = {"remedy": detail.remedy}
    if isinstance(error, errors.EventsGone):
        metadata["first_available"] = str(error.first)
    info = error_details_pb2.ErrorInfo(reason=detail.code, domain=DOMAIN, metadata=metadata)
    details: list[Message] = [detail, info]
    bad = error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=f.path, description=f.what)
            for f in detail.faults
        ]
    )
    # The same faults again, in the words that every gRPC tool knows, where there is room.
    if detail.faults and 2 * bad.ByteSize() < ROOM:
        details.append(bad)
    if isinstance(error, errors.BlobMissing):
        details.append(_missing(error.subjects))
    if detail.retryable:
        delay = Duration(seconds=RETRY_SECONDS)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return _packed(TABLE[type(error)], _shortened(detail.what, 300), details)


def _missing(subjects: tuple[str, ...]) -> error_details_pb2.PreconditionFailure:
    """The blobs that are missing, in the words of the Remote Execution API."""
    failure = error_details_pb2.PreconditionFailure()
    for subject in subjects:
        failure.violations.add(type="MISSING", subject=subject)
        if failure.ByteSize() > ROOM:  # FindMissingBlobs lists them all
            del failure.violations[-1]
            break
    return failure


def detail_of(error: errors.SecondUnitError) -> ErrorDetail:
    """An error as ErrorDetail, its faults cut to what a status has room for."""
    given = error.faults if isinstance(error, errors.Refused) else ()
    faults: list[Fault] = []
    used = 0
    for fault in given:
        one = Fault(what=_shortened(fault.what, 600), path=_shortened(fault.path, 200))
        used += one.ByteSize() + 4
        if used > ROOM:
            break
        faults.append(one)
    what = given[0].what if given else str(error)
    return ErrorDetail(
        code=error.code,
        what=_shortened(what if len(given) < 2 else f"{len(given)} faults, the first: {what}", 600),
        path=_shortened(given[0].path, 200) if len(given) == 1 else "",
        remedy=error.remedy,
        retryable=error.retryable,
        faults=faults,
        faults_omitted=len(given) - len(faults),
    )


def unexpected(error: BaseException) -> status_pb2.Status:
    """INTERNAL with an id; the trace goes to the log under that id and nowhere else."""
    error_id = secrets.token_hex(6)
    log.error("error %s", error_id, exc_info=error, extra={"error_id": error_id})
    detail = ErrorDetail(
        code=errors.SecondUnitError.code,
        what=f"the server failed; its log has the trace under {error_id}",
        remedy=errors.SecondUnitError.remedy,
        error_id=error_id,
    )
    info = error_details_pb2.ErrorInfo(
        reason=detail.code, domain=DOMAIN, metadata={"error_id": error_id}
    )
    return _packed(Code.INTERNAL, detail.what, [detail, info])


def _packed(code: Code, message: str, details: list[Message]) -> status_pb2.Status:
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        status.details.add().Pack(detail)
    return status


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> NoReturn:
    # The bare root of the tree is a failure of the server that nobody gave a name to.
    if isinstance(error, errors.SecondUnitError) and type(error) is not errors.SecondUnitError:
        status = status_of(error)
    else:
        status = unexpected(error)
    await context.abort_with_status(rpc_status.to_status(status))


if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]


def wrapped(
    handler: Handler, single: Callable[[Any], Any], streaming: Callable[[Any], Any]
) -> Handler:
    """A handler of the same kind, its method put through the wrapper for its way to answer."""
    coders = {
        "request_deserializer": handler.request_deserializer,
        "response_serializer": handler.response_serializer,
    }
    if handler.response_streaming:
        method = handler.stream_stream or handler.unary_stream
        kind = (
            grpc.stream_stream_rpc_method_handler
            if handler.request_streaming
            else grpc.unary_stream_rpc_method_handler
        )
        # Two styles of streaming: an async generator, or a coroutine that writes by itself.
        wrap = single if inspect.iscoroutinefunction(method) else streaming
        return kind(wrap(method), **coders)
    method = handler.stream_unary or handler.unary_unary
    kind = (
        grpc.stream_unary_rpc_method_handler
        if handler.request_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    return kind(single(method), **coders)


class Translate(grpc.aio.ServerInterceptor):
    """Our errors become statuses by the table, all others INTERNAL without their text.

    gRPC itself would send the text of an unexpected error to the client.
    """

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler with its errors translated; unknown methods stay unknown."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        return wrapped(handler, _single, _streaming)


def _single(method: Any) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await method(request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as exc:  # the edge of the process: nothing may pass as text
            await _abort(context, exc)

    return call


def _streaming(method: Any) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async for response in method(request, context):
                yield response
        except grpc.aio.AbortError:
            raise
        except Exception as exc:  # as above
            await _abort(context, exc)

    return call
