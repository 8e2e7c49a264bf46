"""FCPXML: storylines, connected clips, compound clips, retimes, notes, rates."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots

ASSET = '<asset id="a" name="train" src="train.m4v" start="{start}" duration="704/30s" ' \
        'hasVideo="1" hasAudio="1" format="f"/>'  # fmt: skip


def save(
    folder: Path, spine: str, *, frame: str = "100/3000s", start: str = "0s", more: str = "",
    sequence: str = 'tcStart="0s" tcFormat="NDF"',
) -> Path:  # fmt: skip
    """A project with this in its spine."""
    path = folder / "cut.fcpxml"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources>'
        f'<format id="f" frameDuration="{frame}"/>{ASSET.format(start=start)}{more}</resources>'
        f'<project name="cut"><sequence format="f" {sequence}><spine>{spine}</spine></sequence>'
        "</project></fcpxml>"
    )
    return path


def clip(inside: str = "", attributes: str = 'offset="0s" duration="2s"') -> str:
    """A clip of the asset."""
    return f'<asset-clip name="train" ref="a" {attributes}>{inside}</asset-clip>'


def rows(path: Path) -> list[list[otio.core.Composable]]:
    """The items of each track; copies, which live on without their timeline."""
    timeline = read(path)
    return [[one.deepcopy() for one in track] for track in timeline.tracks]


def source(one: otio.core.Composable) -> tuple[float, float]:
    """(first frame, frames)."""
    assert isinstance(one, otio.core.Item) and one.source_range is not None
    return one.source_range.start_time.value, one.source_range.duration.value


@pytest.mark.parametrize(
    ("frame", "rate"),
    [("1001/24000s", "24000/1001"), ("1001/30000s", "30000/1001"), ("1/25s", "25"),
     ("100/2500s", "25"), ("1001/60000s", "60000/1001")],
)  # fmt: skip
def test_a_rate_is_a_frame_duration(tmp_path: Path, frame: str, rate: str) -> None:
    late = clip(attributes='offset="3600s" duration="2s"')
    path = save(tmp_path, late, frame=frame, sequence='tcStart="3600s" tcFormat="NDF"')
    edit = find_shots(path, config=Config(data=tmp_path))
    assert str(edit.rate) == rate
    assert edit.timecode_start == round(3600 * float(edit.rate))


def test_drop_frame_is_said_by_the_sequence(tmp_path: Path) -> None:
    path = save(tmp_path, clip(), frame="1001/30000s", sequence='tcStart="0s" tcFormat="DF"')
    assert find_shots(path, config=Config(data=tmp_path)).drop_frame


def test_a_clip_without_a_start_begins_with_its_media(tmp_path: Path) -> None:
    ((whole,),) = rows(save(tmp_path, clip(), start="3600s"))
    assert source(whole) == (108000, 60)


def test_a_clip_in_a_clip_counts_in_the_time_of_its_media(tmp_path: Path) -> None:
    inside = '<clip name="c" offset="0s" start="5s" duration="2s">' \
             '<video ref="a" offset="4s" start="100/30s" duration="10s"/></clip>'  # fmt: skip
    ((one,),) = rows(save(tmp_path, inside))
    assert source(one) == (130, 60)


def test_connected_clips_are_tracks_above_and_below(tmp_path: Path) -> None:
    hung = '<asset-clip name="up" ref="a" lane="1" offset="4s" duration="1s"/>' \
           '<asset-clip name="low" ref="a" lane="-1" offset="3s" duration="1s"/>' \
           '<spine lane="2" offset="3s"><asset-clip name="second" ref="a" duration="1s"/>' \
           '<asset-clip name="third" ref="a" duration="1s"/></spine>'  # fmt: skip
    path = save(tmp_path, clip(hung, 'offset="0s" start="3s" duration="2s"'))
    timeline = read(path)
    names = [(t.name, [i.name for i in t], [source(i)[1] for i in t]) for t in timeline.tracks]
    assert names == [
        ("Video -1", ["low"], [30]),
        ("Video", ["train"], [60]),
        ("Video +1", ["", "up"], [30, 30]),
        ("Video +2", ["second", "third"], [30, 30]),
    ]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([("0s", "0s"), ("10s", "20s")], (("LinearTimeWarp", 2.0), 0)),
        ([("0s", "0s"), ("10s", "5s")], (("LinearTimeWarp", 0.5), 0)),
        ([("0s", "20s"), ("20s", "0s")], (("LinearTimeWarp", -1.0), 540)),
        ([("0s", "2s"), ("10s", "2s")], (("FreezeFrame", 0.0), 60)),
        ([("0s", "0s"), ("5s", "5s"), ("6s", "10s")], (("TimeEffect", None), 0)),
    ],
)
def test_a_time_map_of_one_slope_is_a_speed(
    tmp_path: Path, points: list[tuple[str, str]], expected: object
) -> None:
    said = "".join(f'<timept time="{t}" value="{v}" interp="linear"/>' for t, v in points)
    ((one,),) = rows(save(tmp_path, clip(f"<timeMap>{said}</timeMap>")))
    assert isinstance(one, otio.schema.Clip)
    (effect,) = one.effects
    kind = (type(effect).__name__, getattr(effect, "time_scalar", None))
    assert (kind, source(one)[0]) == expected


@pytest.mark.parametrize(
    "inside",
    ["<note>gen: animate; frames: 9</note>",
     '<marker start="1s" duration="1/30s" value="gen: animate; frames: 9"/>',
     '<marker start="1s" value="one" note="gen: animate; frames: 9"/>',
     '<chapter-marker start="1s" value="GEN animate 9f"/>'],
)  # fmt: skip
def test_every_place_for_words_may_ask(train: Path, inside: str) -> None:
    edit = find_shots(save(train, clip(inside)), config=Config(data=train / "data"))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.still is not None and shot.request.frames == 9
    assert shot.still.indexes == (0 if inside.startswith("<note") else 30,)


def test_a_compound_clip_is_footage_for_its_neighbours(train: Path) -> None:
    media = '<media id="m" name="nest"><sequence format="f" tcStart="3600s" duration="4s"><spine>' \
            + clip(attributes='offset="3600s" start="10s" duration="4s"') \
            + "</spine></sequence></media>"  # fmt: skip
    spine = '<ref-clip name="nest" ref="m" offset="0s" start="3601s" duration="2s"/>' \
            '<gap name="Gap" offset="2s" start="3600s" duration="1s">' \
            '<marker start="3600s" value="gen: bridge"/></gap>' \
            + clip(attributes='offset="3s" duration="2s"')  # fmt: skip
    edit = find_shots(save(train, spine, more=media), config=Config(data=train / "data"))
    (shot,) = edit.shots
    assert edit.faults == () and shot.before is not None
    assert shot.before.shown.indexes[-1] == 389


def test_the_angle_that_a_multicam_clip_shows_is_the_one_that_is_chosen(tmp_path: Path) -> None:
    media = '<media id="m"><multicam format="f" tcStart="0s">' \
            f'<mc-angle name="A" angleID="x">{clip()}</mc-angle>' \
            '<mc-angle name="B" angleID="y"><gap duration="1s" offset="0s"/>' \
            '<asset-clip name="b" ref="a" offset="1s" duration="2s"/></mc-angle>' \
            "</multicam></media>"  # fmt: skip
    spine = '<mc-clip name="cam" ref="m" offset="0s" start="1s" duration="1s">' \
            '<mc-source angleID="y" srcEnable="video"/></mc-clip>'  # fmt: skip
    ((stack,),) = rows(save(tmp_path, spine, more=media))
    assert isinstance(stack, otio.schema.Stack)
    assert [one.name for one in stack[0]] == ["", "b"] and source(stack) == (30, 30)


def test_of_an_audition_the_first_is_shown(tmp_path: Path) -> None:
    spine = f"<audition>{clip()}<title name='other' duration='2s'/></audition>"
    ((one,),) = rows(save(tmp_path, spine))
    assert one.name == "train"


def test_disabled_clips_stay_disabled(tmp_path: Path) -> None:
    ((one,),) = rows(save(tmp_path, clip(attributes='offset="0s" duration="2s" enabled="0"')))
    assert isinstance(one, otio.schema.Clip) and not one.enabled


def test_an_asset_without_a_file_is_known_by_name(train: Path) -> None:
    path = save(train, clip("<note>gen: extend; frames: 9</note>"))
    path.write_text(path.read_text().replace('src="train.m4v"', ""))
    (shot,) = find_shots(path, config=Config(data=train / "data")).shots
    assert shot.before is not None and shot.before.shown.media.path.name == "train.m4v"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('duration="2s"', 'duration="two"', "'two' is no time of seconds"),
        ('duration="2s"', 'duration="2/0s"', "'2/0s' is no time of seconds"),
        ('duration="2s"', 'duration="999999999999s"', "a time of 1e+12 s"),
        ('frameDuration="100/3000s"', "", "no frame duration"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = save(tmp_path, clip())
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TimelineUnreadable) as caught:
        read(path)
    assert says in str(caught.value)


def test_a_compound_clip_that_holds_itself_is_refused(tmp_path: Path) -> None:
    use = '<ref-clip name="n" ref="m" offset="0s" duration="1s"/>'
    media = (
        f'<media id="m"><sequence format="f" duration="1s"><spine>{use}</spine></sequence></media>'
    )
    with pytest.raises(TimelineUnreadable, match="nested deeper than 20 clips"):
        read(save(tmp_path, use, more=media))
