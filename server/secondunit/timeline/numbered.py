"""How an edit names numbered pictures, and by which clock it counts them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import opentimelineio as otio

from secondunit.errors import MediaUnreadable
from secondunit.timeline.sequence import numbers_in_words, spread_of, spread_of_one
from secondunit.timeline.shot import Media
from secondunit.units import FrameRange, Rate

Policy = Literal["error", "hold", "black"]

_POLICIES: dict[otio.schema.ImageSequenceReference.MissingFramePolicy, Policy] = {
    otio.schema.ImageSequenceReference.MissingFramePolicy.error: "error",
    otio.schema.ImageSequenceReference.MissingFramePolicy.hold: "hold",
    otio.schema.ImageSequenceReference.MissingFramePolicy.black: "black",
}
_WORD = re.compile(r"[._-]?(%0?\d{0,2}d|##+|@@+|\$F\d?|\[\d+-\d+\])(\.\w{2,5})?$")


def name_of(reference: otio.schema.ImageSequenceReference, clip: str) -> str:
    """What a reference says, as one name: `plates/sh010.%04d.exr`. Raises MediaUnreadable."""
    if reference.frame_step < 1:
        raise MediaUnreadable(
            f"'{clip}' goes through its sequence in steps of {reference.frame_step}; a step is 1 "
            "or more"
        )
    base = reference.target_url_base or ""
    word = f"%0{reference.frame_zero_padding}d" if reference.frame_zero_padding > 1 else "%d"
    slash = "/" if base and not base.endswith("/") else ""
    return f"{base}{slash}{reference.name_prefix}{word}{reference.name_suffix}"


def pattern_of(path: Path, reference: otio.core.MediaReference) -> Path | None:
    """The sequence that a located path means; None where it is one file.

    A numbered picture whose reference is longer than one frame means a sequence only where the
    next file is there, and the reference counts by the file's own number or its folder is called
    like it (as those of our takes): stills have numbers in their names too.
    """
    spread = spread_of(path.name)
    if spread is None:
        spread, span = spread_of_one(path.name), reference.available_range
        if spread is None or spread.first is None or span is None or span.duration.value <= 1:
            return None
        next_one = path.with_name(spread.name(spread.first + 1))
        by_number = span.start_time.value == spread.first
        if not by_number and f"{path.parent.name}." != spread.prefix:
            return None
        if not next_one.is_file():
            return None
    pattern = path.with_name(spread.pattern)
    return None if pattern.exists() else pattern


def rate_of(reference: otio.core.MediaReference) -> Rate | None:
    """The rate that the edit gives the pictures; None where it says none that can be."""
    span = reference.available_range
    if isinstance(reference, otio.schema.ImageSequenceReference) and 0 < reference.rate < 1e6:
        return Rate.snap(reference.rate)
    if span is not None and 0 < span.duration.rate < 1e6:
        return Rate.snap(span.duration.rate)
    return None


def as_referenced(media: Media, reference: otio.core.MediaReference) -> Media:
    """A sequence with what its reference says of numbers that have no file.

    A picture in steps of n stands for n frames, as OpenTimelineIO's `frame_for_time` has it. What
    lacks before the first picture cannot be held.
    """
    if not isinstance(reference, otio.schema.ImageSequenceReference):
        return media
    step = reference.frame_step
    phase = (reference.start_frame - media.first) % step
    frames = media.frames
    if step > 1:
        frames += step - 1 - (frames - 1 - phase) % step
    missing = _POLICIES.get(reference.missing_frame_policy, "error")
    first = (FrameRange(start=0, frames=phase),) if phase else ()
    empty = tuple(_empty(media.gaps, step, phase))
    held = next((n for n, at in enumerate(empty) if at != phase + n * step), len(empty))
    nothing = {"error": empty, "hold": empty[:held], "black": ()}[missing]
    lacking = tuple(FrameRange(start=at, frames=step) for at in nothing)
    return replace(
        media, frames=frames, step=step, phase=phase, missing=missing,
        gaps=_joined((*first, *lacking)),
    )  # fmt: skip


def _empty(gaps: Sequence[FrameRange], step: int, phase: int) -> Iterator[int]:
    """The frames that a picture is for and that have no file, rising."""
    for gap in gaps:
        yield from range(gap.start + (phase - gap.start) % step, gap.end, step)


def _joined(gaps: Sequence[FrameRange]) -> tuple[FrameRange, ...]:
    found: list[FrameRange] = []
    for gap in gaps:
        if found and found[-1].end == gap.start:
            gap = FrameRange(start=found.pop().start, frames=gap.end)
            gap = replace(gap, frames=gap.frames - gap.start)
        found.append(gap)
    return tuple(found)


def told(media: Media, whole: Media) -> str:
    """Words for what is shown that no file holds; empty for nothing. `whole`: as it was probed."""
    said: list[str] = []
    if media.step > 1:
        said.append(f"each of its pictures stands for {media.step} frames")
    if empty := list(_empty(whole.gaps, media.step, media.phase)):
        gaps = _joined([FrameRange(start=at, frames=1) for at in empty])
        shown = {
            "error": "", "hold": ": the picture before is held, as its reference asks",
            "black": ": black is shown, as its reference asks",
        }[media.missing]  # fmt: skip
        said.append(f"it lacks {numbers_in_words(gaps, media.first)}{shown}")
    return "; ".join(said)


def clock(reference: otio.core.MediaReference, media: Media, known: Fraction) -> Fraction:
    """The number that the edit gives the lowest picture that is there.

    `known` is what its reference's range begins with.
    """
    if isinstance(reference, otio.schema.ImageSequenceReference):
        first = reference.start_frame
    elif media.start <= known < media.start + media.frames:  # it counts by the files' numbers
        return Fraction(media.start)
    else:
        target = getattr(reference, "target_url", None) or ""
        named = spread_of(re.split(r"[/\\]", target)[-1])
        first = media.start if named is None or named.first is None else named.first
    return known - (first - media.start)


def without_numbers(name: str) -> str:
    """The name of a clip that is called like its sequence: `sh010` of `sh010.%04d.exr`."""
    return _WORD.sub("", name) or name


def lacking(media: Media) -> str:
    """Words for the numbers that a sequence has no file for; empty for none."""
    return f"; it lacks {numbers_in_words(media.gaps, media.first)}" if media.gaps else ""
