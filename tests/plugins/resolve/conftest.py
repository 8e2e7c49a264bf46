"""An edit in a Resolve that is not there: two clips with a gap of 24 frames between them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from secondunit.v1 import deliveries_pb2, units_pb2
from secondunit.v1 import hosts_pb2 as pb
from secondunit_resolve.api import Resolve
from secondunit_resolve.verbs import Verbs

from tests.fakes.resolve.item import FakeItem
from tests.fakes.resolve.media import FakeMedia
from tests.fakes.resolve.program import FakeResolve
from tests.fakes.resolve.world import File, World

TAKE = "/m/A014_v002.mov"
GAP = (100, 24)
"""(first frame, frames), from the timeline's frame 0."""


class Edit:
    """The edit, and whoever asks for things."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.resolve = FakeResolve(world)
        self.timeline, self.pool = self.resolve.timeline, self.resolve.pool
        world.files |= {TAKE: File(frames=40), "/m/A014_v001.mov": File(frames=36)}
        self.before = self.clip("/f/A014.mov", 0, 100)
        self.after = self.clip("/f/A015.mov", 124, 76)
        self._verbs: Verbs | None = None

    def clip(self, path: str, start: int, frames: int, track: int = 1) -> FakeItem:
        """A clip of the editor's own, at a frame of the timeline."""
        media = FakeMedia(self.world, path, File(frames=400))
        self.pool.root.clips.append(media)
        first = self.timeline.first + start
        return self.timeline.add(FakeItem(self.world, media, first, frames, 12), track)

    def ask(self, **asked: Any) -> pb.HostReply:
        """A request's reply."""
        if self._verbs is None:
            self._verbs = Verbs(cast(Resolve, self.resolve), settle=0.001)
        return self._verbs.do(pb.HostRequest(id="1", **asked))

    def place(self, *wishes: deliveries_pb2.Placement) -> list[pb.Placed]:
        """What became of placements."""
        asked = pb.PlaceTakes(placements=wishes or [bridge()], timeline_id=self.timeline.id)
        reply = self.ask(place_takes=asked)
        assert reply.WhichOneof("answer") == "placed_takes", reply
        return list(reply.placed_takes.placed)

    def spans(self, track: int = 1) -> list[tuple[float, float]]:
        """(first frame, frames) of the clips of a track, from the timeline's frame 0."""
        items = self.timeline.tracks[track - 1].items
        return [(i.start - self.timeline.first, i.frames) for i in items]


def bridge(**changed: object) -> deliveries_pb2.Placement:
    """A take with handles of 8 frames for the gap, and an older one with handles of 6."""
    wish = deliveries_pb2.Placement(
        shot_id="s1", track=0, file=TAKE, name="A014_v002", marker="gen: bridge\nid: s1",
        record=units_pb2.FrameRange(start=GAP[0], frames=GAP[1]),
        source=units_pb2.FrameRange(start=8, frames=GAP[1]),
        take=deliveries_pb2.Take(shot_id="s1", version=2, plan_digest="d2"),
    )  # fmt: skip
    for name, value in changed.items():
        if isinstance(value, (str, int)):
            setattr(wish, name, value)
        else:
            getattr(wish, name).CopyFrom(value)
    return wish


def older(frames: int = 36) -> deliveries_pb2.Take:
    """The take before."""
    return deliveries_pb2.Take(
        shot_id="s1", version=1, file="/m/A014_v001.mov", frames=frames, plan_digest="d1",
        handles=units_pb2.Handles(head=6, tail=6),
    )  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def edit(world: World) -> Edit:
    return Edit(world)
