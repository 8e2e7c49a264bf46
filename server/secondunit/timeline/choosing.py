"""The sequences that a file holds in; the one that is meant out, by its name or by who asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import opentimelineio as otio

from secondunit.errors import Refused, one_line
from secondunit.timeline.carriers import asks

_LISTED = 20
"""Names that a message lists."""
_MOST = 50
"""Sequences that are looked into for requests: each is read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sequence that a file holds."""

    name: str
    """As its editor called it; may be empty, and two may have one name."""
    timeline: Callable[[], otio.schema.Timeline]
    """Reads it. Raises TimelineUnreadable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The sequence that is meant."""

    timeline: otio.schema.Timeline
    name: str | None
    """What it is called among those of its file; None where there is no other."""


def chosen(
    candidates: Sequence[Candidate], wanted: str | None, notices: list[str], file: str
) -> Chosen:
    """The sequence called `wanted`; without a name the only one, or the only one that asks.

    Raises Refused, with all names, where none or several are meant.
    """
    names = _names(candidates)
    if wanted is not None:
        number = _named(names, wanted, file)
        return Chosen(
            timeline=candidates[number].timeline(),
            name=names[number] if len(candidates) > 1 else None,
        )
    if len(candidates) == 1:
        return Chosen(timeline=candidates[0].timeline(), name=None)
    if len(candidates) > _MOST:
        raise Refused.single(
            f"'{file}' holds {len(candidates)} sequences ({_list(names)}); "
            "name the one that is meant, as in --sequence NAME",
            "sequence",
        )
    asking: list[tuple[int, otio.schema.Timeline, list[str]]] = []
    for number, one in enumerate(candidates):
        before = len(notices)
        timeline = one.timeline()
        if asks([timeline.tracks]):
            asking.append((number, timeline, notices[before:]))
        del notices[before:]  # what is said of a sequence that is not meant is no news
    if len(asking) > 1:
        raise Refused.single(
            f"'{file}' holds {len(candidates)} sequences ({_list(names)}), and requests stand in "
            f"{len(asking)} of them ({_list([names[n] for n, _, _ in asking])}): "
            "name the one that is meant, as in --sequence NAME",
            "sequence",
        )
    if not asking:
        notices.append(
            f"'{file}' holds {len(candidates)} sequences ({_list(names)}), and none of them asks "
            f"for a shot; '{names[0]}' was read"
        )
        return Chosen(timeline=candidates[0].timeline(), name=names[0])
    ((number, timeline, said),) = asking
    notices.append(
        f"'{file}' holds {len(candidates)} sequences ({_list(names)}); '{names[number]}' is the "
        "only one with requests and was taken"
    )
    notices.extend(said)
    return Chosen(timeline=timeline, name=names[number])


def _names(candidates: Sequence[Candidate]) -> list[str]:
    """A name for each that no other has: the second `cut` is `cut (2)`."""
    names: list[str] = []
    times: Counter[str] = Counter()
    for number, one in enumerate(candidates, 1):
        name = one_line(one.name).strip() or f"sequence {number}"
        times[name] += 1
        again = f"{name} ({times[name]})" if times[name] > 1 else name
        while again in names:
            times[name] += 1
            again = f"{name} ({times[name]})"
        names.append(again)
    return names


def _named(names: list[str], wanted: str, file: str) -> int:
    word = one_line(wanted).strip()
    for fold in (str, str.casefold):
        same = [number for number, name in enumerate(names) if fold(name) == fold(word)]
        if len(same) == 1:
            return same[0]
    held = "one sequence" if len(names) == 1 else f"{len(names)} sequences"
    raise Refused.single(
        f"'{file}' holds no sequence '{word[:80]}'; it holds {held}: {_list(names)}", "sequence"
    )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"'{name}'" for name in names[:_LISTED]) + more
