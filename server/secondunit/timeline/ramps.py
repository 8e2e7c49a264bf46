"""A speed that changes in; where in its file a clip is at each moment out, along straight lines.

Each host says it in its own way: our readers of XML in our metadata; Resolve as key frames of
(timeline, source, eased?, tangents) in seconds, Hiero as the offset of each frame from its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.units import Rate

_MOST = 100_000
"""Points: an hour, frame by frame, at 25 a second."""
_FURTHEST = 10**7
"""Seconds."""
_BAKE = "bake the retime, or make its speed constant"

Points = tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Straight lines between points in time."""

    points: Points
    """(seconds of the timeline from the clip's first frame, seconds of the file from where the
    clip's source range begins), at least two, in order of time."""
    eased: bool = False
    """The host rounds its corners: near them it may show a neighbouring frame."""

    def at(self, seconds: Fraction) -> Fraction | None:
        """Seconds of the file at a moment of the timeline; None outside all points."""
        if not self.points[0][0] <= seconds <= self.points[-1][0]:
            return None
        above = bisect_right(self.points, seconds, key=lambda point: point[0])
        if above == len(self.points):
            return self.points[-1][1]
        (t0, v0), (t1, v1) = self.points[above - 1], self.points[above]
        return v0 + (v1 - v0) * (seconds - t0) / (t1 - t0)

    def moment(self, seconds: Fraction) -> Fraction | None:
        """When, from the clip's first frame on, the file is there; None if it never is."""
        for (t0, v0), (t1, v1) in pairwise(self.points):
            if t1 <= 0 or not min(v0, v1) <= seconds <= max(v0, v1):
                continue
            found = t0 if v0 == v1 else t0 + (t1 - t0) * (seconds - v0) / (v1 - v0)
            if found >= 0:
                return found
        return None

    def later(self, seconds: Fraction) -> Ramp:
        """The same for the clip cut that much later."""
        return Ramp(points=tuple((t - seconds, v) for t, v in self.points), eased=self.eased)


def carried(points: Sequence[tuple[Fraction, Fraction]], eased: bool) -> dict[str, Any]:
    """Our metadata of an effect that says a ramp; see `Ramp.points`."""
    said = [[str(t), str(v)] for t, v in points]
    return {"secondunit": {"version": 1, "ramp": {"points": said, "eased": eased}}}


def rising(points: Sequence[tuple[Fraction, Fraction]]) -> Points:
    """The points without those that stand at one moment with a later one; empty if they go back."""
    if any(b[0] < a[0] for a, b in pairwise(points)):
        return ()
    kept = [a for a, b in pairwise(points) if a[0] != b[0]] + list(points[-1:])
    return tuple(kept) if len(kept) > 1 else ()


def ramp_of(effect: otio.schema.TimeEffect, clip: otio.schema.Clip, path: str) -> Ramp:
    """The ramp that an effect says. Raises Refused, naming the clip, for one that says none."""
    metadata = effect.metadata
    ours, resolve = metadata.get("secondunit"), metadata.get("Resolve_OTIO")
    try:
        if isinstance(ours, Mapping) and isinstance(ours.get("ramp"), Mapping):
            ramp = ours["ramp"]
            found = [(Fraction(str(t)), Fraction(str(v))) for t, v in ramp["points"]]
            return _checked(found, eased=bool(ramp.get("eased")))
        if isinstance(resolve, Mapping) and "Key Frames" in resolve:
            return _of_resolve(list(resolve["Key Frames"]), clip)
        if "lookup" in metadata:
            return _of_hiero(list(metadata["lookup"]), clip)
    except _Unclear as exc:
        what = f"'{clip.name}' changes speed, and {exc}; {_BAKE}"
        raise Refused.single(what, path) from exc
    except (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError, OverflowError) as exc:
        what = f"'{clip.name}' changes speed by points that cannot be read ({exc}); {_BAKE}"
        raise Refused.single(what, path) from exc
    raise Refused.single(
        f"'{clip.name}' changes speed by '{effect.effect_name or effect.name}', which we "
        f"do not follow; {_BAKE}",
        path,
    )


class _Unclear(Exception):
    """Why a ramp is not followed."""


def _checked(points: Sequence[tuple[Fraction, Fraction]], *, eased: bool) -> Ramp:
    if len(points) > _MOST:
        raise _Unclear(f"it has {len(points)} points; {_MOST} at most")
    if any(abs(number) > _FURTHEST for point in points for number in point):
        raise _Unclear("its points lie further apart than any file is long")
    kept = rising(points)
    if not kept:
        raise _Unclear("its points are not in order of time")
    return Ramp(points=kept, eased=eased)


def _of_resolve(keys: Sequence[Any], clip: otio.schema.Clip) -> Ramp:
    """Key frames of [timeline, source, eased?, in x, in y, out x, out y], in seconds, counted from
    the first frame of the file: after exports that were published."""
    # Tangents of the first and the last one do nothing.
    if any(key[2] or any(key[3:]) for key in keys[1:-1]):
        raise _Unclear("Resolve's file does not say exactly how it eases")
    ramp = _checked([(_exact(key[0]), _exact(key[1])) for key in keys], eased=False)
    source, whole = clip.source_range, clip.media_reference.available_range
    skipped = Fraction(0)
    if source is not None and whole is not None:
        skipped = _seconds(source.start_time) - _seconds(whole.start_time)
    # Whether the start counts what the ramp leaves of the file, or the file, nobody has published.
    frame = Fraction(1) if source is None else 1 / Rate.snap(source.start_time.rate).fraction
    there = ramp.at(skipped)
    if there is None or abs(there - skipped) > frame / 2:
        raise _Unclear(
            "Resolve's file does not say where in the ramp the clip begins, unless that is at "
            "the file's first frame, or before the ramp"
        )
    return Ramp(points=tuple((t - skipped, v - skipped) for t, v in ramp.points))


def _of_hiero(lookup: Sequence[Any], clip: otio.schema.Clip) -> Ramp:
    """For each frame of the clip, how many frames of the file away from its own it shows."""
    if clip.source_range is None:
        raise _Unclear("the clip has no source range to count it from")
    frame = 1 / Rate.snap(clip.source_range.start_time.rate).fraction
    if len(lookup) > _MOST:
        raise _Unclear(f"it has {len(lookup)} points; {_MOST} at most")
    points = [(n * frame, (n + _exact(offset)) * frame) for n, offset in enumerate(lookup)]
    return _checked(points, eased=False)


def _exact(value: Any) -> Fraction:
    """A host's float: what it was before it was one, as far as can be told."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r:.20} is no number")
    return Fraction(value).limit_denominator(1_000_000)


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return _exact(time.value) / Rate.snap(time.rate).fraction
