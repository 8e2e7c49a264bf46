"""Generated and source frames in, the file's pictures out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from secondunit.engine.engine import RGB
from secondunit.engine.sources import PlanSources
from secondunit.finish.composite import composite
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.units import ColourTags, Operation, Size


def finish(
    plan: ShotPlan, generated: Callable[[int], RGB], sources: PlanSources
) -> Iterator[Picture]:
    """The pictures of the file, handles included, in order, in the plan's layout and size.

    `generated(frame)` gives `h w 3` at `plan.work` for each frame of `plan.generate`. Frames with
    a pin are the source's own samples; elsewhere the mask decides (`composite`).
    """
    pinned = {pin.frame for pin in plan.pins}
    still = sources.picture(0) if plan.operation is Operation.ANIMATE else None
    mask = None if plan.mask is None else sources.delivered_mask()
    for frame in range(plan.file_range.start, plan.file_range.end):
        if frame in pinned:
            yield sources.picture(frame)
            continue
        rgb = _at_size(generated(frame), plan.size)
        kept = sources.under(frame) if plan.footage is not None else still
        if mask is not None and kept is not None:
            yield composite(rgb, kept, mask)
        else:
            yield picture_from_rgb(rgb, plan.format, plan.colour)


def _at_size(rgb: RGB, size: Size) -> RGB:
    if (rgb.shape[1], rgb.shape[0]) == (size.width, size.height):
        return rgb
    deep = picture_from_rgb(rgb, "gbrp16le", ColourTags(matrix="gbr", full_range=True))
    return deep.fitted(size).rgb()
