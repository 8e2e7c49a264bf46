"""A speed that changes: which frame of the file is seen, in every format that says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.timeline.ramps import Ramp, ramp_of
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Edit

from tests.timeline.cuts import asking, clip, marker, save, span
from tests.timeline.formats.one_cut import SRC

WORDS = "gen: bridge; context: 60"
KEYS = [(0, 0), (2, 2), (4, 6), (8, 8)]
"""(seconds played, seconds of the file): its own speed, then twice, then half."""
AT = [30, 31, 60, 62, 180, 180, 181]
"""Frames of the file at 30 a second when it is played for so many seconds:"""
PLAYED = [1, Fraction(31, 30), 2, Fraction(61, 30), 4, Fraction(121, 30), Fraction(122, 30)]


def time_map(keys: Sequence[tuple[float, float]], more: str = "") -> str:
    """Of Final Cut Pro's."""
    points = "".join(f'<timept time="{t}s" value="{v}s" interp="linear"{more}/>' for t, v in keys)
    return f"<timeMap>{points}</timeMap>"


def fcpxml(folder: Path, inside: str, start: str = "1s") -> Path:
    """A clip of 120 frames that begins a second into what is played, a gap, and a clip."""
    path = folder / "cut.fcpxml"
    path.write_text(
        '<fcpxml version="1.10"><resources><format id="r1" frameDuration="100/3000s"/>'
        f'{SRC}</resources><project name="cut"><sequence format="r1" tcStart="0s"><spine>'
        f'<asset-clip name="train" ref="r2" offset="0s" start="{start}" duration="4s">{inside}'
        f'</asset-clip><gap offset="4s" duration="1s" start="0s"><marker start="0s" '
        f'value="x" note="{WORDS}"/></gap><asset-clip name="b" ref="r2" offset="5s" start="10s" '
        'duration="2s"/></spine></sequence></project></fcpxml>'
    )
    return path


def fcp7(folder: Path, keys: str, reverse: str = "FALSE") -> Path:
    """The same as Final Cut Pro 7 and Premiere write it."""
    rate = "<rate><timebase>30</timebase><ntsc>FALSE</ntsc></rate>"
    file = f'<file id="f"><name>train.m4v</name><pathurl>train.m4v</pathurl>{rate}' \
           "<duration>704</duration></file>"  # fmt: skip
    said = "".join(
        f"<parameter><parameterid>{key}</parameterid><value>{value}</value></parameter>"
        for key, value in (("variablespeed", "1"), ("speed", "99.4"), ("reverse", reverse))
    )
    graph = f"<parameter><parameterid>graphdict</parameterid><value>0</value>{keys}</parameter>"
    path = folder / "cut.xml"
    path.write_text(
        f'<xmeml version="5"><sequence><name>cut</name>{rate}<media><video><track>'
        f"<clipitem><name>train</name>{rate}<start>0</start><end>120</end><in>30</in><out>150</out>"
        f"<duration>240</duration>{file}<filter><effect><effectid>timeremap</effectid>{said}{graph}"
        f"</effect></filter></clipitem><clipitem><name>b</name>{rate}<start>150</start>"
        f'<end>210</end><in>300</in><out>360</out><file id="f"/></clipitem></track></video></media>'
        f"<marker><name>x</name><comment>{WORDS}</comment><in>120</in><out>-1</out></marker>"
        "</sequence></xmeml>"
    )
    return path


def graph(keys: Sequence[tuple[float, float]], more: str = "") -> str:
    """Of Final Cut Pro 7's, in frames."""
    return "".join(
        f"<keyframe><when>{t * 30}</when><value>{v * 30}</value>{more}</keyframe>" for t, v in keys
    )


EDGES = (
    "<keyframe><when>30</when><value>-1815255671</value><speedvirtualkf>TRUE</speedvirtualkf>"
    "<speedkfin>TRUE</speedkfin></keyframe><keyframe><when>150</when><value>7</value>"
    "<speedvirtualkf>TRUE</speedvirtualkf><speedkfout>TRUE</speedkfout></keyframe>"
)
"""Premiere marks the clip's edges by keys that hold anything."""


def otio_of(folder: Path, metadata: dict[str, Any], start: float, frames: int = 120) -> Path:
    """The same in OpenTimelineIO, with the speed in the metadata of a TimeEffect."""
    fast = clip("train.m4v", start, frames, available=span(0, 704))
    fast.effects.append(otio.schema.TimeEffect(effect_name="TimeWarp", metadata=metadata))
    return save(folder, [fast, asking(WORDS, 30), clip("train.m4v", 300, 60)])


