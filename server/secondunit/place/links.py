"""How a new timeline names its media: from its own folder, or as each host wants it."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote, unquote

import opentimelineio as otio

Profile = Literal["otio", "resolve", "premiere"]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[\\/]")


def link_to(file: Path, folder: Path, profile: Profile) -> str:
    """The target_url of `file` in a timeline that lies in `folder`.

    Profile `otio`: relative and percent-encoded, so that edit and media can be moved together.
    The hosts' own importers take bare absolute paths only.
    """
    if profile != "otio":
        return str(file.absolute())
    try:
        return quote(_relative(file, folder))
    except ValueError:  # another drive: there is no way from here to there
        return file.absolute().as_uri()


def rebase(timeline: otio.schema.Timeline, old: Path, new: Path) -> int:
    """Make relative media references that work from `old` work from `new`; how many changed.

    References to files that are not there stay as they are: they may mean something to a host.
    """
    if old.resolve() == new.resolve():
        return 0
    changed = 0
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, otio.schema.ExternalReference):
                field = "target_url"
            elif isinstance(reference, otio.schema.ImageSequenceReference):
                field = "target_url_base"
            else:
                continue
            moved = _moved(getattr(reference, field), old, new)
            if moved is not None:
                setattr(reference, field, moved)
                changed += 1
    return changed


def _moved(url: str | None, old: Path, new: Path) -> str | None:
    if not url or _ABSOLUTE.match(url):
        return None
    slash = "/" if url.endswith("/") else ""
    try:
        if (old / url).exists():
            return _relative(old / url, new) + slash
        if (old / unquote(url)).exists():
            return quote(_relative(old / unquote(url), new)) + slash
    except (OSError, ValueError):  # too long a name, a NUL, another drive
        pass
    return None


def _relative(file: Path, folder: Path) -> str:
    return PurePosixPath(Path(os.path.relpath(file.resolve(), folder.resolve()))).as_posix()
