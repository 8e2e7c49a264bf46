"""Exports of other programs, cut down to their oddities: what is read of each, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.timeline.read import reading
from secondunit.units import Rate

AVID = """TITLE:   AVID CUT V12
FCM: NON-DROP FRAME
001  A001C003 V     C        01:00:10:00 01:00:14:00 01:00:00:00 01:00:04:00
* FROM CLIP NAME:  A001C003_220101_R1AB.NEW.01
* SOURCE FILE: A001C003
002  A002C001 AA/V  C        02:00:00:00 02:00:02:00 01:00:04:00 01:00:06:00
003  AX       AUD   C        00:00:00:00 00:00:01:00 01:00:06:00 01:00:07:00
004  A003     V     C        03:00:00:00 03:00:04:00 01:00:07:00 01:00:09:00
M2   A003             048.0                03:00:00:00
005  A003     V     C        03:00:10:00 03:00:12:00 01:00:09:00 01:00:11:00
M2   A003            -024.0                03:00:12:00
006  A004     NONE  C        00:00:00:00 00:00:01:00 01:00:11:00 01:00:12:00
007  A005     V     C        04:00:00:00 04:00:00:00 01:00:12:00 01:00:12:00
007  A006     V     D    024 04:00:00:00 04:00:02:00 01:00:12:00 01:00:14:00
EFFECTS NAME IS CROSS DISSOLVE
* FROM CLIP NAME:  A005
* TO CLIP NAME:  A006
* ASC_SOP (1.0 1.0 1.0)(0 0 0)(1 1 1)
"""
GVG = """TITLE:   GVG STYLE
0001 TAPE01 B     C        01:00:00:00 01:00:02:00 00:00:00:00 00:00:02:00
0002 TAPE02 V     W001 015 02:00:00:00 02:00:02:00 00:00:02:00 00:00:04:00
0003 TAPE03 A2    C        02:00:00:00 02:00:02:00 00:00:02:00 00:00:04:00
0004 BL     V     C        00:00:00:00 00:00:01:00 00:00:04:00 00:00:05:00
0005 TAPE04 V     K B      02:00:00:00 02:00:02:00 00:00:05:00 00:00:07:00
0005 TAPE05 V     K O  000 02:00:00:00 02:00:02:00 00:00:05:00 00:00:07:00
"""
SONY = """TITLE: SONY 5000
FCM: DROP FRAME
001  010      V     C        00;59;58;00 01;00;00;00 00;00;00;00 00;00;02;00
SPLIT:    AUDIO DELAY=  00:00:00:05
002  011      V     C        01;00;00;00 01;00;02;00 00;00;02;00 00;00;04;00
>>> SOURCE 011 TAPE
"""
LAYERS = """TITLE: B-ROLL
FCM: NON-DROP FRAME

001  AX       V     C        00:00:00:00 00:00:10:00 01:00:00:00 01:00:10:00
* FROM CLIP NAME: interview.mov
002  AX       V2    C        00:00:02:00 00:00:04:00 01:00:03:00 01:00:05:00
* FROM CLIP NAME: b-roll.mov
003  AX       A2    C        00:00:02:00 00:00:04:00 01:00:03:00 01:00:05:00
004  AX       V1    C        00:00:12:00 00:00:14:00 01:00:10:00 01:00:12:00
"""
PREMIERE_EDL = """TITLE: Sequence 01
FCM: NON-DROP FRAME

000001  train.m4 V     C        00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00
* FROM CLIP NAME: train.m4v

000002  train.m4 V     C        00:00:02:00 00:00:02:00 00:00:02:00 00:00:02:00
000002  BL       V     D 012    00:00:00:00 00:00:00:12 00:00:02:00 00:00:02:12
* FROM CLIP NAME: train.m4v

