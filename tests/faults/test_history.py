"""The model of a history: it takes what may happen, and finds every kind of lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.history import (
    Accepted,
    Event,
    Forgotten,
    Found,
    Kept,
    Looked,
    Record,
    Stopped,
    Stored,
    Watched,
    check,
)

EVENTS = (
    Event(1, "state", "queued", b"1"),
    Event(2, "state", "running", b"2"),
    Event(3, "progress", "", b"3"),
    Event(4, "state", "queued", b"4"),
    Event(5, "state", "running", b"5"),
    Event(6, "stage", "", b"6"),
    Event(7, "state", "succeeded", b"7"),
)
KEPT = Kept("a", "r", "succeeded", EVENTS)
GOOD: list[Record] = [
    Accepted("r", "a"),
    Watched("a", 0, EVENTS[:4]),
    Watched("a", 4, EVENTS[4:], complete=True),
    Looked("a", "running", 5),
    Accepted("r", "a"),
    Looked("a", "succeeded", 7),
    Stopped("a", "succeeded", cancelling=False),
    Stored("clip", "d1"),
    Found("clip", "d1"),
    Accepted("f", "c"),
    Forgotten("c"),
    KEPT,
]


def with_events(*events: Event, state: str = "succeeded") -> Kept:
    return replace(KEPT, events=events, state=state)


def test_what_may_happen_is_no_fault() -> None:
    assert check(GOOD) == []


def test_a_slow_watcher_may_miss_progress_and_nothing_else() -> None:
    told = (*EVENTS[:2], *EVENTS[3:])
    assert check([Accepted("r", "a"), Watched("a", 0, told, complete=True), KEPT]) == []


BAD: dict[str, list[Record]] = {
    "is lost": [Accepted("r", "b")],
    "deleted and is there": [Forgotten("a")],
    "made 2 jobs": [replace(KEPT, job="b")],
    "has the events": [with_events(*EVENTS[:2], *EVENTS[3:])],
    "ended 0 times": [with_events(*EVENTS[:6], state="running")],
    "ended 2 times": [with_events(*EVENTS, Event(8, "state", "failed"), state="failed")],
    "went from 'succeeded' to 'queued'": [
        with_events(*EVENTS, Event(8, "state", "queued"), state="queued")
    ],
    "its last event says": [with_events(*EVENTS, state="cancelled")],
    "told 4 after 4": [Watched("a", 0, (*EVENTS[:4], EVENTS[3]))],
    "told 3 after 4": [Watched("a", 3, (EVENTS[3], EVENTS[2]))],
    "left out [2]": [Watched("a", 0, (EVENTS[0], EVENTS[2]))],
    "left out [1, 2]": [Watched("a", 0, EVENTS[2:3])],
    "told another event 2": [Watched("a", 1, (Event(2, "state", "queued"),))],
    "told another event 8": [Watched("a", 7, (Event(8, "progress"),))],
    "left out the rest": [Watched("a", 0, EVENTS[:5], complete=True)],
    "went back from event 7 to 3": [Looked("a", "running", 3)],
    "was succeeded and then running": [Looked("a", "running", 9)],
    "was stopped, and succeeded": [Stopped("a", "running", cancelling=True)],
    "was cancelled when it was stopped": [Stopped("a", "cancelled", cancelling=False)],
    "stored as two": [Stored("clip", "d2")],
    "acknowledged and is lost": [Stored("blob", "d"), Found("blob", "")],
    "has other bytes": [Found("clip", "d2")],
    "never read again": [Stored("blob", "d")],
}


@pytest.mark.parametrize("words", BAD)
def test_a_lie_is_found(words: str) -> None:
    mended = [r for r in GOOD if not (isinstance(r, Kept) and same(r, words))]
    found = check([*mended, *BAD[words]])
    assert any(words in fault for fault in found), found


def same(record: Kept, words: str) -> bool:
    """The lie is another account of the same job, in place of the true one."""
    return any(isinstance(lie, Kept) and lie.job == record.job for lie in BAD[words])
