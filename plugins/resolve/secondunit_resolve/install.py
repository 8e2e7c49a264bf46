"""Puts the menu script where Resolve looks for it, and takes it away again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from secondunit_resolve.alone import LOCK
from secondunit_resolve.faults import HostError
from secondunit_resolve.places import notes, scripts

SCRIPT = "Second Unit.py"
LOG = "resolve.log"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_SIGNED = '"""Second Unit: '
_BLANK = "SETTINGS = {}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the menu script shall start."""

    python: str
    """The interpreter that has this package."""
    server: str
    panel: str
    token_file: Path | None = None
    authority: Path | None = None
    """PEM: who signed the server's certificate."""


def install(system: str, environment: Mapping[str, str], wanted: Wanted) -> Path:
    """Write the script, over an older one of ours; its path. Raises HostError."""
    path = scripts(system, environment) / SCRIPT
    if path.exists() and not ours(path):
        raise HostError(
            "HOST", f"'{path}' is not Second Unit's.", "Move it away, and install again."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(system, environment, wanted), encoding="utf-8")
    except OSError as exc:
        raise _refused(path, exc) from exc
    return path


def uninstall(system: str, environment: Mapping[str, str]) -> list[Path]:
    """Remove the script, and the adapter's log and lock; what went. Raises HostError."""
    script = installed(system, environment)
    folder = notes(system, environment)
    there = [script, *(p for p in (folder / LOG, folder / LOCK) if p.is_file())]
    gone = [path for path in there if path is not None]
    for path in gone:
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise _refused(path, exc) from exc
    return gone


def installed(system: str, environment: Mapping[str, str]) -> Path | None:
    """Where the script is, if it is."""
    path = scripts(system, environment) / SCRIPT
    return path if path.is_file() and ours(path) else None


def ours(path: Path) -> bool:
    """We wrote it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").startswith(_SIGNED)
    except OSError:
        return False


def text(system: str, environment: Mapping[str, str], wanted: Wanted) -> str:
    """The script with its settings in it."""
    command = [wanted.python, "-m", "secondunit_resolve", "--server", wanted.server]
    for flag, file in (("--token-file", wanted.token_file), ("--ca", wanted.authority)):
        if file is not None:
            command += [flag, str(file.absolute())]
    log = notes(system, environment) / LOG
    settings = {"command": command, "panel": wanted.panel, "log": str(log)}
    source = _LAUNCHER.read_text(encoding="utf-8")
    assert source.count(_BLANK) == 1
    return source.replace(_BLANK, f"SETTINGS = {json.dumps(settings, indent=4)}\n")


def _refused(path: Path, exc: OSError) -> HostError:
    return HostError(
        "HOST", f"'{path}' cannot be changed: {exc.strerror}.",
        "See who may write there, and try again.",
    )  # fmt: skip