000003  train.m4 AA    C        00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00
"""

_R30 = "<rate><timebase>30</timebase><ntsc>FALSE</ntsc></rate>"
_R24 = "<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate>"
_NTSC = "<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>"
_FILE = (
    f'<file id="f1"><name>train.m4v</name><pathurl>file://localhost/x/train.m4v</pathurl>{_R30}'
    f"<duration>704</duration><timecode>{_R30}<string>01:00:00:00</string><frame>108000</frame>"
    "<displayformat>NDF</displayformat></timecode></file>"
)


def _item(name: str, start: int, into: int, rest: str, rate: str = _NTSC, length: int = 704) -> str:
    return (
        f"<clipitem><name>{name}</name><duration>{length}</duration>{rate}<start>{start}</start>"
        f"<end>{start + 24}</end><in>{into}</in><out>{into + 24}</out>{rest}</clipitem>"
    )


def _subclip(before: int, after: int) -> str:
    return (
        f"<subclipinfo><startoffset>{before}</startoffset><endoffset>{after}</endoffset>"
        "</subclipinfo>"
    )


FCP7 = (
    '<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="4"><project><children><bin><children>'
    f"<clip><name>master</name><media><video><track><clipitem>{_FILE}</clipitem></track></video>"
    "</media></clip></children></bin><sequence><name>NTSC and not</name>"
    f"{_NTSC}<timecode>{_NTSC}<frame>86400</frame><displayformat>NDF</displayformat></timecode>"
    "<media><video><track>"
    + _item("sub of its own", 0, 10, _subclip(40, 200) + '<file id="f1"/>', _R30, 464)
    + _item("sub of the file", 24, 10, _subclip(40, 200) + '<file id="f1"/>', _R30)
    + "<generatoritem><name>Slug</name><start>48</start><end>72</end><in>0</in><out>24</out>"
    "<effect><effectid>Slug</effectid></effect></generatoritem>"
    + _item("at 24", 72, 40, '<file id="f1"/>', _R24)
    + _item(
        "angle two", 96, 5, "<multiclip><angle><clip><file><name>a</name></file></clip></angle>"
        '<angle><activevideoangle>TRUE</activevideoangle><clip><file id="f1"/></clip></angle>'
        "</multiclip>", _R30,
    )
    + _item("still.png", 120, 107892, "<stillframe>TRUE</stillframe><file><name>still.png</name>"
            f"<pathurl>file://localhost/x/still.png</pathurl>{_NTSC}</file>")
    + "</track></video></media></sequence></children></project></xmeml>"
)  # fmt: skip

RESOLVE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="{version}"><resources>
<format height="1080" frameDuration="1001/24000s" name="FFVideoFormat1080p2398" id="r0"/>
<format height="180" frameDuration="1/30s" name="FFVideoFormatRateUndefined" id="r1"/>
<asset hasVideo="1" duration="704/30s" format="r1" start="0/1s" id="r2" name="train.m4v">
<media-rep kind="original-media" src="file:///x/train.m4v"/></asset></resources>
<library><event name="Timeline 1"><project name="Timeline 1 (Resolve)">
<sequence tcStart="86486400/24000s" duration="240240/24000s" format="r0" tcFormat="NDF"><spine>
<asset-clip enabled="1" duration="48048/24000s" offset="86486400/24000s" format="r1"
 start="100/30s" name="train.m4v" ref="r2"><conform-rate srcFrameRate="30" scaleEnabled="0"/>
<adjust-conform type="fit"/><adjust-transform scale="1 1"/></asset-clip>
<gap duration="24024/24000s" offset="86534448/24000s" name="Gap" start="86400/24s"/>
<asset-clip enabled="1" duration="48048/24000s" offset="86558472/24000s" format="r1"
 start="300/30s" name="train.m4v" ref="r2"><conform-rate srcFrameRate="30" scaleEnabled="0"/>
<asset-clip enabled="1" lane="1" duration="24024/24000s" offset="300/30s" start="0/1s" name="up"
 ref="r2"/></asset-clip></spine></sequence></project></event></library></fcpxml>
"""
FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.11"><resources><format id="r1" frameDuration="100/3000s"/>
<asset id="r2" name="train" start="0s" duration="704/30s" hasVideo="1" format="r1">
<media-rep kind="original-media" src="file:///x/train.m4v"/></asset>
<asset id="r3" name="snd" start="3600s" duration="60s" hasAudio="1" src="file:///x/snd.wav"/>
<media id="m1" name="MC"><multicam format="r1" tcStart="0s"><mc-angle name="A" angleID="A1">
<asset-clip ref="r2" offset="0s" start="1s" duration="10s" name="angle A"/></mc-angle>
<mc-angle name="B" angleID="B1"><gap offset="0s" start="0s" duration="1s"/>
<asset-clip ref="r2" offset="1s" start="5s" duration="9s" name="angle B"/></mc-angle>
</multicam></media><media id="c1" name="Comp"><sequence format="r1" tcStart="0s"><spine>
<asset-clip ref="r2" offset="0s" start="2s" duration="10s" name="inner"/></spine></sequence>
</media></resources><library><event name="e"><project name="P">
<sequence format="r1" tcStart="0s" duration="14s"><spine>
<audition><asset-clip name="pick" ref="r2" offset="0s" start="3s" duration="2s"/>
<asset-clip name="other" ref="r2" offset="0s" start="8s" duration="2s"/></audition>
<mc-clip name="MC" ref="m1" offset="2s" start="2s" duration="2s">
<mc-source angleID="B1" srcEnable="video"/><mc-source angleID="A1" srcEnable="audio"/></mc-clip>
<ref-clip name="Comp" ref="c1" offset="4s" start="3s" duration="2s"/>
<sync-clip name="Sync" offset="6s" start="1s" duration="2s">
<asset-clip ref="r2" offset="0s" start="4s" duration="6s" name="v"/>
<asset-clip lane="-1" ref="r3" offset="1s" start="3601s" duration="2s" name="s"/></sync-clip>
<gap offset="8s" start="3600s" duration="1s" name="Gap"/>
<clip name="C" offset="9s" start="1s" duration="2s"><video ref="r2" offset="0s" start="0s"
 duration="704/30s"><audio lane="-1" ref="r2" offset="0s" duration="704/30s"/></video></clip>
