"""The record beside a clip: complete, readable, and enough to verify the clip again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.encode import sidecar
from secondunit.encode.verify import verify
from secondunit.encode.writer import write
from secondunit.errors import DeliveryError
from secondunit.plan.shot_plan import Pin
from secondunit.timeline.shot import SourceFrames

from tests.plans import left_in, numbered_pictures, shot_plan, silent
from tests.shots import media


def record_in(folder: Path) -> sidecar.Record:
    left, mask = media("A014.mov"), media("matte.png", still=True, frames=1)
    plan = shot_plan(
        delivery="ffv1",
        pins=tuple(Pin(frame=f - 2, media=left, index=40 + f) for f in range(2)),
        past=SourceFrames(media=left, indexes=(36, 37, 38)),
        mask=mask,
    )
    encoded = write(numbered_pictures(plan), plan, folder / "clip.mkv", progress=silent)
    return sidecar.compose(
        plan,
        encoded,
        request={"operation": "bridge", "prompt": "crème brûlée", "x-own": [1, 2]},
        report={"T": {"asked": 10, "measured": 10, "pass": True}},
        timings={"engine": 1.23456},
        versions={"torch": "2.13"},
    )


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = record_in(tmp_path)

    sidecar.write(record, tmp_path / "clip.json")

    assert sidecar.read(tmp_path / "clip.json") == record
    assert left_in(tmp_path) == ["clip.json", "clip.mkv"]


def test_sources_are_named_once_with_the_runs_of_frames_used(tmp_path: Path) -> None:
    sources = {s["sha256"]: s for s in record_in(tmp_path)["sources"]}

    assert sources["sha-A014.mov"]["frames"] == [[36, 3], [40, 2]]
    assert sources["sha-A014.mov"]["reel"] == "A014"
    assert sources["sha-matte.png"]["frames"] == [[0, 1]]


def test_the_record_says_enough_to_verify_the_clip_again(tmp_path: Path) -> None:
    facts = sidecar.facts_of_record(json.loads(sidecar.text_of(record_in(tmp_path))))

    assert verify(tmp_path / "clip.mkv", facts) == []


def test_each_way_in_which_a_clip_is_not_as_recorded_is_named(tmp_path: Path) -> None:
    facts = sidecar.facts_of_record(record_in(tmp_path))

    wrong = verify(
        tmp_path / "clip.mkv",
        replace(facts, frames=9, timecode="01:00:00:00", reel="B", samples="0", format="gbrp"),
    )

    assert len(wrong) == 6
    for word in ("duration", "frames that decode", "timecode", "reel", "samples", "layout"):
        assert any(word in line for line in wrong), word


def test_a_clip_cut_short_is_found_out(tmp_path: Path) -> None:
    record = record_in(tmp_path)
    clip = tmp_path / "clip.mkv"
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])

    try:
        wrong = verify(clip, sidecar.facts_of_record(record))
    except DeliveryError:
        return
    assert any("frames that decode" in line for line in wrong)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 99, "clip": {}}'])
def test_a_file_that_is_no_record_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)

    with pytest.raises(DeliveryError, match=r"x\.json"):
        sidecar.read(tmp_path / "x.json")


@pytest.mark.parametrize("key", ["digest", "report", "id", "clip", "clip.sha256", "clip.handles"])
def test_a_record_that_lacks_what_readers_go_by_is_said_to_be_none(
    tmp_path: Path, key: str
) -> None:
    record = record_in(tmp_path)
    part, _, name = key.rpartition(".")
    del (record[part] if part else record)[name]
    sidecar.write(record, tmp_path / "x.json")

    with pytest.raises(DeliveryError, match=r"x\.json"):
        sidecar.read(tmp_path / "x.json")


def test_a_file_nested_beyond_reason_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[" * 100_000)

    with pytest.raises(DeliveryError, match=r"x\.json"):
        sidecar.read(tmp_path / "x.json")


@pytest.mark.parametrize(
    "change",
    [
        {"delivery": "nothing"},
        {"timecode": 5},
        {"frames": "ten"},
        {"rate": {"num": 0, "den": 1}},
        {"size": {"width": "wide", "height": 48}},
        {"colour": {"primaries": "mud", "transfer": "bt709", "matrix": "bt709",
                    "full_range": False}},
        {"reel": ["A"]},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_record_edited_by_hand_is_refused_in_words(
    tmp_path: Path, change: dict[str, object]
) -> None:
    record = record_in(tmp_path)
    record["clip"] |= change

    with pytest.raises(DeliveryError, match=r"clip\.mkv makes no sense"):
        sidecar.facts_of_record(record)


def test_a_record_that_json_cannot_hold_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("earlier")

    with pytest.raises(DeliveryError):
        sidecar.write({"report": float("nan")}, tmp_path / "x.json")

    assert (tmp_path / "x.json").read_text() == "earlier"
    assert left_in(tmp_path) == ["x.json"]
