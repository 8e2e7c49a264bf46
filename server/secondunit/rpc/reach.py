"""Which files of the server's machine a caller may name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from secondunit.config import Config
from secondunit.errors import MediaForbidden, Refused
from secondunit.rpc.principal import current


def absolute(text: str, field: str) -> Path:
    """A path of the wire; raises Refused when it is empty or relative."""
    path = Path(text)
    if "\0" in text or not path.is_absolute():
        raise Refused.single(f"'{text}' is no absolute path on the server's machine", field)
    return path


def within(text: str, field: str, config: Config, *, also: Iterable[Path] = ()) -> Path:
    """A path of the wire that its caller may have read or written.

    A program of this machine may name any. Who comes with a token may name what lies below the
    operator's roots, by its words and by where its links lead; the answer for all else is the
    same whether something is there or not. `also`: folders given to this request, blobs and roots
    of its own that were looked at before. Raises Refused as above, MediaForbidden.
    """
    path = absolute(text, field)
    if not current().local and not _given(path, config, tuple(also)):
        raise MediaForbidden(f"{field}: '{text}' lies outside the folders that callers may use")
    return path


def file_within(text: str, field: str, config: Config) -> Path:
    """The same for a path that ends in a name; raises Refused too when it does not."""
    path = within(text, field, config)
    if not path.name or path.name == "..":
        raise Refused.single(f"'{text}' names no file", field)
    return path


def allowed(config: Config) -> tuple[Path, ...] | None:
    """The folders below which the caller may have files read; None: any."""
    return None if current().local else tuple(root.resolve() for root in config.roots)


def _given(path: Path, config: Config, also: tuple[Path, ...]) -> bool:
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a loop of links, which leads nowhere
        return False
    if _below(real, [folder.resolve() for folder in also]):
        return True
    roots = [root.resolve() for root in config.roots]
    # The words first: whether a link stands somewhere outside is nobody's business either.
    said = Path(os.path.normpath(path))
    return (
        _below(said, (*config.roots, *roots))
        and _below(real, roots)
        and not _below(real, (config.data.resolve(),))
    )


def _below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
