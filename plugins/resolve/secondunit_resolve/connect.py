"""The way to a running Resolve on the three systems."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from secondunit_resolve.api import Resolve
from secondunit_resolve.faults import HostError

PROBE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where Resolve keeps what scripts need."""

    api: Path
    """RESOLVE_SCRIPT_API."""
    library: Path
    """RESOLVE_SCRIPT_LIB."""


def installation(system: str, environment: Mapping[str, str]) -> Installation:
    """As the environment says, else where the installer of that system puts it."""
    api, library = _USUAL[system](environment)
    return Installation(
        api=Path(environment.get("RESOLVE_SCRIPT_API") or api),
        library=Path(environment.get("RESOLVE_SCRIPT_LIB") or library),
    )


def _mac(environment: Mapping[str, str]) -> tuple[str, str]:
    return (
        "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting",
        "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/"
        "fusionscript.so",
    )


def _windows(environment: Mapping[str, str]) -> tuple[str, str]:
    data = environment.get("PROGRAMDATA", r"C:\ProgramData")
    programs = environment.get("PROGRAMFILES", r"C:\Program Files")
    return (
        rf"{data}\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting",
        rf"{programs}\Blackmagic Design\DaVinci Resolve\fusionscript.dll",
    )


def _linux(environment: Mapping[str, str]) -> tuple[str, str]:
    home = next((h for h in ("/opt/resolve", "/home/resolve") if Path(h).is_dir()), "/opt/resolve")
    return f"{home}/Developer/Scripting", f"{home}/libs/Fusion/fusionscript.so"


_USUAL = {"darwin": _mac, "win32": _windows, "linux": _linux}


def environment_for(found: Installation, base: Mapping[str, str]) -> dict[str, str]:
    """What a process needs before it imports Resolve's module.

    On Windows the library takes whatever Python is registered highest, and dies of a mismatch: it
    is told which one runs.
    """
    changed = dict(base)
    changed["RESOLVE_SCRIPT_API"] = str(found.api)
    changed["RESOLVE_SCRIPT_LIB"] = str(found.library)
    modules = str(found.api / "Modules")
    changed["PYTHONPATH"] = os.pathsep.join(filter(None, (modules, base.get("PYTHONPATH", ""))))
    home = str(Path(sys.executable).parent)
    if sys.platform == "win32":
        changed.setdefault("PYTHONHOME", home)
        changed.setdefault("FUSION_PYTHON3_HOME", home)
    return changed


def probe(found: Installation) -> str:
    """Import Resolve's module in a process that may die of it; what is wrong, or nothing."""
    if not found.library.is_file():
        return (
            f"There is no scripting library at {found.library}. Is DaVinci Resolve Studio "
            "installed? The Mac App Store's edition has none."
        )
    code = "import DaVinciResolveScript as d; raise SystemExit(0 if d.scriptapp('Resolve') else 3)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment_for(found, os.environ), capture_output=True, text=True,
            timeout=PROBE_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "Resolve's scripting library does not come back; is a dialogue open in Resolve?"
    if done.returncode == 0:
        return ""
    if done.returncode == 3:
        return (
            "Resolve does not answer. Start it, and set Preferences > General > “External "
            "scripting using” to Local. That is in the Studio edition only."
        )
    if done.returncode < 0 or done.returncode > 255:
        return (
            "Resolve's scripting library ends this Python. Use Python 3.10 to 3.12, 64 bit, of "
            "python.org."
        )
    return f"Resolve's scripting library cannot be loaded: {done.stderr.strip()[-300:]}"


def running(found: Installation) -> Resolve:
    """The running Resolve. Raises HostError."""
    wrong = probe(found)
    if wrong:
        raise HostError("HOST", wrong, "Then it is tried again by itself.", retryable=True)
    os.environ.update(environment_for(found, os.environ))
    modules = str(found.api / "Modules")
    if modules not in sys.path:
        sys.path.append(modules)
    module: Any = importlib.import_module("DaVinciResolveScript")
    resolve = module.scriptapp("Resolve")
    if resolve is None:
        raise HostError(
            "HOST", "Resolve does not answer.", "Start it; it is tried again by itself.",
            retryable=True,
        )  # fmt: skip
    return cast(Resolve, resolve)
