"""What lies under a shot that stands on a clip: the file's frame, or the place between two."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from secondunit.errors import Fault, Refused
from secondunit.timeline.cut import View
from secondunit.timeline.media import position_at
from secondunit.timeline.numbered import lacking
from secondunit.timeline.shot import Footage, Request
from secondunit.units import FrameRange, Operation

LONGEST = 2400
"""Frames of the longest retime: each in-between is made alone, but all of them lie on a disk."""


def span_on(
    view: View, clip: FrameRange, marked: FrameRange | None, request: Request, path: str
) -> FrameRange:
    """Frames of the timeline that a request on a clip is about, of the clip's own `clip`.

    A retime is about the whole clip. A replacement is about what a marker of more than one frame
    covers of it, and of that about the first `frames`. Raises Refused.
    """
    if request.operation is Operation.RETIME:
        if request.frames is not None:
            raise Refused.single(
                f"a retime covers its clip, {clip.frames} frames, and nothing else in the edit "
                "moves: leave 'frames' out, or trim the clip",
                f"{path}.frames",
            )
        return clip
    start, end = clip.start, clip.end
    if marked is not None and marked.frames > 1:
        start, end = max(start, marked.start), min(end, marked.end)
    if request.frames is not None:
        if start + request.frames > end:
            raise Refused.single(
                f"{request.frames} frames from frame {start} on; '{view.name}' has {end - start} "
                "there",
                f"{path}.frames",
            )
        end = start + request.frames
    return FrameRange(start=start, frames=end - start)


def footage_of(view: View, first: int, frames: int, request: Request, path: str) -> Footage:
    """The frames of a clip from its frame `first` on, with what the file has of the handles.

    Raises Refused for a still, and where the file lacks a frame that the cut shows.
    """
    if view.media.still:
        raise Refused.single(
            f"'{view.media.path.name}' is a still, and {request.operation} works on moving "
            "footage: animate is the word for a still",
            path,
        )
    if request.operation is Operation.RETIME:
        return _retimed(view, frames, request, path)
    head = [view.index(first - n - 1) for n in range(request.handles)]
    shown = [view.index(first + n) for n in range(frames)]
    tail = [view.index(first + frames + n) for n in range(request.handles)]
    missing = next((n for n, index in enumerate(shown) if index is None), None)
    if missing is not None:
        raise Refused.single(
            f"'{view.media.path.name}' has {view.media.frames} frames, and frame {first + missing} "
            f"of '{view.name}' is not among them{lacking(view.media)}: trim the clip",
            f"{view.path}.source_range",
        )
    before = _known(head)[::-1]
    return Footage(
        media=view.media, lead=len(before), indexes=(*before, *_known(shown), *_known(tail))
    )


def _known(indexes: list[int | None]) -> list[int]:
    """Frames up to the first that the file lacks."""
    found: list[int] = []
    for index in indexes:
        if index is None:
            break
        found.append(index)
    return found


def _retimed(view: View, frames: int, request: Request, path: str) -> Footage:
    """Where in the file each frame of a retimed clip is; exact, so nothing drifts."""
    rate = view.media.rate
    assert rate is not None
    if frames < 2:
        raise Refused.single(
            f"'{view.name}' shows one frame, and one frame has no speed: make it longer", path
        )
    if frames > LONGEST:
        raise Refused.single(
            f"'{view.name}' has {frames} frames; a retime makes at most {LONGEST}: cut the clip",
            path,
        )
    pace = view.pace if request.speed is None else view.step * request.speed
    if request.speed is None and view.backwards:
        raise Refused.single(
            f"'{view.name}' plays backwards, which is not retimed here: turn it round, and "
            "reverse what comes back",
            f"{path}.speed",
        )
    if not pace:
        raise Refused.single(
            f"'{view.name}' is a freeze frame and has no in-betweens: say a speed, as in "
            "`speed: 50%`, or animate it",
            f"{path}.speed",
        )
    if request.speed is None and view.ramp is not None:
        raise Refused.single(
            f"'{view.name}' changes its speed, and only a constant one is retimed here: say it, as "
            "in `speed: 50%`",
            f"{path}.speed",
        )
    last = view.media.frames - 1
    origin = view.seconds(0)
    if origin is None or view.ramp is None:
        origin = view.origin

    def place(frame: int) -> Fraction:
        return position_at(view.media, origin + frame * pace)

    places = [place(n) for n in range(frames)]
    faults: list[Fault] = []
    if places[0] < 0:
        faults.append(
            Fault(what=f"'{view.media.path.name}' begins after the first frame of '{view.name}'",
                  path=f"{view.path}.source_range")
        )  # fmt: skip
    out = next((n for n, at in enumerate(places) if at >= last + 1), None)
    if out is not None:
        faults.append(_ends(view, request, path, frames, out, pace))
    if faults:
        raise Refused(faults)
    if not places[0] % 1 and all(b - a == 1 for a, b in pairwise(places)):
        raise Refused.single(
            f"'{view.name}' already shows its file frame by frame, so there is nothing to do: "
            "say a speed, as in `speed: 50%`",
            f"{path}.speed",
        )
    head: list[Fraction] = []
    for n in range(request.handles):
        at = place(-n - 1)
        if at < 0:
            break
        head.insert(0, at)
    tail: list[Fraction] = []
    for n in range(request.handles):
        at = place(frames + n)
        if at > last:
            break
        tail.append(at)
    # Past the last frame's beginning there is nothing to go on to: it stays on screen, as it
    # would without us.
    every = [min(at, Fraction(last)) for at in (*head, *places, *tail)]
    shares = [at % 1 for at in every]
    if any(not view.media.has(at.__ceil__()) or not view.media.has(at.__floor__()) for at in every):
        raise Refused.single(
            f"'{view.media.path.name}' has no picture for all of this retime{lacking(view.media)}",
            f"{view.path}.source_range",
        )
    return Footage(
        media=view.media, lead=len(head), indexes=tuple(at.__floor__() for at in every),
        shares=tuple((share.numerator, share.denominator) for share in shares),
    )  # fmt: skip


def held(footage: Footage, frames: int) -> int:
    """Shown frames of a retime in which the file's last frame stands still, for want of a next."""
    shown = [(footage.index(n), footage.share(n)) for n in range(frames)]
    end = (footage.media.frames - 1, Fraction(0))
    return max(0, shown.count(end) - 1)


def _ends(view: View, request: Request, path: str, frames: int, out: int, pace: Fraction) -> Fault:
    media = view.media
    assert media.rate is not None
    room = Fraction(media.frames) / media.rate.fraction - view.origin
    possible = max(Fraction(0), room / (view.step * (frames - 1)))
    percent = (possible * 1000).__ceil__() / 10 - 0.1  # the end itself is past the last frame
    choices = [f"trim the clip to {out} frames"]
    if percent >= 5:
        choices.insert(0, f"ask for {percent:g}% at most")
    speed = float(pace / view.step * 100)
    return Fault(
        what=f"'{media.path.name}' ends: at {speed:g}% frame {out} of '{view.name}' would show "
        f"frame {position_at(media, view.origin + out * pace).__floor__()}, and the file has "
        f"{media.frames} (0-{media.frames - 1}); {', or '.join(choices)}",
        path=f"{path}.speed" if request.speed is not None else path,
    )
