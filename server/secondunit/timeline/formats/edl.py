"""A CMX 3600 edit decision list in; a timeline out. The rate comes from whoever asks.

After the layout that editing systems agree on: an event is a number, a reel, a channel, a
transition and four timecodes; `M2` lines give its speed, `*` lines say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from secondunit.errors import Fault, TimelineUnreadable
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.laying import Join, Placed
from secondunit.units import Rate, frame_of_timecode

# Sony's lists have semicolons all through.
_TIMECODE = r"\d{1,2}[:;]\d\d[:;]\d\d[:;.,]\d\d"
_EVENT = re.compile(
    rf"(\d+)\s+(\S.*?)\s+([A-Z0-9/+]+)\s+(C|D|W\d{{0,3}}|K ?[BO]?)\s+(?:(\d{{1,3}})\s+)?"
    rf"({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s*"
)
_BEGINS = re.compile(r"^\s*\d+\s", re.MULTILINE)
_SPEED = re.compile(rf"M2\s+(.*?)\s+([-+]?\d{{1,9}}(?:\.\d{{1,9}})?)\s+({_TIMECODE})?\s*")
_LOCATOR = re.compile(rf"LOC:?\s+({_TIMECODE})\s+([A-Za-z]+)\s*(.*)")
_NOTE = re.compile(r"\*?\s*(FROM CLIP NAME|TO CLIP NAME|SOURCE FILE(?: PATH)?|FILE|FROM CLIP IS"
                   r"|TO CLIP IS|KEY CLIP NAME|COMMENTS?|NOTE|REEL)\s*:\s*(.*)")  # fmt: skip
_HIGHEST = re.compile(rf"(?={_TIMECODE})\d{{1,2}}[:;]\d\d[:;]\d\d[:;.,](\d\d)")
_MOST_FAULTS = 20
_SHORTEST = 4
"""Timecodes of an event."""


@dataclass(slots=True, kw_only=True)
class _Event:
    line: int
    number: str
    reel: str
    channels: str
    kind: str
    """C, D, W, K (the background of a key) or O (what is keyed over it)."""
    length: int
    """Frames of its transition; 0 for a cut."""
    source: tuple[int, int]
    record: tuple[int, int]
    speed: Fraction | None = None
    notes: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return self.record[1] - self.record[0]


@dataclass(slots=True, kw_only=True)
class _List:
    title: str = ""
    drop_frame: bool = False
    events: list[_Event] = field(default_factory=list)
    locators: list[tuple[int, str, str]] = field(default_factory=list)
    """(record frame, colour, text)."""
    faults: list[Fault] = field(default_factory=list)


def timeline_of(
    data: bytes, name: str, rate: Rate | None, notices: list[str]
) -> otio.schema.Timeline:
    """The timeline in the bytes of an .edl file called `name`.

    Clips are known by name and reel only, so that is what their references hold.
    Raises TimelineUnreadable, also where no rate was given: a list does not say its own.
    """
    text = text_of(data, name, notices)
    count = sum(1 for _ in _BEGINS.finditer(text))
    if count > laying.MOST_ITEMS:
        raise laying.too_many(count)
    if not any(_EVENT.fullmatch(line.strip()) for line in text.splitlines()):
        raise TimelineUnreadable.single(
            f"'{name}' holds no event: it is no CMX 3600 edit decision list", "file"
        )
    rate = _checked(rate, text, name)
    found = _parsed(text, rate)
    if found.faults:
        raise TimelineUnreadable(found.faults[:_MOST_FAULTS])
    start = min(event.record[0] for event in found.events)
    tracks = [
        _track(channel, kind, events, rate, start, notices)
        for channel, kind, events in _channels(found.events)
    ]
    markers = [
        laying.marker(
            name="", comment=text, start=at - start, frames=1, rate=rate, colour=colour.upper()
        )
        for at, colour, text in found.locators
    ]
    return laying.timeline(
        found.title or name.rpartition(".")[0], rate, tracks, start=start,
        drop_frame=found.drop_frame, markers=markers,
    )  # fmt: skip


def text_of(data: bytes, name: str, notices: list[str]) -> str:
    """The words of a list: UTF-8, or UTF-16 by its mark, or else Windows' Western European."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding in ("cp1252", "latin-1"):
            notices.append(f"'{name}' is not UTF-8 and was read as Western European text")
        return text
    raise TimelineUnreadable.single(f"'{name}' is no text", "file")


