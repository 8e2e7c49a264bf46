"""Every timeline that editors wrote for us: what is read of it, or why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.cut import rate_of
from secondunit.timeline.read import reading
from secondunit.timeline.select import find_shots
from secondunit.units import Rate, timecode


@dataclass(frozen=True)
class Read:
    """What a file holds."""

    file: str
    rate: str
    start: str
    video: int
    audio: int
    clips: int
    gaps: int
    transitions: int
    markers: int
    given: int | None = None
    """The rate that its caller gives."""
    sequence: str | None = None
    """The name of the one that its caller means, of a file that holds several."""


@dataclass(frozen=True)
class Refused:
    """Why a file is not read: the only sentence."""

    file: str
    says: str
    given: int | None = None


READ = [
    Read("aaf/avid_2997fps-DFTC.aaf", "30000/1001", "05:00:00;00", 1, 6, 7, 0, 0, 0),
    Read("aaf/avid_multiple_markers.aaf", "24", "01:00:00:00", 5, 0, 22, 7, 0, 10),
    Read("aaf/avid_nested_stack.aaf", "24", "01:00:00:00", 1, 0, 8, 6, 0, 0),
    Read("ale/sample.ale", "24", "00:00:00:00", 4, 0, 4, 0, 0, 0),
    Read("aswf/h264-crf-results.otio", "25", "00:00:00:00", 1, 0, 3, 0, 0, 0),
    Read("edl/otio_25fps.edl", "25", "00:00:00:00", 1, 0, 4, 0, 0, 0, given=25),
    Read("edl/otio_cdl.edl", "24", "00:00:00:00", 1, 0, 2, 0, 0, 0, given=24),
    Read("edl/otio_dissolve_test_3.edl", "24", "01:00:00:00", 1, 0, 3, 0, 1, 0, given=24),
    Read("edl/otio_dissolve_test_fail.edl", "24", "01:00:00:00", 1, 0, 3, 0, 1, 0, given=24),
    Read("edl/otio_gap_test.edl", "24", "00:00:00:00", 1, 0, 3, 2, 0, 0, given=24),
    Read("edl/otio_speed_effects_small.edl", "24", "01:00:00:00", 1, 0, 5, 2, 0, 0, given=24),
    Read("edl/pyedl_test_2398.edl", "25", "00:00:00:00", 1, 1, 10, 1, 2, 0, given=25),
    Read("edl/pyedl_test_2997DF.edl", "25", "00:00:00:00", 1, 1, 10, 1, 2, 0, given=25),
    Read("edl/pyedl_test_50.edl", "50", "00:00:00:00", 1, 1, 10, 1, 2, 0, given=50),
    Read("fcp7xml/premiere_example.xml", "30", "00:00:00:00", 4, 8, 31, 18, 2, 7),
    Read("fcp7xml/sample_just_track.xml", "30", "00:00:00:00", 0, 0, 0, 0, 0, 0),
    Read("fcpxml/fcpx_clips.fcpxml", "30", "00:00:00:00", 2, 0, 2, 0, 0, 1),
    Read("fcpxml/fcpx_example.fcpxml", "30", "00:00:00:00", 3, 1, 31, 35, 3, 8),
    Read("fcpxml/fcpx_example.fcpxml", "30", "00:00:00:00", 3, 1, 31, 35, 3, 8,
         sequence="OpenTimeline_Project 1"),
    Read("fcpxml/fcpx_transitions.fcpxml", "30", "00:00:00:00", 1, 0, 3, 0, 2, 0),
    Read("hiero/ayon_qt_timewarp.otio", "24000/1001", "00:00:00:00", 1, 0, 1, 0, 0, 1),
    Read("hiero/ayon_timeline.otio", "24000/1001", "01:00:00:00", 4, 1, 15, 3, 0, 7),
    Read("malformed/marker3_future_schema.otio", "24", "01:00:00:00", 1, 0, 1, 0, 0, 1),
    Read("otio/generator_reference_test.otio", "24", "00:00:00:00", 1, 0, 1, 0, 0, 0),
    Read("otio/multitrack.otio", "24", "00:00:00:00", 3, 0, 5, 7, 0, 0),
    Read("otio/nested_example.otio", "24", "00:00:00:00", 1, 0, 7, 0, 0, 0),
    Read("otio/screening_example.otio", "24", "00:00:00:00", 1, 0, 9, 0, 0, 3),
    Read("otio/transition_test.otio", "24", "00:00:00:00", 1, 0, 3, 0, 3, 0),
    Read("raven/timecode_rates.otio", "24", "00:00:00:00", 6, 0, 6, 0, 0, 0),
    Read("resolve/ayon_movie_with_handles.otio", "25", "00:00:00:00", 1, 0, 1, 0, 0, 1),
    Read("resolve/ayon_qt_embedded_tc.otio", "25", "00:00:00:00", 1, 0, 1, 0, 0, 1),
    Read("resolve/ayon_qt_retimed_speed.otio", "25", "00:00:00:00", 1, 0, 1, 0, 0, 1),
    Read("resolve/resolve_effects_picchu.otio", "24", "01:00:00:00", 8, 11, 37, 23, 1, 0),
    Read("synthetic/rate_23.976.otio", "24000/1001", "01:00:00:00", 1, 0, 2, 1, 0, 0),
    Read("synthetic/rate_29.97.otio", "30000/1001", "01:00:00:00", 1, 0, 2, 1, 0, 0),
    Read("synthetic/resolve_shape_generator_transition.otio", "24", "01:00:00:00", 1, 0, 3, 0, 1,
         0),
    Read("synthetic/resolve_shape_marker_requests.otio", "24", "01:00:00:00", 1, 0, 2, 1, 0, 2),
    Read("synthetic/retime_200_resolve_convention.otio", "24", "01:00:00:00", 1, 0, 2, 0, 0, 0),
    Read("tlrender/AudioTonesAndVideo.otio", "24", "00:00:00:00", 1, 1, 24, 24, 0, 0),
    Read("tlrender/Markers.otio", "30", "00:00:00:00", 1, 1, 4, 2, 0, 8),
    Read("tlrender/MissingMedia.otio", "30", "00:00:00:00", 2, 1, 6, 0, 3, 0),
    Read("tlrender/MultipleMediaRefs.otio", "24", "00:00:00:00", 1, 0, 2, 0, 0, 0),
    Read("tlrender/MultipleRates.otio", "24000/1001", "00:00:00:00", 1, 0, 1, 2, 0, 0),
    Read("tlrender/SingleClip.otioz", "30", "00:00:00:00", 1, 1, 2, 0, 0, 0),
    Read("tlrender/SingleClipSeq.otio", "30", "00:00:00:00", 1, 1, 2, 0, 0, 0),
    Read("tlrender/TransitionGap.otio", "30", "00:00:00:00", 1, 1, 4, 2, 4, 0),
    Read("toucan/Generator.otio", "24", "00:00:00:00", 1, 0, 8, 0, 0, 0),
]  # fmt: skip

REFUSED = [
    Refused("edl/otio_25fps.edl", "'otio_25fps.edl' does not say its rate, as no edit decision "
            "list does; its timecodes count up to frame 24: give it, as in --rate 25 @ rate"),
    Refused("edl/pyedl_test_2398.edl", "'01:00:59:24' does not exist at 24 frames per second; was "
            "the right rate given? --rate 24 @ line 3\n'00:00:59:24' does not exist at 24 frames "
            "per second; was the right rate given? --rate 24 @ line 9", given=24),
    Refused("edl/synthetic_resolve_timeline_markers.edl",
            "'synthetic_resolve_timeline_markers.edl' lists the markers of a timeline, not its "
            "cuts: export the cut beside it, and call the two CUT.otio (or .edl, .xml, .fcpxml, "
            ".aaf) and CUT_markers.edl @ file", given=24),
    Refused("malformed/active_key_absent.otio", "no media reference 'take_9'; there are: "
            "'DEFAULT_MEDIA' @ tracks.children[0].children[0].active_media_reference_key"),
    Refused("malformed/bom.otio",
            "'bom.otio' starts with a byte order mark; save it as plain UTF-8 @ file"),
    Refused("malformed/custom_effect_schema.otio", "unknown schema GenerativeEffect.1: a plug-in "
            "wrote it; export without it, or keep its data in metadata @ "
            "tracks.children[0].children[0].effects[6].OTIO_SCHEMA"),
    Refused("malformed/empty_file.otio", "'empty_file.otio' is empty @ file"),
    Refused("malformed/nan_value.otio", "nan is no number that JSON or time knows @ "
            "tracks.children[0].children[0].source_range.start_time.value"),
    Refused("malformed/truncated.otio", "the file breaks off: Unterminated string starting at @ "
            "line 1 column 899"),
    Refused("malformed/zero_rate.otio", "a rate of 0 frames per second @ "
            "tracks.children[0].children[0].source_range.duration.rate"),
]  # fmt: skip


def given(row: Read | Refused) -> Rate | None:
    """As the caller gives it."""
    return None if row.given is None else Rate(num=row.given)


@pytest.mark.parametrize("row", READ, ids=lambda row: f"{row.file} {row.sequence or ''}".strip())
def test_a_real_timeline_is_read(shared: Path, tmp_path: Path, row: Read) -> None:
    if row.file.endswith(".aaf"):
        pytest.importorskip("otio_aaf_adapter", reason="AAF is an extra: secondunit[aaf]")
    path = shared / "timelines" / row.file
    found = reading(path, rate=given(row), sequence=row.sequence, data=tmp_path).timeline
    config = Config(data=tmp_path)
    edit = find_shots(path, config=config, rate=given(row), sequence=row.sequence)
    kinds = [t.kind if isinstance(t, otio.schema.Track) else "" for t in found.tracks]
    items = list(found.tracks.find_children())
    carriers = [one for one in (found.tracks, *items) if isinstance(one, otio.core.Item)]

    def count(kind: type) -> int:
        return sum(isinstance(one, kind) for one in items)

    assert row == Read(
        row.file, str(edit.rate),
        timecode(edit.timecode_start, edit.rate, drop_frame=edit.drop_frame),
        kinds.count("Video"), kinds.count("Audio"), count(otio.schema.Clip),
        count(otio.schema.Gap), count(otio.schema.Transition),
        sum(len(one.markers) for one in carriers), row.given, row.sequence,
    )  # fmt: skip
    assert rate_of(found) == edit.rate


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.file)
def test_a_timeline_that_is_not_read_says_why(shared: Path, tmp_path: Path, row: Refused) -> None:
    with pytest.raises(TimelineUnreadable) as caught:
        reading(shared / "timelines" / row.file, rate=given(row), data=tmp_path)
    assert str(caught.value) == row.says
    assert not list(tmp_path.iterdir())


def test_every_timeline_has_its_reading_written_down(shared: Path) -> None:
    folder = shared / "timelines"
    files = {str(p.relative_to(folder)) for p in folder.rglob("*.*") if p.name != "INDEX.md"}
    assert {row.file for row in (*READ, *REFUSED)} == files
