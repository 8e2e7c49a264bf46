"""The folders that an agent may name files in; whatever lies outside is not even looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class Outside(Exception):
    """A path that leads out of the folders."""


class Fence:
    """Some folders, as they really are."""

    def __init__(self, roots: Sequence[Path]) -> None:
        """Relative paths are meant from the first of them."""
        self.roots = tuple(root.resolve() for root in roots)

    def path(self, text: str) -> Path:
        """A path inside, links followed. Raises Outside, in the same words for all that is not."""
        if "\0" in text or not text:
            raise Outside("a path is needed")
        found = (self.roots[0] / text).resolve()
        if not any(found.is_relative_to(root) for root in self.roots):
            folders = ", ".join(str(root) for root in self.roots)
            raise Outside(f"'{text}' lies outside the folders that may be used: {folders}")
        return found
