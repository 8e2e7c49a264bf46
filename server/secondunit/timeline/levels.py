"""A timeline in; the sequences in which requests stand out: itself, and those nested in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import opentimelineio as otio

from secondunit.errors import Fault, Refused
from secondunit.timeline.carriers import asks
from secondunit.timeline.cut import CuttingRoom, Laid, Rows, rate_of_tracks, said_rate

RATES = range(1, 1000)
"""Whole frames per second that timecode can count: it has two or three digits for them."""
_DEEPEST = 20
_MOST = 1000
"""Nested sequences with requests, each use counted."""

Way = tuple[int, ...]
"""From the timeline down to a nested sequence: number of a track, of its child, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A sequence, how it counts, and what lies on its video tracks."""

    stack: otio.schema.Stack
    tracks: str
    """Of its tracks, in messages: the first is `tracks[0]`, or `tracks[0].children[2].children[0]`
    of a nested sequence."""
    room: CuttingRoom
    rows: Rows
    unmeasured: dict[int, list[Fault]]
    """What cannot be measured on each track."""
    ways: tuple[Way, ...] = ()
    """To a nested sequence, once for each time that it is used; none to the timeline."""


def levels_of(timeline: otio.schema.Timeline, room: CuttingRoom) -> list[Level]:
    """The timeline, and every nested sequence with a request of its own.

    A sequence that is used twice is one level. Raises Refused where there are too many, or one
    counts in frames that timecode cannot count.
    """
    if timeline.tracks.source_range is not None:
        room.notices.append("the whole timeline is trimmed; frames count from its untrimmed start")
    top = _level(timeline.tracks, "tracks", room, ())
    found: dict[str, Level] = {}
    pending: list[tuple[Level, Way]] = [(top, ())]
    count = 0
    while pending:
        level, way = pending.pop(0)
        for laid in _asking(level):
            stack, here = laid.item, (*way, laid.track, laid.index)
            if not isinstance(stack, otio.schema.Stack):
                room.notices.append(
                    f"'{laid.name}' ({laid.path}) is a nested track, and the requests in it were "
                    "not read: open the compound and export it by itself"
                )
                continue
            count += 1
            if len(here) > 2 * _DEEPEST or count > _MOST:
                raise Refused.single(
                    f"requests stand in sequences that are nested deeper than {_DEEPEST} levels, "
                    f"or in more than {_MOST} of them",
                    laid.path,
                )
            # A host repeats the whole sequence at each use; what is asked for is made once.
            content = "\n".join(track.to_json_string() for track in stack)
            known = found.get(content)
            if known is None:
                inside = room_inside(room, stack)
                if inside.rate.nominal not in RATES:
                    raise Refused.single(
                        f"'{laid.name}' runs at {inside.rate} frames per second; we count "
                        f"{RATES[0]} to {RATES[-1]}",
                        laid.path,
                    )
                known = _level(stack, f"{laid.path}.children", inside, (here,))
                room.notices.append(
                    f"'{laid.name}' ({laid.path}) is a nested sequence with requests of its own; "
                    "what they ask for is made at its rate and will stand in it"
                )
            else:
                known = replace(known, ways=(*known.ways, here))
            found[content] = known
            pending.append((replace(known, tracks=f"{laid.path}.children"), here))
    return [top, *found.values()]


def path_of(way: Way) -> str:
    """A way in words: `tracks[0].children[2].children[1].children[0]`."""
    steps = [f".children[{number}]" for number in way]
    steps[:1] = [f"tracks[{number}]" for number in way[:1]]
    return "".join(steps)


def room_inside(room: CuttingRoom, stack: otio.schema.Stack) -> CuttingRoom:
    """The clock of a nested sequence: as its host says, else as its pictures are cut."""
    return replace(room, rate=said_rate(stack) or rate_of_tracks(stack) or room.rate)


def _level(
    stack: otio.schema.Stack, tracks: str, room: CuttingRoom, ways: tuple[Way, ...]
) -> Level:
    """The enabled video tracks of a sequence, laid out."""
    rows: Rows = {}
    unmeasured: dict[int, list[Fault]] = {}
    for number, track in enumerate(stack):
        if not isinstance(track, otio.schema.Track):
            room.notices.append(
                f"{tracks}[{number}] is a {track.schema_name()}, not a track; it was not looked "
                "into"
            )
        elif track.kind == otio.schema.TrackKind.Video and track.enabled:
            rows[number], unmeasured[number] = room.layout(track, number, tracks)
    return Level(
        stack=stack, tracks=tracks, room=room, rows=rows, unmeasured=unmeasured, ways=ways
    )  # fmt: skip


def _asking(level: Level) -> Iterator[Laid]:
    """The nested sequences of a level, in use, in which a request stands."""
    for row in level.rows.values():
        for laid in row:
            item = laid.item
            if isinstance(item, otio.core.Composition) and item.enabled and asks(item):
                # The level may be known from another use, whose way was another.
                yield replace(laid, within=level.tracks)
