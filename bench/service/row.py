"""One line of the table: what was measured, what it may be, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OPERATORS = {"<=": float.__le__, "<": float.__lt__, ">=": float.__ge__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure and its bar."""

    what: str
    figure: float
    unit: str
    must: Literal["<=", "<", ">="]
    bar: float
    beside: str = ""
    """What was measured in the same run, and what the figure is made of."""

    @property
    def holds(self) -> bool:
        """The bar is kept."""
        return OPERATORS[self.must](float(self.figure), float(self.bar))
