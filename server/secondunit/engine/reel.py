"""Reel: frames of one file in whatever order they are wanted, a bounded number in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from secondunit.timeline.frames import decoded
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media

MEMORY = 192 * 2**20
"""Bytes of pictures that are kept: 60 frames of 8-bit 1080p."""
FEWEST = 4
"""Pictures that are kept however large they are: two neighbours and their own neighbours."""


class Reel:
    """Reads a file forwards while it is asked forwards; what was seen lately needs no reading.

    Asked for an earlier frame that it let go of, it winds back and decodes again.
    """

    def __init__(self, media: Media, wanted: Sequence[int], memory: int = MEMORY) -> None:
        """`wanted` are the frame numbers that may be asked for, rising; `memory` is in bytes."""
        self._media, self._wanted, self._memory = media, wanted, memory
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._ahead: Iterator[tuple[int, Picture]] = iter(())
        self._next = 0
        self._begun = False

    def picture(self, number: int) -> Picture:
        """The picture of a wanted frame. Raises MediaError, or KeyError for an unwanted one."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        place = bisect_left(self._wanted, number)
        if place >= len(self._wanted) or self._wanted[place] != number:
            raise KeyError(number)
        if not self._begun or not self._next <= place <= self._next + self._most:
            # Who goes back a frame mostly goes back another: wind back further, once.
            start = place if place > self._next else max(0, place - self._most // 2)
            self._ahead, self._begun = decoded(self._media, self._wanted[start:]), True
        for found, picture in self._ahead:
            self._keep(found, picture)
            if found == number:
                self._next = place + 1
                return picture
        raise KeyError(number)

    def __len__(self) -> int:
        """Pictures that are in memory."""
        return len(self._kept)

    @property
    def _most(self) -> int:
        one = next(iter(self._kept.values()), None)
        size = 0 if one is None else sum(plane.nbytes for plane in one.planes)
        return max(FEWEST, self._memory // size) if size else FEWEST

    def _keep(self, number: int, picture: Picture) -> None:
        self._kept[number] = picture
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
