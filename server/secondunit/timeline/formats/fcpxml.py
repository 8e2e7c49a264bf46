"""Final Cut Pro's FCPXML (1.8 to 1.13 and on) in; a timeline out.

After Apple's "FCPXML Reference". Times are rational seconds. An element's `offset` is in its
parent's time and its `start` in its own; a connected clip (`lane`) hangs on a clip of the spine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.choosing import Candidate
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.fcpxml_time import (
    eased,
    markers_of,
    rate_of,
    retimed,
    seconds_of,
)
from secondunit.timeline.formats.laying import Join, Placed
from secondunit.timeline.formats.xml_tree import Element, children, text, tree_of
from secondunit.timeline.ramps import Ramp, rising
from secondunit.units import Rate

_ITEMS = (
    "clip", "asset-clip", "ref-clip", "sync-clip", "mc-clip", "video", "audio", "title", "gap",
    "audition",
)  # fmt: skip
_DEEPEST = 20
_MOST_NESTED = 20_000


@dataclass(slots=True, kw_only=True)
class _Document:
    name: str
    resources: dict[str, Element]
    notices: list[str]
    nested: int = 0

    def of(self, element: Element | None, key: str = "ref") -> Element | None:
        """The resource that an attribute names."""
        return None if element is None else self.resources.get(element.get(key, ""))


@dataclass(slots=True, kw_only=True)
class _Lanes:
    """What was found of a sequence, by lane and kind; times in frames of the sequence."""

    rate: Rate
    placed: dict[tuple[str, int], list[Placed]] = field(default_factory=dict)
    joins: dict[tuple[str, int], list[Join]] = field(default_factory=dict)

    def frame(self, seconds: Fraction) -> int:
        return round(seconds * self.rate.fraction)


def sequences_of(data: bytes, name: str, notices: list[str]) -> list[Candidate]:
    """The projects in the bytes of an .fcpxml file called `name`; its clips, if it has none.

    Raises TimelineUnreadable.
    """
    root = tree_of(data, name)
    if root.tag != "fcpxml":
        raise TimelineUnreadable.single(f"'{name}' holds <{root.tag[:40]}>, not <fcpxml>", "file")
    resources = {one.get("id", ""): one for one in root.iterfind("resources/*")}
    document = _Document(name=name, resources=resources, notices=notices)
    found = [
        (one.get("name", ""), sequence)
        for one in root.iter("project")
        if (sequence := one.find("sequence")) is not None
    ]
    if not found and (sequence := root.find("sequence")) is not None:
        found = [("", sequence)]
    if not found:
        made = _bin(root, name, document)
        return [Candidate(name="", timeline=lambda: made)]
    return [
        Candidate(
            name=title,
            timeline=lambda title=title, sequence=sequence: _timeline(sequence, title, document),
        )
        for title, sequence in found
    ]


def _timeline(sequence: Element, title: str, document: _Document) -> otio.schema.Timeline:
    rate = rate_of(document.of(sequence, "format"), None)
    start = seconds_of(sequence, "tcStart")
    document.nested = 0
    made = laying.timeline(
        title or document.name.rpartition(".")[0], rate, _tracks(sequence, rate, document, 0),
        start=round(start * rate.fraction), drop_frame=sequence.get("tcFormat") == "DF",
    )  # fmt: skip
    note = text(sequence, "note")
    if note:
        made.tracks.markers.append(
            laying.marker(name="", comment=note, start=0, frames=1, rate=rate)
        )
    return made


def _bin(root: Element, name: str, document: _Document) -> otio.schema.Timeline:
    clips: list[otio.schema.Clip] = []
    rate = Rate(num=24)
    for one in root.iter():
        if one.tag in ("resources", "spine"):
            continue
        for item in children(one, "clip", "asset-clip"):
            if one.tag not in ("fcpxml", "event"):
                continue
            asset = _asset(item, document)
            rate = rate_of(document.of(asset, "format"), rate)
            found = _item(item, rate, document, 0)
            if isinstance(found, otio.schema.Clip):
                clips.append(found)
    if not clips:
        raise TimelineUnreadable.single(f"'{name}' holds no project and no clip", "file")
    return laying.bin_of(clips, name)


def _tracks(
    sequence: Element, rate: Rate, document: _Document, depth: int
) -> list[otio.schema.Track]:
    """The spine and what is connected to it as tracks: the lowest lane first, sound last."""
    if depth > _DEEPEST:
        raise TimelineUnreadable.single(f"nested deeper than {_DEEPEST} clips", "sequence")
    lanes = _Lanes(rate=rate)
    spine = sequence.find("spine")
    if spine is not None:
        _spine(spine, 0, seconds_of(sequence, "tcStart"), Fraction(0), lanes, document, depth)
    made: list[otio.schema.Track] = []
    kinds = (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio)
    for kind, lane in sorted(lanes.placed, key=lambda k: (kinds.index(k[0]), k[1])):
        name = f"{kind} {lane:+d}" if lane else kind
        joins = lanes.joins.get((kind, lane), [])
        for number, row in enumerate(_rows(lanes.placed[kind, lane])):
            made.append(
                laying.track_of(
                    row,
                    rate,
                    name=name,
                    kind=kind,
                    joins=() if number else joins,
                    notices=document.notices,
                    path=name,
                )
            )
    return made


def _rows(placed: list[Placed]) -> Iterator[list[Placed]]:
    """The items of one lane, on as many tracks as it takes for none to overlap."""
    rows: list[tuple[int, list[Placed]]] = []
    for one in sorted(placed, key=lambda p: p.start):
        for number, (end, row) in enumerate(rows):
            if end <= one.start:
                row.append(one)
                rows[number] = (one.start + one.frames, row)
                break
        else:
            rows.append((one.start + one.frames, [one]))
    return (row for _, row in rows)


def _spine(
    spine: Element, lane: int, zero: Fraction, at: Fraction, lanes: _Lanes, document: _Document,
    depth: int,
) -> None:  # fmt: skip
    """A storyline: `zero` of its own time lies at `at` seconds of the sequence."""
    row = list(children(spine, *_ITEMS, "transition"))
    next_offset = zero
    joins: list[Join] = []
    spans: list[tuple[Fraction, Fraction, Element]] = []
    for item in row:
        if item.tag == "transition":
            start = at + seconds_of(item, "offset", next_offset) - zero
            middle = lanes.frame(start + seconds_of(item, "duration") / 2)
            first, last = lanes.frame(start), lanes.frame(start + seconds_of(item, "duration"))
            joins.append(Join(cut=middle, before=middle - first, after=last - middle,
                              name=item.get("name", "")))  # fmt: skip
            continue
        offset = seconds_of(item, "offset", next_offset)
        duration = seconds_of(item, "duration", _length(item, document))
        next_offset = offset + duration
        spans.append((at + offset - zero, at + next_offset - zero, item))
    edges: set[int] = set()
    for number, (start, end, item) in enumerate(spans):
        if number + 1 < len(spans) and spans[number + 1][0] < end:
            # Written with the transition in both clips: the later one's beginning is the cut.
            end = spans[number + 1][0]
        _put(item, lane, start, end, lanes, document, depth)
        edges |= {lanes.frame(start), lanes.frame(end)}
    kind = (otio.schema.TrackKind.Video, lane)
    for join in joins:
        near = min(edges, key=lambda edge: abs(edge - join.cut), default=join.cut)
        first, last = join.cut - join.before, join.cut + join.after
        if first <= near <= last:
            lanes.joins.setdefault(kind, []).append(
                Join(cut=near, before=near - first, after=last - near, name=join.name)
            )


def _length(item: Element, document: _Document) -> Fraction:
    """Seconds of an item that does not say it: all of what it is of."""
    if item.tag == "audition":
        inner = next(children(item, *_ITEMS), None)
        if inner is not None:
            return seconds_of(inner, "duration", _length(inner, document))
        return Fraction(0)
    found = document.of(item)
    if found is None:
        return Fraction(0)
    inner = found.find("sequence") if found.tag == "media" else found
    return Fraction(0) if inner is None else seconds_of(inner, "duration")


def _put(
    item: Element, lane: int, start: Fraction, end: Fraction, lanes: _Lanes, document: _Document,
    depth: int,
) -> None:  # fmt: skip
    """An item and all that is connected to it."""
    if item.tag == "audition":  # its first is the one that is chosen
        inner = next(children(item, *_ITEMS), None)
        if inner is not None:
            _put(inner, lane, start, end, lanes, document, depth)
        return
    first = lanes.frame(start)
    frames = lanes.frame(end) - first
    own = seconds_of(item, "start", _first(item, document))
    if frames > 0:
        made = _item(item, lanes.rate, document, depth, frames=frames)
        if made is not None:
            kind = _kind(item, document)
            lanes.placed.setdefault((kind, lane), []).append(
                Placed(item=made, start=first, frames=frames)
            )
    for child in item:
        hung = int(child.get("lane", "0")) if re.fullmatch(r"-?\d{1,4}", child.get("lane", "0")) \
            else 0  # fmt: skip
        if not hung or child.tag not in (*_ITEMS, "spine"):
            continue
        at = start + seconds_of(child, "offset", own) - own
        if child.tag == "spine":
            _spine(child, lane + hung, Fraction(0), at, lanes, document, depth)
        else:
            length = seconds_of(child, "duration", _length(child, document))
            _put(child, lane + hung, at, at + length, lanes, document, depth)


def _first(item: Element, document: _Document) -> Fraction:
    """Where an item's own time starts if it does not say: with what it is of."""
    found = document.of(item)
    if found is not None and found.tag == "asset":
        return seconds_of(found, "start")
    if found is not None and found.tag == "media":
        inner = found.find("sequence")
        return Fraction(0) if inner is None else seconds_of(inner, "tcStart")
    return Fraction(0)


