"""A clip's name or reel in; the one file below the allowed folders that is called so out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from secondunit.errors import MediaMissing

MEDIA = frozenset(
    {".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".webm", ".avi", ".jpg", ".jpeg", ".png", ".tif",
     ".tiff", ".bmp", ".webp", ".dpx"}
)  # fmt: skip
"""Suffixes that a name may go without; a timeline's own are no footage."""
_MOST = 50_000
_DEEPEST = 8


class FileNames:
    """Files below some folders, by name; listed once, when the first is asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, ...], dict[str, list[Path]]] = {}

    def find(self, names: Sequence[str], roots: tuple[Path, ...]) -> Path | None:
        """The file that the first of the names fits: whole, or without its media suffix.

        Links are not followed, and case does not count. Raises MediaMissing where two files fit.
        """
        if roots not in self._known:
            self._known[roots] = _listed(roots)
        known = self._known[roots]
        for name in names:
            bare = PureWindowsPath(name).name.casefold()  # it splits at either slash
            found = known.get(bare, []) if bare else []
            if len(found) > 1:
                places = ", ".join(str(path) for path in found[:4])
                raise MediaMissing(
                    f"'{name}' is known by name only, and {len(found)} files are called so: "
                    f"{places}; leave one of them in the allowed folders"
                )
            if found:
                return found[0]
        return None


def _listed(roots: tuple[Path, ...]) -> dict[str, list[Path]]:
    """By whole name, and by name without suffix where the suffix is one of footage."""
    known: dict[str, list[Path]] = {}
    count = 0
    for root in roots:
        if any(root != other and root.is_relative_to(other) for other in roots):
            continue  # it is listed with the other
        for folder, folders, files in os.walk(root):
            here = Path(folder)
            folders[:] = sorted(
                one for one in folders
                if not one.startswith(".") and not one.endswith(".gen")
                and len(here.relative_to(root).parts) < _DEEPEST
            )  # fmt: skip
            for name in sorted(files):
                count += 1
                if count > _MOST:
                    return known
                path = here / name
                known.setdefault(name.casefold(), []).append(path)
                if path.suffix.lower() in MEDIA:
                    known.setdefault(path.stem.casefold(), []).append(path)
    return known
