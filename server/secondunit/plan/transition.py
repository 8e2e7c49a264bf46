"""A transition: both clips run on through the cut, and every frame is made of the two."""

from __future__ import annotations

from collections.abc import Iterator

from secondunit.errors import Fault
from secondunit.plan.layout import Layout, run_of_pins, some
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.shot import Shot
from secondunit.units import FrameRange


def transition_layout(shot: Shot) -> Layout:
    """Handles and pins are the clips' own frames on both sides of what the transition covers.

    Each stream has a frame for every shown frame of the shot; where its file ends, its last frame
    (or, of the incoming clip, its first) is held.
    """
    frames = shot.record.frames
    if shot.before is None or shot.after is None:  # refused elsewhere
        return Layout(handles=(0, 0), pins=(), generate=())
    lead, trail = shot.cut, frames - shot.cut
    shown, following = shot.before.shown, shot.after.shown
    split = len(shown.indexes) - lead
    head, first_half = shown.indexes[: max(split, 0)], shown.indexes[max(split, 0) :]
    second_half, tail = following.indexes[:trail], following.indexes[trail:]
    handles = min(shot.request.handles, len(head)), min(shot.request.handles, len(tail))
    before, after = head[-max(1, handles[0]) :], tail[: max(1, handles[1])]
    context = shot.request.context
    goes = (*first_half, *shot.before.beyond.indexes) or head[-1:]
    comes = (*shot.after.beyond.indexes, *second_half) or tail[:1]
    return Layout(
        handles=handles,
        pins=(
            *run_of_pins(shown, -len(before), before),
            *run_of_pins(following, frames, after),
        ),
        generate=(FrameRange(start=0, frames=frames),),
        past=some(shown, head[:-1][-context:] if context else ()),
        future=some(following, tail[1:][:context]),
        outgoing=some(shown, _held(goes, frames)),
        incoming=some(following, _held(comes[::-1], frames)[::-1]),
    )


def transition_faults(shot: Shot) -> Iterator[Fault]:
    """Where a file has nothing left to start or end with."""
    lead, trail = shot.cut, shot.record.frames - shot.cut
    sides = ((shot.before, lead, "before"), (shot.after, trail, "after"))
    for side, part, where in sides:
        if side is not None and len(side.shown.indexes) <= part:
            yield Fault(
                what=f"{side.shown.media.path.name} has no frame of its own left {where} a "
                f"transition that takes {part} of the {len(side.shown.indexes)} at the cut",
                path=f"{shot.place.path}.frames",
            )


def transition_adaptations(shot: Shot) -> Iterator[Adaptation]:
    """Where a file ends before the transition does."""
    if shot.before is None or shot.after is None:
        return
    lead, trail = shot.cut, shot.record.frames - shot.cut
    sides = (
        (shot.before, trail, "past the cut", "last"),
        (shot.after, lead, "before the cut", "first"),
    )
    for side, wanted, where, edge in sides:
        has = min(len(side.beyond.indexes), wanted)
        if has < wanted:
            yield Adaptation(
                level=Level.ROUNDED,
                what=f"{side.shown.media.path.name} holds {has} of the {wanted} frames {where} "
                f"that the transition runs through; its {edge} frame stands for the other "
                f"{wanted - has}",
                path=f"{shot.place.path}.frames",
            )


def _held(indexes: tuple[int, ...], frames: int) -> tuple[int, ...]:
    return (*indexes[:frames], *(indexes[-1:] * (frames - len(indexes))))
