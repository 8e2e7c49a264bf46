"""Loop, transition and retime, asked in an edit's own words: do they join what they join?"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange
from secondunit.catalog.engines import ENGINES
from secondunit.engine.engine import RGB
from secondunit.finish.thresholds import Limit

from bench.drawn import save_clip
from bench.motion.footage import Footage
from bench.motion.inbetween import psnr
from bench.motion.journey import Finished, Refusal, finished, planned_edit
from bench.motion.results import Part, Row, Verdict, absent
from bench.motion.setting import Setting

_LONGEST = 32
_SHORTEST = 12
STEP = Limit(high=1.2)
_DONE = {str(operation) for operation in ENGINES["motion"].operations}


def loop(setting: Setting) -> Part:
    """A clip whose last frame goes on into its first."""
    part = Part(name="loop", title="steps of luma round the seam over the median step inside")
    bar = "step from last to first over the median step"
    for clip in setting.clips:
        shown = _asked(setting, part, clip, "loop", bar, STEP, [(clip.path, 0, _shown(clip))])
        if shown is not None:
            around = steps([*shown.shown, shown.shown[0]])
            _joined(part, clip, "loop", bar, around, [len(around) - 1])
    return part


def transition(setting: Setting) -> Part:
    """Two parts of a clip, a second of it left out: a jump cut."""
    part = Part(name="transition", title="steps of luma into, inside and out of the in-between")
    bar = "largest step at its ends over the median step inside"
    for clip in setting.clips:
        half = _shown(clip) // 3
        parts = [(clip.path, half // 2, half), (clip.path, 2 * half, half - half // 2)]
        shown = _asked(setting, part, clip, "transition; frames: 6", bar, Limit(high=2.0), parts)
        if shown is not None:
            around = steps([p.rgb() for p in shown.pictures])
            head, frames = shown.plan.handles[0], shown.plan.frames
            ends = [n for n in (head - 1, head + frames - 1) if 0 <= n < len(around)]
            _joined(part, clip, "transition", bar, around, ends, Limit(high=2.0))
    return part


def retime(setting: Setting) -> Part:
    """Every other frame of a clip at half speed: the frames between against the true ones."""
    part = Part(name="retime", title="every other frame at 50 %: the others, dB of PSNR")
    bar = "dB above the mean of the two neighbours"
    for clip in setting.clips:
        kept = clip.rgb[: _shown(clip) : 2]
        whole = round(clip.media.rate.fraction) if clip.media.rate else 24
        file = save_clip(kept, setting.folder / f"{clip.name}-half.mkv", whole)
        asked = [(file, 0, len(kept) - 1)]
        shown = _asked(setting, part, clip, "retime; speed: 50%", bar, Limit(low=0.0), asked)
        if shown is None:
            continue
        odd = [n for n in range(1, len(shown.shown), 2) if n + 1 < len(clip.rgb)]
        ours = float(np.mean([psnr(shown.shown[n], clip.rgb[n]) for n in odd]))
        mixed = float(np.mean([
            psnr((clip.rgb[n - 1] + clip.rgb[n + 1]) / 2, clip.rgb[n]) for n in odd
        ]))  # fmt: skip
        for what, value in (("ours", ours), ("blend of neighbours", mixed)):
            part.rows.append(Row(clip=clip.name, what=what, values={"mean dB": value}))
        part.verdicts.append(
            Verdict(clip=clip.name, bar=bar, value=ours - mixed, limit=Limit(low=0.0))
        )
    return part


def _shown(clip: Footage) -> int:
    return min(_LONGEST, len(clip.rgb))


def _asked(
    setting: Setting,
    part: Part,
    clip: Footage,
    words: str,
    bar: str,
    limit: Limit,
    clips: Sequence[tuple[Path, int, int]],
) -> Finished | None:
    """The finished shot; None, with a verdict that says why, where there is none."""
    operation = words.partition(";")[0]
    if len(clip.rgb) < _SHORTEST:
        part.verdicts.append(absent(clip.name, bar, limit, f"{len(clip.rgb)} frames are too few"))
        return None
    rate = clip.media.rate.fraction if clip.media.rate else 24
    path = setting.folder / f"{clip.name}-{operation}.otio"
    edit(float(rate), clips, f"gen: {words}").to_json_file(str(path))
    roots = (setting.folder, *(file.parent for file, _, _ in clips))
    try:
        return finished(planned_edit(path, roots), setting.engine)
    except Refusal as refusal:
        if operation in _DONE:
            part.verdicts.append(
                Verdict(clip=clip.name, bar=bar, value=None, limit=limit, note=str(refusal))
            )
        else:
            part.verdicts.append(absent(clip.name, bar, limit, f"'{operation}': {refusal}"))
        return None


def edit(rate: float, clips: Sequence[tuple[Path, int, int]], note: str) -> otio.schema.Timeline:
    """A cut of (file, first frame, frames), the note on a marker over the first clip.

    With two clips the marker stands on the cut between them.
    """

    def span(start: int, frames: int) -> TimeRange:
        return TimeRange(RationalTime(start, rate), RationalTime(frames, rate))

    items = [
        otio.schema.Clip(
            name=file.stem,
            media_reference=otio.schema.ExternalReference(target_url=str(file)),
            source_range=span(start, frames),
        )
        for file, start, frames in clips
    ]
    _, start, frames = clips[0]
    over = span(start, frames) if len(clips) == 1 else span(start + frames - 1, 1)
    items[0].markers.append(otio.schema.Marker(name="GEN", marked_range=over, comment=note))
    timeline = otio.schema.Timeline(name="bench", global_start_time=RationalTime(0, rate))
    timeline.tracks.append(
        otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video, children=items)
    )
    return timeline


def steps(frames: Sequence[RGB]) -> list[float]:
    """Mean absolute difference of luma from each frame to the next, in 8-bit codes."""
    lumas = [np.asarray(rgb) @ np.array([0.2126, 0.7152, 0.0722], np.float32) for rgb in frames]
    pairs = zip(lumas[1:], lumas[:-1], strict=True)
    return [255 * float(np.abs(b - a).mean()) for b, a in pairs]


def _joined(
    part: Part,
    clip: Footage,
    what: str,
    bar: str,
    around: list[float],
    seams: list[int],
    limit: Limit = STEP,
) -> None:
    inside = statistics.median(s for n, s in enumerate(around) if n not in seams)
    seam = max(around[n] for n in seams)
    ratio = seam / inside if inside > 0 else float(seam > 0)
    values = {"seam, 8-bit codes": seam, "median inside": inside, "ratio": ratio}
    part.rows.append(Row(clip=clip.name, what=what, values=values))
    part.verdicts.append(Verdict(clip=clip.name, bar=bar, value=ratio, limit=limit))
