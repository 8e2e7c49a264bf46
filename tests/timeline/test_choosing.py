"""Several sequences in one file: the one that is named, or the only one that asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.plan.build import plan_timeline
from secondunit.plan.planned import Options
from secondunit.timeline.read import reading
from secondunit.timeline.select import find_shots

from tests.timeline.cuts import around, asking, gap
from tests.timeline.formats.one_cut import ASKED, FCP7, SRC, fcpxml

NOTHING = "nothing"


def otio_of(folder: Path, *asked: str) -> Path:
    """A collection of timelines, `cut 1` and on, in a bin in the project."""
    inner = otio.schema.SerializableCollection(name="bin")
    for number, words in enumerate(asked, 1):
        timeline = otio.schema.Timeline(name=f"cut {number}")
        track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
        track.extend(around(asking(words) if words != NOTHING else gap(24)))
        timeline.tracks.append(track)
        inner.append(timeline)
    project = otio.schema.SerializableCollection(name="project")
    project.append(inner)
    path = folder / "cut.otio"
    otio.adapters.write_to_file(project, str(path))
    return path


def xml_of(folder: Path, *asked: str) -> Path:
    """A project of Final Cut Pro 7's with the same."""
    head, _, rest = FCP7.partition('<sequence id="s1">')
    body = rest.rpartition("</sequence>")[0]
    bodies = [
        f'<sequence id="s{number}">'
        + body.replace("<name>cut</name>", f"<name>cut {number}</name>").replace(ASKED, words)
        + "</sequence>"
        for number, words in enumerate(asked, 1)
    ]
    path = folder / "cut.xml"
    path.write_text(
        f"{head}<project><name>p</name><children>{''.join(bodies)}</children></project></xmeml>"
    )
    return path


def fcpxml_of(folder: Path, *asked: str) -> Path:
    """An event of Final Cut Pro's with the same."""
    head, _, rest = fcpxml("1.10", SRC).partition('<project name="cut">')
    body, _, tail = rest.rpartition("</project>")
    bodies = [
        f'<project name="cut {number}">{body.replace(ASKED, words)}</project>'
        for number, words in enumerate(asked, 1)
    ]
    path = folder / "cut.fcpxml"
    path.write_text(head + "".join(bodies) + tail)
    return path


FORMATS = [otio_of, xml_of, fcpxml_of]
Write = Callable[..., Path]


def config(folder: Path) -> Config:
    """Media are looked for beside the timeline."""
    return Config(data=folder / "data", roots=(folder,))


@pytest.mark.parametrize("write", FORMATS)
def test_the_only_sequence_that_asks_is_taken_and_said(train: Path, write: Write) -> None:
    edit = find_shots(write(train, NOTHING, ASKED, NOTHING), config=config(train))
    (shot,) = edit.shots
    assert (edit.name, shot.place.sequence) == ("cut 2", "cut 2")
    assert "'cut 2' is the only one with requests and was taken" in edit.notices[0]
    assert "'cut 1', 'cut 2', 'cut 3'" in edit.notices[0]


@pytest.mark.parametrize("write", FORMATS)
def test_where_several_ask_all_are_named(train: Path, write: Write) -> None:
    path = write(train, ASKED, NOTHING, ASKED)
    with pytest.raises(Refused) as caught:
        find_shots(path, config=config(train))
    said = str(caught.value)
    assert "holds 3 sequences ('cut 1', 'cut 2', 'cut 3')" in said
    assert "in 2 of them ('cut 1', 'cut 3')" in said and "--sequence NAME" in said
    for name in ("cut 3", "CUT 3"):
        edit = find_shots(path, config=config(train), sequence=name)
        assert [shot.place.sequence for shot in edit.shots] == ["cut 3"]
    assert find_shots(path, config=config(train), sequence="cut 2").shots == ()


@pytest.mark.parametrize("write", FORMATS)
def test_where_none_asks_the_first_is_read_and_said(train: Path, write: Write) -> None:
    edit = find_shots(write(train, NOTHING, NOTHING), config=config(train))
    assert edit.name == "cut 1" and "none of them asks for a shot" in edit.notices[0]


@pytest.mark.parametrize("write", FORMATS)
def test_a_name_that_no_sequence_has_is_refused_with_those_that_are_there(
    train: Path, write: Write
) -> None:
    with pytest.raises(Refused, match="no sequence 'final'; it holds 2 sequences: 'cut"):
        reading(write(train, ASKED, NOTHING), sequence="final")
    with pytest.raises(Refused, match="it holds one sequence: "):
        reading(write(train, ASKED), sequence="final")
    assert reading(write(train, ASKED), sequence="cut 1").sequence is None


def test_sequences_of_one_name_and_without_a_name_can_be_told_apart(train: Path) -> None:
    path = otio_of(train, ASKED, ASKED, ASKED)
    project = otio.adapters.read_from_file(str(path))
    for timeline in project[0][:2]:
        timeline.name = "cut"
    project[0][2].name = ""
    otio.adapters.write_to_file(project, str(path))
    with pytest.raises(Refused, match=r"\('cut', 'cut \(2\)', 'sequence 3'\)"):
        reading(path)
    for name in ("cut", "cut (2)", "sequence 3"):
        assert reading(path, sequence=name).sequence == name


def test_a_requests_sequence_is_no_part_of_its_identity(train: Path) -> None:
    path = otio_of(train, ASKED, ASKED)
    first, second = (
        plan_timeline(path, Options(sequence=name), config(train)).shots[0]
        for name in ("cut 1", "cut 2")
    )
    assert first.digest == second.digest
    assert (first.place.sequence, second.place.sequence) == ("cut 1", "cut 2")
