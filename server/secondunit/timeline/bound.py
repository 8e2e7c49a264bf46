"""Reading OpenTimelineIO's containers without their exceptions, which cost more than all else.

Each end of a loop over one, and each key that is not there, is an exception that C++ throws: ten
microseconds, twenty times what a member costs. An edit asks a hundred thousand times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def members(vector: Sequence[T]) -> list[T]:
    """What a vector holds: effects and markers, of which most items have none."""
    return [vector[number] for number in range(len(vector))]


def holds(metadata: Mapping[str, Any], key: str) -> bool:
    """Whether metadata has a key."""
    keys = iter(metadata)
    return any(next(keys) == key for _ in range(len(metadata)))
