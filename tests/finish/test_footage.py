"""Shots on moving footage, finished: every frame keeps its own pixels, and the report knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import opentimelineio as otio
import pytest
from secondunit.catalog.weights import weights_digest
from secondunit.config import Config
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.sources import PlanSources
from secondunit.finish.finish import finish
from secondunit.finish.report import control_report
from secondunit.plan.build import Options, plan_timeline
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture

from tests import edits
from tests.engine.pictures import silent


def finished(folder: Path, shared: Path, note: str) -> tuple[ShotPlan, list[Picture], Any]:
    """Ten frames of the train with a note on them, made and finished; and their report."""
    if not weights_digest("motion"):
        pytest.skip("no weights")
    take = edits.clip(shared / "media" / "train.m4v", 100, 10)
    take.markers.append(edits.marker(f"{note}\ndelivery: ffv1\nhandles: 2", at=100))
    path = edits.save(folder, "cut", [otio.schema.Gap(source_range=edits.span(0, 8)), take])
    config = Config(data=folder / "data", roots=(shared / "media",))
    found = plan_timeline(path, Options(), config)
    assert not found.faults
    (plan,) = found.shots
    made = dict(MotionEngine(classical).run(plan, PlanSources(plan), silent))
    pictures = list(finish(plan, made.__getitem__, PlanSources(plan)))
    return plan, pictures, control_report(plan, pictures, PlanSources(plan))


def mask(folder: Path) -> np.ndarray:
    plane = np.zeros((180, 320), np.uint8)
    plane[30:120, 60:200] = 255
    cv2.imwrite(str(folder / "mask.png"), plane)
    return plane > 0


def test_outside_its_mask_each_frame_is_its_own(tmp_path: Path, shared: Path) -> None:
    inside = mask(tmp_path)
    plan, pictures, report = finished(
        tmp_path, shared, "gen: replace\nmask: mask.png\nmotion: freeze"
    )
    sources = PlanSources(plan)
    for frame, picture in zip(range(-2, 12), pictures, strict=True):
        own = sources.under(frame)
        assert np.array_equal(picture.planes[0][~inside], own.planes[0][~inside])
        held = sources.under(0).planes[0][60:90, 100:160].astype(int)
        assert np.abs(picture.planes[0][60:90, 100:160].astype(int) - held).mean() < 0.5
    assert report["M"]["measured"]["psnr"] == "identical" and report["M"]["pass"]
    assert report["K"]["measured"]["frames"] == 1 and report["T"]["pass"]


def test_frames_of_a_retime_that_fall_on_the_files_are_the_files(
    tmp_path: Path, shared: Path
) -> None:
    plan, pictures, report = finished(tmp_path, shared, "gen: retime\nspeed: 50%")
    sources = PlanSources(plan)
    own = [picture.same_as(sources.under(frame)) for frame, picture in
           zip(range(-2, 12), pictures, strict=True)]  # fmt: skip
    assert own == [True, False] * 7
    assert report["K"]["measured"] == {"psnr": "identical", "frames": 7}
    assert all(entry["pass"] for entry in report.values())
