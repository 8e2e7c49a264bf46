"""Shots that are asked for without a timeline, of footage made in the test."""

from __future__ import annotations

from pathlib import Path

from secondunit.v1 import shots_pb2 as pb
from secondunit.v1 import units_pb2 as units

from tests.timeline.clips import movie

RATE = 25


def footage(folder: Path, size: tuple[int, int] = (160, 96), frames: int = 64) -> Path:
    """A movie whose every frame is another picture."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / f"take_{size[0]}x{size[1]}.mkv"
    return name if name.exists() else movie(name, "ffv1", "yuv420p", frames=frames, size=size)


def asked(
    movie: Path, operation: units.Operation, seed: int, *, frames: int = 12
) -> pb.ShotRequest:
    """A shot of a few frames from the middle of the movie, delivered without loss."""

    def clip(start: int, count: int) -> pb.Clip:
        source = units.FrameRange(start=start, frames=count)
        rate = units.Rate(num=RATE, den=1)
        return pb.Clip(name="take", media=units.File(path=str(movie)), source=source, rate=rate)

    request = pb.ShotRequest(
        operation=operation, rate=units.Rate(num=RATE, den=1), handles=2, context=8, seed=seed,
        record=units.FrameRange(start=100, frames=frames), delivery="ffv1",
    )  # fmt: skip
    match operation:
        case units.OPERATION_BRIDGE | units.OPERATION_TRANSITION:
            request.before.CopyFrom(clip(4, 16))
            request.after.CopyFrom(clip(40, 16))
        case units.OPERATION_EXTEND:
            request.edge = units.EDGE_TAIL
            request.before.CopyFrom(clip(4, 16))
        case _:
            request.still.CopyFrom(clip(20, 1))
            request.cameras.add(pan=3, dolly=6)
    return request
