"""What the editor looks at, read from Resolve."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1 import units_pb2

from secondunit_resolve import clock
from secondunit_resolve.api import TimelineItem, able
from secondunit_resolve.desk import Desk

AROUND = 1500
"""Frames around what the editor looks at within which clips are listed."""
NEAREST = 2
"""Clips on each side of it that are listed however far they are."""
COLOUR = "Chocolate"
"""Clip colour that stands for a selection where Resolve tells none."""
OURS = "secondunit"
_ASKS = re.compile(r"GEN[ _:]+[A-Za-z]")
"""A marker's name that asks for a shot, as the reader of timelines has it."""


def context_of(desk: Desk, around: int = 0) -> pb.HostContext:
    """The whole context. Raises HostError."""
    timeline = desk.timeline
    marks = marks_of(desk)
    playhead = desk.playhead()
    picked = _selected(desk)
    context = pb.HostContext(
        project=desk.project.GetName() or "",
        timeline=timeline.GetName() or "",
        timeline_id=desk.id,
        rate=desk.rate,
        size=_size(desk),
        start_timecode=timeline.GetStartTimecode() or "",
        frames=max(0, clock.whole(timeline.GetEndFrame() or desk.start) - desk.start),
        playhead=playhead,
        tracks=list(tracks_of(desk)),
        markers=list(_markers(desk)),
        colour_space=str(timeline.GetSetting("colorSpaceTimeline") or ""),
    )
    if marks is not None:
        context.marks.CopyFrom(marks)
    spans = [(playhead, playhead + 1)]
    if marks is not None:
        spans.append((marks.start, marks.start + marks.frames))
    tracks = [list(_stands(desk, track.index)) for track in context.tracks]
    spans += [
        (one.begin, one.end) for track in tracks for one in track if one.id in picked
    ]  # fmt: skip
    for number, track in enumerate(tracks):
        for one in _near(track, spans, around or AROUND):
            item = _item(desk, one, number, picked)
            if item is not None:
                context.items.append(item)
    if not able(timeline, "GetSelectedClips"):
        context.notices.append(
            f"This Resolve does not tell what is selected: clips coloured {COLOUR} count as it, "
            "and so does the clip under the playhead."
        )
    return context


def marks_of(desk: Desk) -> units_pb2.FrameRange | None:
    """Between in and out, the out frame included as Resolve counts it; None without both."""
    said = desk.timeline.GetMarkInOut() or {}
    video = said.get("video") or {}
    if "in" not in video or "out" not in video:
        return None
    begin, last = clock.whole(video["in"]), clock.whole(video["out"])
    return units_pb2.FrameRange(start=begin, frames=max(0, last - begin + 1))


def tracks_of(desk: Desk) -> Iterator[pb.HostTrack]:
    """The video tracks, from the bottom."""
    timeline = desk.timeline
    for n in range(1, (timeline.GetTrackCount("video") or 0) + 1):
        yield pb.HostTrack(
            index=n - 1,
            name=timeline.GetTrackName("video", n) or f"V{n}",
            locked=bool(timeline.GetIsTrackLocked("video", n)),
            enabled=timeline.GetIsTrackEnabled("video", n) is not False,
        )


def span_of(item: TimelineItem, start: int) -> tuple[int, int]:
    """(first frame, frames) on the timeline, from its frame 0. Raises ValueError."""
    begin, duration = clock.whole(item.GetStart()), clock.whole(item.GetDuration())
    return begin - start, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stands:
    """Where a clip stands: all that is asked of every clip, since each question costs a while."""

    item: TimelineItem
    id: str
    begin: int
    end: int


def _stands(desk: Desk, track: int) -> Iterator[_Stands]:
    for item in desk.timeline.GetItemListInTrack("video", track + 1) or ():
        try:
            begin, frames = span_of(item, desk.start)
        except ValueError:
            continue  # a dead item, whose getters answer nothing
        yield _Stands(item=item, id=item.GetUniqueId() or "", begin=begin, end=begin + frames)