def _kind(item: Element, document: _Document) -> str:
    asset = _asset(item, document)
    silent = item.get("srcEnable") == "audio" or item.tag == "audio"
    if asset is not None and asset.get("hasVideo") != "1" and asset.get("hasAudio") == "1":
        silent = True
    if item.tag == "clip" and _content(item) is None and item.find("gap/audio") is not None:
        silent = True
    if item.tag == "clip" and asset is None and item.find("audio") is not None:
        silent = _content(item) is None or item.find("video") is None
    return otio.schema.TrackKind.Audio if silent else otio.schema.TrackKind.Video


def _content(item: Element) -> Element | None:
    """What a <clip> shows: the child that is not connected to it."""
    for child in children(item, "video", "clip", "asset-clip", "ref-clip", "spine"):
        if child.get("lane", "0") == "0":
            return child
    return None


def _asset(item: Element, document: _Document) -> Element | None:
    of = _content(item) if item.tag in ("clip", "sync-clip") else item
    found = document.of(of)
    return found if found is not None and found.tag == "asset" else None


def _item(
    item: Element, rate: Rate, document: _Document, depth: int, frames: int | None = None
) -> otio.core.Item | None:
    """An item without its place; None for what shows and says nothing."""
    if frames is None:
        frames = round(seconds_of(item, "duration", _length(item, document)) * rate.fraction)
    name = item.get("name", "")
    start = seconds_of(item, "start", _first(item, document))
    asset = _asset(item, document)
    speed, start, points = retimed(item, start, Fraction(frames) / rate.fraction)
    made: otio.core.Item
    if item.tag == "gap":
        made, own, at = laying.gap(frames, rate, name), rate, Fraction(0)
    elif asset is not None or item.tag in ("clip", "asset-clip", "video", "audio"):
        made, own, at = _clip(item, asset, start, frames, rate, document)
    elif item.tag == "title":
        reference = otio.schema.GeneratorReference(generator_kind="title")
        made = otio.schema.Clip(name=name, media_reference=reference)
        own, at = rate, Fraction(0)
        made.source_range = laying.span(0, frames, rate)
    else:
        made, own, at = _nested(item, start, frames, rate, document, depth)
    made.enabled = item.get("enabled") != "0"
    if speed is None:
        laying.ramped(made, points, eased(item), "timeMap")
    else:
        laying.warped(made, speed, "timeMap")
    ramp = Ramp(points=rising(points)) if points else None

    def played(offset: Fraction) -> Fraction:
        """Markers stand in what is played of an item; those of a clip of ours, in its file."""
        if ramp is not None and (there := ramp.at(offset)) is not None:
            return there
        return offset * (abs(speed) if speed else 1)

    first = seconds_of(item, "start", _first(item, document))
    made.markers.extend(markers_of(item, first, at, own, played))
    return made


