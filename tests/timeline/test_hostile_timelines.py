"""Files that were made to hurt: one clear sentence each, soon, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from secondunit.config import Config
from secondunit.errors import Refused, one_line
from secondunit.timeline.select import find_shots
from secondunit.units import Rate

DEEP = 100_000


def clip(value: str = "0", frames: str = "10", rate: str = "24", name: str = "a") -> str:
    """A clip in JSON, its numbers as they are spelt."""

    def time(number: str) -> str:
        return f'{{"OTIO_SCHEMA": "RationalTime.1", "value": {number}, "rate": {rate}}}'

    return (
        f'{{"OTIO_SCHEMA": "Clip.1", "name": {json.dumps(name)}, "media_reference": null, '
        f'"metadata": {{}}, "source_range": {{"OTIO_SCHEMA": "TimeRange.1", '
        f'"start_time": {time(value)}, "duration": {time(frames)}}}}}'
    )


def edit(*items: str, start: str = "null") -> str:
    """A timeline of these clips."""
    return (
        f'{{"OTIO_SCHEMA": "Timeline.1", "name": "t", "global_start_time": {start}, "tracks": '
        '{"OTIO_SCHEMA": "Stack.1", "children": [{"OTIO_SCHEMA": "Track.1", "kind": "Video", '
        f'"children": [{", ".join(items)}]}}]}}}}'
    )


def start(value: str, rate: str = "24") -> str:
    return f'{{"OTIO_SCHEMA": "RationalTime.1", "value": {value}, "rate": {rate}}}'


def nested(levels: int) -> str:
    """A sequence in a sequence, and so on."""
    head = '{"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": ['
    head += '{"OTIO_SCHEMA": "Stack.1", "children": ['
    top = '{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": ['
    return f"{top}{head * levels}{']}]}' * levels}]}}}}"


def xml(base: str = "24", end: str = "10", into: str = "0") -> str:
    return (
        f"<xmeml><sequence><name>s</name><rate><timebase>{base}</timebase></rate><media><video>"
        f"<track><clipitem><name>n</name><start>0</start><end>{end}</end><in>{into}</in>"
        "<out>10</out></clipitem></track></video></media></sequence></xmeml>"
    )


def fcpxml(frame: str = "1/24s", first: str = "0s", length: str = "1s") -> str:
    return (
        f'<fcpxml><resources><format id="f" frameDuration="{frame}"/><asset id="a" src="x.mov" '
        f'format="f" hasVideo="1"/></resources><project name="p"><sequence format="f" '
        f'tcStart="{first}"><spine><asset-clip ref="a" offset="0s" duration="{length}"/></spine>'
        "</sequence></project></fcpxml>"
    )


def edl(times: str, more: str = "") -> str:
    return f"TITLE: t\n001 A V C {times}\n{more}"


SECOND = "01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00"
CASES: list[tuple[str, Callable[[], str], str]] = [
    ("cut.otio", lambda: "[" * DEEP, "nested deeper than 200 levels"),
    ("cut.otio", lambda: '{"a":' * DEEP + "1" + "}" * DEEP, "nested deeper than 200 levels"),
    ("cut.otio", lambda: nested(400), "nested deeper than 200 levels"),
    ("cut.otio", lambda: edit(clip(rate="0")), "a rate of 0 frames"),
    ("cut.otio", lambda: edit(clip(rate="-24")), "a rate of -24 frames"),
    ("cut.otio", lambda: edit(clip(rate="1e300")), "a rate of 1e+300 frames"),
    ("cut.otio", lambda: edit(clip(rate="1e6")), "we count 1 to 999"),
    ("cut.otio", lambda: edit(clip(rate="0.01")), "we count 1 to 999"),
    ("cut.otio", lambda: edit(clip(value="NaN")), "nan is no number"),
    ("cut.otio", lambda: edit(clip(frames="Infinity")), "inf is no number"),
    ("cut.otio", lambda: edit(clip(value="1e300")), "a time of 1e+300 frames"),
    ("cut.otio", lambda: edit(clip(frames="-5")), "a duration of -5 frames"),
    ("cut.otio", lambda: edit(clip(value="9" * 5000)), "a whole number of thousands of digits"),
    ("cut.otio", lambda: edit(clip(value="9" * 400)), "a number of 400 digits does not fit"),
    ("cut.otio", lambda: edit(clip(), start=start("1e12")), "further than we count"),
    ("cut.otio", lambda: edit(clip(), start=start("NaN")), "nan is no number"),
    ("cut.otio", lambda: edit(clip(), start=start("0", "0")), "a rate of 0 frames"),
    ("cut.otio", lambda: edit(clip(name="\ud800")), "surrogate"),
    ("cut.xml", lambda: f"<xmeml>{'<a>' * DEEP}", "nested deeper than 200 levels"),
    ("cut.fcpxml", lambda: f"<fcpxml>{'<a>' * DEEP}", "nested deeper than 200 levels"),
    ("cut.xml", lambda: xml(base="0"), "no rate, or one that is none: timebase '0'"),
    ("cut.xml", lambda: xml(base="-5"), "timebase '-5'"),
    ("cut.xml", lambda: xml(base="nan"), "timebase 'nan'"),
    ("cut.xml", lambda: xml(base="1e300"), "timebase '1e300'"),
    ("cut.xml", lambda: xml(end="9" * 400), "99999999999999999999, a number of 400 digits"),
    ("cut.xml", lambda: xml(end="9" * 5000), "no whole number of frames"),
    ("cut.xml", lambda: xml(into="nan"), "no whole number of frames"),
    ("cut.fcpxml", lambda: fcpxml(frame="0s"), "no frame duration"),
    ("cut.fcpxml", lambda: fcpxml(frame="1/0s"), "'1/0s' is no time of seconds"),
    ("cut.fcpxml", lambda: fcpxml(frame="-1/24s"), "no frame duration"),
    ("cut.fcpxml", lambda: fcpxml(frame="NaN"), "'NaN' is no time of seconds"),
    ("cut.fcpxml", lambda: fcpxml(first="9" * 19 + "s"), "is no time of seconds"),
    ("cut.fcpxml", lambda: fcpxml(length="99999999s"), "a time of 2.4e+09 frames"),
    ("cut.fcpxml", lambda: fcpxml(length="1e300s"), "is no time of seconds"),
    ("cut.edl", lambda: edl(SECOND.replace("01:00:01", "00:00:00")), "ends before it begins"),
    ("cut.edl", lambda: edl(SECOND.replace(":01:", ":99:")), "is no timecode"),
    ("cut.edl", lambda: edl(SECOND, "M2 A 1e999 01:00:00:00"), "is no M2 line"),
    ("cut.edl", lambda: edl(SECOND, f"M2 A {'9' * 5000} 01:00:00:00"), "is no M2 line"),
    ("cut.ale", lambda: "Heading\nFPS\tnan\nColumn\nName\nData\na", "an FPS of 'nan'"),
    ("cut.ale", lambda: "Heading\nFPS\t1e300\nColumn\nName\nData\na", "an FPS of '1e300'"),
    ("cut.aaf", lambda: "\xd0\xcf\x11\xe0", "is no AAF, whatever its name says"),
]


@pytest.mark.parametrize(("name", "make", "says"), CASES)
def test_a_hostile_timeline_is_refused_in_a_sentence(
    tmp_path: Path, name: str, make: Callable[[], str], says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make().encode("utf-8", "surrogatepass"))
    began = perf_counter()
    with pytest.raises(Refused) as caught:
        find_shots(path, config=Config(data=tmp_path / "data"), rate=Rate(num=24))
    assert perf_counter() - began < 5
    assert says in str(caught.value)
    assert all(len(fault.what) < 300 and fault.what.isprintable() for fault in caught.value.faults)
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["a\x01b", "two\nlines", "\u202eturned", "\x1b[31mred", "tab\there"]
)
def test_a_name_cannot_paint_over_what_is_said_of_it(tmp_path: Path, name: str) -> None:
    marked = clip(name=name).replace(
        '"metadata": {}',
        '"metadata": {"secondunit": {"version": 1, "request": {"operation": "animate"}}}',
    )
    gone = '{"OTIO_SCHEMA": "ExternalReference.1", "target_url": "gone.mov"}'
    marked = marked.replace('"media_reference": null', f'"media_reference": {gone}')
    path = tmp_path / "cut.otio"
    path.write_text(edit(marked).replace('"name": "t"', f'"name": {json.dumps(name)}'))
    found = find_shots(path, config=Config(data=tmp_path / "data"))
    (fault,) = found.faults
    shown = one_line(name)
    assert fault.what.startswith(f"'{shown}'") and fault.what.isprintable()
    assert found.name == shown and shown.isprintable()


def test_words_of_any_script_are_left_as_they_are() -> None:
    for words in ("Straße", "日本語　テスト", "עברית", "👩‍🎬 take", "a\u00a0b"):
        assert one_line(words) == words
    assert one_line("a\nb\tc\0d\u202ee\ud800") == "a b c\ufffdd\ufffde\ufffd"
