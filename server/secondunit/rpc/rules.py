"""What every field of every request must be, checked before anything is done with it."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from secondunit.errors import Fault, Refused

MOST_FAULTS = 50
"""That are listed; a request of more has not been written by a person."""

_LIST, _WORDS, _PATH, _NAME, _ID = 4096, 8192, 4096, 512, 128
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one field must be, beyond what holds for all."""

    longest: int = _NAME
    """Bytes of a text in UTF-8, or entries of a list."""
    texts: int = _NAME
    """Bytes of each text in a list."""
    required: str = ""
    """What is said where it is empty or absent; empty: it need not be there."""
    form: re.Pattern[str] | None = None
    """That a text has as a whole, unless it is empty and not required."""
    means: str = ""
    """What a text of that form is called."""
    least: int | None = None
    most: int | None = None


_SHORT = Rule(longest=_ID)
_REQUEST_ID = Rule(longest=_ID, required="a request_id is required, so that a retry is safe")
_FILE = Rule(longest=_PATH)
RULES: dict[str, Rule] = {
    "secondunit.v1.CreateJobRequest.request_id": _REQUEST_ID,
    "secondunit.v1.RetryJobRequest.request_id": _REQUEST_ID,
    "secondunit.v1.Digest.sha256": Rule(
        required="a SHA-256 is required",
        form=_DIGEST,
        means="SHA-256: 64 hexadecimal digits in lower case",
    ),
    "secondunit.v1.Digest.size_bytes": Rule(least=0),
    "secondunit.v1.Money.currency": Rule(form=_CURRENCY, means="currency of ISO 4217"),
    "secondunit.v1.ShotRequest.prompt": Rule(longest=_WORDS),
    "secondunit.v1.ShotRequest.negative": Rule(longest=_WORDS),
    "secondunit.v1.ShotRequest.timeline_start": Rule(longest=32),
    "secondunit.v1.ShotRequest.id": _SHORT,
    "secondunit.v1.File.path": _FILE,
    "secondunit.v1.GetPictureRequest.frame": Rule(least=0),
    "secondunit.v1.GetPictureRequest.longest_side": Rule(least=0, most=4096),
    "secondunit.v1.ExportFrame.path": _FILE,
    "secondunit.v1.ExportTimeline.path": _FILE,
    "secondunit.v1.Audition.path": _FILE,
    "secondunit.v1.SwitchTake.file": _FILE,
    "secondunit.v1.HostItem.path": _FILE,
    "secondunit.v1.HostContext.items": Rule(longest=100_000),
    "secondunit.v1.HostContext.markers": Rule(longest=100_000),
    "secondunit.v1.HostMarker.note": Rule(longest=_WORDS),
    "secondunit.v1.TimelineTake.timeline": _FILE,
    "secondunit.v1.PlanTimelineRequest.timeline": _FILE,
    "secondunit.v1.InspectTimelineRequest.timeline": _FILE,
    "secondunit.v1.PlaceTimelineRequest.timeline": _FILE,
    "secondunit.v1.PlaceTimelineRequest.out": _FILE,
    "secondunit.v1.PlaceTimelineRequest.media_folder": _FILE,
    "secondunit.v1.PlaceTimelineRequest.job_ids": Rule(longest=100_000, texts=_ID),
    "secondunit.v1.PublishTakesRequest.job_ids": Rule(longest=1000, texts=_ID),
    "secondunit.v1.PublishTakesRequest.media_folder": _FILE,
    "secondunit.v1.PlanOptions.roots": Rule(longest=256, texts=_PATH),
    "secondunit.v1.PlanOptions.shots": Rule(longest=100_000, texts=_ID),
    "secondunit.v1.ListJobsRequest.timeline": _FILE,
    "secondunit.v1.ListJobsRequest.page_token": Rule(longest=4096),
    "secondunit.v1.FindMissingBlobsRequest.digests": Rule(longest=10_000),
    "secondunit.v1.WriteBlobRequest.data": Rule(longest=2**22),
    "secondunit.v1.WriteBlobChunkRequest.data": Rule(longest=2**22),
    "google.protobuf.Duration.seconds": Rule(least=-315_576_000_000, most=315_576_000_000),
    "google.protobuf.Duration.nanos": Rule(least=-999_999_999, most=999_999_999),
    # The years 1 to 9999, which is all that a date of Python's can be.
    "google.protobuf.Timestamp.seconds": Rule(least=-62_135_596_800, most=253_402_300_799),
    "google.protobuf.Timestamp.nanos": Rule(least=0, most=999_999_999),
}
"""By the field's full name; fields without a row have the lengths of `Rule`, lists `_LIST`.

What a value means in its place (a range of a control, a name of the catalogue) is the reader's and
the planner's to say, with the words they have for it.
"""
_EVERY, _EVERY_LIST = Rule(), Rule(longest=_LIST)
OPEN = frozenset(("google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue"))
"""Messages that hold any JSON: as a whole they are held to a size besides."""
MOST_OPEN = 64 * 2**10
"""Bytes of one of them."""


