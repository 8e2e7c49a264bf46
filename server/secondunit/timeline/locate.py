"""A media reference's words in; a file below an allowed root out, or the reason why not."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from secondunit.config import Config
from secondunit.errors import MediaForbidden, MediaMissing
from secondunit.timeline.sequence import listed, spread_of

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(:|,,)")  # FFmpeg takes options after ",,"
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
# A percent sign before a printf word is no code of a URL: `%04` would be a control character.
_PRINTF = re.compile(r"%(?=0\d{1,2}d)")
_NUMBERED = re.compile(r"%0?\d?d|##+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A file that may be opened."""

    path: Path
    relinked: bool
    """Found by its name below a root, not where the reference says."""


def locate(reference: str, folder: Path, config: Config) -> Located:
    """The file that a reference means, below `folder` (the timeline's) or one of `config.roots`.

    A name of many, `plate.%04d.exr`, is a sequence of numbered pictures: the answer is its name,
    always so spelt, where at least one of them is there.

    Takes bare POSIX, Windows and UNC paths, `file:` URLs (percent-encoded or not) and paths
    relative to `folder`. A path that lies elsewhere (another machine's) is looked for by its
    trailing parts below the roots. Nothing is opened, and the answer for a path outside the roots
    is the same whether a file is there or not.

    Raises MediaForbidden or MediaMissing.
    """
    if not reference.strip():
        raise MediaMissing("the reference is empty")
    if any(ord(c) < 32 for c in reference):
        raise MediaForbidden(f"{reference!r} holds control characters")
    foreign, spellings = _spellings(reference)
    for parts in ({p for s in spellings for p in s.parts}, set(reference.split("/"))):
        for part in parts:
            if _DEVICE.fullmatch(part):
                raise MediaForbidden(f"'{reference}' names a device ({part}), not a file")
    roots = roots_of(folder, config)
    outside = False
    if not foreign:
        for spelling in spellings:
            resolved = _resolved(folder.resolve() / spelling, reference)
            if not any(resolved.is_relative_to(r) for r in roots):
                outside = True
            elif (there := _there(resolved, reference, roots)) is not None:
                return Located(path=there, relinked=False)
        if any(".." in s.parts for s in spellings) and outside:
            raise MediaForbidden(
                f"'{reference}' leads out of the allowed folders ({_listed(roots)})"
            )
    searched: list[Path] = []
    if foreign or any(s.is_absolute() for s in spellings):
        for candidate in _by_trailing_parts(spellings, roots):
            resolved = _resolved(candidate, reference)
            inside = any(resolved.is_relative_to(r) for r in roots)
            there = _there(resolved, reference, roots) if inside else None
            if there is not None:
                return Located(path=there, relinked=True)
            searched.append(candidate)
    if outside:
        raise MediaForbidden(
            f"'{reference}' lies outside the allowed folders ({_listed(roots)}), "
            "and no file of its name lies in them"
        )
    places = searched or [folder.resolve() / s for s in spellings]
    raise MediaMissing(f"'{reference}' was not found; looked for {_listed(places)}")


def first_of_sequence(reference: str, folder: Path, config: Config) -> str:
    """The first file of numbered ones (`mask.%04d.png`, `mask.####.png`), or the reference itself.

    The name is the answer to give to `locate`; as `sequence_of` otherwise.
    """
    return next(iter(sequence_of(reference, folder, config).values()), reference)


def sequence_of(reference: str, folder: Path, config: Config) -> dict[int, str]:
    """Numbered files (`mask.%04d.png`, `mask.####.png`) by number, in order; empty for one file.

    A folder outside the roots is not listed. Raises MediaMissing for a loop of links.
    """
    path = folder / reference
    match = _NUMBERED.search(path.name)
    if match is None:
        return {}
    parent = _resolved(path.parent, reference)
    if not any(parent.is_relative_to(r) for r in roots_of(folder, config)):
        return {}
    digits = re.compile(
        re.escape(path.name[: match.start()]) + r"(\d+)" + re.escape(path.name[match.end() :])
    )
    try:
        names = sorted(p.name for p in path.parent.iterdir())
    except OSError:
        return {}
    found = {int(m[1]): str(path.parent / m[0]) for n in names if (m := digits.fullmatch(n))}
    return dict(sorted(found.items()))


