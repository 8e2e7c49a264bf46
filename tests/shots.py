"""Made-up shots for tests of planning: no file behind them is ever opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from secondunit.timeline.shot import Media, Neighbour, Place, Request, Shot, SourceFrames
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

HD = Size(width=1280, height=720)
FILM = Rate(num=24000, den=1001)


def media(name: str = "A014.mov", **changes: Any) -> Media:
    """A movie of 500 frames at 23.976, or what `changes` make of it."""
    record: dict[str, Any] = {
        "path": Path("/edit") / name, "digest": f"sha-{name}", "still": False, "rate": FILM,
        "frames": 500, "start": 86400, "size": HD, "format": "yuv422p10le",
        "colour": ColourTags(), "reel": name.split(".")[0],
    }  # fmt: skip
    return Media(**{**record, **changes})


def still(name: str = "scroll.png", **changes: Any) -> Media:
    """One RGB picture."""
    colour = ColourTags(transfer="iec61966-2-1", matrix="gbr", full_range=True)
    record = {"still": True, "rate": None, "frames": 1, "format": "gbrp", "colour": colour}
    return media(name, **{**record, "reel": None, **changes})


def neighbour(source: Media, shown: range, beyond: range = range(0)) -> Neighbour:
    """A clip that shows some frames of a file and has others past the cut."""
    return Neighbour(
        name=source.path.stem,
        shown=SourceFrames(media=source, indexes=tuple(shown)),
        beyond=SourceFrames(media=source, indexes=tuple(beyond)),
    )


def shot(operation: Operation, frames: int = 24, **changes: Any) -> Shot:
    """A shot at record frame 100 of a timeline that starts at 01:00:00:00."""
    request = {k: changes.pop(k) for k in tuple(changes) if k in Request.__dataclass_fields__}
    before = neighbour(media("A014.mov"), range(60, 100), range(100, 140))
    after = neighbour(media("A015.mov"), range(200, 240), range(170, 200))
    edge = request.get("edge", "tail")
    sides: dict[str, Any] = {"before": None, "after": None, "still": None}
    between = operation in (Operation.BRIDGE, Operation.TRANSITION)
    if between or operation is Operation.EXTEND:
        sides["before"] = before if between or edge == "tail" else None
        sides["after"] = after if between or edge == "head" else None
    else:
        sides["still"] = SourceFrames(media=still(), indexes=(0,))
    record: dict[str, Any] = {
        "id": "k3v9x2ab", "name": "A014", "request": Request(operation=operation, **request),
        "rate": FILM, "size": HD, "record": FrameRange(start=100, frames=frames),
        "timecode_start": 86400, "drop_frame": False,
        "place": Place(track=0, item=1, path="tracks[0].children[1]"), **sides,
    }  # fmt: skip
    return Shot(**{**record, **changes})