def check(request: Message) -> None:
    """Raise Refused with everything that is wrong in the form of a request."""
    faults = tuple(islice(_faults(request, ""), MOST_FAULTS + 1))
    if len(faults) > MOST_FAULTS:
        faults = (*faults[:MOST_FAULTS], Fault(what=f"only {MOST_FAULTS} are listed", path=""))
    if faults:
        raise Refused(faults)


def _faults(message: Message, at: str) -> Iterator[Fault]:
    if message.DESCRIPTOR.full_name in OPEN and (size := message.ByteSize()) > MOST_OPEN:
        yield Fault(what=f"{size} bytes; {MOST_OPEN} at most", path=at.rstrip("."))
        return
    fields = message.ListFields()  # once: it copies every text and all bytes
    given = {field.name for field, _ in fields}
    for field in message.DESCRIPTOR.fields:
        if field.name not in given:
            rule = RULES.get(field.full_name)
            if rule is not None and rule.required:
                yield Fault(what=rule.required, path=f"{at}{field.name}")
    for field, value in fields:
        path = f"{at}{field.name}"
        if not field.is_repeated:
            yield from _value(field, value, RULES.get(field.full_name, _EVERY), path)
            continue
        rule = RULES.get(field.full_name, _EVERY_LIST)
        if len(value) > rule.longest:
            yield Fault(what=f"{len(value)} entries; {rule.longest} at most", path=path)
            continue
        below = Rule(longest=rule.texts)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in value:  # what JSON is, in a message
                yield from _text(key, below, f"{path}[{key[:80]!r}]")
                yield from _value(field, value[key], below, f"{path}[{key[:80]!r}]")
            continue
        for n, one in enumerate(value):
            yield from _value(field, one, below, f"{path}[{n}]")


def _value(field: FieldDescriptor, value: Any, rule: Rule, path: str) -> Iterator[Fault]:
    if isinstance(value, Message):
        yield from _faults(value, f"{path}.")
    elif isinstance(value, str):
        yield from _text(value, rule, path)
    elif isinstance(value, bytes):
        if len(value) > rule.longest:
            yield Fault(what=f"{len(value)} bytes; {rule.longest} at most", path=path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Fault(what="the number is not finite", path=path)
    elif field.enum_type is not None:
        if value not in field.enum_type.values_by_number:
            choices = ", ".join(v.name for v in field.enum_type.values if v.number)
            yield Fault(what=f"{value} is no {field.enum_type.name}: {choices}", path=path)
    elif not isinstance(value, bool):
        low, high = rule.least, rule.most
        if (low is not None and value < low) or (high is not None and value > high):
            span = f"{low} at least" if high is None else f"{low} to {high}"
            yield Fault(what=f"{value} is out of range: {span}", path=path)


def _text(value: str, rule: Rule, path: str) -> Iterator[Fault]:
    size = len(value.encode())
    if size > rule.longest:
        yield Fault(what=f"{size} bytes; {rule.longest} at most", path=path)
    elif "\0" in value:
        yield Fault(what="the text holds a NUL", path=path)
    elif rule.form is not None and not rule.form.fullmatch(value):
        yield Fault(what=f"{value[:80]!r} is no {rule.means}", path=path)


if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]


class Rules(grpc.aio.ServerInterceptor):
    """Every request of our services is checked, each message of a stream when it comes."""

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler behind the check; other services' are left alone."""
        handler = await continuation(handler_call_details)
        method: Any = handler_call_details.method
        if handler is None or not method.startswith("/secondunit."):
            return handler
        coders = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.stream_stream is not None:
            call = _checked(handler.stream_stream, _each)
            return grpc.stream_stream_rpc_method_handler(call, **coders)
        if handler.stream_unary is not None:
            call = _checked(handler.stream_unary, _each)
            return grpc.stream_unary_rpc_method_handler(call, **coders)
        if handler.unary_stream is not None:
            call = _checked(handler.unary_stream, _one)
            return grpc.unary_stream_rpc_method_handler(call, **coders)
        return grpc.unary_unary_rpc_method_handler(_checked(handler.unary_unary, _one), **coders)


def _one(request: Message) -> Message:
    check(request)
    return request


async def _each(requests: AsyncIterator[Message | bytes]) -> AsyncIterator[Message | bytes]:
    async for request in requests:
        if not isinstance(request, bytes):  # those of an upload their servicer reads itself
            check(request)
        yield request


def _checked(method: Any, checked: Callable[[Any], Any]) -> Any:
    # Of the kind that the method is: gRPC tells a generator from a coroutine that writes.
    if inspect.iscoroutinefunction(method):

        async def answer(request: Any, context: Any) -> Any:
            return await method(checked(request), context)

        return answer

    async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
        async for response in method(checked(request), context):
            yield response

    return stream
