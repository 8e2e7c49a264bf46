"""Takes go back into the edit: a new timeline beside the untouched original."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
from secondunit.place.shape import shape
from secondunit.place.table import Finished, Placement, Table
from secondunit.place.takes import Take, keep_request
from secondunit.place.tracks import Layouts
from secondunit.place.words import words_of
from secondunit.timeline.cut import CuttingRoom, plain, rate_of
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
    original = reading(timeline_path, rate=rate, data=config.data)
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
    table = Table(timeline, room, out_path.parent, profile)
    before = contents(timeline, table.layouts)
    # All words first: each shot that is cut in shifts the places of the others.
    asked = [(one, words_of(timeline, one.plan)) for one in finished]
    for one, words in sorted(asked, key=lambda pair: pair[0].plan.timecode):
        table.put(one, words)
    _sign(timeline, timeline_path, finished)
    table.pad()
    placements = table.placements()
    try:
        out_path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out_path) as temporary:
            temporary.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8")
            now = Layouts(room)
            written = check_kept(
                temporary, before, layouts=now, created=table.created(), replaced=table.replaced
            )
            _check_placed(written, placements, now)
            for one, words in table.shown():
                keep_request(one.chosen, words.request)
    except OSError as exc:
        raise unwritten(f"{out_path} cannot be written", exc, PlacementError) from exc
    files, said = exchanged(
        written, out_path, profile, room, finished[0].plan,
        _assets([one for one, _ in table.shown()]),
    )  # fmt: skip
    if bundled is not None:
        whole, missing = bundle(out_path, bundled, config=room.config)
        files, said = (*files, whole), (*said, *missing)
    return PlacedEdit(
        timeline=out_path, placements=placements, files=files,
        notices=tuple(dict.fromkeys((*notices, *said))),
    )  # fmt: skip


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
    timeline.metadata["secondunit"] = {
        "version": VERSION,
        **(record if isinstance(record, dict) else {}),
        "generated": {
            "from": original.name,
            "shots": sorted({one.plan.shot for one in finished}),
            "software": __version__,
        },
    }


def _check_placed(
    timeline: otio.schema.Timeline, placements: Sequence[Placement], layouts: Layouts
) -> None:
    """Raise PlacementError unless every clip stands where it should."""
    tracks = list(timeline.tracks)
    for placement in placements:
        clip = layouts.clip_at(tracks[placement.track], placement.record)
        if clip is None or clip.name != placement.name:
            raise PlacementError(f"'{placement.name}' does not stand where it should")