def _checked(rate: Rate | None, text: str, name: str) -> Rate:
    highest = max((int(m[1]) for m in _HIGHEST.finditer(text)), default=0)
    drop = re.search(r"\d\d[:;]\d\d[:;]\d\d[;,]\d\d|FCM:\s*DROP", text) is not None
    if rate is None:
        likely = "29.97" if drop else "25" if highest == 24 else "24"
        if highest > 29:
            likely = "59.94" if drop else "50" if highest < 50 else "60"
        elif highest > 24 and not drop:
            likely = "30"
        said = "it counts drop frame" if drop else f"its timecodes count up to frame {highest}"
        raise TimelineUnreadable.single(
            f"'{name}' does not say its rate, as no edit decision list does; {said}: "
            f"give it, as in --rate {likely}",
            "rate",
        )
    if drop and (rate.den != 1001 or rate.nominal % 30):
        raise TimelineUnreadable.single(
            f"'{name}' counts drop frame, which does not exist at {rate} frames per second: "
            "give --rate 29.97 or --rate 59.94",
            "rate",
        )
    return rate


def _parsed(text: str, rate: Rate) -> _List:
    found = _List()
    last: list[_Event] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words:
            continue
        try:
            event = _event(words, number, rate, found)
            if event is not None:
                if last and last[0].number != event.number:
                    last = []
                last.append(event)
                found.events.append(event)
            elif words.startswith("M2"):
                _speed(words, last, rate, number)
            elif match := _LOCATOR.search(words.lstrip("* ")):
                found.locators.append((_frame(match[1], rate, found), match[2], match[3].strip()))
            else:
                _says(words, last, found)
        except ValueError as exc:
            found.faults.append(Fault(what=str(exc), path=f"line {number}"))
    return found


def _event(words: str, number: int, rate: Rate, found: _List) -> _Event | None:
    match = _EVENT.fullmatch(words)
    if match is None:
        # Half an event is damage; other lines that begin with a number are somebody's comment.
        if re.match(r"\d{3,6}\s", words) and len(re.findall(_TIMECODE, words)) in (1, 2, 3):
            count = len(re.findall(_TIMECODE, words))
            raise ValueError(f"an event has {_SHORTEST} timecodes; here are {count}")
        return None
    times = [_frame(match[n], rate, found) for n in (6, 7, 8, 9)]
    day = 24 * 3600 * rate.nominal
    for n in (1, 3):
        if times[n] < times[n - 1]:
            times[n] += day  # past midnight
    event = _Event(
        line=number, number=match[1], reel=match[2], channels=match[3],
        kind="O" if match[4].endswith("O") else match[4][0],
        length=int(match[5] or 0), source=(times[0], times[1]), record=(times[2], times[3]),
    )  # fmt: skip
    if event.frames > 12 * 3600 * rate.nominal:
        raise ValueError(f"event {event.number} ends before it begins")
    return event


def _frame(text: str, rate: Rate, found: _List) -> int:
    """Frame of a timecode; `;` and `,` before the frames mean drop frame, or the FCM line does."""
    head, mark, frames = text[:-3].replace(";", ":"), text[-3], text[-2:]
    drop = mark in ";," or (found.drop_frame and mark == ":")
    if drop and rate.den == 1001 and rate.nominal % 30 == 0:
        found.drop_frame = True
        mark = ";"
    else:
        mark = ":"
    try:
        return frame_of_timecode(f"{head.zfill(8)}{mark}{frames}", rate)
    except ValueError as exc:
        raise ValueError(f"{exc}; was the right rate given? --rate {rate}") from exc


def _speed(words: str, last: list[_Event], rate: Rate, number: int) -> None:
    match = _SPEED.fullmatch(words)
    if match is None:
        raise ValueError(f"'{words[:60]}' is no M2 line with a reel and frames per second")
    # Of two events with one number, the line is about that of its reel.
    about = [e for e in last if e.reel == match[1]] or last
    if about:
        about[-1].speed = Fraction(match[2]) / rate.nominal


