"""The sample timelines: eight short edits, each with a note that asks for the shot it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

FILM, CINEMA = Fraction(24000, 1001), Fraction(24)
COAST_A, COAST_B, STREET = "coast_a.mov", "coast_b.mov", "street.mov"
HARBOUR, LAKE = "harbour.png", "lake.jpg"
COAST_FRAMES, STREET_FRAMES = 60, 60
MISSING = 24
"""Frames of the coast take that no camera holds: coast_b starts this long after coast_a ends."""
COAST_A_START, COAST_B_START = "18:42:10:00", "18:42:13:12"
STREET_START = "21:05:32:12"

BRIDGE = """gen: bridge
shot: COAST_020"""
EXTEND = """gen: extend; edge: tail; frames: 24; shot: STREET_040"""
ANIMATE = """gen: animate
shot: HARBOUR_010
# white may change: open water and the rowing boat
mask: footage/harbour_mask.png
ambient: in footage/harbour_water.png strength 0.5
stroke: 0.47,0.82 > 0.50,0.815 > 0.545,0.80 in footage/harbour_boat.png
seed: 7"""
CAMERA = """gen: animate
shot: LAKE_010
camera: dolly 9% truck 3% ease in-out"""
REPLACE = """gen: replace
shot: COAST_030
# white may change: the road and what is behind it
mask: footage/coast_road.png
stroke: 0.49,0.57 > 0.52,0.57 > 0.59,0.57 in footage/coast_lorry.png"""
RETIME = """gen: retime; speed: 40%; shot: STREET_050"""

TRANSITION = """gen: transition
shot: STREET_060"""
LOOP = """gen: loop
shot: HARBOUR_020
mask: footage/harbour_mask.png
ambient: in footage/harbour_water.png strength 0.6
seed: 7"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """Builds clips on one timeline rate."""

    rate: Fraction

    def time(self, frame: int) -> RationalTime:
        return RationalTime(frame, float(self.rate))

    def span(self, start: int, frames: int) -> TimeRange:
        return TimeRange(self.time(start), self.time(frames))

    def video(
        self, file: str, timecode: str, frames: int, start: int, shown: int
    ) -> otio.schema.Clip:
        """A clip that shows `shown` of a file's `frames` from its frame `start` on."""
        first = self._frame(timecode)
        return otio.schema.Clip(
            name=file,
            media_reference=otio.schema.ExternalReference(
                target_url=f"footage/{file}", available_range=self.span(first, frames)
            ),
            source_range=self.span(first + start, shown),
        )

    def still(self, file: str, shown: int) -> otio.schema.Clip:
        """A picture held for `shown` frames."""
        return otio.schema.Clip(
            name=file,
            media_reference=otio.schema.ExternalReference(
                target_url=f"footage/{file}", available_range=self.span(0, shown)
            ),
            source_range=self.span(0, shown),
        )

    def gap(self, frames: int) -> otio.schema.Gap:
        return otio.schema.Gap(source_range=self.span(0, frames))

    def note(self, text: str, start: int, frames: int) -> otio.schema.Marker:
        operation = text.split(";")[0].splitlines()[0].removeprefix("gen:").strip()
        return otio.schema.Marker(
            name=f"GEN {operation}", marked_range=self.span(start, frames),
            color=otio.schema.MarkerColor.PURPLE, comment=text,
        )  # fmt: skip

    def timeline(self, name: str, items: list[otio.core.Item]) -> otio.schema.Timeline:
        timeline = otio.schema.Timeline(
            name=name, global_start_time=self.time(self._frame("01:00:00:00"))
        )
        timeline.tracks.append(
            otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video, children=items)
        )
        return timeline

    def _frame(self, timecode: str) -> int:
        hours, minutes, seconds, frames = map(int, timecode.split(":"))
        return ((hours * 60 + minutes) * 60 + seconds) * round(self.rate) + frames


