"""Where things lie on the three systems: Resolve's folders of scripts, and our own notes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_RESOLVE = "Blackmagic Design/DaVinci Resolve"
SYSTEMS = ("darwin", "win32", "linux")
"""As `sys.platform` names them."""


def scripts(system: str, environment: Mapping[str, str]) -> Path:
    """The user's folder whose scripts stand in Workspace > Scripts on every page.

    It may not be there yet. Windows has a `Support` in its path that the others have not.
    """
    if system == "darwin":
        library = _home(environment) / "Library/Application Support"
        return library / _RESOLVE / "Fusion/Scripts/Utility"
    if system == "win32":
        return _roaming(environment) / _RESOLVE / "Support/Fusion/Scripts/Utility"
    return _home(environment) / ".local/share/DaVinciResolve/Fusion/Scripts/Utility"


def notes(system: str, environment: Mapping[str, str]) -> Path:
    """Folder of the adapter's log and lock, which are this user's."""
    if system == "darwin":
        return _home(environment) / "Library/Application Support/Second Unit"
    if system == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else _home(environment) / "AppData/Local") / "Second Unit"
    state = environment.get("XDG_STATE_HOME")
    return (Path(state) if state else _home(environment) / ".local/state") / "secondunit"


def _home(environment: Mapping[str, str]) -> Path:
    named = environment.get("HOME") or environment.get("USERPROFILE")
    return Path(named) if named else Path.home()


def _roaming(environment: Mapping[str, str]) -> Path:
    named = environment.get("APPDATA")
    return Path(named) if named else _home(environment) / "AppData/Roaming"
