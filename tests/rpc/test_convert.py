"""Records on the wire: every word of the server has its twin, and times and numbers survive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from secondunit.config import Config
from secondunit.jobs.job import Event, Kind, Priority, Stage, State
from secondunit.plan.build import Options
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.rpc import convert
from secondunit.units import FrameRange, Operation
from secondunit.v1 import jobs_pb2, plans_pb2, units_pb2

from tests.plans import shot_plan
from tests.rpc.conftest import Unit


@pytest.mark.parametrize(
    ("table", "words", "enum"),
    [
        (convert.OPERATIONS, Operation, units_pb2.Operation),
        (convert.LEVELS, Level, plans_pb2.AdaptationLevel),
        (convert.STATES, State, jobs_pb2.JobState),
        (convert.STAGES, Stage, jobs_pb2.Stage),
        (convert.PRIORITIES, Priority, jobs_pb2.Priority),
    ],
)
def test_every_word_has_one_twin_in_the_protos(
    table: dict[Any, Any], words: Any, enum: Any
) -> None:
    assert set(table) == set(words)
    assert sorted(table.values()) == sorted(v for v in enum.values() if v)


def test_a_plan_keeps_what_people_need() -> None:
    plan = shot_plan(
        handles=(2, 3),
        adaptations=(Adaptation(level=Level.ROUNDED, what="handle is 3 of 8", path="a.handles"),),
        generate=(FrameRange(start=-1, frames=2), FrameRange(start=4, frames=1)),
    )
    message = convert.plan(plan)
    assert message.digest == plan.digest and message.shot_id == plan.shot
    assert (message.rate.num, message.rate.den) == (24000, 1001)
    assert (message.handles.head, message.handles.tail) == (2, 3)
    assert message.start_timecode == "01:00:00:22"
    assert [(r.start, r.frames) for r in message.generated] == [(-1, 2), (4, 1)]
    assert message.adaptations[0].level == plans_pb2.ADAPTATION_LEVEL_ROUNDED
    assert message.colour.primaries == "bt709" and message.pixel_format == "yuv420p"


def test_a_seed_of_zero_is_a_seed_and_no_seed_is_none() -> None:
    config = Config(data=Path("/data"))
    assert convert.options(plans_pb2.PlanOptions(seed=0), config).seed == 0
    assert convert.options(plans_pb2.PlanOptions(), config) == Options()
    one = plans_pb2.PlanOptions(shots=["a"])
    assert convert.options(one, config, shots=("b",)).shots == ("b",)


def test_a_report_keeps_numbers_words_and_records() -> None:
    report = {
        "K": {"asked": {"psnr": "identical"}, "measured": {"psnr": 41.25}, "pass": False},
        "B1": {"asked": [0.1, 0.2], "measured": None, "pass": True},
    }
    first, second = convert.report(report)
    assert (first.control, second.control) == ("B1", "K")
    assert json_format.MessageToDict(first.asked) == [0.1, 0.2]
    assert second.measured.struct_value["psnr"] == 41.25
    assert getattr(first, "pass") and not getattr(second, "pass")


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        (Kind.PROGRESS,
         {"stage": "engine", "doing": "denoise", "step": 2, "steps": 6}, "progress"),
        (Kind.STAGE, {"stage": "encode", "seconds": 1.25}, "stage_done"),
        (Kind.LOG, {"text": "Stopped by its owner."}, "log"),
        (Kind.STATE, {"state": "waiting", "reason": "same take", "job": "j2"}, "state"),
    ],
)  # fmt: skip
def test_every_kind_of_event_has_its_message(
    unit: Unit, kind: Kind, payload: dict[str, Any], field: str
) -> None:
    job = unit.desk.create(shot_plan(), request_id="a", timeline="")
    moment = datetime(2026, 11, 20, 9, 30, 0, 500_000, tzinfo=UTC)
    event = Event(job=job.id, sequence=3, time=moment, kind=kind, payload=payload)
    message = convert.event(event, job, None)
    assert message.WhichOneof("event") == field
    assert message.sequence == 3 and message.time.ToDatetime(UTC) == moment
    part: Message = getattr(message, field)
    said = json_format.MessageToDict(part, preserving_proto_field_name=True)
    for value in payload.values():
        if isinstance(value, str) and value not in ("engine", "encode", "waiting"):
            assert value in said.values()