def read_edit(path: Path) -> Edit:
    return find_shots(path, config=Config(data=path.parent / "data", roots=(path.parent,)))


def resolve_keys(keys: Sequence[tuple[float, float]], *more: float) -> dict[str, Any]:
    """Seconds of the timeline and of the source, eased or not, tangents."""
    rest = list(more) or [0.0, 0.0, 0.0, 0.0]
    return {"Resolve_OTIO": {"Key Frames": [[float(t), float(v), False, *rest] for t, v in keys]}}


def ours(folder: Path) -> Path:
    """As our readers write it, and `place` back into the edit."""
    points = [[str(Fraction(t) - 1), str(Fraction(v) - 1)] for t, v in KEYS]
    return otio_of(folder, {"secondunit": {"version": 1, "ramp": {"points": points}}}, 30)


def hiero(folder: Path) -> Path:
    """For each frame, how far from its own."""
    ramp = Ramp(points=tuple((Fraction(t), Fraction(v)) for t, v in KEYS))
    at = [ramp.at(1 + Fraction(n, 30)) for n in range(120)]
    lookup = [float((v or 0) * 30 - 30 - n) for n, v in enumerate(at)]
    return otio_of(folder, {"length": 4.0, "lookup": lookup}, 30)


WAYS: dict[str, Callable[[Path], Path]] = {
    "FCPXML": lambda folder: fcpxml(folder, time_map(KEYS)),
    "FCP7": lambda folder: fcp7(folder, graph(KEYS)),
    "Premiere's XML": lambda folder: fcp7(folder, EDGES + graph(KEYS)),
    "Resolve": lambda folder: otio_of(folder, resolve_keys(KEYS), 30),
    "ours": ours,
    "Hiero": hiero,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_ramp_shows_the_frames_that_its_host_shows(train: Path, way: str) -> None:
    edit = read_edit(WAYS[way](train))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.before is not None and shot.record.start == 120
    shown = shot.before.shown.indexes
    ramp = Ramp(points=tuple((Fraction(t), Fraction(v)) for t, v in KEYS))
    expected = [int((ramp.at(1 + Fraction(n, 30)) or 0) * 30) for n in range(120)]
    assert list(shown) == expected[-len(shown) :] and len(shown) > 60
    if way != "Hiero":  # which says nothing of what the cut does not show
        assert shot.before.beyond.indexes[:2] == (195, 195)


@pytest.mark.parametrize(("played", "frame"), [*zip(PLAYED, AT, strict=True)])
def test_a_ramp_is_straight_between_its_points(played: Fraction, frame: int) -> None:
    ramp = Ramp(points=tuple((Fraction(t), Fraction(v)) for t, v in KEYS))
    there = ramp.at(Fraction(played))
    assert there is not None and int(there * 30) == frame
    assert ramp.later(Fraction(1)).at(Fraction(played) - 1) == there
    assert ramp.moment(there) == played
    assert ramp.at(Fraction(9)) is None and ramp.moment(Fraction(-1)) is None


def test_a_ramp_that_goes_back_and_holds_is_followed(train: Path) -> None:
    keys = [(0, 4), (2, 2), (4, 2), (8, 6)]
    edit = read_edit(fcpxml(train, time_map(keys), start="0s"))
    (shot,) = edit.shots
    assert shot.before is not None
    assert shot.before.shown.indexes[-1] == 60 and shot.before.beyond.indexes[:2] == (60, 61)


def test_a_marker_on_a_ramp_stands_where_its_frame_of_the_file_is_seen(train: Path) -> None:
    """Frame 120 of the file is seen after three seconds: 60 frames into the clip."""
    path = WAYS["Resolve"](train)
    edit = otio.adapters.read_from_file(str(path))
    edit.tracks[0][0].markers.append(marker("gen: animate; frames: 24", 120))
    otio.adapters.write_to_file(edit, str(path))
    still = next(shot.still for shot in read_edit(path).shots if shot.still is not None)
    assert still.indexes == (120,)


@pytest.mark.parametrize("keys", [KEYS, [(0, 0), (8, 16)], [(0, 16), (8, 0)]])
def test_a_marker_of_final_cut_s_stands_in_what_is_played(
    train: Path, keys: Sequence[tuple[float, float]]
) -> None:
    """Two seconds into the clip, whatever its speed."""
    mark = '<marker start="3s" value="x" note="gen: animate; frames: 24"/>'
    edit = read_edit(fcpxml(train, time_map(keys) + mark))
    assert edit.faults == ()
    shot = next(shot for shot in edit.shots if shot.still is not None)
    before = next(shot for shot in edit.shots if shot.before is not None).before
    assert shot.still is not None and before is not None
    # The bridge sees 62 frames of the clip; the 60th from its end is frame 60 of 120.
    assert shot.still.indexes[0] == before.shown.indexes[-60]


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda f: fcpxml(f, time_map(KEYS, ' inTime="1s" outTime="1s"')), ""),
        (lambda f: fcpxml(f, time_map(KEYS, ' inTime="1s"').replace("linear", "smooth2")), "eases"),
        (lambda f: fcp7(f, graph(KEYS, "<inbez><horiz>1</horiz></inbez>")), "eases"),
    ],
)
def test_rounded_corners_are_said(train: Path, write: Callable[[Path], Path], says: str) -> None:
    edit = read_edit(write(train))
    assert edit.faults == () and len(edit.shots) == 1
    assert any("eases from speed to speed" in one for one in edit.notices) == bool(says)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda f: fcp7(f, ""), "changes speed by 'timeremap', which we do not follow"),
        (lambda f: fcp7(f, graph(KEYS), "TRUE"), "by 'timeremap', which we do not follow"),
        (lambda f: fcp7(f, graph(KEYS[::-1])), "which we do not follow"),
        (lambda f: otio_of(f, resolve_keys(KEYS, 0.5, 0.0, 0.5, 0.0), 30), "how it eases"),
        (lambda f: otio_of(f, resolve_keys(KEYS), 150), "where in the ramp the clip begins"),
        (lambda f: otio_of(f, {"Resolve_OTIO": {"Key Frames": [[0]]}}, 30), "cannot be read"),
        (lambda f: otio_of(f, {"Resolve_OTIO": {"Key Frames": 7}}, 30), "cannot be read"),
        (lambda f: otio_of(f, {"lookup": ["a", "b"]}, 30), "cannot be read"),
        (lambda f: otio_of(f, {"lookup": [1e18, 0.0]}, 30), "further apart than any file"),
        (lambda f: otio_of(f, {"lookup": [0.0] * 100_001}, 30), "100001 points"),
        (lambda f: otio_of(f, {"PremierePro_OTIO": {"MatchName": "AE.ADBE Time Remapping"}}, 30),
         "changes speed by 'TimeWarp', which we do not follow"),
    ],
)  # fmt: skip
def test_a_ramp_that_is_not_given_exactly_is_refused_by_the_name_of_its_clip(
    train: Path, write: Callable[[Path], Path], says: str
) -> None:
    edit = read_edit(write(train))
    (fault,) = edit.faults
    assert edit.shots == () and says in fault.what
    assert fault.what.startswith("'train' ") and "bake the retime" in fault.what
    assert fault.path == "tracks[0].children[0].effects[0]"


