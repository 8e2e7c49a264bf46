"""Requests inside nested sequences: found there, counted there, once for each sequence."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.plan.build import plan_timeline
from secondunit.plan.planned import Options
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Edit
from secondunit.units import FrameRange, Rate

from tests.timeline.cuts import around, asking, asking_at, clip, config, gap, marker, save, span
from tests.timeline.formats.one_cut import SRC

BRIDGE = "gen: bridge; seed: 7"


def stack(*tracks: otio.core.Item, start: float = 0, frames: float = 60) -> otio.schema.Stack:
    """A nested sequence, trimmed."""
    made = otio.schema.Stack(name="nest", source_range=span(start, frames))
    made.extend(tracks)
    return made


def track(*items: otio.core.Item) -> otio.schema.Track:
    """A track of picture."""
    made = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    made.extend(items)
    return made


def asked(*inside: otio.core.Item, start: float = 0) -> otio.schema.Stack:
    """A nested sequence with a gap that asks, or with these items."""
    return stack(track(*(inside or around(asking(BRIDGE)))), start=start)


def found(path: Path) -> Edit:
    edit = find_shots(path, config=config(path.parent))
    assert edit.faults == ()
    return edit


def test_a_request_in_a_nested_sequence_counts_from_that_sequence_s_start(train: Path) -> None:
    """Trimmed and late as it is, the shot is where the sequence itself has it."""
    edit = found(save(train, [gap(100), asked(start=40)], start=108000))
    (shot,) = edit.shots
    assert shot.record == FrameRange(start=48, frames=24)
    assert (shot.timecode_start, edit.timecode_start) == (0, 108000)
    assert shot.before is not None and shot.before.shown.indexes[-1] == 147
    assert shot.after is not None and shot.after.shown.indexes[0] == 172
    assert (shot.place.ways, shot.place.track, shot.place.item) == (((0, 1),), 0, 1)
    assert shot.place.path == "tracks[0].children[1].children[0].children[1].markers[0]"
    assert "is a nested sequence with requests of its own" in edit.notices[0]


def test_the_same_sequence_opened_and_exported_asks_for_the_same_take(train: Path) -> None:
    inside = found(save(train, [gap(100), asked()])).shots[0]
    alone = found(save(train, around(asking(BRIDGE)), name="alone")).shots[0]
    assert inside.id == alone.id
    plans = [
        plan_timeline(train / f"{name}.otio", Options(), config(train)).shots[0]
        for name in ("cut", "alone")
    ]
    assert plans[0].digest == plans[1].digest


def test_a_sequence_that_is_used_twice_asks_once(train: Path) -> None:
    other = asked(*around(asking("gen: bridge; seed: 8")))
    path = save(train, [asked(), gap(10), asked(start=40)], [gap(200), other])
    shots = found(path).shots
    assert [shot.place.ways for shot in shots] == [((0, 0), (0, 2)), ((1, 1),)]
    assert len({shot.id for shot in shots}) == 2
    assert [shot.request.seed for shot in shots] == [7, 8]


def test_a_sequence_in_a_sequence_is_looked_into(train: Path) -> None:
    outer = stack(track(gap(10), asked()))
    (shot,) = found(save(train, [outer, gap(5), outer.deepcopy()])).shots
    assert shot.place.ways == ((0, 0, 0, 1), (0, 2, 0, 1))
    assert shot.place.path == (
        "tracks[0].children[0].children[0].children[1].children[0].children[1].markers[0]"
    )


@pytest.mark.parametrize("said", [None, "Resolve_OTIO", "PremierePro_OTIO"])
def test_a_nested_sequence_counts_at_its_own_rate(train: Path, said: str | None) -> None:
    """As most of it is cut at, unless its host says; the timeline runs at 30."""
    inside = [
        clip("train.m4v", 0, 40, rate=25), asking_at(BRIDGE, 20, 25),
        clip("train.m4v", 300, 40, rate=25),
    ]  # fmt: skip
    nest = asked(*inside)
    if said is not None:
        key = "Sequence Fps" if said == "Resolve_OTIO" else "VideoFrameRate"
        nest.metadata[said] = {key: 50.0}
    edit = found(save(train, [nest], start=0))
    (shot,) = edit.shots
    times = 1 if said is None else 2
    assert shot.rate == Rate(num=25 * times) and edit.rate == Rate(num=30)
    assert shot.record == FrameRange(start=40 * times, frames=20 * times)


def test_takes_of_the_timeline_and_of_what_is_nested_have_ids_of_their_own(train: Path) -> None:
    shots = found(save(train, [*around(asking(BRIDGE)), asked()])).shots
    assert [shot.place.ways for shot in shots] == [(), ((0, 3),)]
    assert shots[0].id != shots[1].id


def test_what_is_wrong_inside_is_named_with_its_place(train: Path) -> None:
    nest = asked(clip("train.m4v", 100, 48), asking("gen: bridge; handels: 4"))
    edit = find_shots(save(train, [gap(5), nest]), config=config(train))
    assert edit.shots == ()
    places = {fault.path.partition(".markers")[0] for fault in edit.faults}
    assert places == {"tracks[0].children[1].children[0].children[1]"}
    lost = asked(clip("gone.mov", 0, 48), asking(BRIDGE), clip("train.m4v", 172, 48))
    (fault,) = find_shots(save(train, [lost]), config=config(train)).faults
    assert fault.path == "tracks[0].children[0].children[0].children[0].media_reference"


def test_what_is_switched_off_asks_for_nothing(train: Path) -> None:
    off, hidden = asked(), asked()
    off.enabled, hidden[0].enabled = False, False
    assert found(save(train, [off, gap(5), hidden])).shots == ()


def test_the_marker_of_a_nested_sequence_is_about_its_place_in_the_outer_one(train: Path) -> None:
    nest = stack(track(clip("train.m4v", 100, 60)))
    nest.markers.append(marker("gen: extend; frames: 12; edge: head"))
    (shot,) = found(save(train, [gap(20), nest])).shots
    assert shot.place.ways == () and shot.record == FrameRange(start=8, frames=12)


def test_a_track_in_a_track_is_named_and_left_alone(train: Path) -> None:
    inner = track(*around(asking(BRIDGE)))
    edit = found(save(train, [inner]))
    assert edit.shots == ()
    assert "open the compound and export it by itself" in edit.notices[0]


def test_requests_deeper_than_any_edit_nests_are_refused(train: Path) -> None:
    nest = asked()
    for _ in range(21):
        nest = stack(track(nest))
    with pytest.raises(Exception, match="nested deeper than 20 levels"):
        find_shots(save(train, [nest]), config=config(train))


def test_a_compound_clip_of_final_cut_s_is_asked_in(train: Path) -> None:
    text = (
        '<fcpxml version="1.11"><resources><format id="r1" frameDuration="100/3000s"/>'
        f'{SRC}<media id="c1" name="nest"><sequence format="r1" tcStart="3600s"><spine>'
        '<asset-clip name="a" ref="r2" offset="3600s" start="2s" duration="2s"/>'
        '<gap offset="3602s" start="0s" duration="1s"><marker start="0s" value="x" '
        f'note="{BRIDGE}"/></gap><asset-clip name="b" ref="r2" offset="3603s" start="6s" '
        'duration="2s"/></spine></sequence></media></resources><project name="cut">'
        '<sequence format="r1" tcStart="0s"><spine><gap offset="0s" start="0s" duration="3s"/>'
        '<ref-clip name="nest" ref="c1" offset="3s" start="3601s" duration="3s"/></spine>'
        "</sequence></project></fcpxml>"
    )
    path = train / "cut.fcpxml"
    path.write_text(text)
    (shot,) = found(path).shots
    assert shot.record == FrameRange(start=60, frames=30)
    assert shot.before is not None and shot.before.shown.indexes[-1] == 119


def test_a_nested_sequence_of_final_cut_7_s_is_asked_in(train: Path) -> None:
    rate = "<rate><timebase>30</timebase><ntsc>FALSE</ntsc></rate>"
    one = (
        "<clipitem><name>train</name>{rate}<start>{start}</start><end>{end}</end><in>{into}</in>"
        '<out>{out}</out><file id="f"><name>train.m4v</name><pathurl>train.m4v</pathurl>{rate}'
        "<duration>704</duration></file></clipitem>"
    )
    inside = "".join(
        one.format(rate=rate, start=start, end=start + 48, into=into, out=into + 48)
        for start, into in ((0, 100), (72, 172))
    )
    mark = f"<marker><name>x</name><comment>{BRIDGE}</comment><in>50</in><out>-1</out></marker>"
    nest = f"<sequence id='n'><name>nest</name>{rate}<media><video><track>{inside}</track>" \
           f"</video></media>{mark}</sequence>"  # fmt: skip
    use = "<clipitem><name>nest</name>{rate}<start>{start}</start><end>{end}</end><in>0</in>" \
          "<out>60</out>{nest}</clipitem>"  # fmt: skip
    row = use.format(rate=rate, start=0, end=60, nest=nest)
    row += use.format(rate=rate, start=80, end=140, nest="<sequence id='n'/>")
    path = train / "cut.xml"
    path.write_text(
        f"<xmeml version='5'><sequence id='top'><name>cut</name>{rate}<media><video><track>{row}"
        "</track></video></media></sequence></xmeml>"
    )
    (shot,) = found(path).shots
    assert shot.record == FrameRange(start=48, frames=24)
    assert shot.place.ways == ((0, 0), (0, 2))
