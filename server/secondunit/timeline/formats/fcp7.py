"""Final Cut Pro 7's XML (xmeml 4 and 5, as Premiere and Resolve write it) in; a timeline out.

After Apple's "Final Cut Pro XML Interchange Format". Times are whole frames at the rate of the
element they stand in; `start` and `end` of a clip are -1 where a transition covers its edge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.choosing import Candidate
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.fcp7_speeds import graph_of, put_ramp, speed_of
from secondunit.timeline.formats.laying import Join, Placed
from secondunit.timeline.formats.xml_tree import Element, children, text, tree_of
from secondunit.timeline.ramps import Ramp
from secondunit.units import Rate

_TICKS = 254_016_000_000
"""A second, as Premiere counts where the cut under a transition is, from the transition's first
frame."""
_COUNT = re.compile(r"[0-9]{1,18}")
_DEEPEST = 20
_MOST_NESTED = 20_000
"""Items of all nested sequences: each use of one repeats what is in it."""


@dataclass(slots=True, kw_only=True)
class _Document:
    name: str
    notices: list[str]
    sequences: dict[str, Element] = field(default_factory=dict)
    files: dict[str, Element] = field(default_factory=dict)
    nested: int = 0


def sequences_of(data: bytes, name: str, notices: list[str]) -> list[Candidate]:
    """The sequences in the bytes of an .xml file called `name`. Raises TimelineUnreadable."""
    root = tree_of(data, name)
    if root.tag != "xmeml":
        raise TimelineUnreadable.single(
            f"'{name}' holds <{root.tag[:40]}>; Final Cut Pro 7's XML holds <xmeml>, and "
            "Final Cut Pro's <fcpxml>",
            "file",
        )
    document = _Document(name=name, notices=notices)
    for element in root.iter("sequence"):
        if element.get("id") and element.find("media") is not None:
            document.sequences.setdefault(element.get("id", ""), element)
    for element in root.iter("file"):
        if element.get("id") and len(element):
            document.files.setdefault(element.get("id", ""), element)
    found = _outermost(root)
    if not found:
        clips = [
            clip
            for element in root.iter("clip")
            if isinstance(clip := _clip(element, Rate(num=24), document, 0), otio.schema.Clip)
        ]
        if not clips:
            raise TimelineUnreadable.single(f"'{name}' holds no sequence and no clip", "file")
        made = laying.bin_of(clips, name)
        return [Candidate(name="", timeline=lambda: made)]
    return [
        Candidate(
            name=text(one, "name"), timeline=lambda one=one: _timeline(one, document)
        )
        for one in found
    ]  # fmt: skip


def _timeline(sequence: Element, document: _Document) -> otio.schema.Timeline:
    rate = _rate(sequence, None)
    code = sequence.find("timecode")
    document.nested = 0
    return laying.timeline(
        text(sequence, "name", document.name.rpartition(".")[0]), rate,
        _tracks(sequence, rate, document, 0),
        start=0 if code is None else _start(code, rate),
        drop_frame=text(code, "displayformat") == "DF",
        markers=_markers(sequence, rate, Fraction(0), rate),
    )  # fmt: skip


def _outermost(root: Element) -> list[Element]:
    """Sequences that stand in no other one, and are used in none."""
    found: list[Element] = []
    pending = [root]
    while pending:
        element = pending.pop(0)
        for child in element:
            if child.tag == "sequence":
                found.append(child)
            elif child.tag in ("project", "children", "bin"):
                pending.append(child)
    used = {inner.get("id") for one in found for inner in one.iter("sequence") if inner is not one}
    top = [one for one in found if one.get("id") is None or one.get("id") not in used]
    return top or found


def _rate(element: Element | None, default: Rate | None) -> Rate:
    base = text(element, "rate/timebase")
    if not base and default is not None:
        return default
    try:
        return rate_of(int(base), text(element, "rate/ntsc").upper() == "TRUE")
    except ValueError as exc:
        name = text(element, "name")
        raise TimelineUnreadable.single(
            f"'{name}' has no rate, or one that is none: timebase '{base[:20]}'", "sequence.rate"
        ) from exc


def rate_of(timebase: int, ntsc: bool) -> Rate:
    """The rate of a timebase, 1000/1001 of it for NTSC. Raises ValueError."""
    if not 1 <= timebase <= 1000:
        raise ValueError(f"a timebase of {timebase}")
    return Rate(num=timebase * 1000, den=1001) if ntsc else Rate(num=timebase)


def _number(element: Element | None, path: str, default: int = 0) -> int:
    said = text(element, path)
    try:
        value = int(said) if said else default
    except ValueError as exc:
        raise TimelineUnreadable.single(
            f"<{path}> of '{text(element, 'name')}' is '{said[:20]}', no whole number of frames",
            path,
        ) from exc
    if abs(value) > 10**9:
        raise TimelineUnreadable.single(
            f"<{path}> of '{text(element, 'name')}' is {said[:20]}, a number of {len(said)} digits",
            path,
        )
    return value


def _start(code: Element, rate: Rate) -> int:
    """Frame number of a <timecode>, which counts at a rate of its own."""
    own = _rate(code, rate)
    frame = Fraction(_number(code, "frame"))
    return round(frame if own.nominal == rate.nominal else frame * rate.nominal / own.nominal)


def _tracks(
    sequence: Element, rate: Rate, document: _Document, depth: int
) -> list[otio.schema.Track]:
    if depth > _DEEPEST:
        raise TimelineUnreadable.single(f"nested deeper than {_DEEPEST} sequences", "sequence")
    made: list[otio.schema.Track] = []
    for kind, path in (
        (otio.schema.TrackKind.Video, "media/video/track"),
        (otio.schema.TrackKind.Audio, "media/audio/track"),
    ):
        for number, element in enumerate(sequence.findall(path), 1):
            track = _track(element, rate, f"{kind} {number}", kind, document, depth)
            track.enabled = text(element, "enabled", "TRUE").upper() != "FALSE"
            made.append(track)
    return made


def _track(
    element: Element, rate: Rate, name: str, kind: str, document: _Document, depth: int
) -> otio.schema.Track:
    row = list(children(element, "clipitem", "generatoritem", "transitionitem"))
    joins = {
        number: _join(one, rate) for number, one in enumerate(row) if one.tag == "transitionitem"
    }
    placed: list[Placed] = []
    for number, item in enumerate(row):
        if number not in joins:
            before, after = joins.get(number - 1), joins.get(number + 1)
            one = _placed(item, rate, before, after, document, depth, f"{name}[{number}]")
            if one is not None:
                placed.append(one)
    # A clip that a transition hides wholly has no frames of its own; the cut goes with it.
    edges = {p.start for p in placed} | {p.start + p.frames for p in placed}
    kept = [join for join in joins.values() if join.cut in edges]
    return laying.track_of(
        placed, rate, name=name, kind=kind, joins=kept, notices=document.notices, path=name
    )


def _join(transition: Element, rate: Rate) -> Join:
    start, end = _number(transition, "start"), _number(transition, "end")
    aligned = text(transition, "alignment", "center")
    cut = start if "start" in aligned else end if "end" in aligned else (start + end) // 2
    ticks = text(transition, "cutPointTicks")
    if "center" in aligned and _COUNT.fullmatch(ticks):  # Premiere's: its dissolves may be uneven
        said = start + round(int(ticks) * rate.fraction / _TICKS)
        cut = said if start < said < end else cut
    name = text(transition, "effect/name")
    return Join(cut=cut, before=max(cut - start, 0), after=max(end - cut, 0), name=name)


def _placed(
    item: Element, rate: Rate, before: Join | None, after: Join | None, document: _Document,
    depth: int, path: str,
) -> Placed | None:  # fmt: skip
    start, end = _number(item, "start", -1), _number(item, "end", -1)
    own = _rate(item, rate)
    into, out = _number(item, "in"), _number(item, "out")
    skipped = 0
    missing = [
        edge for edge, at, join in (("start", start, before), ("end", end, after))
        if at == -1 and join is None
    ]  # fmt: skip
    if missing == ["end"] and out > into:
        end = start + round(Fraction(out - into) * rate.nominal / own.nominal)
    elif missing:
        raise TimelineUnreadable.single(
            f"'{text(item, 'name')}' has no {' and no '.join(missing)}, and no transition there",
            path,
        )
    if start == -1 and before is not None:
        # `in` is the transition's first frame, not the cut's.
        start, skipped = before.cut, before.before
    if end == -1 and after is not None:
        end = after.cut
    if end <= start:
        return None
    made = _item(item, rate, document, depth, into=into, skipped=skipped, frames=end - start)
    made.enabled = text(item, "enabled", "TRUE").upper() != "FALSE"
    return Placed(item=made, start=start, frames=end - start)


def _item(
    item: Element, rate: Rate, document: _Document, depth: int, *, into: int, skipped: int,
    frames: int,
) -> otio.core.Item:  # fmt: skip
    own = _rate(item, rate)
    inner = item.find("sequence")
    speed, variable = speed_of(item)
    graph = graph_of(item) if variable else ()
    at = Fraction(into) + Fraction(skipped) * own.nominal / rate.nominal
    made: otio.core.Item
    if inner is not None:
        made = _nested(inner, text(item, "name"), document, depth)
        inside = _rate(document.sequences.get(inner.get("id", ""), inner), rate)
        first = at * inside.nominal / own.nominal
        made.source_range = laying.span(first * abs(speed), frames, rate, inside)
        own, zero = inside, Fraction(0)
    else:
        clip = _clip(item, rate, document, _number(item, "duration"))
        media = own if clip.media_reference.available_range is None else Rate.snap(
            clip.media_reference.available_range.start_time.rate
        )  # fmt: skip
        known = clip.media_reference.available_range
        zero = Fraction(0) if known is None else Fraction(round(known.start_time.value))
        if known is not None:
            length = round(known.duration.value) * own.nominal // media.nominal
            at += _skipped_by_subclip(item, length, document.notices)
        # In and out count what a speed leaves of the file, at the clip's own rate.
        first = at * abs(speed)
        if graph:
            first = Ramp(points=graph).at(at) or first
        if speed < 0:
            first = Fraction(_number(item, "duration")) * abs(speed) - first
            first -= Fraction(frames) * own.nominal / rate.nominal * abs(speed)
        first = first * media.nominal / own.nominal
        clip.source_range = laying.span(zero + max(first, Fraction(0)), frames, rate, media)
        made, own = clip, media
    if text(item, "stillframe").upper() == "TRUE":
        speed = Fraction(0)
    if variable:
        put_ramp(made, graph, at, _rate(item, rate), item)
    else:
        laying.warped(made, speed, "timeremap")
    for marker in _markers(item, _rate(item, rate), zero, own):
        made.markers.append(marker)
    return made


def _clip(item: Element, rate: Rate, document: _Document, length: int) -> otio.schema.Clip:
    """A clip or generator without its place."""
    name = text(item, "name")
    if item.tag == "generatoritem":
        kind = text(item, "effect/effectid") or text(item, "effect/name", "generator")
        return otio.schema.Clip(
            name=name, media_reference=otio.schema.GeneratorReference(generator_kind=kind)
        )
    file = _file(item)
    if file is not None and not len(file):
        file = document.files.get(file.get("id", ""))
    url = text(file, "pathurl")
    reference: otio.core.MediaReference
    if file is None or not url:
        said = text(file, "name") or name
        reference = otio.schema.MissingReference(
            name=said, metadata={"secondunit": {"version": 1, "names": [said]}}
        )
    else:
        reference = otio.schema.ExternalReference(target_url=url)
        reference.name = text(file, "name")
        reel = text(file, "timecode/reel/name")
        if reel:
            reference.metadata["secondunit"] = {"version": 1, "names": [], "reel": reel}
    own = _rate(file, _rate(item, rate))
    frames = _number(file, "duration", length)
    if file is not None and frames > 0:
        code = file.find("timecode")
        start = 0 if code is None else _start(code, own)
        reference.available_range = laying.span(start, frames, own)
    return otio.schema.Clip(name=name, media_reference=reference)


def _file(item: Element) -> Element | None:
    """The file of a clip; of a multiclip that of the angle that is shown."""
    for angle in item.iterfind("multiclip/angle"):
        if text(angle, "activevideoangle").upper() == "TRUE":
            return angle.find("clip/file") if angle.find("clip/file") is not None else next(
                angle.iter("file"), None
            )  # fmt: skip
    return item.find("file")


def _skipped_by_subclip(item: Element, media: int, notices: list[str]) -> int:
    """Frames of the file before a subclip, where `in` counts from its beginning.

    Final Cut's subclips have a length of their own, and count in it; others count in the file.
    """
    offset = _number(item, "subclipinfo/startoffset")
    if offset <= 0:
        return 0
    length = _number(item, "duration")
    if abs(length + offset + _number(item, "subclipinfo/endoffset") - media) <= 1:
        return offset
    if length != media:
        notices.append(
            f"'{text(item, 'name')}' is a subclip whose length does not say where it counts from; "
            "it is taken to count from its file's first frame"
        )
    return 0


def _nested(inner: Element, name: str, document: _Document, depth: int) -> otio.schema.Stack:
    full = document.sequences.get(inner.get("id", ""), inner)
    rate = _rate(full, None)
    stack = otio.schema.Stack(name=text(full, "name", name))
    tracks = _tracks(full, rate, document, depth + 1)
    document.nested += sum(len(track) for track in tracks)
    if document.nested > _MOST_NESTED:
        raise TimelineUnreadable.single(
            f"nested sequences hold more than {_MOST_NESTED} items, each use counted", "sequence"
        )
    stack.extend(tracks)
    if tracks:  # those of the stack itself would be the outer sequence's, on this clip
        tracks[0].markers.extend(_markers(full, rate, Fraction(0), rate))
    return stack


def _markers(item: Element, rate: Rate, zero: Fraction, of: Rate) -> list[otio.schema.Marker]:
    """Markers, counted at `rate` in the file and at `of` from `zero` in what is made."""
    made: list[otio.schema.Marker] = []
    for element in children(item, "marker"):
        start, end = _number(element, "in"), _number(element, "out", -1)
        at = zero + Fraction(max(start, 0)) * of.nominal / rate.nominal
        made.append(
            laying.marker(
                name=text(element, "name"),
                comment=text(element, "comment"),
                start=at,
                frames=end - start,
                rate=of,
            )
        )
    return made