def test_a_retime_of_a_ramp_takes_a_speed_of_its_own(train: Path) -> None:
    for words, says in (("gen: retime", "only a constant one"), ("gen: retime; speed: 50%", "")):
        path = WAYS["Resolve"](train)
        edit = otio.adapters.read_from_file(str(path))
        del edit.tracks[0][1].markers[:]
        edit.tracks[0][0].markers.append(marker(words, 30))
        otio.adapters.write_to_file(edit, str(path))
        found = read_edit(path)
        assert [says in fault.what for fault in found.faults] == ([True] if says else [])
    footage = found.shots[0].footage
    assert footage is not None and footage.index(0) == 30 and footage.index(2) == 31


def test_the_ramp_of_a_real_export_of_hieros_is_followed(shared: Path) -> None:
    """Eleven frames: the first shows two frames after its own, the last two before."""
    timeline = read(shared / "timelines" / "hiero" / "ayon_qt_timewarp.otio")
    (warped,) = timeline.find_clips()
    (effect,) = [one for one in warped.effects if type(one) is otio.schema.TimeEffect]
    ramp, frame = ramp_of(effect, warped, "here"), Fraction(1001, 24000)
    assert ramp.at(Fraction(0)) == 2 * frame
    assert ramp.at(10 * frame) == 8 * frame
    assert ramp.at(11 * frame) is None


def test_two_speeds_that_change_are_refused(train: Path) -> None:
    path = WAYS["Resolve"](train)
    edit = otio.adapters.read_from_file(str(path))
    edit.tracks[0][0].effects.append(otio.schema.LinearTimeWarp(time_scalar=2))
    otio.adapters.write_to_file(edit, str(path))
    (fault,) = read_edit(path).faults
    assert "a constant speed and one that changes" in fault.what


def test_an_effect_of_no_known_host_names_the_clip() -> None:
    with pytest.raises(Refused, match="'here' changes speed by 'Warp'"):
        ramp_of(
            otio.schema.TimeEffect(effect_name="Warp"), otio.schema.Clip(name="here"), "effects[0]"
        )
