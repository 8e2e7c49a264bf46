"""What a plugin sends about one clip becomes the same shot as the editor's own note."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from secondunit.catalog.adding import card_of, examine, keep
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.plan.build import Options, plan_timeline
from secondunit.rpc.carrier import plan_request
from secondunit.units import Operation
from secondunit.v1 import shots_pb2, units_pb2

from tests.fakes.pipeline_folder import vace
from tests.timeline.clips import movie


def asked(folder: Path, operation: units_pb2.Operation, **fields: object) -> shots_pb2.ShotRequest:
    """A request about 12 frames of a 48-frame movie at 25, from its frame 10 on."""
    take = movie(folder / "take.mp4")
    return shots_pb2.ShotRequest(
        operation=operation,
        rate=units_pb2.Rate(num=25, den=1),
        record=units_pb2.FrameRange(start=100, frames=12),
        clip=shots_pb2.Clip(
            name="take",
            media=units_pb2.File(path=str(take)),
            source=units_pb2.FrameRange(start=10, frames=12),
        ),
        **fields,  # type: ignore[arg-type]
    )


def test_a_retime_takes_its_speed_from_the_request(tmp_path: Path) -> None:
    request = asked(tmp_path, units_pb2.OPERATION_RETIME, speed=0.4)
    config = Config(data=tmp_path, roots=(tmp_path,))
    found = plan_request(request, Options(), config, plan_timeline)
    assert not found.faults
    (plan,) = found.shots
    assert plan.operation is Operation.RETIME and plan.footage is not None
    assert plan.footage.index(6) + plan.footage.share(6) == 10 + 6 * Fraction(2, 5)
    assert plan.handles == (8, 8)


def test_a_replacement_takes_its_mask_and_its_motion(tmp_path: Path) -> None:
    plane = np.zeros((64, 96), np.uint8)
    plane[10:50, 10:60] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), plane)
    request = asked(
        tmp_path, units_pb2.OPERATION_REPLACE, motion=shots_pb2.MASKED_MOTION_STEADY,
        mask=shots_pb2.Mask(file=units_pb2.File(path=str(tmp_path / "mask.png"))),
    )  # fmt: skip
    config = Config(data=tmp_path, roots=(tmp_path,))
    found = plan_request(request, Options(), config, plan_timeline)
    assert not found.faults
    (plan,) = found.shots
    assert plan.motion == "steady" and plan.mask is not None


def test_a_request_says_what_becomes_of_grain(tmp_path: Path) -> None:
    config = Config(data=tmp_path, roots=(tmp_path,))
    modes = {
        shots_pb2.GRAIN_MODE_NONE: "none", shots_pb2.GRAIN_MODE_MATCH: "match",
        shots_pb2.GRAIN_MODE_UNSPECIFIED: "match",
    }  # fmt: skip
    for mode, grain in modes.items():
        request = asked(tmp_path, units_pb2.OPERATION_RETIME, speed=0.4, grain=mode)
        (plan,) = plan_request(request, Options(), config, plan_timeline).shots
        assert plan.grain == grain


def test_without_its_clip_there_is_nothing_to_work_on(tmp_path: Path) -> None:
    request = asked(tmp_path, units_pb2.OPERATION_RETIME, speed=0.4)
    request.ClearField("clip")
    with pytest.raises(Refused, match=r"no clip to work on @ request\.clip"):
        plan_request(request, Options(), Config(data=tmp_path), plan_timeline)


def test_a_speed_out_of_range_names_the_field(tmp_path: Path) -> None:
    request = asked(tmp_path, units_pb2.OPERATION_RETIME, speed=50)
    config = Config(data=tmp_path, roots=(tmp_path,))
    found = plan_request(request, Options(), config, plan_timeline)
    (fault,) = found.faults
    assert fault.path == "request.speed" and "did you mean 50%" in fault.what


def test_a_request_says_its_colour_and_insists_on_alpha(tmp_path: Path) -> None:
    more = {"colour": "no such space", "alpha": shots_pb2.ALPHA_MODE_MADE}
    request = asked(tmp_path, units_pb2.OPERATION_RETIME, speed=0.4, **more)
    config = Config(data=tmp_path / "data", roots=(tmp_path,))
    found = plan_request(request, Options(), config, plan_timeline)
    assert [fault.path for fault in found.faults] == ["request.colour"]
    request.colour, request.delivery = "", "h264"
    found = plan_request(request, Options(), config, plan_timeline)
    (fault,) = found.faults
    assert fault.path == "request.delivery" and "alpha" in fault.what


def test_what_is_generated_takes_references_and_says_what_it_cannot_do_without(
    tmp_path: Path,
) -> None:
    config = Config(data=tmp_path / "data", roots=(tmp_path,))
    found = examine("mine", vace(tmp_path / "vace"), ())
    keep(card_of(found, source="", revision="", by=""), config)
    hero = tmp_path / "hero.png"
    cv2.imwrite(str(hero), np.full((64, 96, 3), 128, np.uint8))
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_GENERATE, rate=units_pb2.Rate(num=25, den=1),
        record=units_pb2.FrameRange(start=100, frames=12), prompt="dusk", engine="mine",
        references=[units_pb2.File(path=str(hero))], required=["reference"], preset="fast",
    )  # fmt: skip
    planned = plan_request(request, Options(), config, plan_timeline)
    assert not planned.faults, planned.faults
    (plan,) = planned.shots
    assert plan.operation is Operation.GENERATE and plan.tier == "fast"
    assert [media.path.name for media in plan.references] == ["hero.png"]
    request.ClearField("references")
    request.references.add(path=str(tmp_path / "gone.png"))
    planned = plan_request(request, Options(), config, plan_timeline)
    assert any(fault.path == "request.references[0]" for fault in planned.faults), planned.faults
    request.references[0].path, request.required[:] = str(hero), ["moon"]
    planned = plan_request(request, Options(), config, plan_timeline)
    assert "required is 'moon'" in planned.faults[0].what
