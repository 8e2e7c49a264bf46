"""A transition: two streams run on through a cut, and are drawn towards each other while they mix.

What an editor knows as a fluid morph: each stream's picture moves along the correspondence with
the other's of the same moment, as far as the transition has gone, and the two are blended where
they meet. Where the two show nothing in common, neither moves, and it is a dissolve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from secondunit.engine import flow
from secondunit.engine.conditioning import Guide, meeting
from secondunit.engine.engine import RGB, UNKEPT, Keep, Progress, Sources
from secondunit.engine.motion import render
from secondunit.engine.motion.conditions import prior, similarity
from secondunit.engine.raster import Field, blurred, places
from secondunit.plan.shot_plan import ShotPlan

STRANGERS, KIN = 0.1, 0.3
"""Kinship of the streams below which a transition is a dissolve, and above which it is a morph."""

REACH = 60.0
"""Pixels of the compared size over which one surface moves alike."""

CRACKS = 0.012
"""Fractions of width over which trust is averaged."""


class Meeting(NamedTuple):
    """How the two streams correspond at every frame of a transition."""

    ways: list[tuple[flow.Flow, flow.Flow]]
    """Outgoing to incoming and back, for each frame."""
    kinship: float
    """0..1, the mean over the frames."""

    @property
    def share(self) -> float:
        """How much of a morph it is, 0..1; the rest is a dissolve."""
        at = min(max((self.kinship - STRANGERS) / (KIN - STRANGERS), 0.0), 1.0)
        return at * at * (3 - 2 * at)


def met(plan: ShotPlan, sources: Sources, progress: Progress, keep: Keep = UNKEPT) -> Meeting:
    """Measure the correspondence of the streams, from the middle outwards.

    Each frame starts from its neighbour's answer, so that all of them follow one solution.
    """

    def way(k: int, guesses: Sequence[tuple[Field, Field]] = ()) -> tuple[flow.Flow, flow.Flow]:
        if (kept := keep.load(f"way{k}")) is not None:
            return flow.pair(kept)
        found = flow.between(*greys[k], guesses, far=not guesses)
        keep.save(f"way{k}", flow.arrays(*found))
        return found

    frames = plan.frames
    greys = [
        (flow.grey(sources.stream("outgoing", k)), flow.grey(sources.stream("incoming", k)))
        for k in range(frames)
    ]
    middle = frames // 2
    ways: dict[int, tuple[flow.Flow, flow.Flow]] = {middle: way(middle)}
    progress("compare", 1, frames)
    for k in [*range(middle + 1, frames), *range(middle - 1, -1, -1)]:
        near = ways[k - 1 if k > middle else k + 1]
        guess = (near[0].displacement, near[1].displacement)
        ways[k] = way(k, [guess])
        progress("compare", len(ways), frames)
    kin = [flow.kinship(*greys[k], *ways[k]) for k in range(frames)]
    calm = [_calmed(*greys[k], *ways[k]) for k in range(frames)]
    return Meeting(calm, float(np.mean(kin)))


def _calmed(
    first: flow.Luma, last: flow.Luma, forth: flow.Flow, back: flow.Flow
) -> tuple[flow.Flow, flow.Flow]:
    # A morph may bend what it cannot explain, but not tear it.
    calm = []
    for here, there, way in ((first, last, forth), (last, first, back)):
        height, width = here.shape
        likeness = flow.alike(here, there, way)[0]
        where = places(height, width) / np.float32(width)
        whole = similarity(way.displacement, way.confidence * likeness, where)
        calm.append(flow.carried_over(way, likeness, here, whole, REACH))
    return calm[0], calm[1]


def frames(
    plan: ShotPlan, sources: Sources, progress: Progress, keep: Keep = UNKEPT
) -> Iterator[tuple[int, RGB]]:
    """Yield the frames of a transition (`plan.outgoing`, `plan.incoming`) at `plan.work`.

    All but those that `keep` has.

    The share of the incoming stream is open at both ends, so that the first and the last frame
    join what stands beside them. The network has no part in it: the motion is whole where the
    flow is believed and carried over elsewhere, and on footage its corrections made the two
    streams agree no better (mean difference 0.0668 with, 0.0667 without) or worse.
    """
    found = met(plan, sources, progress, keep)
    for k in (k for k in range(plan.frames) if k not in keep.frames):
        pictures = sources.stream("outgoing", k), sources.stream("incoming", k)
        share = eased((k + 1) / (plan.frames + 1))
        if found.share:
            guides = meeting(plan, sources, pictures, found.ways[k])
            yield k, _mixed(guides, share, found.share)
        else:
            yield k, _dissolved(pictures, share)


def eased(at: float) -> float:
    """Return the share of a transition at 0..1 of its time: it starts and ends without a jerk.

    The polynomial whose first three derivatives are 0 at both ends: beside a source that hardly
    moves, an eye sees the first frame of any faster start.
    """
    return at**4 * (35 + at * (-84 + at * (70 - 20 * at)))


def _mixed(guides: tuple[Guide, Guide], share: float, morph: float) -> RGB:
    moved = []
    # Each goes as far towards the other as the transition has gone, and only so far as it is one.
    for guide, went in zip(guides, (share, 1 - share), strict=True):
        mover = render.Mover(guide, prior(guide.conditions))
        at = guide.span.frame(went * morph)
        made = mover.render(at)
        # What grows has fine cracks, which are no reason to look at the other stream.
        near = 1 - guide.span.share(at)
        trust = blurred(made.weight, CRACKS * made.weight.shape[1]) / np.float32(near + 1e-3)
        moved.append(render.Rendering(picture=made.picture, weight=render.by_time(trust, went)))
    plain = _dissolved((moved[0].picture, moved[1].picture), share)
    if morph == 1:
        return render.blended(moved[0], moved[1])
    return plain + np.float32(morph) * (render.blended(moved[0], moved[1]) - plain)


def _dissolved(pictures: tuple[RGB, RGB], share: float) -> RGB:
    return pictures[0] + np.float32(share) * (pictures[1] - pictures[0])
