"""Generated and source frames in, the file's pictures out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from secondunit.engine.engine import RGB
from secondunit.engine.parallel import in_order
from secondunit.engine.sources import PlanSources
from secondunit.engine.strokes import drawn_at
from secondunit.finish.composite import composite
from secondunit.finish.match import Match, matching
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.units import ColourTags, Size


def finish(
    plan: ShotPlan,
    generated: Callable[[int], RGB],
    sources: PlanSources,
    numbers: Collection[int] | None = None,
    match: Match | None = None,
) -> Iterator[Picture]:
    """The pictures of the file, handles included, in order, in the plan's layout and size.

    `numbers`: only these of the file's frames, counted from 0; None: all.
    `generated(frame)` gives `h w 3` at `plan.work` for each frame of `plan.generate`. Frames with
    a pin are the source's own samples; elsewhere the mask decides (`composite`). What is made gets
    the colour, grain and sharpness of its source by `match` (None: `look` is asked for it).
    """
    if match is None:
        match = look(plan, generated, sources)
    pinned = {pin.frame for pin in plan.pins}
    masked = plan.mask is not None and plan.footage is None
    still = sources.picture(drawn_at(plan)) if masked else None

    def wanted() -> Iterator[tuple[int, Picture | None]]:
        # Each frame and what stands under it. Footage is read in order, by one reader.
        for number, frame in enumerate(range(plan.file_range.start, plan.file_range.end)):
            if numbers is not None and number not in numbers:
                continue
            if frame in pinned:
                yield frame, sources.picture(frame)
            else:
                yield frame, still if plan.footage is None else sources.under(frame)

    def finished(one: tuple[int, Picture | None]) -> Picture:
        frame, under = one
        if frame in pinned and under is not None:
            return under
        home = plan.home(frame)
        rgb = _at_size(generated(home), plan.size)
        if plan.mask is not None and under is not None:
            mask = sources.delivered_mask(home)
            return composite(match.on(rgb, home, mask > 0), under, mask)
        rgb = match.on(rgb, home)
        return picture_from_rgb(rgb, plan.format, plan.colour)

    yield from in_order(finished, wanted())


def look(plan: ShotPlan, generated: Callable[[int], RGB], sources: PlanSources) -> Match:
    """What the made frames of a shot need, to be like the source beside them."""
    return matching(plan, lambda frame: _at_size(generated(plan.home(frame)), plan.size), sources)


def _at_size(rgb: RGB, size: Size) -> RGB:
    if (rgb.shape[1], rgb.shape[0]) == (size.width, size.height):
        return rgb
    deep = picture_from_rgb(rgb, "gbrp16le", ColourTags(matrix="gbr", full_range=True))
    return deep.fitted(size).rgb()