def _says(words: str, last: list[_Event], found: _List) -> None:
    key, _, value = words.partition(":")
    if key == "TITLE":
        found.title = value.strip()
    elif key == "FCM":
        found.drop_frame = value.strip().upper().startswith("DROP")
    elif last and (match := _NOTE.fullmatch(words)):
        name = match[1]
        if name in ("COMMENT", "COMMENTS", "NOTE"):
            last[-1].comments.append(match[2].strip())
        else:
            last[-1].notes.setdefault(name, match[2].strip())
    elif last and words.startswith("*"):
        last[-1].comments.append(words.lstrip("* ").strip())


def _channels(events: list[_Event]) -> Iterator[tuple[str, str, list[_Event]]]:
    """(name, kind, events) of each track: the picture's first."""
    rows: dict[tuple[str, str], list[_Event]] = {}
    video = otio.schema.TrackKind.Video
    first = "V1" if not any(re.search(r"\bV\b", event.channels) for event in events) else "V"
    for event in events:
        for part in re.split(r"[/+]", event.channels):
            if part in ("B", "V", "V1"):  # the first track, which lists with several call V1 too
                name = "V key" if event.kind == "O" else "V" if part != "V1" else first
                rows.setdefault((video, name), []).append(event)
            elif re.fullmatch(r"V\d+", part):
                rows.setdefault((video, part), []).append(event)
            if part == "B" or part.startswith("A"):
                rows.setdefault((otio.schema.TrackKind.Audio, part), []).append(event)
    kinds = (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio)
    for kind, channel in sorted(
        rows, key=lambda k: (kinds.index(k[0]), k[1] == "V key", len(k[1]), k[1])
    ):
        yield channel, kind, rows[kind, channel]


def _track(
    channel: str, kind: str, events: list[_Event], rate: Rate, zero: int, notices: list[str]
) -> otio.schema.Track:
    placed: list[Placed] = []
    joins: list[Join] = []
    for event in sorted(events, key=lambda e: (e.record, e.line)):
        if event.length:
            joins.append(
                Join(cut=event.record[0] - zero, before=0, after=event.length,
                     name=event.notes.get("effect", ""),
                     kind="SMPTE_Dissolve" if event.kind == "D" else "Custom_Transition")
            )  # fmt: skip
        if event.frames == 0:
            continue  # the outgoing half of a transition: its clip stands before it already
        item = _item(event, rate, notices)
        placed.append(Placed(item=item, start=event.record[0] - zero, frames=event.frames))
    return laying.track_of(
        placed, rate, name=channel, kind=kind, joins=joins, notices=notices, path=channel
    )


def _item(event: _Event, rate: Rate, notices: list[str]) -> otio.core.Item:
    incoming = event.notes.get("TO CLIP NAME") if event.length else None
    name = incoming or event.notes.get("FROM CLIP NAME") or event.reel
    if event.reel in ("BL", "BLACK"):
        item: otio.core.Item = laying.gap(event.frames, rate, name="BL")
        _mark(item, event, 0, rate)
        return item
    speed = Fraction(1) if event.speed is None else event.speed
    read = event.source[1] - event.source[0]
    if event.speed is None and read not in (event.frames, 0, 1):
        notices.append(
            f"event {event.number} (line {event.line}) reads {read} frames in {event.frames} and "
            "has no M2 line; it is taken to play at its own speed"
        )
    names = [
        event.notes[key]
        for key in ("SOURCE FILE PATH", "FILE", "SOURCE FILE")
        if key in event.notes
    ]
    names = list(dict.fromkeys([*names, *(n for n in (name, event.reel) if n != "AX")]))
    record: dict[str, Any] = {"version": 1, "names": names, "reel": event.reel}
    clip = otio.schema.Clip(
        name=name,
        media_reference=otio.schema.ExternalReference(
            target_url=names[0] if names else name, metadata={"secondunit": record}
        ),
        source_range=laying.span(event.source[0], event.frames, rate),
        metadata={"cmx_3600": {"reel": event.reel, "comments": list(event.comments)}},
    )
    laying.warped(clip, speed, "M2")
    _mark(clip, event, event.source[0], rate)
    return clip


def _mark(item: otio.core.Item, event: _Event, start: int, rate: Rate) -> None:
    """Comments that may speak to us become markers; others stay where they are."""
    for comment in event.comments:
        if comment.lower().startswith(("gen:", "gen ", "{")):
            item.markers.append(
                laying.marker(name="", comment=comment, start=start, frames=1, rate=rate)
            )
