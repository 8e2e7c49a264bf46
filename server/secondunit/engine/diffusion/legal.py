"""What a pipeline would round, or run wrongly without a word, is refused before it is called."""

from __future__ import annotations

from typing import Any

from secondunit.engine.diffusion.family import Pass
from secondunit.errors import EngineFailed


def check(pipe: Any, wanted: Pass, *, step: int, base: int, also: tuple[str, ...] = ()) -> None:
    """Refuse a pass that does not fit.

    Args:
        pipe: whose name stands in the message.
        wanted: to be looked at.
        step: legal counts of frames are `step * k + 1`.
        base: both sides are multiples of it, in pixels.
        also: what else is wrong, found by the caller.

    Raises EngineFailed with every fault.
    """
    height, width = wanted.size.height, wanted.size.width
    faults = list(also)
    if (wanted.frames - 1) % step:
        faults.append(f"{wanted.frames} frames are not {step}k+1")
    if height % base or width % base:
        faults.append(f"{width}x{height} is no multiple of {base}")
    if wanted.reference.shape != (wanted.frames, height, width, 3):
        faults.append(f"the reference is {wanted.reference.shape}")
    if wanted.hold.shape != (wanted.frames, height, width):
        faults.append(f"the hold map is {wanted.hold.shape}")
    outside = sorted(f for f in {*wanted.pinned, *wanted.strengths} if not 0 <= f < wanted.frames)
    if outside:
        faults.append(f"pictures at {outside} lie outside its {wanted.frames} frames")
    if faults:
        raise EngineFailed(f"A pass does not fit {type(pipe).__name__}: {'; '.join(faults)}.")
