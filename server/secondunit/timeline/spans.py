"""How long a transition or a loop is, checked against the clips that it is made of."""

from __future__ import annotations

from secondunit.errors import Fault, Refused
from secondunit.timeline.carriers import Asked
from secondunit.timeline.cut import CuttingRoom, Rows
from secondunit.timeline.shot import Request
from secondunit.timeline.spots import Spot
from secondunit.timeline.touching import FRAMES, dissolve_at
from secondunit.units import FrameRange

SHORTEST_LOOP = 4
"""Frames of footage below which a loop has nothing to lead back through."""
LONGEST_LOOP = 600
"""Frames of footage: a loop's file holds all of its span, and longer ones are no loops."""


def transition_span(
    asked: Asked, request: Request, spot: Spot, rows: Rows, room: CuttingRoom
) -> FrameRange:
    """Frames of the timeline around the cut that a transition covers.

    As many as the request says, half of them before the cut; else what the dissolve on the cut
    has; else 12. Raises Refused for both clips at once where one is shorter than its part.
    """
    cut, left, right = spot.record.start, spot.left, spot.right
    assert left is not None and right is not None
    before, after = FRAMES // 2, FRAMES - FRAMES // 2
    if asked.take and asked.laid is not None:
        before, after = cut - asked.laid.record.start, asked.laid.record.end - cut
    elif request.frames is not None:
        before, after = request.frames // 2, request.frames - request.frames // 2
    elif (there := dissolve_at(left, rows, room)) is not None:
        before, after = there
    faults = [
        Fault(
            what=f"a transition of {before + after} frames takes {part} of '{laid.name}', which "
            f"has {laid.record.frames} and must keep one of its own",
            path=f"{asked.note.path}.frames",
        )
        for laid, part in ((left, before), (right, after))
        if part >= laid.record.frames
    ]
    if before + after < 2:
        faults.append(
            Fault(what=f"a transition has at least 2 frames, not {before + after}",
                  path=f"{asked.note.path}.frames")
        )  # fmt: skip
    if faults:
        raise Refused(faults)
    return FrameRange(start=cut - before, frames=before + after)


def loop_span(request: Request, span: FrameRange, path: str) -> None:
    """Raises Refused, with every fault, for a span of footage that cannot become a loop."""
    faults: list[Fault] = []
    if span.frames < SHORTEST_LOOP:
        faults.append(
            Fault(what=f"a loop of footage has at least {SHORTEST_LOOP} frames; here are "
                  f"{span.frames}", path=path)
        )  # fmt: skip
    if span.frames > LONGEST_LOOP:
        faults.append(
            Fault(what=f"a loop of {span.frames} frames; {LONGEST_LOOP} at most: let the marker "
                  "cover the part that shall go round", path=path)
        )  # fmt: skip
    if request.frames is not None and request.frames >= span.frames:
        faults.append(
            Fault(what=f"'frames' are the last ones of the loop, which are made anew: "
                  f"{request.frames} of {span.frames} leaves none to start from",
                  path=f"{path}.frames")
        )  # fmt: skip
    if faults:
        raise Refused(faults)
