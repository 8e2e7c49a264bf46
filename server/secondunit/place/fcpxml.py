"""FCPXML 1.10 of a placed edit: what Final Cut Pro and Resolve relink by.

Source: Apple, FCPXML Reference. Times are seconds as fractions. The lowest picture track is the
spine; what stands on other tracks is connected to the spine's element under its first frame, in
the lane of its track, with its offset on that element's own clock.
"""

from __future__ import annotations

from fractions import Fraction
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from secondunit.place.exchange import Asset, Entry, Mark, Row, Sequence
from secondunit.place.fcp7 import document, said
from secondunit.units import FrameRange, Rate, Size

_GAP_ZERO = Fraction(3600)
"""What Final Cut calls the first second of a gap."""


def fcpxml(sequence: Sequence) -> bytes:
    """The document, UTF-8."""
    root = Element("fcpxml", version="1.10")
    writer = _Writer(SubElement(root, "resources"))
    event = SubElement(SubElement(root, "library"), "event", name=said(sequence.name))
    project = SubElement(event, "project", name=said(sequence.name))
    writer.sequence(project, sequence)
    return document(root)


class _Standing:
    """An element of the spine: where it is, and what its own clock says there."""

    def __init__(self, node: Element, record: FrameRange, zero: Fraction) -> None:
        self.node, self.record, self.zero = node, record, zero
        self.anchored: list[Element] = []
        self.marks: list[Element] = []


class _Writer:
    def __init__(self, resources: Element) -> None:
        self._resources = resources
        self._formats: dict[tuple[Rate, Size | None], str] = {}
        self._assets: dict[str, tuple[str, Element]] = {}
        self._count = 0

    def sequence(self, parent: Element, sequence: Sequence) -> None:
        """A sequence, its rows as a spine and what is connected to it."""
        rate = sequence.rate
        node = SubElement(
            parent, "sequence", format=self._format(rate, sequence.size),
            duration=_time(sequence.frames, rate), tcStart=_time(sequence.start, rate),
            tcFormat="DF" if sequence.drop_frame else "NDF", audioLayout="stereo",
            audioRate="48k",
        )  # fmt: skip
        spine = SubElement(node, "spine")
        video = [row for row in sequence.rows if row.kind == "video"]
        audio = [row for row in sequence.rows if row.kind == "audio"]
        standing = self._spine(spine, video[0].entries if video else (), sequence)
        for lane, row in enumerate(video[1:], start=1):
            self._connect(row, lane, standing, sequence)
        for lane, row in enumerate(audio, start=1):
            self._connect(row, -lane, standing, sequence)
        for mark in sequence.marks:
            under = _under(standing, mark.frame)
            if under is not None:
                at = under.zero + _seconds(mark.frame - under.record.start, rate)
                under.marks.append(_mark(mark, at, rate))
        for one in standing:
            own = list(one.node)
            for child in own:
                one.node.remove(child)
            # The order of the DTD: the clip's own, what is connected to it, markers.
            one.node.extend([c for c in own if c.tag != "marker"])
            one.node.extend(one.anchored)
            one.node.extend([c for c in own if c.tag == "marker"] + one.marks)

    def _spine(
        self, spine: Element, entries: tuple[Entry, ...], sequence: Sequence
    ) -> list[_Standing]:
        standing: list[_Standing] = []
        end = 0
        for entry in entries:
            offset = _seconds(sequence.start + entry.record.start, sequence.rate)
            if entry.kind == "transition":
                spine.append(_transition(entry, offset, sequence.rate))
                continue
            node, zero = self._element(entry, offset, sequence, "video")
            spine.append(node)
            standing.append(_Standing(node, entry.record, zero))
            end = entry.record.end
        if end < sequence.frames or not standing:  # other tracks go on, and need a hold
            record = FrameRange(start=end, frames=max(sequence.frames - end, 1))
            offset = _seconds(sequence.start + end, sequence.rate)
            gap = Entry(kind="gap", name="", record=record)
            node, zero = self._element(gap, offset, sequence, "video")
            spine.append(node)
            standing.append(_Standing(node, record, zero))
        return standing

    def _connect(self, row: Row, lane: int, standing: list[_Standing], sequence: Sequence) -> None:
        for run in _runs(row.entries):
            first = run[0].record.start if run[0].kind != "transition" else run[0].cut
            under = _under(standing, first)
            if under is None:
                continue
            at = under.zero + _seconds(first - under.record.start, sequence.rate)
            if len(run) == 1 and run[0].kind != "transition":
                node, _ = self._element(run[0], at, sequence, row.kind)
                if not row.enabled:
                    node.set("enabled", "0")
                node.set("lane", str(lane))
                under.anchored.append(node)
                continue
            # Only a storyline of its own can hold a transition beside the spine.
            story = Element("spine", lane=str(lane), offset=_fraction(at))
            for entry in run:
                offset = _seconds(entry.record.start - first, sequence.rate)
                if entry.kind == "transition":
                    story.append(_transition(entry, offset, sequence.rate))
                else:
                    node, _ = self._element(entry, offset, sequence, row.kind)
                    if not row.enabled:
                        node.set("enabled", "0")
                    story.append(node)
            under.anchored.append(story)

    def _element(
        self, entry: Entry, offset: Fraction, sequence: Sequence, kind: str
    ) -> tuple[Element, Fraction]:
        """(the element of an entry, its own clock at its first frame)."""
        rate = sequence.rate
        common = {"offset": _fraction(offset), "duration": _time(entry.record.frames, rate)}
        if entry.kind == "gap" or (entry.asset is None and entry.nested is None):
            # A clip without a file keeps its place and its name.
            zero = _GAP_ZERO
            node = Element(
                "gap", {"name": said(entry.name) or "Gap", "start": _fraction(zero), **common}
            )  # fmt: skip
        elif entry.nested is not None:
            zero = _seconds(entry.start, rate)
            own = {"ref": self._nested(entry.nested), "name": said(entry.name)}
            node = Element("ref-clip", {**own, "start": _fraction(zero), **common})
        else:
            assert entry.asset is not None
            asset = entry.asset
            first = _seconds(asset.range.start, asset.rate)
            zero = first + _seconds(entry.start - asset.range.start, asset.rate) / abs(entry.speed)
            own = {"ref": self._asset(asset, kind), "name": said(entry.name)}
            node = Element("asset-clip", {**own, "start": _fraction(zero), **common})
            node.set("tcFormat", "DF" if asset.drop_frame else "NDF")
            node.set("srcEnable", kind)
            if entry.speed != 1:
                _time_map(node, asset, entry, first)
        if not entry.enabled and node.tag != "gap":
            node.set("enabled", "0")
        for mark in entry.marks:
            node.append(_mark(mark, zero + _seconds(mark.frame, rate), rate))
        return node, zero

    def _asset(self, asset: Asset, kind: str) -> str:
        if asset.path in self._assets:
            id, node = self._assets[asset.path]
        else:
            id = self._id()
            node = Element("asset", id=id, name=said(asset.name))
            node.set("start", _time(asset.range.start, asset.rate))
            if asset.range.frames:
                node.set("duration", _time(asset.range.frames, asset.rate))
            SubElement(node, "media-rep", kind="original-media", src=_url(asset.path))
            self._assets[asset.path] = id, node
            form = self._format(asset.rate, asset.size)
            self._resources.append(node)
            node.set("format", form)
        if kind == "video":
            node.set("hasVideo", "1")
        else:
            for name, value in (
                ("hasAudio", "1"), ("audioSources", "1"), ("audioChannels", "2"),
                ("audioRate", "48000"),
            ):  # fmt: skip
                node.set(name, value)
        return id

    def _nested(self, sequence: Sequence) -> str:
        id = self._id()
        media = Element("media", id=id, name=said(sequence.name))
        self.sequence(media, sequence)
        self._resources.append(media)
        return id

    def _format(self, rate: Rate, size: Size | None) -> str:
        key = rate, size
        if key not in self._formats:
            id = self._formats[key] = self._id()
            node = SubElement(self._resources, "format", id=id)
            node.set("frameDuration", _fraction(1 / rate.fraction))
            if size is not None:
                node.set("width", str(size.width))
                node.set("height", str(size.height))
        return self._formats[key]

    def _id(self) -> str:
        self._count += 1
        return f"r{self._count}"


