"""Takes go back into the edit: a new timeline beside the untouched original."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import opentimelineio as otio

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES, frame_name
from secondunit.config import Config
from secondunit.encode.durable import replacing, unwritten
from secondunit.errors import PlacementError, Refused
from secondunit.place.bundle import Kind as Bundle
from secondunit.place.bundle import bundle, check_bundle
from secondunit.place.clip import VERSION
from secondunit.place.exchange import Asset
from secondunit.place.exchanged import check_beside, exchanged
from secondunit.place.kept import check_kept, contents
from secondunit.place.links import Profile, rebase
from secondunit.place.nests import nest_at, nest_of
from secondunit.place.shape import shape
from secondunit.place.table import Finished, Placement, Table
from secondunit.place.takes import Take, keep_request
from secondunit.place.tracks import Layouts
from secondunit.place.words import Words, words_of
from secondunit.timeline.cut import CuttingRoom, plain, rate_of
from secondunit.timeline.levels import Way, path_of
from secondunit.timeline.read import reading
from secondunit.timeline.retimes import convention_of

__all__ = ["Finished", "PlacedEdit", "Placement", "check_target", "place"]

_LARGEST = 2**30
"""Bytes; no timeline that we write has as many."""
_HEAD = re.compile(r'\s*\{\s*"OTIO_SCHEMA"\s*:\s*"Timeline\.\d+"\s*,\s*"metadata"\s*:\s*')


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEdit:
    """A new timeline."""

    timeline: Path
    placements: tuple[Placement, ...]
    notices: tuple[str, ...]
    """What an editor should know before cutting on."""
    files: tuple[Path, ...] = ()
    """Written beside it: the same edit in the formats that its host relinks by, and bundled."""


def place(
    timeline_path: Path,
    out_path: Path,
    finished: Sequence[Finished],
    profile: Profile,
    *,
    config: Config,
    bundled: Bundle | None = None,
) -> PlacedEdit:
    """Write `out_path`: the timeline as it was, with each shot's chosen take in its place.

    A bridge fills its gap; an extension stands beside its clip where there is room; what covers
    footage goes to a video track `GEN` on top. Nothing of the editor's is moved, erased or
    changed, which is checked on the file that was written before it gets its name.

    Raises Refused for an `out_path` that is not ours to replace and for an edit that does not
    fit the shots, TimelineUnreadable, PlacementError and StoreFull; then nothing is written.

    Beside it go the exchange files of the profile (`exchanged`), and where `bundled` asks for it
    the edit with all its media as one thing.
    """
    check_target(timeline_path, out_path)
    check_beside(out_path, profile)
    if bundled is not None:
        check_bundle(timeline_path, out_path, bundled)
    # A format that does not say its rate was planned at the one that its caller gave.
    rate = next((one.plan.rate for one in finished), None)
    original = reading(
        timeline_path, rate=rate, sequence=_sequence_of(finished), data=config.data
    )  # fmt: skip
    timeline = original.timeline
    notices: list[str] = []
    if moved := rebase(timeline, original.folder, out_path.parent):
        notices.append(f"{moved} relative media paths were rewritten to work from the new folder")
    room = CuttingRoom(
        rate=rate_of(timeline),
        folder=out_path.parent,  # where the references now lead from
        config=replace(config, roots=(*config.roots, timeline_path.parent, original.folder)),
        notices=notices,
        retimes=convention_of(timeline, []),
    )
    notices += shape(timeline, out_path.parent, room.rate, profile)
    start = timeline.global_start_time
    layouts = Layouts(room)
    # All ways and words first: each shot that is cut in shifts the places of the others.
    tables: dict[Way, Table] = {}
    asked: list[tuple[Finished, Way, Words]] = []
    for one in finished:
        for way in one.plan.place.ways or ((),):
            if way not in tables:
                zero = 0 if way or start is None else round(room.frames(start))
                nest = nest_at(timeline, way, layouts)
                tables[way] = Table(nest, zero, out_path.parent, profile)
            asked.append((one, way, words_of(timeline, one.plan, way)))
    before = contents(timeline, layouts, [table.nest.key for table in tables.values()])
    for one, way, words in sorted(asked, key=lambda ask: (ask[1], ask[0].plan.timecode)):
        tables[way].put(one, words)
    _sign(timeline, timeline_path, finished)
    for table in tables.values():
        table.pad()
    placements = tuple(one for way in sorted(tables) for one in tables[way].placements())
    shown = [pair for way in sorted(tables) for pair in tables[way].shown()]
    try:
        out_path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out_path) as temporary:
            temporary.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8")
            now = Layouts(room)
            written = check_kept(
                temporary,
                before,
                layouts=now,
                created={table.nest.key: table.created() for table in tables.values()},
                replaced={text for table in tables.values() for text in table.replaced},
            )
            placements = _checked(written, placements, now)
            for one, words in shown[::-1]:  # of several places the first
                keep_request(one.chosen, words.request)
    except OSError as exc:
        raise unwritten(f"{out_path} cannot be written", exc, PlacementError) from exc
    files, said = exchanged(
        written, out_path, profile, room, finished[0].plan, _assets([one for one, _ in shown])
    )  # fmt: skip
    if bundled is not None:
        whole, missing = bundle(out_path, bundled, config=room.config)
        files, said = (*files, whole), (*said, *missing)
    return PlacedEdit(
        timeline=out_path, placements=placements, files=files,
        notices=tuple(dict.fromkeys((*notices, *said))),
    )  # fmt: skip


def _sequence_of(finished: Sequence[Finished]) -> str | None:
    """The sequence that all shots are of; None for that of a file with one. Raises Refused."""
    named = sorted({one.plan.place.sequence or "" for one in finished})
    if len(named) > 1:
        said = ", ".join(f"'{name}'" for name in named)
        raise Refused.single(
            f"the shots are of {len(named)} sequences ({said}); place those of each by themselves",
            "jobs",
        )
    return named[0] or None if named else None


def _assets(finished: Sequence[Finished]) -> list[Asset]:
    return [
        Asset(
            name=one.chosen.file.name, path=str(_first_file(one.chosen).absolute()),
            rate=one.chosen.rate, range=one.chosen.range, size=one.plan.size,
            reel=one.plan.reel, drop_frame=one.plan.drop_frame,
        )
        for one in finished
    ]  # fmt: skip


def _first_file(take: Take) -> Path:
    row = DELIVERIES[take.record["clip"]["delivery"]]
    return take.file / frame_name(take.file.name, 0, row.suffix) if row.sequence else take.file


def check_target(timeline_path: Path, out_path: Path) -> None:
    """Raises Refused where the new timeline would overwrite what is not ours to replace."""
    if out_path.suffix.lower() != ".otio":
        raise Refused.single(f"'{out_path.name}' must end in .otio", "out")
    if not out_path.exists():
        return
    same = timeline_path.exists() and out_path.samefile(timeline_path)
    if same or out_path.resolve() == timeline_path.resolve():
        raise Refused.single(f"'{out_path.name}' is the original, which is never changed", "out")
    if not _is_generated(out_path):
        raise Refused.single(
            f"'{out_path.name}' exists and was not made by Second Unit; choose another name", "out"
        )


def _is_generated(path: Path) -> bool:
    # Its JSON alone: whether it is a timeline that can be read is all the same here.
    try:
        if path.stat().st_size > _LARGEST:
            return False
        text = path.read_text(encoding="utf-8")
        if (head := _HEAD.match(text)) is not None:  # as we write it: no need to read the tracks
            metadata, _ = json.JSONDecoder().raw_decode(text, head.end())
        else:
            there = json.loads(text)
            metadata = there.get("metadata") if isinstance(there, dict) else None
    except (OSError, ValueError, RecursionError):
        return False
    record = metadata.get("secondunit") if isinstance(metadata, dict) else None
    return isinstance(record, dict) and "generated" in record


def _sign(
    timeline: otio.schema.Timeline, original: Path, finished: Sequence[Finished]
) -> None:  # fmt: skip
    record = plain(timeline.metadata).get("secondunit")
    dropping = next((one.plan.rate for one in finished if one.plan.drop_frame), None)
    base: dict[str, Any] = {}
    if dropping is not None:  # nothing else in an .otio says it, and its next round counts alike
        timebase = {"num": dropping.num, "den": dropping.den, "drop_frame": True}
        base = {"timebase": timebase}
    timeline.metadata["secondunit"] = {
        "version": VERSION,
        **(record if isinstance(record, dict) else {}),
        **base,
        "generated": {
            "from": original.name,
            "shots": sorted({one.plan.shot for one in finished}),
            "software": __version__,
        },
    }


def _checked(
    timeline: otio.schema.Timeline, placements: Sequence[Placement], layouts: Layouts
) -> tuple[Placement, ...]:
    """The placements, with their way in words. Raises PlacementError unless every clip stands
    where it should."""
    found: list[Placement] = []
    for placement in placements:
        nest, way = nest_of(timeline, placement.key, layouts)
        track = nest.stack[placement.track]
        assert isinstance(track, otio.schema.Track)
        clip = nest.layouts.clip_at(track, placement.record)
        if clip is None or clip.name != placement.name:
            raise PlacementError(f"'{placement.name}' does not stand where it should")
        found.append(replace(placement, nested_in=path_of(way)))
    return tuple(found)
