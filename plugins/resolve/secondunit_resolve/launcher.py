"""Second Unit: starts its adapter beside Resolve and opens the panel in the browser."""

# Resolve runs this in whatever Python it has, which has no packages: it needs none, and no newer
# Python than 3.6. `secondunit resolve install` writes it into Workspace > Scripts.

import os
import socket
import subprocess
import sys
import webbrowser
from urllib.parse import urlsplit

SETTINGS = {}

# Resolve's own are not our Python's, which would look for its library there.
THEIRS = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def start(command, log):
    """Begin the adapter, which ends by itself at once if one runs already."""
    environment = {k: v for k, v in os.environ.items() if k not in THEIRS}
    if not os.path.isdir(os.path.dirname(log)):  # noqa: PTH112, PTH120
        os.makedirs(os.path.dirname(log))  # noqa: PTH103, PTH120
    with open(log, "ab") as out:  # noqa: PTH123
        how = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, "env": environment}
        if sys.platform == "win32":
            how["creationflags"] = 0x00000008 | 0x00000200  # detached, in a group of its own
        else:
            how["start_new_session"] = True  # it outlives this script
        subprocess.Popen(command, **how)


def answers(panel):
    """Whether a server listens where the panel is."""
    at = urlsplit(panel)
    try:
        socket.create_connection((at.hostname, at.port or 80), timeout=1).close()
    except OSError:
        return False
    return True


def say(words):
    """In Resolve's console, Workspace > Console."""
    sys.stdout.write(words + "\n")


def main():
    """What the menu does."""
    try:
        start(SETTINGS["command"], SETTINGS["log"])
    except OSError as exc:
        say(f"Second Unit could not start: {exc}. Run: secondunit resolve install")
        return
    if answers(SETTINGS["panel"]):
        webbrowser.open(SETTINGS["panel"])
    else:
        say("No server answers at {}. Start it: secondunit serve".format(SETTINGS["panel"]))


if __name__ == "__main__":
    main()