def _item(desk: Desk, one: _Stands, track: int, picked: set[str]) -> pb.HostItem | None:
    """The whole of a clip; None for a transition, which stands in the list too."""
    item, frames = one.item, one.end - one.begin
    media = item.GetMediaPoolItem()
    if media is None and _transition(item):
        return None
    found = pb.HostItem(
        id=one.id,
        name=item.GetName() or "",
        track=track,
        record=units_pb2.FrameRange(start=one.begin, frames=frames),
        selected=one.id in picked,
        disabled=able(item, "GetClipEnabled") and item.GetClipEnabled() is False,
        takes=item.GetTakesCount() or 0,
        take=item.GetSelectedTakeIndex() or 0,
    )
    if media is not None:
        found.path = str(media.GetClipProperty("File Path") or "")
        try:
            found.rate.CopyFrom(clock.rate_of(media.GetClipProperty("FPS")))
        except ValueError:
            found.rate.CopyFrom(desk.rate)
        _source(desk, item, found, frames)
    return found


def _transition(item: TimelineItem) -> bool:
    if able(item, "GetType"):
        return item.GetType() == "transition"
    return not item.GetProperty()  # a title has properties, a transition has none


def _source(desk: Desk, item: TimelineItem, found: pb.HostItem, frames: int) -> None:
    # The left offset is right where GetSourceStartFrame is sometimes one off.
    offset = clock.whole(item.GetLeftOffset() or 0)
    first, last = item.GetSourceStartFrame(), item.GetSourceEndFrame()
    usual = frames * _per_second(found.rate) / _per_second(desk.rate)
    shown = max(1, round(usual))
    if first is not None and last is not None and frames > 0:
        length = clock.whole(last) - clock.whole(first)
        if abs(length - usual) > 2:  # played faster or slower
            shown = max(1, length)
            found.speed = length / usual
    found.source.CopyFrom(units_pb2.FrameRange(start=offset, frames=shown))


def _per_second(rate: units_pb2.Rate) -> float:
    return rate.num / rate.den


def _selected(desk: Desk) -> set[str]:
    """Names of the items that are meant."""
    timeline = desk.timeline
    if able(timeline, "GetSelectedClips"):
        return {i.GetUniqueId() or "" for i in timeline.GetSelectedClips() or ()}
    coloured = {
        item.GetUniqueId() or ""
        for n in range(1, (timeline.GetTrackCount("video") or 0) + 1)
        for item in timeline.GetItemListInTrack("video", n) or ()
        if item.GetClipColor() == COLOUR
    }
    if coloured:
        return coloured
    under = timeline.GetCurrentVideoItem()
    return set() if under is None else {under.GetUniqueId() or ""}


def _near(
    items: Sequence[_Stands], spans: Sequence[tuple[int, int]], reach: int
) -> Iterator[_Stands]:
    """Clips within reach of a span, and the nearest on both its sides."""
    kept: set[int] = set()
    for begin, end in spans:
        kept |= {
            n
            for n, item in enumerate(items)
            if item.begin < end + reach and item.end > begin - reach
        }
        before = [n for n, item in enumerate(items) if item.end <= begin]
        after = [n for n, item in enumerate(items) if item.begin >= end]
        kept |= set(before[-NEAREST:]) | set(after[:NEAREST])
    yield from (items[n] for n in sorted(kept))


def _size(desk: Desk) -> units_pb2.Size:
    def side(name: str) -> int:
        return int(float(desk.timeline.GetSetting(name) or desk.project.GetSetting(name) or 0))

    return units_pb2.Size(
        width=side("timelineResolutionWidth"), height=side("timelineResolutionHeight")
    )


def _markers(desk: Desk) -> Iterator[pb.HostMarker]:
    for frame, mark in (desk.timeline.GetMarkers() or {}).items():
        note, custom = str(mark.get("note", "")), str(mark.get("customData", ""))
        name = str(mark.get("name", ""))
        asks = note.lstrip().lower().startswith("gen:") or _ASKS.match(name) is not None
        if asks or custom.startswith(OURS):
            span = units_pb2.FrameRange(
                start=clock.whole(frame), frames=clock.whole(mark.get("duration", 1))
            )
            yield pb.HostMarker(record=span, name=name, note=note, custom=custom)
