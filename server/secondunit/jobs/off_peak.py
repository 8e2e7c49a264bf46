"""Off-peak hours: spans of the day in UTC, some of them over midnight."""

from __future__ import annotations

import re
from collections.abc import Sequence

from secondunit.errors import Fault, Refused

DAY = 86_400
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")

Spans = Sequence[tuple[int, int]]
"""Seconds of the day from and until; a span whose end is not after its start goes past midnight."""


def parsed(texts: Sequence[str]) -> Spans:
    """`20:00-06:00` as (72000, 21600). Raises Refused with every text that is no span."""
    spans: list[tuple[int, int]] = []
    faults: list[Fault] = []
    for n, text in enumerate(texts):
        if not (found := _SPAN.fullmatch(text.strip())):
            what = f"'{text}' is no span of the day; write it as 20:00-06:00, in UTC"
            faults.append(Fault(what=what, path=f"schedule.off_peak[{n}]"))
            continue
        h, m, to_h, to_m = map(int, found.groups())
        spans.append((h * 3600 + m * 60, to_h * 3600 + to_m * 60))
    if faults:
        raise Refused(faults)
    return tuple(spans)


def in_off_peak(spans: Spans, now: float) -> bool:
    """`now` (seconds since 1970) lies in a span; always where there are none.

    A span's start belongs to it, its end does not; one that ends where it starts is the whole day.
    """
    second = now % DAY
    return not spans or any(
        start <= second < end if start < end else second >= start or second < end
        for start, end in spans
    )


def next_opening(spans: Spans, now: float) -> float:
    """When off-peak hours begin next, seconds since 1970; `now` while they last."""
    if in_off_peak(spans, now):
        return now
    return now + min((start - now % DAY) % DAY for start, _ in spans)
