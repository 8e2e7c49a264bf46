"""Connect, gRPC-Web and JSON over HTTP/1.1: each method of a servicer as an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from connectrpc.code import Code
from connectrpc.codec import Codec
from connectrpc.errors import ConnectError, ErrorDetail
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from protobuf.wkt import Any as AnyMessage

from secondunit.rpc.capabilities import MESSAGE_BYTES
from secondunit.rpc.handlers import Methods, Refusal

DEEPEST = 64
"""Objects in objects of a JSON request; none of ours needs ten."""

_NAMES = {
    1: "canceled", 2: "unknown", 3: "invalid_argument", 4: "deadline_exceeded", 5: "not_found",
    6: "already_exists", 7: "permission_denied", 8: "resource_exhausted",
    9: "failed_precondition", 10: "aborted", 11: "out_of_range", 12: "unimplemented",
    13: "internal", 14: "unavailable", 15: "data_loss", 16: "unauthenticated",
}  # fmt: skip
"""gRPC's numbers in Connect's words (https://connectrpc.com/docs/protocol#error-codes)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A serialised message on its way out."""

    data: bytes
    kind: type[Message]


class _Binary(Codec[Any, Any]):
    """Bytes in and out, as the handlers have them: nothing is parsed twice."""

    def name(self) -> str:
        return "proto"

    def encode(self, message: Answer) -> bytes:
        return message.data

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> bytes:
        return bytes(data)


class _Json(Codec[Any, Any]):
    """The JSON form of protobuf."""

    def name(self) -> str:
        return "json"

    def encode(self, message: Answer) -> bytes:
        return as_json(message.data, message.kind).encode()

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> bytes:
        return of_json(bytes(data), message_class)


def as_json(data: bytes, kind: type[Message]) -> str:
    """A serialised message as JSON, fields that are not set included where they are plain."""
    return json_format.MessageToJson(
        kind.FromString(data), indent=None, always_print_fields_with_no_presence=False
    )


def of_json(data: bytes | str, kind: type[Message]) -> bytes:
    """The message that JSON stands for, serialised. Raises ParseError; unknown fields pass."""
    message = kind()
    json_format.Parse(data, message, ignore_unknown_fields=True, max_recursion_depth=DEEPEST)
    return message.SerializeToString()


def methods_of(services: tuple[str, ...]) -> Mapping[str, MethodDescriptor]:
    """The methods of some services by their path, `/package.Service/Method`."""
    pool = Default()
    return {
        f"/{name}/{method.name}": method
        for name in services
        for method in pool.FindServiceByName(name).methods
    }


def input_of(method: MethodDescriptor) -> type[Message]:
    """The class of a method's requests."""
    return GetMessageClass(method.input_type)


def output_of(method: MethodDescriptor) -> type[Message]:
    """The class of a method's responses."""
    return GetMessageClass(method.output_type)


def error_of(status: status_pb2.Status) -> ConnectError:
    """A status in Connect's words, its details with it."""
    details = [ErrorDetail(AnyMessage(type_url=d.type_url, value=d.value)) for d in status.details]
    return ConnectError(Code(name_of(status)), status.message, details)


def name_of(status: status_pb2.Status) -> str:
    """A status's code as Connect names it."""
    return _NAMES.get(status.code, "unknown")


class Application(ConnectASGIApplication[Methods]):
    """All methods of some servicers as one ASGI application."""

    def __init__(self, methods: Methods) -> None:
        """`methods` has every servicer that is to be served."""
        super().__init__(
            service=methods,
            endpoints=_endpoints,
            read_max_bytes=MESSAGE_BYTES,
            compressions=(),  # a small request may not unpack to a large one
            codecs=(_Binary(), _Json()),
        )

    @property
    def path(self) -> str:
        """Of all its services."""
        return "/"


def _endpoints(methods: Methods) -> Any:
    return {path: _endpoint(methods, path, m) for path, m in methods_of(methods.services).items()}


def _endpoint(methods: Methods, path: str, method: MethodDescriptor) -> Endpoint[Any, Any]:
    output = output_of(method)
    kinds = {
        (False, False): StreamType.UNARY,
        (False, True): StreamType.SERVER_STREAM,
        (True, False): StreamType.CLIENT_STREAM,
        (True, True): StreamType.BIDI_STREAM,
    }
    kind = kinds[method.client_streaming, method.server_streaming]
    info: MethodInfo[Any, Any] = MethodInfo(
        name=method.name,
        service_name=method.containing_service.full_name,
        input=input_of(method),
        output=output,
        # A GET would be a request that any page can make a browser send.
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=kind,
    )

    async def answers(
        requests: AsyncIterator[bytes], context: RequestContext[Any, Any]
    ) -> AsyncGenerator[Answer, None]:
        bearer = context.request_headers.get("authorization")
        metadata = () if bearer is None else (("authorization", bearer),)
        peer = f"ipv4:{context.client_address or 'unknown'}"
        found = methods.answer(path, requests, metadata=metadata, peer=peer)
        try:
            async with aclosing(found):
                async for data in found:
                    yield Answer(data, output)
        except Refusal as refusal:
            raise error_of(refusal.status) from None

    async def one(requests: AsyncIterator[bytes], context: RequestContext[Any, Any]) -> Answer:
        found = answers(requests, context)
        async with aclosing(found):
            return await anext(found)

    match kind:
        case StreamType.UNARY:
            return Endpoint.unary(info, lambda request, context: one(_single(request), context))
        case StreamType.SERVER_STREAM:
            return Endpoint.server_stream(
                info, lambda request, context: answers(_single(request), context)
            )
        case StreamType.CLIENT_STREAM:
            return Endpoint.client_stream(info, one)
        case StreamType.BIDI_STREAM:
            return Endpoint.bidi_stream(info, answers)


async def _single(request: bytes) -> AsyncIterator[bytes]:
    yield request
