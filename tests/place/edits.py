"""Small edits for tests of placing: three tracks, every item with a length, no media behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import opentimelineio as otio
from secondunit.config import Config
from secondunit.place.links import Profile
from secondunit.place.relink import Finished, PlacedEdit, place
from secondunit.place.takes import Take, find, publish
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Place
from secondunit.units import Rate

from tests.plans import recorded_clip, shot_plan

FILM = Rate(num=24000, den=1001)
HOUR = 86400
"""01:00:00:00 at 24 and at 23.976."""


def time(frame: float, rate: Rate = FILM) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frame, float(rate))


def span(start: float, frames: float, rate: Rate = FILM) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


def clip(name: str, frames: int, rate: Rate = FILM, **more: Any) -> otio.schema.Clip:
    """A clip that shows `frames` of a file of 500, from its frame 100."""
    reference = otio.schema.ExternalReference(f"{name}.mov", span(HOUR, 500, rate))
    return otio.schema.Clip(name, reference, span(HOUR + 100, frames, rate), **more)


def gap(frames: int, rate: Rate = FILM, **more: Any) -> otio.schema.Gap:
    made = otio.schema.Gap(source_range=span(0, frames, rate), **more)
    return made


def note(text: str, at: float, frames: int = 1, rate: Rate = FILM) -> otio.schema.Marker:
    return otio.schema.Marker(
        name="Marker 1", marked_range=span(at, frames, rate), comment=text, color="CYAN"
    )


def edit(
    path: Path, items: Sequence[otio.core.Composable], rate: Rate = FILM, zero: int = HOUR
) -> Path:
    """V1 with `items`, V2 with a title and foreign metadata, and A1."""
    timeline = otio.schema.Timeline("Reel 1", global_start_time=time(zero, rate))
    timeline.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0"}
    tracks = {"V1": "Video", "V2": "Video", "A1": "Audio"}
    for name, kind in tracks.items():
        timeline.tracks.append(otio.schema.Track(name, kind=kind))
    timeline.tracks[0].extend(items)
    title = clip("title", 12, rate, metadata={"Resolve_OTIO": {"Link Group ID": 7}})
    title.markers.append(note("grade me", HOUR + 104, rate=rate))
    timeline.tracks[1].extend([gap(30, rate), title])
    timeline.tracks[2].append(clip("sound", 120, rate))
    record = json.loads(timeline.to_json_string())
    record["someone"] = "else's field"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def bridged(tmp_path: Path) -> Path:
    """A, a gap of 24 frames at frame 48, and B."""
    return edit(tmp_path / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])


def plan_at(start: int, frames: int, *, zero: int = HOUR, **changes: Any) -> ShotPlan:
    """A bridge of `frames` at record frame `start`, with handles of 8."""
    fields: dict[str, Any] = {
        "frames": frames,
        "handles": (8, 8),
        "timecode": zero + start - 8,
        "place": Place(track=0, item=1, path="tracks[0].children[1]"),
    }
    return shot_plan(**fields | changes)


def finished(folder: Path, plan: ShotPlan) -> Finished:
    """The plan's take, published in `folder` beside those that are there."""
    take = publish(*recorded_clip(folder.parent / "store", plan), folder)
    others = tuple(
        t for t in find(folder, plan.shot, plan.operation) if t.version != take.version
    )  # fmt: skip
    return Finished(plan=plan, chosen=take, others=others)


def placed(
    original: Path, *plans: ShotPlan, profile: Profile = "otio", out: Path | None = None
) -> PlacedEdit:
    """Publish a take for each plan beside the original, and place them."""
    out = out or original.with_name("cut.gen.otio")
    done = [finished(out.with_suffix(""), plan) for plan in plans]
    return place(original, out, done, profile, config=Config(data=original.parent))


def stock(path: Path) -> otio.schema.Timeline:
    """A timeline read by OpenTimelineIO alone."""
    timeline = otio.adapters.read_from_file(str(path))
    assert isinstance(timeline, otio.schema.Timeline)
    return timeline


def names(track: Any) -> list[str]:
    return [type(c).__name__ if isinstance(c, otio.schema.Gap) else c.name for c in track]


def lengths(track: Any) -> list[float]:
    return [c.trimmed_range().duration.value for c in track]


TAKE = "LAD_0010_bridge_k3v9q2ab_v001.mov"
"""Name of the first take that `plan_at` gets."""
ON_A = Place(track=0, item=0, path="tracks[0].children[0].markers[0]")


def take_of(edit: PlacedEdit) -> Take:
    return edit.placements[0].take
