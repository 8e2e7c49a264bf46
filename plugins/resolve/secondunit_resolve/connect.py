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
_SILENT = 87
"""Exit code of the probe where the module loads and no program answers."""
_ASK = f"""
import DaVinciResolveScript as d
r = d.scriptapp('Resolve')
print((r.GetProductName() or '') + '\\t' + (r.GetVersionString() or '')) if r else exit({_SILENT})
"""


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
    others = [p for p in base.get("PYTHONPATH", "").split(os.pathsep) if p and p != modules]
    changed["PYTHONPATH"] = os.pathsep.join([modules, *others])
    home = sys.base_prefix  # not the virtual environment's, which has no library of its own
    if sys.platform == "win32":
        changed.setdefault("PYTHONHOME", home)
        changed.setdefault("FUSION_PYTHON3_HOME", home)
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What came of reaching Resolve from a process that may die of it."""

    wrong: str = ""
    """In words; empty where it was reached."""
    product: str = ""
    version: str = ""


def probe(found: Installation, seconds: float = PROBE_SECONDS) -> Probed:
    """Import Resolve's module elsewhere first: with a Python that it does not like it kills."""
    if not found.library.is_file():
        return Probed(
            wrong=f"There is no scripting library at {found.library}. Is DaVinci Resolve Studio "
            "installed? The Mac App Store's edition has none."
        )
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK],
            env=environment_for(found, os.environ), capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Probed(
            wrong="Resolve's scripting library does not come back; is a dialogue open in Resolve?"
        )
    if done.returncode == 0:
        product, _, version = done.stdout.strip().rpartition("\n")[2].partition("\t")
        return Probed(product=product, version=version)
    if done.returncode == _SILENT:
        return Probed(
            wrong="Resolve does not answer. Start it, and set Preferences > General > “External "
            "scripting using” to Local. That is in the Studio edition only."
        )
    if done.returncode < 0 or done.returncode > 255:
        return Probed(
            wrong="Resolve's scripting library ends this Python. Use Python 3.11 or 3.12, 64 bit, "
            "of python.org."
        )
    last = done.stderr.strip().rpartition("\n")[2][-300:]
    return Probed(wrong=f"Resolve's scripting library cannot be loaded: {last}")


def running(found: Installation) -> Resolve:
    """The running Resolve. Raises HostError."""
    wrong = probe(found).wrong
    if wrong:
        raise HostError("HOST", wrong, "It is tried again by itself.", retryable=True)
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