def roots_of(folder: Path, config: Config) -> tuple[Path, ...]:
    """The folders that media may lie below: the timeline's own, and those that are allowed."""
    return tuple(dict.fromkeys(r.resolve() for r in (folder, *config.roots)))


def _spellings(reference: str) -> tuple[bool, list[PurePosixPath]]:
    """(the path is another system's, ways to read it, most literal last for URLs)."""
    text, url = reference, False
    if text.lower().startswith("file:"):
        url = True
        text = text[5:]
        if text.startswith("//"):
            host, slash, rest = text[2:].partition("/")
            if host.lower() in ("", "localhost"):
                text = slash + rest
            elif re.fullmatch(r"[A-Za-z](:|%3[Aa])", host):  # file://C:/folder, as some write it
                text = f"{host}/{rest}"
            # any other host is a share: //host/share/...
        if re.match(r"/[A-Za-z](:|%3[Aa])", text):
            text = text[1:]
    elif (scheme := _SCHEME.match(text)) and not _DRIVE.match(text):
        raise MediaForbidden(
            f"'{reference}' is reached by the protocol '{scheme[1]}'; only files are read"
        )
    text = _PRINTF.sub("%25", text)
    texts = dict.fromkeys([unquote(text), text] if url else [text, unquote(text)])
    foreign = False
    spellings: list[PurePosixPath] = []
    for one in texts:
        if "\0" in one or any(ord(c) < 32 for c in one):
            raise MediaForbidden(f"{reference!r} holds control characters")
        if _DRIVE.match(one) or one.startswith(("\\\\", "//")):
            foreign = True
            one = re.sub(r"^[A-Za-z]:", "", one.replace("\\", "/"))
            spellings.append(PurePosixPath("/" + one.lstrip("/")))
            continue
        spellings.append(PurePosixPath(one))
        if "\\" in one:
            spellings.append(PurePosixPath(one.replace("\\", "/")))
    return foreign, list(dict.fromkeys(spellings))


def _by_trailing_parts(spellings: list[PurePosixPath], roots: tuple[Path, ...]) -> list[Path]:
    found: dict[Path, None] = {}
    for spelling in spellings:
        parts = [p for p in spelling.parts if p not in ("/", "..", ".")]
        for count in range(min(len(parts), 6), 0, -1):  # longest first: the likeliest same file
            for root in roots:
                found[root.joinpath(*parts[-count:])] = None
    return list(found)


def _resolved(path: Path, reference: str) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as exc:  # a name too long, or a loop of links
        raise MediaMissing(f"'{reference}' cannot be followed: {exc}") from exc


def _there(path: Path, reference: str, roots: tuple[Path, ...]) -> Path | None:
    """The file, or the sequence; None where there is neither. Raises MediaForbidden."""
    if _is_file(path, reference):
        return path
    spread = spread_of(path.name)
    if spread is None:
        return None
    pattern = path.with_name(spread.pattern)
    try:
        files = listed(pattern).files
    except MediaMissing:
        return None
    for file in files:
        # Facilities publish frames as links; each may lead where files may lie, and nowhere else.
        if file is not None and file.is_symlink():
            resolved = _resolved(file, reference)
            if not any(resolved.is_relative_to(r) for r in roots):
                raise MediaForbidden(
                    f"'{file}' leads out of the allowed folders ({_listed(roots)})"
                )
    return pattern


def _is_file(path: Path, reference: str) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    if stat.S_ISREG(mode):
        return True
    if stat.S_ISDIR(mode):
        return False
    raise MediaForbidden(f"'{reference}' is a device, a pipe or a socket, not a file")


def _listed(places: list[Path] | tuple[Path, ...]) -> str:
    shown = ", ".join(str(p) for p in places[:8])
    return shown if len(places) <= 8 else f"{shown} and {len(places) - 8} more"
