"""Balance: two pins in different light are brought into the frame's own before they are blended.

Without it each place of a blended frame would have the light of the pin that it trusts more: the
light would go from one to the other in patches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from secondunit.engine.conditioning import Guide, Span
from secondunit.engine.engine import RGB
from secondunit.engine.grade import Grade, fitted
from secondunit.engine.raster import Field, blurred, places, sampled, scaled

SEEN = 0.02
"""Share of middle grey's light by which pins must differ: less is nobody's to see in a blend."""
_GREY = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What happened to the light from a span's first pin to its last."""

    grade: Grade
    span: Span
    """From the first pin on."""
    curve: str

    def first(self, picture: RGB, frame: float) -> Field:
        """What the first pin shows (`h w 3`), in the light of a frame of the shot."""
        return self.grade.part(self.span.share(frame)).on(picture, self.curve)

    def last(self, picture: RGB, frame: float) -> Field:
        """The same of what the last pin shows."""
        return self.grade.part(self.span.share(frame) - 1).on(picture, self.curve)


def balance(forth: Guide, back: Guide) -> Balance | None:
    """The change of light between the pins of a span; None where there is none to be seen."""
    hint = forth.hint
    if hint is None or not hint.reaches:
        return None
    height, width = hint.confidence.shape
    one, other = (
        blurred(scaled(guide.picture, (width, height), "area"), 1.0) for guide in (forth, back)
    )
    at = places(height, width) + hint.displacement * np.float32(width)
    curve = forth.plan.curve
    there = sampled(other, at).reshape(-1, 3)
    grade = fitted(one.reshape(-1, 3), there, hint.confidence.reshape(-1), curve)
    if grade is None:
        return None
    changed = [abs(g * _GREY + o - _GREY) for g, o in zip(grade.gain, grade.offset, strict=True)]
    if max(changed) <= SEEN * _GREY:
        return None
    return Balance(grade=grade, span=forth.span, curve=curve)
