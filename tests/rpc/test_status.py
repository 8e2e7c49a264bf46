"""Errors on the wire: every class has its status, nothing of an unexpected error leaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from secondunit import errors
from secondunit.rpc.status import TABLE, Translate, status_of
from secondunit.v1 import plans_pb2
from secondunit.v1.errors_pb2 import ErrorDetail
from secondunit.v1.plans_pb2_grpc import PlanServiceStub

from tests.rpc.conftest import Unit

SECRET = "/srv/secret token=abc"


def tree(root: type[errors.SecondUnitError]) -> Iterator[type[errors.SecondUnitError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


def unpacked(status: status_pb2.Status | None, kind: Any) -> Any:
    assert status is not None
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


def details_of(error: grpc.RpcError, kind: Any) -> Any:
    return unpacked(rpc_status.from_call(cast("grpc.Call", error)), kind)


def test_every_class_of_the_tree_has_a_row_and_a_remedy() -> None:
    classes = set(tree(errors.SecondUnitError))
    assert classes == set(TABLE)
    assert all(kind.code and kind.remedy.endswith(".") for kind in classes)
    assert len({kind.code for kind in classes}) == len(classes)


def test_a_refusal_says_each_fault_in_our_words_and_in_googles() -> None:
    faults = [errors.Fault(what="no engine 'sora'", path="a.engine"),
              errors.Fault(what="no mask", path="a.mask")]  # fmt: skip
    status = status_of(errors.Refused(faults))
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    detail = unpacked(status, ErrorDetail)
    assert [(f.what, f.path) for f in detail.faults] == [(f.what, f.path) for f in faults]
    bad = unpacked(status, error_details_pb2.BadRequest)
    assert [v.field for v in bad.field_violations] == ["a.engine", "a.mask"]
    info = unpacked(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == ("REFUSED", "secondunit")
    assert unpacked(status, error_details_pb2.RetryInfo) is None


def test_what_may_work_later_says_when_to_try_again() -> None:
    status = status_of(errors.StoreBusy("process 7 has it"))
    assert unpacked(status, error_details_pb2.RetryInfo).retry_delay.seconds == 1
    assert unpacked(status, ErrorDetail).retryable


def test_a_refusal_with_many_faults_reaches_a_client_with_default_limits(
    unit: Unit, footage: Path, tmp_path: Path
) -> None:
    timeline = tmp_path / "broken.otio"
    marker = '{"OTIO_SCHEMA": "Marker.2", "marked_range": {"OTIO_SCHEMA": "TimeRange.1", '
    marker += '"start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": -1, "value": 0}}}'
    clips = ", ".join(
        f'{{"OTIO_SCHEMA": "Gap.1", "name": "gap {n}", "markers": [{marker}], "effects": []}}'
        for n in range(400)
    )
    timeline.write_text(
        '{"OTIO_SCHEMA": "Timeline.1", "name": "x", "tracks": {"OTIO_SCHEMA": "Stack.1", '
        f'"children": [{{"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{clips}]}}]}}}}'
    )
    stub = PlanServiceStub(unit.channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.PlanTimeline(plans_pb2.PlanTimelineRequest(timeline=str(timeline)), timeout=30)
    detail = details_of(caught.value, ErrorDetail)
    assert detail.code == "TIMELINE_UNREADABLE"
    assert len(detail.faults) > 10 and len(detail.faults) + detail.faults_omitted > 100


class Leaky(grpc.GenericRpcHandler):
    """Two methods that fail with a secret in their text."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        async def single(request: bytes, context: Any) -> bytes:
            raise ValueError(SECRET)

        async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
            yield b"first"
            raise ValueError(SECRET)

        if handler_call_details.method == "/leaky/Single":
            return grpc.unary_unary_rpc_method_handler(single)
        if handler_call_details.method == "/leaky/Stream":
            return grpc.unary_stream_rpc_method_handler(stream)
        return None


@pytest.mark.parametrize("method", ["Single", "Stream"])
def test_an_unexpected_error_becomes_an_id_and_its_text_stays_in_the_log(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def call() -> grpc.aio.AioRpcError:
        server = grpc.aio.server(interceptors=[Translate()])
        server.add_generic_rpc_handlers((Leaky(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                try:
                    if method == "Single":
                        await channel.unary_unary("/leaky/Single")(b"", timeout=10)
                    else:
                        async for _ in channel.unary_stream("/leaky/Stream")(b"", timeout=10):
                            pass
                except grpc.aio.AioRpcError as exc:
                    return exc
        finally:
            await server.stop(None)
        raise AssertionError("the call succeeded")

    with caplog.at_level(logging.ERROR):
        error = asyncio.run(call())
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(error) and "abc" not in repr(error.trailing_metadata())
    detail = details_of(cast("grpc.RpcError", error), ErrorDetail)
    assert detail.error_id and detail.error_id in caplog.text and SECRET in caplog.text


def test_a_service_that_is_not_there_is_unimplemented(unit: Unit) -> None:
    call = unit.channel.unary_unary("/secondunit.v1.DreamService/FindDreams")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=10)
    assert cast("grpc.Call", caught.value).code() is grpc.StatusCode.UNIMPLEMENTED
