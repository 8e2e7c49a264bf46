"""An engine of one's own through the whole service: added, compared, rendered and removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.cli import main
from secondunit.config import Config
from secondunit.doctor import examine
from secondunit.jobs.reader import Reader
from secondunit.plan.planned import Options

from tests.fakes.checkpoints import tiny
from tests.timeline.clips import movie
from tests.timeline.cuts import span


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, checkpoints: Path) -> Path:
    """A data folder to which a tiny VACE was added."""
    data = tmp_path_factory.mktemp("data")
    folder = tiny("wan_vace", checkpoints)
    assert main(["engines", "add", "vace", str(folder), "--yes", "--data", str(data)]) == 0
    return data


def edit(folder: Path, *middle: otio.core.Item) -> Path:
    """A clip, and what is asked for behind it."""
    movie(folder / "clip.mp4", frames=24)
    reference = otio.schema.ExternalReference(str(folder / "clip.mp4"), span(0, 24, 24))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.extend([otio.schema.Clip("clip", reference, span(0, 12, 24)), *middle])
    timeline = otio.schema.Timeline("cut")
    timeline.tracks.append(track)
    path = folder / "cut.otio"
    path.write_text(timeline.to_json_string())
    return path


def generate(note: str, frames: int = 4) -> otio.schema.Gap:
    gap = otio.schema.Gap(source_range=span(0, frames, 24))
    gap.metadata["secondunit"] = {"version": 1, "request": f"gen: generate\n{note}"}
    return gap


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_engines_are_compared_on_one_page(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timeline = edit(tmp_path, generate("prompt: dusk\nengine: vace\npreset: fast"))
    flags = ("plan", str(timeline), "--compare", "--data", str(data))
    assert main([*flags, "--json"]) == 0
    record = printed(capsys)
    (shot,) = record["shots"]
    assert (shot["engine"], shot["tier"]) == ("vace", "fast")
    engines = {one["engine"]: one for one in record["compared"]["engines"]}
    assert engines["vace"]["shots"][0]["digest"] == shot["digest"]
    assert "does not do 'generate'" in engines["motion"]["faults"][0]["what"]
    levels = record["compared"]["controls"][shot["id"]]
    assert levels["the shot"] == {"motion": "refused", "vace": "exact"}
    assert levels["rate"]["vace"] == "rounded"
    assert main(list(flags)) == 0
    text = capsys.readouterr().out
    assert "fast, 20 steps" in text and "motion refuses: engine 'motion' does not do" in text


def test_what_is_made_from_words_stands_in_its_gap_and_names_its_weights(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timeline = edit(tmp_path, generate("prompt: dusk\nhandles: 0\nengine: vace\npreset: draft"))
    flags = ("render", str(timeline), "--delivery", "ffv1", "--json", "--data", str(data))
    assert main([*flags]) == 0
    (shot,) = printed(capsys)["shots"]
    assert (shot["state"], shot["frames"], shot["missed"]) == ("succeeded", 4, [])
    assert (shot["width"], shot["height"]) == (96, 64)
    record = json.loads(Path(shot["file"]).with_suffix(".json").read_text())
    ran = record["engine"]["ran"]
    assert (ran["licence"], ran["licence_limits"], ran["revision"]) == ("Apache-2.0", "", "")
    assert ran["accepted"] and ran["source"]
    assert (record["engine"]["name"], record["engine"]["steps"]) == ("vace", 10)
    assert len(record["engine"]["weights"]) == 64
    placed = otio.adapters.read_from_file(f"{tmp_path}/cut.gen.otio")
    assert isinstance(placed, otio.schema.Timeline)
    assert any("generate" in clip.name for clip in placed.find_clips())


def test_doctor_looks_at_the_weights(data: Path) -> None:
    found = {f.subject: f for f in examine(Config(data=data))}
    assert found["engine vace: weights"].ok
    assert "Apache-2.0" in found["engine vace: weights"].found
    (data / "engines" / "gone.json").write_text('{"version": 1}')
    found = {f.subject: f for f in examine(Config(data=data))}
    assert not found["engine gone"].ok and "engines remove gone" in found["engine gone"].mend
    (data / "engines" / "gone.json").unlink()


def test_plans_that_are_remembered_know_of_an_engine_that_was_removed(
    data: Path, tmp_path: Path, reader: Reader
) -> None:
    config = Config(data=data)
    timeline = edit(tmp_path, generate("prompt: dusk\nengine: vace"))
    assert not reader.plan(timeline, Options(), config).faults
    card = data / "engines" / "vace.json"
    kept = card.read_text()
    card.unlink()
    assert "no engine 'vace'" in str(reader.plan(timeline, Options(), config).faults[0])
    card.write_text(kept)
    assert not reader.plan(timeline, Options(), config).faults
