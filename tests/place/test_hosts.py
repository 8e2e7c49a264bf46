"""Profiles: the shape each host insists on, with the editor's own work as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.place.links import Profile, bare_path
from secondunit.place.relink import place
from secondunit.timeline.cut import CuttingRoom, rate_of
from secondunit.timeline.read import read
from secondunit.timeline.shot import Place
from secondunit.units import Operation

from tests.place.edits import (
    ON_A,
    bridged,
    clip,
    edit,
    finished,
    gap,
    lengths,
    placed,
    plan_at,
    stock,
)
from tests.place.test_real_edits import EDITS

HOSTS: tuple[Profile, ...] = ("resolve", "premiere")


def without_links(value: Any) -> Any:
    """JSON of an item, its files by their names alone."""
    if isinstance(value, dict):
        return {
            k: str(v).replace("\\", "/").rstrip("/").rpartition("/")[2]
            if k.startswith("target_url")
            else without_links(v)
            for k, v in value.items()
        }
    return [without_links(v) for v in value] if isinstance(value, list) else value


def items(timeline: otio.schema.Timeline) -> list[Any]:
    """Every item of every track but ours, gaps left out, with its place on its track."""
    record = without_links(json.loads(timeline.to_json_string()))
    return [
        [child for child in track["children"] if not child["OTIO_SCHEMA"].startswith("Gap")]
        for track in record["tracks"]["children"]
        if not track["name"].startswith("GEN")
    ]


@pytest.mark.parametrize("profile", HOSTS)
@pytest.mark.parametrize("name", EDITS)
def test_in_a_hosts_shape_too_nothing_of_a_real_edit_moves(
    shared: Path, tmp_path: Path, name: str, profile: Profile
) -> None:
    original = shared / "timelines" / name
    before = read(original)
    rate = rate_of(before)
    room = CuttingRoom(rate=rate, folder=tmp_path, config=Config(data=tmp_path), notices=[])
    start = before.global_start_time
    zero = 0 if start is None else round(room.frames(start))
    track = next(
        i for i, t in enumerate(before.tracks)
        if isinstance(t, otio.schema.Track) and t.kind == "Video"
    )  # fmt: skip
    plan = plan_at(
        10, 12, zero=zero, rate=rate, operation=Operation.ANIMATE,
        place=Place(track=track, item=0, path=f"tracks[{track}].children[0]"),
    )  # fmt: skip
    one = finished(tmp_path / "cut.gen", plan)

    result = place(original, tmp_path / "x.otio", [one], profile, config=Config(data=tmp_path))

    after = stock(result.timeline)
    assert items(after) == items(before)
    urls = [
        str(reference.target_url)
        for each in after.find_clips()
        for reference in each.media_references().values()
        if isinstance(reference, otio.schema.ExternalReference)
    ]
    assert not [url for url in urls if url.lower().startswith("file:")]
    assert str(one.chosen.file.absolute()) in urls
    suffixes = {"resolve": {".fcpxml", ".xml"}, "premiere": {".xml"}}[profile]
    assert {file.suffix for file in result.files} == suffixes
    assert all(file.stat().st_size > 500 for file in result.files)


def test_resolve_gets_a_start_timecode_and_full_tracks(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    record = json.loads(original.read_text())
    record["global_start_time"] = None
    del record["metadata"]["Resolve_OTIO"]
    original.write_text(json.dumps(record))
    plan = plan_at(0, 24, zero=0, operation=Operation.ANIMATE, place=ON_A)

    result = placed(original, plan, profile="resolve")

    after = stock(result.timeline)
    assert after.global_start_time is not None and after.global_start_time.value == 0
    assert after.metadata["Resolve_OTIO"]["Resolve OTIO Meta Version"] == "1.0"
    gen = after.tracks[2]
    assert (gen.name, lengths(gen)) == ("GEN", [24, 96])
    assert gen[1].schema_name() == "Gap"
    assert gen.metadata["Resolve_OTIO"]["Locked"] is False
    made = gen[0]
    assert made.name == Path(made.media_reference.target_url).name
    assert made.markers[0].metadata["Resolve_OTIO"]["Note"] == made.markers[0].comment
    assert set(made.media_references()) == {"DEFAULT_MEDIA"}
    assert any("no start timecode" in notice for notice in result.notices)


def test_premiere_gets_the_sequences_name_and_no_idle_warps(tmp_path: Path) -> None:
    kept = clip("B", 48)
    kept.effects.append(otio.schema.LinearTimeWarp("slow", 0.5))
    idle = clip("A", 48)
    idle.effects.append(otio.schema.LinearTimeWarp("none", 1.0))
    original = edit(tmp_path / "cut.otio", [idle, gap(24), kept])

    result = placed(original, plan_at(48, 24), profile="premiere")

    after = stock(result.timeline)
    assert after.tracks.name == "Reel 1"
    assert [len(after.tracks[0][n].effects) for n in (0, 2)] == [0, 1]
    assert any("100 %" in notice for notice in result.notices)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///a/b%20c.mov", "/a/b c.mov"),
        ("file://localhost/a/b.mov", "/a/b.mov"),
        ("file:/a/b.mov", "/a/b.mov"),
        ("file:///F:/Art/o%231.mov", "F:/Art/o#1.mov"),
        ("file://C:/Art/o.mov", "C:/Art/o.mov"),
        ("file://server/share/o.mov", "//server/share/o.mov"),
        ("/a/b c#1.mov", None),
        ("F:\\Art\\o.mov", None),
        ("asset://uuid", None),
        ("not there.mov", None),
        ("", None),
    ],
)
def test_a_reference_becomes_the_bare_path_it_means(
    tmp_path: Path, url: str, path: str | None
) -> None:
    assert bare_path(url, tmp_path) == path


def test_relative_footage_is_named_by_its_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "A.mov").write_bytes(b"x")
    original = bridged(tmp_path)

    for profile in HOSTS:
        out = tmp_path / profile / "cut.gen.otio"
        after = stock(placed(original, plan_at(48, 24), profile=profile, out=out).timeline)
        assert after.tracks[0][0].media_reference.target_url == str(tmp_path / "A.mov")
        assert after.tracks[0][2].media_reference.target_url == "B.mov", "it is offline"


def test_an_exchange_file_of_the_editors_is_never_overwritten(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    theirs = tmp_path / "cut.gen.xml"
    theirs.write_text("<xmeml/>")

    with pytest.raises(Refused, match=r"cut\.gen\.xml"):
        placed(original, plan_at(48, 24), profile="premiere")

    assert theirs.read_text() == "<xmeml/>"
    assert not (tmp_path / "cut.gen.otio").exists()
    theirs.unlink()
    for _ in range(2):
        placed(original, plan_at(48, 24), profile="premiere")