<asset-clip name="off" ref="r2" offset="11s" start="3s" duration="2s" enabled="0"/>
<video name="still" ref="r2" offset="13s" start="0s" duration="1s"/>
</spine></sequence></project></event></library></fcpxml>
"""


@dataclass(frozen=True)
class Odd:
    """An export, and each of its tracks: items as `name first+frames`, and what is odd."""

    name: str
    text: str
    tracks: tuple[str, ...]
    given: Rate | None = None
    said: str = ""
    """A part of the only notice; empty: there is none."""


ODD = [
    Odd("avid.edl", AVID, (
        "A001C003_220101_R1AB.NEW.01 86640+96 | A002C001 172800+48 | gap 24 | A003 259200+48 x2.0 "
        "| A003 259440+48 x-1.0 | gap 24 | dissolve 0+24 | A006 345600+48",
        "gap 96 | A002C001 172800+48",
        "gap 144 | AX 0+24",
    ), Rate(num=24)),
    Odd("gvg.edl", GVG, (
        "TAPE01 108000+60 | dissolve 0+15 | TAPE02 216000+60 | gap 30 | TAPE04 216000+60",
        "gap 150 | TAPE05 216000+60",
        "TAPE01 108000+60",
        "gap 60 | TAPE03 216000+60",
    ), Rate(num=30)),
    Odd("sony.edl", SONY, ("010 107832+60 | 011 107892+60",), Rate(num=30000, den=1001)),
    Odd("layers.edl", LAYERS, (
        "interview.mov 0+300 | AX 360+60",
        "gap 90 | b-roll.mov 60+60",
        "gap 90 | AX 60+60",
    ), Rate(num=30)),
    Odd("premiere.edl", PREMIERE_EDL, (
        "train.m4v 0+48 | dissolve 0+12 | gap 12", "train.m4 0+48",
    ), Rate(num=24)),
    Odd("fcp7.xml", FCP7, (
        "sub of its own 108050+24 | sub of the file 108010+24 | Slug 0+24 generator "
        "| at 24 108050+24 | angle two 108005+24 | still.png 107892+24 x0.0",
    )),
    *(Odd(f"resolve {version}.fcpxml", RESOLVE.format(version=version), (
        "train.m4v 100+48 | gap 24 | train.m4v 300+48", "gap 72 | up 0+24",
    )) for version in ("1.10", "1.11")),
    Odd("final cut.fcpxml", FCPX, (
        "pick 90+60 | [MC 60+60: gap 30 | angle B 150+270] | [Comp 90+60: inner 60+300] "
        "| Sync 150+60 | gap 30 | C 30+60 | off 90+60 off | still 0+30",
        "gap 180 | s 108030+60",
    )),
]  # fmt: skip


def told(track: otio.core.Composition) -> str:
    """A track in the words of the table."""
    return " | ".join(_told(one) for one in track)


def _told(one: otio.core.Composable) -> str:
    if isinstance(one, otio.schema.Transition):
        return f"dissolve {one.in_offset.value:g}+{one.out_offset.value:g}"
    assert isinstance(one, otio.core.Item) and one.source_range is not None
    start, frames = one.source_range.start_time.value, one.source_range.duration.value
    if isinstance(one, otio.schema.Gap):
        return f"gap {frames:g}"
    words = f"{one.name} {start:g}+{frames:g}"
    if isinstance(one, otio.core.Composition):
        return f"[{words}: {' / '.join(told(track) for track in one)}]"
    return " ".join([words, *_oddities(one)])


def _oddities(one: otio.core.Item) -> Iterator[str]:
    for effect in one.effects:
        yield f"x{getattr(effect, 'time_scalar', '?')}"
    reference = one.media_reference if isinstance(one, otio.schema.Clip) else None
    if isinstance(reference, otio.schema.GeneratorReference):
        yield "generator"
    if not one.enabled:
        yield "off"


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_export_is_read_item_by_item(tmp_path: Path, odd: Odd) -> None:
    path = tmp_path / odd.name
    path.write_text(odd.text, encoding="utf-8")
    found = reading(path, rate=odd.given)
    assert tuple(told(track) for track in found.timeline.tracks) == odd.tracks
    assert len(found.notices) == bool(odd.said) and odd.said in "".join(found.notices)


def test_a_subclip_that_does_not_say_where_it_counts_from_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_text(FCP7.replace("<duration>464<", "<duration>465<"), encoding="utf-8")
    assert reading(path).notices == ()  # hosts round
    path.write_text(FCP7.replace("<duration>464<", "<duration>300<"), encoding="utf-8")
    (notice,) = reading(path).notices
    assert "'sub of its own' is a subclip whose length does not say" in notice
