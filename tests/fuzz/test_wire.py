"""Random bytes and messages at every RPC: a status of the table, no text of ours, no growth."""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import secondunit.v1
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.bounds import bounded, resident
from tests.rpc.conftest import Unit

Code = grpc.StatusCode


@dataclass(frozen=True, kw_only=True)
class Call:
    """One RPC of the protocol."""

    path: str
    request: type[Message]
    streams: tuple[bool, bool]
    """It takes a stream, it gives one."""


def calls() -> Iterator[Call]:
    """Every RPC of every service."""
    for found in pkgutil.iter_modules(secondunit.v1.__path__):
        if not found.name.endswith("_pb2"):
            continue
        module = importlib.import_module(f"secondunit.v1.{found.name}")
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield Call(
                    path=f"/{service.full_name}/{method.name}",
                    request=message_factory.GetMessageClass(method.input_type),
                    streams=(method.client_streaming, method.server_streaming),
                )


CALLS = list(calls())
ANSWERS = {
    Code.OK, Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.PERMISSION_DENIED, Code.OUT_OF_RANGE,
    Code.FAILED_PRECONDITION, Code.ALREADY_EXISTS, Code.RESOURCE_EXHAUSTED, Code.UNIMPLEMENTED,
    Code.ABORTED,
}  # fmt: skip
LEAK = re.compile(
    rb"Traceback|\.py\b|secondunit/|site-packages|<class|\b[A-Z]\w+(Error|Exception)\b"
)


def answered(unit: Unit, call: Call, data: bytes) -> grpc.StatusCode:
    """The code that bytes are answered with, after a look at all the words that came with it."""
    takes, gives = call.streams
    sent: Any = iter([data]) if takes else data
    kind = f"{'stream' if takes else 'unary'}_{'stream' if gives else 'unary'}"
    try:
        answer = getattr(unit.channel, kind)(call.path)(sent, timeout=30)
        if gives:
            next(iter(answer), None)
            answer.cancel()
    except grpc.RpcError as exc:
        said: Any = exc
        words = str(said.details()).encode() + b"".join(
            value if isinstance(value, bytes) else value.encode()
            for _, value in said.trailing_metadata() or ()
        )
        assert not LEAK.search(words), words
        return said.code()
    return Code.OK


def readable(call: Call, data: bytes) -> bool:
    try:
        call.request.FromString(data)
    except DecodeError:
        return False
    return True


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.path.rpartition(".")[2])
def test_any_bytes_are_answered(unit: Unit, call: Call) -> None:
    @bounded(12)
    @given(st.binary(max_size=300))
    def send(data: bytes) -> None:
        code = answered(unit, call, data)
        # Bytes that are no message never come as far as our table.
        assert code in ANSWERS or (code is Code.INTERNAL and not readable(call, data)), code

    send()


TEXTS = st.one_of(
    st.sampled_from(
        ["", "/", "/etc/hostname", "/dev/zero", "../x.otio", "a\0b", "%2e%2e/", "01:00:00:00",
         "\u202e", "9" * 30, "k3v9q2ab", "/tmp", "0" * 64]
    ),
    st.text(max_size=20),
)  # fmt: skip
NUMBERS = st.one_of(st.sampled_from([0, 1, -1, 24, 1001, 2**31 - 1, -(2**31)]), st.integers(-9, 99))
LONG = st.one_of(NUMBERS, st.sampled_from([2**63 - 1, -(2**63), 2**40]))
REAL = st.one_of(st.sampled_from([math.nan, math.inf, 1e308, 5e-324]), st.floats(-2, 2))


@st.composite
def messages(draw: st.DrawFn, kind: type[Message]) -> Message:
    """A message with some of its fields set, in words that it could have been sent with."""
    message = kind()
    _fill(draw, message, 0)
    return message


def _fill(draw: st.DrawFn, message: Any, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if not draw(st.booleans()) or depth > 4:
            continue
        if field.type == Field.TYPE_MESSAGE:
            if field.is_repeated:
                for _ in range(draw(st.integers(0, 2))):
                    _fill(draw, getattr(message, field.name).add(), depth + 1)
            else:
                getattr(message, field.name).SetInParent()
                _fill(draw, getattr(message, field.name), depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(_values(field), max_size=3)))
        else:
            setattr(message, field.name, draw(_values(field)))


def _values(field: Any) -> st.SearchStrategy[Any]:
    match field.cpp_type:
        case Field.CPPTYPE_STRING:
            return st.binary(max_size=50) if field.type == Field.TYPE_BYTES else TEXTS
        case Field.CPPTYPE_DOUBLE:
            return REAL
        case Field.CPPTYPE_BOOL:
            return st.booleans()
        case Field.CPPTYPE_ENUM:
            return st.sampled_from([0, 1, 2, 3, 99])
        case Field.CPPTYPE_INT64:
            return LONG
        case _:
            return NUMBERS


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.path.rpartition(".")[2])
def test_any_message_is_answered(unit: Unit, call: Call) -> None:
    @bounded(20)
    @given(messages(call.request))
    def send(message: Message) -> None:
        assert answered(unit, call, message.SerializeToString()) in ANSWERS

    send()


def test_a_nest_of_messages_deeper_than_parsers_go_is_refused(unit: Unit) -> None:
    nested = b""
    for _ in range(180):
        nested = b"\x0b" + nested + b"\x0c"  # groups, which a parser has to walk through
    for call in CALLS:
        code = answered(unit, call, nested)
        assert code in ANSWERS or code is Code.INTERNAL


def test_the_server_does_not_grow_by_what_is_thrown_at_it(unit: Unit) -> None:
    junk = [bytes([n % 251]) * 40_000 for n in range(300)]

    def throw() -> None:
        for n, data in enumerate(junk):
            answered(unit, CALLS[n % len(CALLS)], data)

    throw()
    before = resident()
    throw()
    assert resident() - before < 24
    assert unit.client.status().uptime is not None
