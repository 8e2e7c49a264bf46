"""The one table of what counts as held: every control of the report and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a measured number must be; None on a side: no bound there."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float | None) -> bool:
        """True inside the bounds; what was not measured does not hold."""
        if value is None:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def asked(self) -> float | list[float] | None:
        """As it stands in a report: the bound, or both of them."""
        if self.low is not None and self.high is not None:
            return [self.low, self.high]
        return self.high if self.low is None else self.low


LIMITS: Mapping[str, Mapping[str, Limit]] = {
    # Which share of what changed lies inside the mask. How near to the source pinned frames and
    # pixels outside the mask must be, a codec decides: `holds` in the catalogue of deliveries.
    "M": {"precision": Limit(low=0.95)},
    # Tracked points against the asked path: errors over the frame's diagonal, the turn of each
    # leg in degrees, the length that was gone over the length asked.
    "B": {
        "end_error": Limit(high=0.02),
        "path_error": Limit(high=0.02),
        "direction": Limit(high=15.0),
        "length": Limit(low=0.8, high=1.25),
    },
    # Fitted dx, dy, scale and roll against the asked curve, over the size of the move; and the
    # frames on which one of them went the wrong way. A straight move where `in-out` was asked is
    # 0.069 off; a right one measures below 0.007 (down to 320x180, through any delivery).
    "C": {"rms_error": Limit(high=0.05), "wrong_way": Limit(high=0)},
    # A step across a cut over the median of the steps beside it; the least of them, where the
    # source itself holds no frames.
    "X": {"seam_ratio": Limit(high=1.5), "held_ratio": Limit(low=0.25)},
    # CIEDE2000 by which what both frames show changes across a cut: 1 is about what an eye can just
    # see. Or `BESIDE` times the steps beside it, where the light itself is changing.
    "E": {"delta_e": Limit(high=1.0)},
    # Variance of luma inside flat blocks over the source's own, and how far it is new in each
    # frame as the source's is: 0 is grain that stands, or goes along with what it lies on.
    "G": {"energy": Limit(low=0.6, high=1.5), "alive": Limit(low=0.6)},
    # Luma, 0..1: half a code value of 8 bits. Or `FLICKER_OF_SOURCE` times the source's own.
    "F": {"flicker": Limit(high=0.002)},
    # The step from a loop's last frame to its first over the median step inside.
    "L": {"step_ratio": Limit(high=1.2)},
}

FLICKER_OF_SOURCE = 1.5
"""Generated frames may flicker this much more than the source frames beside them."""

BESIDE = 1.5
"""A colour may change this much more across a cut than it does beside it."""

TITLES: Mapping[str, str] = {
    "T": "Delivery",
    "K": "Keyframes",
    "M": "Mask",
    "B": "Strokes",
    "C": "Camera",
    "X": "Seam",
    "E": "Colour",
    "G": "Grain",
    "F": "Flicker",
    "L": "Loop",
    "R": "Repeatability",
}
"""Controls by id, in the order in which people read them."""
