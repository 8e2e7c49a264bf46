"""The form of every field of every request is checked, all faults at once."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import secondunit.v1
from google.protobuf import message_factory, struct_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from secondunit.errors import Refused
from secondunit.rpc.rules import MOST_FAULTS, MOST_OPEN, OPEN, RULES, check
from secondunit.v1 import (
    blobs_pb2,
    deliveries_pb2,
    errors_pb2,
    hosts_pb2,
    jobs_pb2,
    ledger_pb2,
    plans_pb2,
    shots_pb2,
    timeline_pb2,
    units_pb2,
)

from tests.rpc.conftest import Unit

LONG = "x" * (2**22 + 1)


def requests() -> Iterator[type[Message]]:
    """The class of every request of every service of the protocol."""
    for found in pkgutil.iter_modules(secondunit.v1.__path__):
        if found.name.endswith("_pb2"):
            module = importlib.import_module(f"secondunit.v1.{found.name}")
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    yield message_factory.GetMessageClass(method.input_type)


REQUESTS = list(requests())


JSON = ("google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue")
"""These hold each other, without end."""


def places(descriptor: Any, at: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    """Every field that a request has, down to the last message, with the path to it."""
    for field in () if descriptor.full_name in OPEN else descriptor.fields:
        path = f"{at}{field.name}"
        yield path, field
        if field.message_type is not None and field.message_type.full_name not in JSON:
            yield from places(field.message_type, f"{path}{'[0]' if field.is_repeated else ''}.")


def at(request: Message, path: str) -> tuple[Any, str]:
    """The message that holds the field of a path, made on the way, and the field's name."""
    message: Any = request
    *above, name = path.split(".")
    for part in above:
        message = getattr(message, part.removesuffix("[0]"))
        if part.endswith("[0]"):
            message = message[0] if len(message) else message.add()
        else:
            message.SetInParent()
    return message, name


def faults(request: Message) -> dict[str, str]:
    try:
        check(request)
    except Refused as exc:
        return {fault.path: fault.what for fault in exc.faults}
    return {}


BAD: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.TYPE_DOUBLE: (math.nan, math.inf, -math.inf),
    FieldDescriptor.TYPE_STRING: ("a\0b", LONG),
    FieldDescriptor.TYPE_BYTES: (LONG.encode(),),
    FieldDescriptor.TYPE_ENUM: (99, -1),
}


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_no_field_of_any_request_takes_what_no_field_can_be(kind: type[Message]) -> None:
    for path, field in places(kind.DESCRIPTOR):
        for bad in BAD.get(field.type, ()):
            request = kind()
            message, name = at(request, path)
            if field.is_repeated:
                getattr(message, name).append(bad)
            else:
                setattr(message, name, bad)
            named = f"{path}[0]" if field.is_repeated else path
            assert named in faults(request), f"{path} takes {bad!r:.20}"


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_no_list_of_any_request_grows_without_end(kind: type[Message]) -> None:
    for path, field in places(kind.DESCRIPTOR):
        if field.is_repeated:
            request = kind()
            message, name = at(request, path)
            many = getattr(message, name)
            one = {9: "x", 14: 1}.get(field.type)
            many.extend([one if one is not None else many.add()] * 100_001)
            assert "at most" in faults(request).get(path, ""), path


def test_open_json_has_an_end() -> None:
    request = hosts_pb2.CallHostRequest()
    entry = request.request.place_takes.placements.add().take.report.add()
    entry.asked.string_value = "x" * (MOST_OPEN + 1)
    (found,) = faults(request).items()
    assert found[0] == "request.place_takes.placements[0].take.report[0].asked"
    assert "at most" in found[1]


def test_every_rule_is_of_a_field_that_there_is() -> None:
    known = {field.full_name for kind in REQUESTS for _, field in places(kind.DESCRIPTOR)}
    assert not set(RULES) - known


