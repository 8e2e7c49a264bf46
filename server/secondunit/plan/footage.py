"""Shots that stand on moving footage: what they may ask for, their pins, what is said of them."""

from __future__ import annotations

from collections.abc import Iterator

from secondunit.errors import Fault
from secondunit.plan.shot_plan import Adaptation, Level, Pin
from secondunit.timeline.footage import held
from secondunit.timeline.shot import Footage, MaskTrack, Request, Shot
from secondunit.units import Operation

_BLACK, _WHITE = 1 / 16, 15 / 16
"""Values of a mask that count as may not and may change whatever a codec did to them."""
_CHOICES = (
    "a stroke with its region (`stroke: 0.2,0.5 > 0.4,0.5 in boat.png`), `motion: freeze` or "
    "`motion: steady`"
)


def footage_faults(request: Request, path: str) -> Iterator[Fault]:
    """Everything that a replacement or a retime lacks, or asks for and cannot have."""
    word = request.operation
    if word is Operation.RETIME:
        if request.mask is not None:
            yield Fault(what="a retime changes every pixel, so it takes no mask",
                        path=f"{path}.mask")  # fmt: skip
        why = "a retime shows the clip's own motion at another speed"
        controls = (("stroke", request.strokes), ("ambient", request.ambients))
    else:
        yield from _replacement(request, path)
        why = "a replacement moves, freezes or steadies a region of its footage"
        controls = (("ambient", request.ambients),)
    for kind, asked in (
        *controls, ("camera", request.cameras), ("keyframe", request.keyframes),
    ):  # fmt: skip
        if asked:
            yield Fault(
                what=f"no place for {'an' if kind == 'ambient' else 'a'} {kind}: {why}; animate "
                "one of its frames instead",
                path=f"{path}.{kind}",
            )


def _replacement(request: Request, path: str) -> Iterator[Fault]:
    if request.mask is None:
        yield Fault(
            what="a replacement needs a mask: white is what may change, all else stays the "
            "footage's own",
            path=f"{path}.mask",
        )
    elif isinstance(request.mask, MaskTrack) and request.mask.follow:
        yield Fault(
            what="a replacement's mask does not follow: the regions of its strokes do by "
            "themselves; for the mask itself give a movie or numbered pictures",
            path=f"{path}.mask",
        )
    if request.strokes and request.motion is not None:
        yield Fault(
            what=f"a stroke and `motion: {request.motion}` in one replacement: ask for them one "
            "after the other",
            path=f"{path}.motion",
        )
    elif not request.strokes and request.motion is None:
        yield Fault(what=f"what shall happen inside the mask? Add {_CHOICES}", path=path)


def footage_pins(shot: Shot, footage: Footage, handles: tuple[int, int]) -> Iterator[Pin]:
    """Frames that are the file's own: of a retime where it meets one, else those before the change.

    A stroke rests before its shot, so the head handle is the clip's own too; what is frozen or
    steadied is so in the handle as well, and only the frame it is measured from is the clip's own.
    """
    head, tail = handles
    frames = range(-head, shot.record.frames + tail)
    if shot.request.operation is Operation.REPLACE:
        frames = range(-head, 1) if shot.request.motion is None else range(1)
    for frame in frames:
        if not footage.share(frame):
            yield Pin(frame=frame, media=footage.media, index=footage.index(frame))


def footage_adaptations(shot: Shot, footage: Footage) -> Iterator[Adaptation]:
    """What comes out otherwise than words alone would have it."""
    request, path = shot.request, shot.place.path
    if request.operation is Operation.RETIME:
        if still := held(footage, shot.record.frames):
            yield Adaptation(
                level=Level.ROUNDED, what=f"{footage.media.path.name} ends less than a frame too "
                f"soon: its last frame is held for {still} frame{'s' if still > 1 else ''} more",
                path=path,
            )  # fmt: skip
        if not any(footage.share(n) for n in range(shot.record.frames)):
            yield Adaptation(
                level=Level.EXACT, what="every frame is one of the file's own at this speed; "
                "nothing has to be made", path=f"{path}.speed",
            )  # fmt: skip
        return
    for i, stroke in enumerate(request.strokes):
        if stroke.region is None:
            yield Adaptation(
                level=Level.ROUNDED, what="the stroke carries all that the mask holds, and what "
                "leaves the mask is cut off there: draw its region with `in FILE`",
                path=f"{path}.stroke[{i}]",
            )  # fmt: skip
