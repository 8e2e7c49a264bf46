"""Final Cut Pro 7 XML (xmeml 5) of a placed edit: what Premiere, Resolve and Avid relink by.

Source: Apple, Final Cut Pro XML Interchange Format, 2012. `in` and `out` count a file's frames
from its first; beside a transition a clip's inner edge is -1 and its media reaches under it. Where
the cut is, Premiere's `cutPointTicks` says, from the transition's first frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from secondunit.place.exchange import Asset, Entry, Mark, Row, Sequence
from secondunit.units import Rate, Size, timecode

MARK = "made by Second Unit"
"""By this a file is known that may be replaced."""
TICKS = 254_016_000_000
"""A second, as Premiere counts where the cut under a transition is."""
_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 has no way to write."""


def fcp7(sequence: Sequence) -> bytes:
    """The document, UTF-8."""
    root = Element("xmeml", version="5")
    _Writer().sequence(root, sequence)
    return document(root)


def document(root: Element) -> bytes:
    """An element as a whole file, with the mark of whose it is."""
    indent(root, " ")
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root.tag}>\n<!-- {MARK} -->\n'
    return head.encode() + tostring(root, encoding="utf-8") + b"\n"


def file_url(path: str) -> str:
    """`file://localhost/...` of a bare path, POSIX, Windows or a share's, percent-encoded."""
    path = path.replace("\\", "/") if re.match(r"[A-Za-z]:[\\/]|\\\\", path) else path
    if path.startswith("//"):
        return f"file:{quote(path)}"
    return f"file://localhost/{quote(path.lstrip('/'))}"


