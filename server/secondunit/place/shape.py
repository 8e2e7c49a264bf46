"""What a host's importer insists on, done to the whole timeline before anything is cut in."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

from secondunit.place.links import Profile, make_absolute
from secondunit.units import Rate

_RESOLVE = "Resolve_OTIO"


def shape(timeline: otio.schema.Timeline, folder: Path, rate: Rate, profile: Profile) -> list[str]:
    """Give a timeline the shape of a profile; what an editor should know of it.

    Nothing is moved, retimed or renamed: Resolve refuses an edit without a start timecode, both
    hosts want bare absolute paths, and Premiere names the sequence after the stack and forgets a
    clip's motion where it meets a change of speed to 100 %. `folder` is the one that relative
    references lead from.
    """
    if profile == "otio":
        return []
    said: list[str] = []
    if changed := make_absolute(timeline, folder):
        said.append(f"{changed} media references were made bare absolute paths, as the host wants")
    if profile == "resolve":
        if timeline.global_start_time is None:
            timeline.global_start_time = otio.opentime.RationalTime(0, float(rate))
            said.append("the timeline has no start timecode; it starts at frame 0 for Resolve")
        if _RESOLVE not in timeline.metadata:
            timeline.metadata[_RESOLVE] = {"Resolve OTIO Meta Version": "1.0"}
        return said
    if timeline.name and timeline.tracks.name in ("", "tracks"):
        timeline.tracks.name = timeline.name
    if dropped := _drop_idle_warps(timeline):
        said.append(
            f"{dropped} changes of speed to 100 % were left out: Premiere would drop the motion "
            "and opacity of their clips"
        )
    return said


def _drop_idle_warps(timeline: otio.schema.Timeline) -> int:
    dropped = 0
    for clip in timeline.find_clips():
        # The list is OpenTimelineIO's own: from the end, so that numbers stay right.
        for number in range(len(clip.effects) - 1, -1, -1):
            effect = clip.effects[number]
            if type(effect) is otio.schema.LinearTimeWarp and effect.time_scalar == 1.0:
                del clip.effects[number]
                dropped += 1
    return dropped