def _runs(entries: tuple[Entry, ...]) -> list[list[Entry]]:
    """Entries that transitions join, together; every other one for itself; no gaps."""
    runs: list[list[Entry]] = []
    joined = False
    for entry in entries:
        if entry.kind == "gap":
            joined = False
            continue
        if runs and (joined or (entry.kind == "transition" and runs[-1][-1].record.end
                                == entry.cut)):  # fmt: skip
            runs[-1].append(entry)
        else:
            runs.append([entry])
        joined = entry.kind == "transition"
    return runs


def _under(standing: list[_Standing], frame: int) -> _Standing | None:
    low, high = 0, len(standing) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if standing[middle].record.start <= frame:
            low = middle
        else:
            high = middle - 1
    return standing[low] if standing else None


def _transition(entry: Entry, offset: Fraction, rate: Rate) -> Element:
    return Element(
        "transition", name="Cross Dissolve", offset=_fraction(offset),
        duration=_time(entry.record.frames, rate),
    )  # fmt: skip


def _time_map(node: Element, asset: Asset, entry: Entry, first: Fraction) -> None:
    """A straight line from the clip's clock to the file's."""
    length = _seconds(asset.range.frames, asset.rate)
    ends = (first, first + length) if entry.speed > 0 else (first + length, first)
    points = SubElement(node, "timeMap")
    for time, value in zip((first, first + length / abs(entry.speed)), ends, strict=True):
        SubElement(
            points, "timept", time=_fraction(time), value=_fraction(value), interp="linear"
        )  # fmt: skip


def _mark(mark: Mark, at: Fraction, rate: Rate) -> Element:
    node = Element(
        "marker", start=_fraction(at), duration=_time(mark.frames, rate),
        value=said(mark.name) or "Marker",
    )  # fmt: skip
    if mark.text:
        node.set("note", said(mark.text))
    return node


def _url(path: str) -> str:
    if path[1:2] == ":":
        return f"file:///{quote(path.replace(chr(92), '/'), safe='/:')}"
    path = path.replace("\\", "/") if path.startswith("\\\\") else path
    return f"file:{quote(path)}" if path.startswith("//") else f"file://{quote(path)}"


def _seconds(frames: int, rate: Rate) -> Fraction:
    return frames / rate.fraction


def _time(frames: int, rate: Rate) -> str:
    return _fraction(_seconds(frames, rate))


def _fraction(seconds: Fraction) -> str:
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    return f"{seconds.numerator}/{seconds.denominator}s"
