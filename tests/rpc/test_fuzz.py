"""Whatever arrives, the server answers with a status of its table and lives on."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf import descriptor
from google.protobuf.message import Message
from secondunit.v1 import jobs_pb2, plans_pb2, timeline_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit.v1.plans_pb2_grpc import PlanServiceStub
from secondunit.v1.timeline_pb2_grpc import TimelineServiceStub

from tests.rpc.conftest import Unit
from tests.rpc.test_plans import bridge_request

WORDS = [
    "", "a", "/", "/etc/hostname", "/dev/zero", "../x.otio", "http://127.0.0.1/x", "a\0b",
    "\u202e", "x" * 5000, "%2e%2e/", "01:00:00:00", "99:99:99:99", "k3v9q2ab", "motion", "9" * 30,
]  # fmt: skip
WHOLE = [0, 1, -1, 2, 24, 1001, 24000, 2**31 - 1, -(2**31)]
LONG = [*WHOLE, 2**63 - 1, -(2**63)]
REAL = [0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf]

REFUSALS = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
)

Field = descriptor.FieldDescriptor


def fill(message: Message, dice: random.Random, depth: int = 0) -> None:
    """Set about half of the fields of a message to something an enemy would send."""
    for field in message.DESCRIPTOR.fields:
        if dice.random() < 0.45 or depth > 4:
            continue
        if field.is_repeated:
            many = getattr(message, field.name)
            for _ in range(dice.randrange(3)):
                if field.type == Field.TYPE_MESSAGE:
                    fill(many.add(), dice, depth + 1)
                else:
                    many.append(value(field, dice))
        elif field.type == Field.TYPE_MESSAGE:
            part = getattr(message, field.name)
            part.SetInParent()
            fill(part, dice, depth + 1)
        else:
            setattr(message, field.name, value(field, dice))


def value(field: Any, dice: random.Random) -> Any:
    match field.cpp_type:
        case Field.CPPTYPE_STRING:
            return dice.choice(WORDS)
        case Field.CPPTYPE_DOUBLE:
            return dice.choice(REAL)
        case Field.CPPTYPE_BOOL:
            return dice.random() < 0.5
        case Field.CPPTYPE_ENUM:
            return dice.choice([0, 1, 2, 3, 99])
        case Field.CPPTYPE_INT64:
            return dice.choice(LONG)
        case _:
            return dice.choice(WHOLE)


def leaves(message: Message) -> list[tuple[Message, Any]]:
    """Every message in a message with each of its fields that is no list."""
    found: list[tuple[Message, Any]] = []
    for field in message.DESCRIPTOR.fields:
        if not field.is_repeated:
            found.append((message, field))
    for field, part in message.ListFields():
        if field.type == Field.TYPE_MESSAGE:
            for one in part if field.is_repeated else [part]:
                found += leaves(one)
    return found


def check(call: Any, request: Message) -> None:
    """The call is answered, or refused with a code that refusals have."""
    try:
        call(request, timeout=30)
    except grpc.RpcError as exc:
        code = cast("grpc.Call", exc).code()
        assert code in REFUSALS, f"{code} for {type(request).__name__}: {request}"


@pytest.mark.parametrize("seed", range(2))
def test_a_good_request_with_a_spoilt_field_is_planned_or_refused(
    unit: Unit, footage: Path, seed: int
) -> None:
    dice = random.Random(seed)
    stub = PlanServiceStub(unit.channel)
    for _ in range(50):
        request = bridge_request(footage)
        request.strokes.add().points.add(x=0.5, y=0.5)
        request.cameras.add(pan=2)
        request.keyframes.add(frame=3).image.path = str(footage)
        for _ in range(dice.randrange(1, 3)):
            message, field = dice.choice(leaves(request))
            if field.type == Field.TYPE_MESSAGE:
                fill(getattr(message, field.name), dice)
            else:
                setattr(message, field.name, value(field, dice))
        check(stub.PlanShot, plans_pb2.PlanShotRequest(request=request))


@pytest.mark.parametrize("seed", range(2))
def test_no_message_makes_the_server_fail(unit: Unit, seed: int) -> None:
    dice = random.Random(seed)
    jobs, plans = JobServiceStub(unit.channel), PlanServiceStub(unit.channel)
    timelines = TimelineServiceStub(unit.channel)
    calls: list[tuple[Any, type[Message]]] = [
        (plans.PlanShot, plans_pb2.PlanShotRequest),
        (plans.PlanShot, plans_pb2.PlanShotRequest),
        (plans.PlanTimeline, plans_pb2.PlanTimelineRequest),
        (jobs.CreateJob, jobs_pb2.CreateJobRequest),
        (jobs.ListJobs, jobs_pb2.ListJobsRequest),
        (jobs.GetJob, jobs_pb2.GetJobRequest),
        (jobs.RetryJob, jobs_pb2.RetryJobRequest),
        (jobs.ListJobEvents, jobs_pb2.ListJobEventsRequest),
        (timelines.InspectTimeline, timeline_pb2.InspectTimelineRequest),
        (timelines.PlaceTimeline, timeline_pb2.PlaceTimelineRequest),
    ]
    for _ in range(1500):
        call, kind = dice.choice(calls)
        request = kind()
        fill(request, dice)
        check(call, request)


def test_bytes_that_are_no_message_are_refused_and_the_server_lives(unit: Unit) -> None:
    dice = random.Random(7)
    call = unit.channel.unary_unary("/secondunit.v1.PlanService/PlanShot")
    refused = 0
    for _ in range(40):
        try:
            call(dice.randbytes(dice.randrange(1, 400)), timeout=10)
        except grpc.RpcError:
            refused += 1
    assert refused == 40
    assert unit.client.status().uptime
