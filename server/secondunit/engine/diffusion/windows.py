"""Windows: which frames each pass over a model has, so that any length fits and seams are pinned.

A stretch between two known frames that is too long for one pass is made in two turns. First its
anchors: one pass over frames spread evenly from end to end, of which those at window ends are kept.
Then the windows between two anchors, none of which depends on another: they may be made on several
devices at once. A stretch that is known at one end only is made in windows that follow each other,
each of which begins with the last frames of the one before. Both take a number of passes that is
proportional to the length.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from secondunit.catalog.engines import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What lengths a model's passes have."""

    step: int
    offset: int
    """Legal counts are `step * k + offset`."""
    longest: int
    """Frames of the longest pass, itself legal."""
    context: int
    """Known frames beside what is made that a pass begins or ends with, if there are so many: 1,
    or `1 + step`, which are whole latent frames."""

    def legal(self, frames: int) -> int:
        """The least legal count that holds `frames`."""
        return self.offset + max(0, -(-(frames - self.offset) // self.step)) * self.step


def rule_of(row: Engine, share: float = 1.0) -> Rule:
    """The rule of a row; `share` of its longest pass where memory is short."""
    step, offset = row.frame_step, row.frame_offset
    longest = offset + int((row.longest * share - offset) // step) * step
    moving = row.held or bool(row.native & {"prefix", "mask"})
    return Rule(
        step=step, offset=offset, longest=max(longest, offset + step),
        context=1 + step if moving else 1,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One pass, in frames of the shot."""

    frames: tuple[int, ...]
    """What each frame of the pass shows. Evenly spread for anchors. A frame that is known may come
    more than once (a closing picture that fills the pass); frames past what is known are made and
    thrown away."""
    made: tuple[int, ...]
    """Frames of the shot that are taken from it, besides those in `left`."""
    left: tuple[int, ...] = ()
    """Frames that later windows need as pictures: anchors, or the end of one that goes on."""
    given: tuple[int, ...] = ()
    """Frames that are pinned to what earlier windows left."""

    @property
    def stride(self) -> int:
        """Frames of the shot from one frame of the pass to the next, about."""
        first, last = min(self.frames), max(self.frames)
        return max(1, round((last - first) / max(len(set(self.frames)) - 1, 1)))

    @property
    def name(self) -> str:
        """For what is kept of it: where it starts, how long it is, and how wide its strides."""
        return f"window{self.frames[0]:+d}-{len(self.frames)}-{self.stride}"


def windows(made: Sequence[int], own: Callable[[int], bool], rule: Rule) -> list[Window]:
    """Return the passes that make the frames `made` (rising), in an order in which each has what
    it needs.

    `own(frame)`: the source's own is known there. Runs of frames that are made are put into one
    pass as long as they fit, with the pinned frames between them.
    """
    runs = _runs(made)
    result: list[Window] = []
    while runs:
        count = 1
        while count < len(runs) and _fits(runs[0][0], runs[count][-1], own, rule):
            count += 1
        wanted = [n for run in runs[:count] for n in run]
        first, last = wanted[0], wanted[-1]
        if _fits(first, last, own, rule):
            result.append(_one(first, last, tuple(wanted), own, rule))
        elif own(first - 1) and own(last + 1):
            result += _between(first - 1, last + 1, own, rule)
        elif own(last + 1):
            # Backwards in time is forwards in the mirror.
            mirrored = _onwards(-last, -first, lambda n: own(-n), rule)
            result += [_mirror(window) for window in mirrored]
        else:
            result += _onwards(first, last, own, rule)
        runs = runs[count:]
    return result


def _runs(made: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for frame in made:
        if runs and runs[-1][-1] == frame - 1:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return runs


def _fits(first: int, last: int, own: Callable[[int], bool], rule: Rule) -> bool:
    ends = own(first - 1) + own(last + 1)
    return rule.legal(last - first + 1 + ends) <= rule.longest


def _lead(start: int, step: int, own: Callable[[int], bool], most: int) -> int:
    """Known frames from `start` on, backwards or forwards, at most so many."""
    count = 0
    while count < most and own(start + step * count):
        count += 1
    return count


def _one(
    first: int, last: int, made: tuple[int, ...], own: Callable[[int], bool], rule: Rule
) -> Window:
    """The pass over a stretch that fits: whole latent frames of what is known on both sides."""
    count = last - first + 1
    ahead, behind = _lead(first - 1, -1, own, rule.context), _lead(last + 1, 1, own, rule.longest)
    # Fewer than a whole latent frame beside the first one tell no more than that one.
    ahead = ahead if ahead == rule.context else min(ahead, 1)
    if rule.legal(ahead + count + min(behind, 1)) > rule.longest:
        ahead = min(ahead, 1)
    total = rule.legal(ahead + count + min(behind, 1))
    if behind > total - ahead - count and rule.context > 1 and total + rule.step <= rule.longest:
        total += rule.step
    spare = total - ahead - count
    if not behind:
        frames = range(first - ahead, first - ahead + total)
        return Window(frames=tuple(frames), made=made)
    closing = [last + 1 + n for n in range(min(spare, behind))]
    rest = spare - len(closing)
    if not ahead:  # nothing is known before it: what is too much is made there, and thrown away
        return Window(frames=(*range(first - rest, last + 1), *closing), made=made)
    frames = (*range(first - ahead, last + 1), *closing, *closing[-1:] * rest)
    return Window(frames=frames, made=made)


def _between(left: int, right: int, own: Callable[[int], bool], rule: Rule) -> list[Window]:
    """Anchors, then the windows between them; both ends are known."""
    return _spread(list(range(left, right + 1)), own, rule)


def _spread(frames: list[int], own: Callable[[int], bool], rule: Rule) -> list[Window]:
    """Passes over frames whose first and last are known; the rest is made."""
    if rule.legal(len(frames)) <= rule.longest:
        inner = [n for n in frames[1:-1] if not own(n)]
        given = tuple(n for n in (frames[0], frames[-1]) if not own(n))
        return [_filled(frames, tuple(inner), given, own, rule)]
    span = rule.longest - 1
    count = -(-(len(frames) - 1) // span)
    ends = [round(k * (len(frames) - 1) / count) for k in range(count + 1)]
    # As many frames between two anchors as one pass over all of them has room for: the nearer, the
    # more alike are its pictures.
    between = max(1, span // count)
    picks = sorted(
        {a + round(j * (b - a) / between)
         for a, b in itertools.pairwise(ends) for j in range(between + 1)}
    )  # fmt: skip
    anchors = {frames[k] for k in ends[1:-1]}
    first = [
        Window(frames=w.frames, made=(), given=w.given,
               left=tuple(n for n in (*w.made, *w.left) if n in anchors or n in w.left))
        for w in _spread([frames[k] for k in picks], own, rule)
    ]  # fmt: skip
    fills = [w for a, b in itertools.pairwise(ends)
             for w in _spread(frames[a : b + 1], own, rule)]  # fmt: skip
    return [*first, *(_with_anchor(w, anchors) for w in fills)]


def _with_anchor(window: Window, anchors: set[int]) -> Window:
    # Each anchor is a frame of the shot too: the window that it ends is the one that gives it out.
    last = max(window.frames)
    if last not in anchors or last in window.made:
        return window
    return Window(
        frames=window.frames, made=(*window.made, last), left=window.left, given=window.given
    )


def _filled(
    frames: list[int],
    made: tuple[int, ...],
    given: tuple[int, ...],
    own: Callable[[int], bool],
    rule: Rule,
) -> Window:
    """A pass from one known frame to another, with the source's own motion where it has room."""
    whole = list(frames)
    if whole[-1] - whole[0] == len(whole) - 1:  # not spread
        ahead = rule.context - 1
        room = rule.legal(len(whole) + ahead) <= rule.longest
        if room and ahead and _lead(whole[0], -1, own, rule.context) == rule.context:
            whole = [*range(whole[0] - ahead, whole[0]), *whole]
        most = rule.longest - len(whole) if rule.context > 1 else 0
        behind = min(_lead(whole[-1], 1, own, rule.longest) - 1, most, 2 * rule.step - 1)
        while behind > 0 and rule.legal(len(whole) + behind) != len(whole) + behind:
            behind -= 1
        whole += range(whole[-1] + 1, whole[-1] + 1 + max(behind, 0))
    rest = rule.legal(len(whole)) - len(whole)
    return Window(frames=(*whole, *whole[-1:] * rest), made=made, given=given)


def _onwards(first: int, last: int, own: Callable[[int], bool], rule: Rule) -> list[Window]:
    """Windows that follow each other from a known end, or from nothing, to an open one."""
    overlap = min(1 + 2 * rule.step, 1 + (rule.longest - 1) // 2 // rule.step * rule.step)
    result: list[Window] = []
    start, lead = first, 0
    if own(first - 1):
        found = _lead(first - 1, -1, own, rule.context)
        lead = found if found == rule.context else 1
    given: tuple[int, ...] = ()
    while start <= last:
        total = min(rule.longest, rule.legal(lead + last - start + 1))
        frames = tuple(range(start - lead, start - lead + total))
        made = tuple(n for n in frames[lead:] if n <= last)
        more = made[-1] < last
        result.append(
            Window(frames=frames, made=made, given=given, left=made[-overlap:] if more else ())
        )
        given = made[-overlap:]
        start, lead = made[-1] + 1, len(given)
    return result


def _mirror(window: Window) -> Window:
    frames, made, left, given = (
        tuple(-n for n in reversed(part))
        for part in (window.frames, window.made, window.left, window.given)
    )
    return Window(frames=frames, made=made, left=left, given=given)
