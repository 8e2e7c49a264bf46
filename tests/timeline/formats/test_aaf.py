"""AAF: what a retime is, in the words of OpenTimelineIO's adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.timeline.read import reading
from secondunit.timeline.retimes import convention_of

aaf2: Any = pytest.importorskip("aaf2", reason="AAF is an extra: secondunit[aaf]")
pytest.importorskip("otio_aaf_adapter", reason="AAF is an extra: secondunit[aaf]")

_MOTION = "9d2ea894-0968-11d3-8a38-0050040ef7d2"
_RATIO = "72559a80-24d7-11d3-8a50-0050040ef7d2"


def retimed(path: Path, ratio: str) -> Path:
    """24 frames of Avid's Motion Control over a clip from frame 100 on, 24 of filler, a clip."""
    with aaf2.open(str(path), "w") as file:
        cut = file.create.CompositionMob("cut")
        cut.usage = "Usage_TopLevel"
        file.content.mobs.append(cut)
        source = file.create.SourceMob("train.m4v")
        source.descriptor = file.create.ImportDescriptor()
        locator = file.create.NetworkLocator()
        locator["URLString"].value = "file:///media/train.m4v"
        source.descriptor.locator.append(locator)
        file.content.mobs.append(source)
        tape = source.create_picture_slot(edit_rate="30/1")
        whole = file.create.SourceClip(media_kind="picture")
        tape.segment.length = whole.length = 704
        tape.segment.components.append(whole)
        master = file.create.MasterMob("train")
        file.content.mobs.append(master)
        slot = master.create_picture_slot(edit_rate="30/1")
        slot.segment.components.append(
            source.create_source_clip(tape.slot_id, start=0, length=704, media_kind="picture")
        )
        slot.segment.length = 704

        def used(start: int) -> Any:
            return master.create_source_clip(
                slot.slot_id, start=start, length=48, media_kind="picture"
            )

        motion = file.create.OperationDef(_MOTION, "Motion Control", "")
        motion["IsTimeWarp"].value, motion["NumberInputs"].value = True, 1
        motion["Bypass"].value, motion.media_kind = 0, "picture"
        rational = file.dictionary.lookup_typedef("Rational")
        speed = file.create.ParameterDef(_RATIO, "SpeedRatio", "", rational)
        file.dictionary.register_def(speed)
        motion.parameters.append(speed)
        file.dictionary.register_def(motion)
        group = file.create.OperationGroup(motion, media_kind="picture")
        group.length = 24
        group.segments.append(used(100))
        group.parameters.append(file.create.ConstantValue(speed, ratio))
        row = cut.create_picture_slot(edit_rate="30/1").segment
        for one in (group, file.create.Filler("picture", 24), used(300)):
            row.components.append(one)
        row.length = 96
    return path


@pytest.mark.parametrize(("ratio", "speed"), [("1/2", 2.0), ("2/1", 0.5), ("-1/1", -1.0)])
def test_a_speed_has_the_length_of_the_cut(tmp_path: Path, ratio: str, speed: float) -> None:
    timeline = reading(retimed(tmp_path / "cut.aaf", ratio)).timeline
    clip, gap, after = timeline.tracks[0]
    assert isinstance(clip, otio.schema.Clip) and isinstance(gap, otio.schema.Gap)
    assert [one.time_scalar for one in clip.effects] == [speed]
    spans = [
        (one.source_range.start_time.value, one.source_range.duration.value)
        for one in (clip, gap, after)
    ]
    assert spans == [(100, 24), (0, 24), (300, 48)]
    said: list[str] = []
    assert convention_of(timeline, said) == "record" and said == []
