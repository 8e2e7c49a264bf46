"""How an edit names numbered pictures, and by which clock it counts them."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import MediaUnreadable
from secondunit.timeline.sequence import numbers_in_words, spread_of, spread_of_one
from secondunit.timeline.shot import Media
from secondunit.units import Rate

_WORD = re.compile(r"[._-]?(%0?\d{0,2}d|##+|@@+|\$F\d?|\[\d+-\d+\])(\.\w{2,5})?$")


def name_of(reference: otio.schema.ImageSequenceReference, clip: str) -> str:
    """What a reference says, as one name: `plates/sh010.%04d.exr`. Raises MediaUnreadable."""
    if reference.frame_step != 1:
        raise MediaUnreadable(
            f"'{clip}' takes one of {reference.frame_step} pictures of its sequence, which is not "
            "followed here; render it to a movie and relink it"
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
