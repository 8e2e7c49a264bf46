"""How a new timeline names its media: from its own folder, or as each host wants it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote, unquote

import opentimelineio as otio

Profile = Literal["otio", "resolve", "premiere"]

_DRIVE = re.compile(r"[A-Za-z]:")
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
    return _respelt(timeline, lambda url: _moved(url, old, new))


def make_absolute(timeline: otio.schema.Timeline, folder: Path) -> int:
    """Turn `file:` URLs, and relative references that work from `folder`, into bare paths.

    How many changed. Importers of the hosts take nothing else; no file is opened.
    """
    return _respelt(timeline, lambda url: bare_path(url, folder))


def bare_path(url: str | None, folder: Path) -> str | None:
    """The bare absolute path that a reference means; None where it is one, or means no file.

    `file:` URLs of Windows keep their drive, those of another host become `//host/share/...`.
    """
    if not url:
        return None
    if url.lower().startswith("file:"):
        host, _, rest = url[5:].removeprefix("//").partition("/")
        if not url[5:].startswith("//"):
            host, rest = "", url[5:].lstrip("/")
        if _DRIVE.fullmatch(unquote(host)):  # file://C:/folder, as some write it
            return f"{unquote(host)}/{unquote(rest)}"
        if host.lower() not in ("", "localhost"):
            return f"//{host}/{unquote(rest)}"
        path = unquote(rest)
        return path if _DRIVE.match(path) else f"/{path}"
    if _ABSOLUTE.match(url):
        return None
    slash = "/" if url.endswith("/") else ""
    try:
        for spelling in (url, unquote(url)):
            if (folder / spelling).exists():
                return os.path.abspath(folder / spelling) + slash  # noqa: PTH100 - keeps links
    except (OSError, ValueError):  # too long a name, a NUL
        pass
    return None


def _respelt(timeline: otio.schema.Timeline, spelling: Callable[[str | None], str | None]) -> int:
    changed = 0
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, otio.schema.ExternalReference):
                field = "target_url"
            elif isinstance(reference, otio.schema.ImageSequenceReference):
                field = "target_url_base"
            else:
                continue
            url = getattr(reference, field)
            wanted = spelling(url)
            if wanted is not None and wanted != url:
                setattr(reference, field, wanted)
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
