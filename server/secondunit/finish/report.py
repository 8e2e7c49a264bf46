"""The control report: what was asked and what the delivered file holds, measured from the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.engine.parallel import in_order
from secondunit.engine.sources import PlanSources
from secondunit.finish.camera_fit import camera_entry
from secondunit.finish.fidelity import Fidelity
from secondunit.finish.fingerprint import Fingerprint
from secondunit.finish.matched import Matched
from secondunit.finish.steadiness import Steadiness
from secondunit.finish.strokes import stroke_entry
from secondunit.finish.tracks import Grey, grey, runs
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture

Report = dict[str, dict[str, Any]]
"""Control id to `asked`, `measured`, `pass`; plain JSON values."""


def control_report(
    plan: ShotPlan,
    pictures: Iterable[Picture],
    sources: PlanSources,
    before: Mapping[str, Any] | None = None,
) -> Report:
    """Measure decoded pictures of the finished file (in order) against the plan.

    T the number of frames, R the hash of all samples, K and M what must be the source's own
    (`fidelity`), B and C what was to move (`strokes`, `camera_fit`), X, F and L what must be steady
    (`steadiness`), E and G what must be like the source (`matched`), beside what it was `before`
    the match. Limits are in `thresholds`. An entry is there when the plan asks for it: what
    was asked and cannot be measured says so and does not pass; X, E, G and F, which nobody asks
    for, are left out where they have no meaning.
    """
    fidelity = Fidelity(plan, sources, exact=DELIVERIES[plan.delivery].exact)
    steadiness, fingerprint = Steadiness(plan), Fingerprint()
    matched = Matched(plan, sources)
    masked = plan.mask is not None and plan.footage is not None
    followed = bool(plan.strokes or plan.cameras)
    greys: dict[int, Grey] = {}
    under: dict[int, Grey] | None = {} if plan.strokes and plan.footage is not None else None
    frame = plan.file_range.start
    for picture, rgb in in_order(lambda p: (p, p.rgb()), pictures):
        fidelity.add(frame, picture, rgb)
        own = sources.under(frame).rgb() if masked and frame < plan.file_range.end else None
        steadiness.add(frame, rgb, own)
        if under is not None and own is not None:
            under[frame] = grey(own)
        matched.add(frame, rgb)
        fingerprint.add(picture)
        if followed:
            greys[frame] = grey(rgb)
        frame += 1
    count = frame - plan.file_range.start
    whole = count >= plan.file_range.frames
    report: Report = {
        "T": {
            "asked": {"frames": plan.file_range.frames, "rate": [plan.rate.num, plan.rate.den]},
            "measured": {"frames": count},
            "pass": count == plan.file_range.frames,
        },
        **fidelity.entries(),
    }
    if followed and whole:
        # The anchor may lie outside the file, and tracking starts from the source's own pixels.
        for run in runs(plan):
            greys[run.anchor] = grey(sources.picture(run.anchor).rgb())
        if plan.strokes:
            report |= _if_any("B", stroke_entry(plan, sources, greys, under))
        if plan.cameras:
            report |= _if_any("C", camera_entry(plan, sources, greys))
    report |= matched.entries(before or {})
    report |= _if_any("X", steadiness.seam()) | _if_any("F", steadiness.flicker())
    report |= _if_any("L", steadiness.round())
    report["R"] = {
        "asked": "same request, same frames",
        "measured": {"frames_sha256": fingerprint.digest},
        "pass": True,
    }
    return report


def _if_any(control: str, entry: dict[str, Any] | None) -> Report:
    return {} if entry is None else {control: entry}
