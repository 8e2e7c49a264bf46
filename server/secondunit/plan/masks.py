"""Masks over time: what follows, and what is shorter than its shot."""

from __future__ import annotations

from collections.abc import Iterator

from secondunit.errors import Fault
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.shot import Mask, MaskTrack, Shot, mask_frames


def follow_faults(shot: Shot) -> Iterator[Fault]:
    """`follow` where nothing moves that could be followed."""
    for mask, key in _masks(shot):
        if isinstance(mask, MaskTrack) and mask.follow and shot.still is not None:
            yield Fault(
                what="a still does not move before its shot begins, so there is nothing to "
                "follow: draw the mask on the still, and leave `follow` out",
                path=f"{shot.place.path}.{key}",
            )


def mask_adaptations(shot: Shot) -> Iterator[Adaptation]:
    """What becomes of masks that do not have a picture for each frame of the shot."""
    side = shot.before or shot.after
    known = 0 if side is None else len(side.shown.indexes) - 1
    for mask, key in _masks(shot):
        path, frames = f"{shot.place.path}.{key}", mask_frames(mask)
        if frames is not None and key.startswith("stroke"):
            yield Adaptation(
                level=Level.ROUNDED, what="a stroke carries one region: the mask as it is at the "
                "picture that the stroke starts from", path=path,
            )  # fmt: skip
        elif frames is not None and frames < shot.record.frames:
            yield Adaptation(
                level=Level.ROUNDED, what=f"the mask has {frames} pictures for "
                f"{shot.record.frames} frames: its last one is held from frame {frames} on",
                path=path,
            )  # fmt: skip
        if isinstance(mask, MaskTrack) and mask.follow:
            back = min(shot.request.context, known)
            yield Adaptation(
                level=Level.EMULATED, what=f"the mask is followed over {back} frames to the cut, "
                "by the motion of the footage under it", path=path,
            )  # fmt: skip


def _masks(shot: Shot) -> Iterator[tuple[Mask, str]]:
    request = shot.request
    if request.mask is not None:
        yield request.mask, "mask"
    for kind, controls in (("stroke", request.strokes), ("ambient", request.ambients)):
        for i, control in enumerate(controls):
            if control.region is not None:
                yield control.region, f"{kind}[{i}].in"