def said(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _UNSAID.sub("\ufffd", text)


class _Writer:
    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._clips = self._sequences = 0

    def sequence(self, parent: Element, sequence: Sequence) -> Element:
        self._sequences += 1
        node = SubElement(parent, "sequence", id=f"sequence-{self._sequences}")
        _text(node, "name", sequence.name)
        _text(node, "duration", sequence.frames)
        _rate(node, sequence.rate)
        _text(node, "in", -1)
        _text(node, "out", -1)
        _timecode(node, sequence.start, sequence.rate, drop_frame=sequence.drop_frame)
        media = SubElement(node, "media")
        video, audio = SubElement(media, "video"), SubElement(media, "audio")
        form = SubElement(SubElement(video, "format"), "samplecharacteristics")
        _rate(form, sequence.rate)
        _size(form, sequence.size, sequence.pixel_aspect)
        _text(audio, "numOutputChannels", 2)
        form = SubElement(SubElement(audio, "format"), "samplecharacteristics")
        _text(form, "depth", 24)
        _text(form, "samplerate", 48000)
        for row in sequence.rows:
            self._row(video if row.kind == "video" else audio, row, sequence)
        _marks(node, sequence.marks)
        return node

    def _row(self, parent: Element, row: Row, sequence: Sequence) -> None:
        track = SubElement(parent, "track")
        for number, entry in enumerate(row.entries):
            if entry.kind == "transition":
                _transition(track, entry, sequence.rate, row.kind)
            elif entry.kind != "gap":
                self._clip(track, entry, row, number, sequence)
        _bool(track, "enabled", row.enabled)
        _bool(track, "locked", False)

    def _clip(self, track: Element, entry: Entry, row: Row, number: int, inside: Sequence) -> None:
        self._clips += 1
        node = SubElement(track, "clipitem", id=f"clipitem-{self._clips}")
        _text(node, "name", entry.name)
        _bool(node, "enabled", entry.enabled)
        head, tail = _under(row.entries, number)
        asset, nested = entry.asset, entry.nested
        rate = asset.rate if asset is not None else inside.rate
        first = asset.range.start if asset is not None else 0
        frames = asset.range.frames if asset is not None else entry.record.frames
        if nested is not None:
            frames = nested.frames
        pace = Fraction(1)
        if rate.nominal != inside.rate.nominal:  # at 24 and 24000/1001 frames are frames
            pace = rate.fraction / inside.rate.fraction
        speed = abs(entry.speed)
        start = Fraction(entry.start - first) / speed - head * pace
        shown = (entry.record.frames + head + tail) * pace
        _text(node, "duration", max(round(frames / speed), round(start + shown)))
        _rate(node, rate)
        _text(node, "start", -1 if head else entry.record.start)
        _text(node, "end", -1 if tail else entry.record.end)
        _text(node, "in", round(start))
        _text(node, "out", round(start + shown))
        if nested is not None:
            self.sequence(node, nested)
        elif asset is not None:
            self._file(node, asset, row.kind)
        else:
            file = SubElement(node, "file", id=f"offline-{self._clips}")
            _text(file, "name", entry.name)
        if entry.speed != 1:
            _speed(node, entry.speed, row.kind)
        source = SubElement(node, "sourcetrack")
        _text(source, "mediatype", row.kind)
        _text(source, "trackindex", 1)
        _marks(node, entry.marks, offset=start + head * pace, pace=pace)

    def _file(self, parent: Element, asset: Asset, kind: str) -> None:
        known = self._files.get(asset.path)
        if known is not None:
            SubElement(parent, "file", id=known)
            return
        id = self._files[asset.path] = f"file-{len(self._files) + 1}"
        file = SubElement(parent, "file", id=id)
        _text(file, "name", asset.name)
        _text(file, "pathurl", file_url(asset.path))
        _rate(file, asset.rate)
        if asset.range.frames:
            _text(file, "duration", asset.range.frames)
        clock = _timecode(file, asset.range.start, asset.rate, drop_frame=asset.drop_frame)
        if asset.reel:
            _text(SubElement(clock, "reel"), "name", asset.reel)
        stream = SubElement(SubElement(file, "media"), kind)
        if asset.size is not None:
            form = SubElement(stream, "samplecharacteristics")
            _rate(form, asset.rate)
            _size(form, asset.size, (1, 1))


def _under(entries: tuple[Entry, ...], number: int) -> tuple[int, int]:
    """Frames of media that a clip has under the transitions before and after it."""
    head = tail = 0
    if number and entries[number - 1].kind == "transition":
        head = entries[number - 1].cut - entries[number - 1].record.start
    if number + 1 < len(entries) and entries[number + 1].kind == "transition":
        tail = entries[number + 1].record.end - entries[number + 1].cut
    return head, tail


def uneven(sequence: Sequence) -> list[str]:
    """What to know of transitions that have not as many frames on both sides of their cut.

    The format knows only even ones; Premiere, who makes others, says in an element of its own
    where the cut is. Every picture is the same for all: the clips run on below the transition.
    """
    said: list[str] = []
    for row in sequence.rows:
        for entry in row.entries:
            before, after = entry.cut - entry.record.start, entry.record.end - entry.cut
            if entry.kind == "transition" and before and after and abs(before - after) > 1:
                said.append(
                    f"the dissolve at frame {entry.cut} has {before} frames before its cut and "
                    f"{after} after it: programs other than Premiere find the cut of the .xml in "
                    "its middle; the pictures are the same"
                )
            if entry.nested is not None:
                said += uneven(entry.nested)
    return said


def _transition(track: Element, entry: Entry, rate: Rate, kind: str) -> None:
    node = SubElement(track, "transitionitem")
    _text(node, "start", entry.record.start)
    _text(node, "end", entry.record.end)
    before, after = entry.cut - entry.record.start, entry.record.end - entry.cut
    _text(node, "alignment", "center" if before and after else "end" if before else "start")
    _text(node, "cutPointTicks", round(before / rate.fraction * TICKS))
    _rate(node, rate)
    effect = SubElement(node, "effect")
    name = "Cross Dissolve" if kind == "video" else "Cross Fade (+3dB)"
    _text(effect, "name", name)
    _text(effect, "effectid", "Cross Dissolve" if kind == "video" else "KGAudioTransCrossFade3dB")
    _text(effect, "effectcategory", "Dissolve")
    _text(effect, "effecttype", "transition")
    _text(effect, "mediatype", kind)


def _speed(node: Element, speed: Fraction, kind: str) -> None:
    filter_ = SubElement(node, "filter")
    effect = SubElement(filter_, "effect")
    for name, value in (
        ("name", "Time Remap"), ("effectid", "timeremap"), ("effectcategory", "motion"),
        ("effecttype", "motion"), ("mediatype", kind),
    ):  # fmt: skip
        _text(effect, name, value)
    for name, value in (
        ("variablespeed", "0"), ("speed", f"{abs(float(speed)) * 100:g}"),
        ("reverse", "TRUE" if speed < 0 else "FALSE"), ("frameblending", "FALSE"),
    ):  # fmt: skip
        parameter = SubElement(effect, "parameter")
        _text(parameter, "parameterid", name)
        _text(parameter, "name", name)
        _text(parameter, "value", value)


def _marks(
    node: Element, marks: Iterable[Mark], *, offset: Fraction = Fraction(0),
    pace: Fraction = Fraction(1),
) -> None:  # fmt: skip
    for mark in marks:
        marker = SubElement(node, "marker")
        _text(marker, "comment", mark.text)
        _text(marker, "name", mark.name)
        start = offset + mark.frame * pace
        _text(marker, "in", round(start))
        _text(marker, "out", round(start + mark.frames * pace) if mark.frames > 1 else -1)


def _timecode(parent: Element, frame: int, rate: Rate, *, drop_frame: bool) -> Element:
    drop = drop_frame and rate.den == 1001 and rate.nominal % 30 == 0
    node = SubElement(parent, "timecode")
    _rate(node, rate)
    _text(node, "string", timecode(max(frame, 0), rate, drop_frame=drop))
    _text(node, "frame", frame)
    _text(node, "source", "source")
    _text(node, "displayformat", "DF" if drop else "NDF")
    return node


def _rate(parent: Element, rate: Rate) -> None:
    node = SubElement(parent, "rate")
    _text(node, "timebase", rate.nominal)
    _bool(node, "ntsc", rate.den == 1001)


def _size(parent: Element, size: Size, pixel_aspect: tuple[int, int]) -> None:
    _text(parent, "width", size.width)
    _text(parent, "height", size.height)
    _bool(parent, "anamorphic", pixel_aspect != (1, 1))
    _text(parent, "pixelaspectratio", "square" if pixel_aspect == (1, 1) else
          f"{pixel_aspect[0] / pixel_aspect[1]:.4f}")  # fmt: skip
    _text(parent, "fielddominance", "none")


def _bool(parent: Element, tag: str, value: bool) -> None:
    _text(parent, tag, "TRUE" if value else "FALSE")


def _text(parent: Element, tag: str, value: object) -> None:
    SubElement(parent, tag).text = said(str(value))
