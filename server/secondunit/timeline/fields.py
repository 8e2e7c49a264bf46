"""Two half pictures woven into one: found out by flag and by measure, and taken apart again.

Each picture of interlaced footage holds two moments, one in its even lines, one in its odd ones.
Nothing can move such pixels without tearing them, so every second line is made anew (bwdif).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import av
import av.error
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from secondunit.errors import MediaUnreadable
from secondunit.timeline.layouts import Plane
from secondunit.units import Rate

Fields = Literal["none", "flagged", "top", "bottom"]
"""No fields; in the order that the frames' flags say; or the one that was measured to be first."""

_HEIGHTS = (480, 486, 512, 576, 608, 1080, 1088)
_MOVED = 8  # of 255: less is noise
# On a hand-held clip the lag is at most 0.024 as it is and at least 0.08 with every second frame
# woven into the one before it, as soon as a tenth of the picture moves.
_WOVEN, _WHOLE = 0.06, 0.03
_SOME, _MUCH = 0.02, 0.1  # shares of the picture that must move to say so
_TICK = Fraction(1, 25)  # any: pictures are counted, not timed


def may_be_woven(height: int, rate: Rate) -> bool:
    """Footage of a shape that interlaced cameras make, though no flag says so."""
    return height in _HEIGHTS and rate.nominal in (25, 30)


def is_woven(frames: Sequence[Plane], bits: int) -> bool | None:
    """Whether consecutive luma planes hold two moments each; None: too little moves to say."""
    lag, moved = _lag(frames, bits)
    if abs(lag) > _WOVEN and moved > _SOME:
        return True
    return False if abs(lag) < _WHOLE and moved > _MUCH else None


def first_field(frames: Sequence[Plane], bits: int) -> Literal["top", "bottom"]:
    """Which field of woven luma planes comes first."""
    return "top" if _lag(frames, bits)[0] >= 0 else "bottom"


def _lag(frames: Sequence[Plane], bits: int) -> tuple[float, float]:
    """(how much more one field lags behind the other, -1..1; the share of samples that move).

    The second field of a frame and the first one of the next are half a frame apart, the other
    pair one and a half, and so less alike where something moves; in whole pictures both pairs are
    a frame apart. Positive: the top field comes first.
    """
    top = bottom = 0.0
    moved = total = 0
    for old, new in pairwise(frames):
        before, now = (_eight_bits(plane, bits) for plane in (old, new))
        rows = before.shape[0] // 2 - 1
        moves = np.abs(now - before) > _MOVED
        # Lines of the other field are met halfway between two of one's own.
        evens = (now[0::2][:rows] + now[2::2][:rows]) / 2
        odds = (now[1::2][:rows] + now[3::2][:rows]) / 2
        top += _mean(np.abs(before[1::2][:rows] - evens), moves[1::2][:rows])
        bottom += _mean(np.abs(before[2::2][:rows] - odds), moves[2::2][:rows])
        moved += int(moves.sum())
        total += moves.size
    return (bottom - top) / max(bottom + top, 1e-6), moved / max(total, 1)


def _mean(values: NDArray[np.floating], where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def apart(
    frames: Iterable[tuple[int, av.VideoFrame]], fields: Fields, name: str
) -> Iterator[tuple[int, av.VideoFrame]]:
    """The numbered frames with one moment each: as many as came, the first field's moment.

    Each depends on the frames before and after it, so hand over one more at both ends wherever
    the file has one. Raises MediaUnreadable for a layout that cannot be taken apart.
    """
    graph: Graph | None = None
    pending: deque[int] = deque()
    shape, last = None, 0
    for number, frame in frames:
        now = (frame.width, frame.height, frame.format.name)
        if graph is not None and (now != shape or number != last + 1):
            graph.push(None)
            yield from _pulled(graph, pending, name)
            graph = None
        if graph is None:
            shape, graph, pending = now, _graph(frame, fields), deque()
        frame.pts, frame.time_base = number, _TICK
        graph.push(frame)
        last = number
        pending.append(number)
        for found, parted in _pulled(graph, pending, name):
            if (parted.width, parted.height, parted.format.name) != now:
                raise MediaUnreadable(
                    f"'{name}' is interlaced, in a layout that cannot be taken apart ({now[2]}); "
                    "deinterlace it and relink it"
                )
            yield found, parted
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, pending, name)


def _pulled(graph: Graph, pending: deque[int], name: str) -> Iterator[tuple[int, av.VideoFrame]]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.VideoFrame)
        if not pending:
            raise MediaUnreadable(f"'{name}' gave more pictures than it has when taken apart")
        yield pending.popleft(), frame


def _graph(frame: av.VideoFrame, fields: Fields) -> Graph:
    parity = {"top": "tff", "bottom": "bff"}.get(fields, "auto")
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_TICK
    )
    parted = graph.add("bwdif", f"mode=send_frame:parity={parity}:deint=all")
    sink = graph.add("buffersink")
    source.link_to(parted)
    parted.link_to(sink)
    graph.configure()
    return graph


def _eight_bits(plane: Plane, bits: int) -> NDArray[np.int32]:
    """Code values on the scale of 0..255, for differences."""
    return (plane >> (bits - 8)).astype(np.int32)