def test_all_faults_come_at_once_each_with_its_path() -> None:
    request = jobs_pb2.CreateJobRequest(
        priority=42,  # type: ignore[arg-type]
        shot=jobs_pb2.RequestTake(
            request=shots_pb2.ShotRequest(
                prompt="p" * 9000,
                cameras=[shots_pb2.CameraMove(), shots_pb2.CameraMove(tilt=math.nan)],
                before=shots_pb2.Clip(media=units_pb2.File(path="/a\0b")),
            )
        ),
    )
    assert faults(request) == {
        "request_id": "a request_id is required, so that a retry is safe",
        "priority": "42 is no Priority: PRIORITY_INTERACTIVE, PRIORITY_NORMAL, PRIORITY_BATCH",
        "shot.request.prompt": "9000 bytes; 8192 at most",
        "shot.request.cameras[1].tilt": "the number is not finite",
        "shot.request.before.media.path": "the text holds a NUL",
    }


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (blobs_pb2.ReadBlobRequest(digest=units_pb2.Digest(sha256="F" * 64)), "digest.sha256"),
        (blobs_pb2.ReadBlobRequest(digest=units_pb2.Digest()), "digest.sha256"),
        (blobs_pb2.QueryWriteStatusRequest(
            digest=units_pb2.Digest(sha256="0" * 64, size_bytes=-1)), "digest.size_bytes"),
        (ledger_pb2.SetBudgetRequest(
            budget=ledger_pb2.Budget(cost=units_pb2.Money(currency="euro"))),
         "budget.cost.currency"),
        (jobs_pb2.ListJobsRequest(created_after={"seconds": 2**60}), "created_after.seconds"),
        (jobs_pb2.ListJobsRequest(created_before={"nanos": -1}), "created_before.nanos"),
        (jobs_pb2.ListJobEventsRequest(wait={"seconds": -(2**60)}), "wait.seconds"),
        (timeline_pb2.PlaceTimelineRequest(timeline="/" + "x" * 5000), "timeline"),
        (plans_pb2.PlanTimelineRequest(options={"roots": ["/a", "/" + "x" * 5000]}),
         "options.roots[1]"),
    ],
)  # fmt: skip
def test_a_field_with_a_form_of_its_own_is_held_to_it(request_: Message, path: str) -> None:
    assert list(faults(request_)) == [path]


def test_a_thousand_faults_are_not_all_listed() -> None:
    request = jobs_pb2.ListJobsRequest(states=[99] * 1000)  # type: ignore[list-item]
    assert len(faults(request)) == MOST_FAULTS + 1


def test_good_requests_pass() -> None:
    check(jobs_pb2.CreateJobRequest(request_id="r"))
    check(blobs_pb2.ReadBlobRequest(digest=units_pb2.Digest(sha256="0" * 64, size_bytes=5)))
    check(jobs_pb2.ListJobsRequest(created_after={"seconds": 1_700_000_000}))
    check(shots_pb2.ShotRequest(prompt="a car\nin the rain", strength=1.0))


def test_over_the_wire_the_faults_are_field_violations(unit: Unit) -> None:
    call = unit.channel.unary_unary(
        "/secondunit.v1.JobService/ListJobs",
        request_serializer=jobs_pb2.ListJobsRequest.SerializeToString,
    )
    with pytest.raises(grpc.RpcError) as caught:
        call(jobs_pb2.ListJobsRequest(states=[99, 98], user="a\0"), timeout=10)  # type: ignore[list-item]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]
    trailers: Any = dict(caught.value.trailing_metadata())  # type: ignore[attr-defined]
    status = trailers["grpc-status-details-bin"]
    for path in (b"states[0]", b"states[1]", b"user"):
        assert path in status
    assert errors_pb2.ErrorDetail.DESCRIPTOR.full_name.encode() in status


def test_a_watch_is_checked_before_it_begins(unit: Unit) -> None:
    call = unit.channel.unary_stream(
        "/secondunit.v1.JobService/WatchJob",
        request_serializer=jobs_pb2.WatchJobRequest.SerializeToString,
    )
    with pytest.raises(grpc.RpcError) as caught:
        next(call(jobs_pb2.WatchJobRequest(job_id="a\0"), timeout=10))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


def test_what_is_json_in_a_message_is_checked_to_its_bottom() -> None:
    found = deliveries_pb2.ControlResult()
    inner = found.asked.struct_value.fields["list"].list_value.values.add().struct_value.fields
    inner["number"].number_value = math.nan
    inner["words"].string_value = "a\0b"
    inner["nothing"].null_value = struct_pb2.NULL_VALUE
    inner["k" * 9000].bool_value = True
    at = "asked.struct_value.fields['list'].list_value.values[0].struct_value.fields"
    assert faults(found) == {
        f"{at}['number'].number_value": "the number is not finite",
        f"{at}['words'].string_value": "the text holds a NUL",
        f"{at}['{'k' * 80}']": "9000 bytes; 512 at most",
    }