def _clip(
    item: Element, asset: Element | None, start: Fraction, frames: int, rate: Rate,
    document: _Document,
) -> tuple[otio.schema.Clip, Rate, Fraction]:  # fmt: skip
    """(the clip, the rate of its media, the frame of the media that it begins with)."""
    own = rate_of(document.of(asset, "format"), rate)
    content = _content(item) if item.tag in ("clip", "sync-clip") else None
    if content is not None:  # its local time is turned into that of the asset
        first = seconds_of(content, "start", _first(content, document))
        start = start - seconds_of(content, "offset") + first
    url = _source(asset)
    reference: otio.core.MediaReference
    if url:
        reference = otio.schema.ExternalReference(target_url=url)
    else:
        said = (asset.get("name", "") if asset is not None else "") or item.get("name", "")
        reference = otio.schema.MissingReference(
            metadata={"secondunit": {"version": 1, "names": [said]}}
        )
    length = Fraction(0) if asset is None else seconds_of(asset, "duration")
    if asset is not None and length > 0:
        begins = round(seconds_of(asset, "start") * own.fraction)
        reference.available_range = laying.span(begins, round(length * own.fraction), own)
    at = start * own.fraction
    near = round(at)
    at = Fraction(near) if abs(at - near) < Fraction(1, 20) else at
    clip = otio.schema.Clip(
        name=item.get("name", ""), media_reference=reference,
        source_range=laying.span(at, frames, rate, own),
    )  # fmt: skip
    return clip, own, at


