"""verify: a returned clip is measured again where that is possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from secondunit.encode import sidecar
from secondunit.encode.verify import Content
from secondunit.encode.writer import write
from secondunit.errors import DeliveryError
from secondunit.finish.fingerprint import Fingerprint
from secondunit.timeline.media import opened
from secondunit.timeline.picture import picture_of_frame
from secondunit.verify import verify

from tests.plans import numbered_pictures, shot_plan, silent


def recorded(folder: Path, **report: Any) -> Path:
    """A lossy clip with its sidecar."""
    plan = shot_plan(delivery="h264")
    encoded = write(numbered_pictures(plan), plan, folder / "clip.mp4", progress=silent)
    seen = Fingerprint()
    with opened(encoded.path, "mp4", 64 * 48) as source:
        for frame in source.decode(video=0):
            seen.add(picture_of_frame(frame))
    repeat = {
        "asked": "same request, same frames",
        "measured": {"frames_sha256": seen.digest},
        "pass": True,
    }
    record = sidecar.compose(
        plan, encoded, request={}, report={"R": repeat, **report}, timings={}, versions={}
    )
    sidecar.write(record, folder / "clip.json")
    return encoded.path


def test_the_frames_of_a_clip_are_hashed_again(tmp_path: Path) -> None:
    found = verify(recorded(tmp_path))
    assert found["pass"] and found["checks"]["control R"]["pass"]
    record = sidecar.read(tmp_path / "clip.json")
    record["report"]["R"]["measured"]["frames_sha256"] = Content().digest
    sidecar.write(record, tmp_path / "clip.json")
    found = verify(tmp_path / "clip.mp4")
    assert not found["pass"] and not found["checks"]["control R"]["pass"]
    assert found["checks"]["file"]["pass"]


@pytest.mark.parametrize("entry", [None, {"asked": 1}, {"asked": 1, "measured": 2, "pass": True}])
def test_a_report_that_makes_no_sense_is_an_error_with_a_remedy(
    tmp_path: Path, entry: object
) -> None:
    clip = recorded(tmp_path)
    record = sidecar.read(tmp_path / "clip.json")
    record["report"]["R"] = entry
    sidecar.write(record, tmp_path / "clip.json")
    with pytest.raises(DeliveryError, match="makes no sense"):
        verify(clip)


def test_a_control_that_was_missed_is_missed_for_whoever_verifies(tmp_path: Path) -> None:
    clip = recorded(tmp_path, C={"asked": {}, "measured": {}, "pass": False})
    assert sidecar.read(tmp_path / "clip.json")["missed"] == ["C"]
    found = verify(clip)
    assert not found["pass"]
    assert [name for name, check in found["checks"].items() if not check["pass"]] == ["control C"]