def timelines() -> dict[str, otio.schema.Timeline]:
    """Every sample timeline by file name."""
    return {
        "bridge.otio": _bridge(),
        "extend.otio": _extend(),
        "animate.otio": _animate(),
        "camera.otio": _camera(),
        "transition.otio": _transition(),
        "loop.otio": _loop(),
        "replace.otio": _replace(),
        "retime.otio": _retime(),
    }


def write(folder: Path) -> list[Path]:
    """Write every timeline into a folder; returns the paths."""
    paths = []
    for name, timeline in timelines().items():
        path = folder / name
        path.write_text(timeline.to_json_string(indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _bridge() -> otio.schema.Timeline:
    cut = _Bench(rate=FILM)
    before, shown = 48, 48
    timeline = cut.timeline("bridge", [
        cut.still(LAKE, before),
        cut.video(COAST_A, COAST_A_START, COAST_FRAMES, COAST_FRAMES - shown, shown),
        cut.gap(MISSING),
        cut.video(COAST_B, COAST_B_START, COAST_FRAMES, 0, shown),
        cut.still(HARBOUR, 48),
    ])  # fmt: skip
    timeline.tracks.markers.append(cut.note(BRIDGE, before + shown, MISSING))
    return timeline


def _extend() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    shown = 48
    short = cut.video(STREET, STREET_START, STREET_FRAMES, STREET_FRAMES - shown, shown)
    last = int(short.source_range.end_time_inclusive().value)
    short.markers.append(cut.note(EXTEND, last, 1))
    return cut.timeline("extend", [cut.still(HARBOUR, 48), short, cut.gap(24), cut.still(LAKE, 48)])


def _animate() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    still = cut.still(HARBOUR, 72)
    still.markers.append(cut.note(ANIMATE, 0, 1))
    after = cut.video(STREET, STREET_START, STREET_FRAMES, 0, 48)
    return cut.timeline("animate", [cut.still(LAKE, 48), still, after])


def _camera() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    still = cut.still(LAKE, 72)
    still.markers.append(cut.note(CAMERA, 0, 1))
    before = cut.video(STREET, STREET_START, STREET_FRAMES, 12, 48)
    return cut.timeline("camera", [before, still, cut.still(HARBOUR, 48)])


def _transition() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    shown = 20  # of the same walk: steps 20 to 40 are cut out, and the picture jumps
    before = cut.video(STREET, STREET_START, STREET_FRAMES, 0, shown)
    after = cut.video(STREET, STREET_START, STREET_FRAMES, 2 * shown, shown)
    timeline = cut.timeline(
        "transition", [cut.still(HARBOUR, 48), before, after, cut.still(LAKE, 48)]
    )
    timeline.tracks.markers.append(cut.note(TRANSITION, 48 + shown, 1))
    return timeline


def _loop() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    still = cut.still(HARBOUR, 48)
    still.markers.append(cut.note(LOOP, 0, 1))
    after = cut.video(STREET, STREET_START, STREET_FRAMES, 0, 48)
    return cut.timeline("loop", [cut.still(LAKE, 48), still, after])


def _replace() -> otio.schema.Timeline:
    cut = _Bench(rate=FILM)
    skipped, lead, shown = 12, 12, 24
    take = cut.video(COAST_A, COAST_A_START, COAST_FRAMES, skipped, COAST_FRAMES - skipped)
    first = int(take.source_range.start_time.value) + lead
    take.markers.append(cut.note(REPLACE, first, shown))
    return cut.timeline("replace", [cut.still(LAKE, 48), take, cut.still(HARBOUR, 48)])


def _retime() -> otio.schema.Timeline:
    cut = _Bench(rate=CINEMA)
    slow = cut.video(STREET, STREET_START, STREET_FRAMES, 12, 48)
    slow.markers.append(cut.note(RETIME, int(slow.source_range.start_time.value), 1))
    return cut.timeline("retime", [cut.still(HARBOUR, 48), slow, cut.still(LAKE, 48)])