def _source(asset: Element | None) -> str:
    """The file of an asset: its original, since 1.9 in a <media-rep>."""
    if asset is None:
        return ""
    kinds = {one.get("kind", "original-media"): one.get("src", "") for one in
             children(asset, "media-rep")}  # fmt: skip
    return asset.get("src") or kinds.get("original-media") or next(iter(kinds.values()), "")


def _nested(
    item: Element, start: Fraction, frames: int, rate: Rate, document: _Document, depth: int
) -> tuple[otio.core.Item, Rate, Fraction]:
    """A compound clip, a synchronised clip, or the chosen angle of a multicam clip."""
    stack = otio.schema.Stack(name=item.get("name", ""))
    media = document.of(item)
    sequence = media.find("sequence") if media is not None else None
    if sequence is not None:
        own = rate_of(document.of(sequence, "format"), rate)
        zero = seconds_of(sequence, "tcStart")
        tracks = _tracks(sequence, own, document, depth + 1)
    elif media is not None and (multicam := media.find("multicam")) is not None:
        own = rate_of(document.of(multicam, "format"), rate)
        zero = seconds_of(multicam, "tcStart")
        tracks = _wrapped(_angle(item, multicam), own, zero, document, depth + 1)
    else:
        own, zero = rate, Fraction(0)
        tracks = _wrapped([c for c in item if c.get("lane", "0") == "0"], own, zero, document,
                          depth + 1)  # fmt: skip
    stack.extend(tracks)
    document.nested += sum(len(track) for track in tracks)
    if document.nested > _MOST_NESTED:
        raise TimelineUnreadable.single(
            f"nested clips hold more than {_MOST_NESTED} items, each use counted", "sequence"
        )
    at = Fraction(round((start - zero) * own.fraction))
    stack.source_range = laying.span(at, frames, rate, own)
    return stack, own, at


def _angle(item: Element, multicam: Element) -> list[Element]:
    wanted = next(
        (one.get("angleID") for one in children(item, "mc-source")
         if one.get("srcEnable", "all") in ("all", "video")), None
    )  # fmt: skip
    angles = list(children(multicam, "mc-angle"))
    found = next((one for one in angles if one.get("angleID") == wanted), None)
    return list(found if found is not None else angles[0] if angles else [])


def _wrapped(
    inside: list[Element], rate: Rate, zero: Fraction, document: _Document, depth: int
) -> list[otio.schema.Track]:
    """Elements without a sequence of their own, as if they had one."""
    if len(inside) == 1 and inside[0].tag == "spine":
        inside = list(inside[0])
    sequence = Element("sequence", {"tcStart": f"{zero.numerator}/{zero.denominator}s"})
    spine = Element("spine")
    spine.extend(inside)
    sequence.append(spine)
    return _tracks(sequence, rate, document, depth)
