"""One cut, written by hand in every format: two pieces of a train, a gap of 24 frames, a request.

The first shows frames 100 to 147 of the file, the second 172 to 219, at 30 frames per second; the
timeline starts at 01:00:00:00.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio

from tests.timeline.cuts import around, asking, save

ASKED = "gen: bridge; seed: 7"

EDL = f"""TITLE: cut
FCM: NON-DROP FRAME

001  TRAIN    V     C        00:00:03:10 00:00:04:28 01:00:00:00 01:00:01:18
* FROM CLIP NAME: train.m4v
* LOC: 01:00:01:20 PURPLE  {ASKED}
002  TRAIN    V     C        00:00:05:22 00:00:07:10 01:00:02:12 01:00:04:00
* FROM CLIP NAME: train
"""

_RATE = "<rate><timebase>30</timebase><ntsc>FALSE</ntsc></rate>"
FCP7 = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><sequence id="s1"><name>cut</name><duration>120</duration>{_RATE}
<timecode>{_RATE}<frame>108000</frame><displayformat>NDF</displayformat></timecode>
<media><video><track>
<clipitem id="c1"><name>train</name>{_RATE}<start>0</start><end>48</end><in>100</in><out>148</out>
<file id="f1"><name>train.m4v</name><pathurl>file://localhost/D%3a/media/train.m4v</pathurl>
{_RATE}<duration>704</duration></file></clipitem>
<clipitem id="c2"><name>train two</name>{_RATE}<start>72</start><end>120</end><in>172</in>
<out>220</out><file id="f1"/></clipitem>
</track></video></media>
<marker><name>one</name><comment>{ASKED}</comment><in>50</in><out>-1</out></marker>
</sequence></xmeml>
"""


def fcpxml(version: str, asset: str) -> str:
    """The cut as FCPXML; the request is the note of a marker in the gap."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="{version}"><resources>
<format id="r1" frameDuration="100/3000s" width="320" height="180"/>
{asset}</resources>
<library><event name="e"><project name="cut">
<sequence format="r1" duration="4s" tcStart="3600s" tcFormat="NDF"><spine>
<asset-clip name="train" ref="r2" offset="3600s" start="10/3s" duration="48/30s"/>
<gap name="Gap" offset="108048/30s" start="3600s" duration="24/30s">
<marker start="108002/30s" duration="1/30s" value="one" note="{ASKED}"/></gap>
<asset-clip name="train two" ref="r2" offset="108072/30s" start="172/30s" duration="48/30s"/>
</spine></sequence></project></event></library></fcpxml>
"""


SRC = '<asset id="r2" name="train" src="file:///Volumes/A/train.m4v" start="0s" ' \
      'duration="704/30s" hasVideo="1" format="r1"/>'  # fmt: skip
REP = '<asset id="r2" name="train" start="0s" duration="704/30s" hasVideo="1" format="r1">' \
      '<media-rep kind="proxy-media" src="file:///Volumes/A/proxy.mov"/>' \
      '<media-rep kind="original-media" src="file:///Volumes/A/train.m4v"/></asset>'  # fmt: skip


def _text(name: str, text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path if path.parent == folder else path.parent  # a folder that is one document

    return write


def _otio(folder: Path) -> Path:
    return save(folder, around(asking(ASKED)), start=108000)


def _otioz(folder: Path) -> Path:
    edit = otio.adapters.read_from_file(str(_otio(folder)))
    for clip in edit.find_clips():
        clip.media_reference.target_url = "media/train.m4v"
    path = folder / "cut.otioz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version.txt", "1.0.0")
        archive.writestr("content.otio", edit.to_json_string(), zipfile.ZIP_DEFLATED)
        archive.write(folder / "train.m4v", "media/train.m4v")
    (folder / "train.m4v").unlink()
    (folder / "cut.otio").unlink()
    return path


def _otiod(folder: Path) -> Path:
    path = folder / "cut.otiod"
    (path / "media").mkdir(parents=True)
    edit = otio.adapters.read_from_file(str(_otio(folder)))
    for clip in edit.find_clips():
        clip.media_reference.target_url = "media/train.m4v"
    (folder / "train.m4v").rename(path / "media" / "train.m4v")
    otio.adapters.write_to_file(edit, str(path / "content.otio"))
    (folder / "cut.otio").unlink()
    return path


def _markers(folder: Path) -> Path:
    save(folder, around(asking("nothing")), start=108000)
    return _text(
        "cut_markers.edl",
        "TITLE: cut\nFCM: NON-DROP FRAME\n\n"
        "001  001      V     C        01:00:01:18 01:00:01:19 01:00:01:18 01:00:01:19  \n"
        f"{ASKED} |C:ResolveColorPurple |M:GEN bridge |D:24\n",
    )(folder)


CUTS: dict[str, Callable[[Path], Path]] = {
    ".otio": _otio,
    ".otioz": _otioz,
    ".otiod": _otiod,
    ".edl": _text("cut.edl", EDL),
    ".edl of markers": _markers,
    ".xml": _text("cut.xml", FCP7),
    ".fcpxml 1.8": _text("cut.fcpxml", fcpxml("1.8", SRC)),
    ".fcpxml 1.13": _text("cut.fcpxml", fcpxml("1.13", REP)),
    ".fcpxml called .xml": _text("cut.xml", fcpxml("1.10", REP)),
    ".fcpxmld": _text("cut.fcpxmld/Info.fcpxml", fcpxml("1.11", REP)),
}
"""By format: writes the cut into a folder in which `train.m4v` lies."""
