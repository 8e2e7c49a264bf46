"""The picture at a frame, as the editor sees it, by the one call that works without a gallery."""

from __future__ import annotations

import time
from pathlib import Path

from secondunit_resolve.desk import Desk, as_it_was, on_edit_page
from secondunit_resolve.faults import HostError, silent

SETTLE = 0.3
"""Seconds that the viewer has for showing what the playhead was moved to."""
TRIES = 4


def still(desk: Desk, frame: int, path: Path, settle: float = SETTLE) -> None:
    """Write the graded picture at a frame, counted from the timeline's first. Raises HostError.

    The call writes what the viewer shows, which for a moment is still the frame before: so it is
    written again until it is another picture, a few times, since frames may be alike.
    """
    with as_it_was(desk):
        if not desk.timeline.GetCurrentTimecode():  # Media and Fusion show no playhead
            on_edit_page(desk)
        if desk.playhead() == frame:
            _write(desk, path)
            return
        _write(desk, path)
        try:
            _moved(desk, frame, path, settle)
        except HostError:
            path.unlink(missing_ok=True)  # of another frame
            raise


def _moved(desk: Desk, frame: int, path: Path, settle: float) -> None:
    before = path.read_bytes()
    desk.seek(frame)
    if desk.playhead() != frame:
        raise HostError(
            "HOST", f"Resolve does not go to frame {frame}.",
            "See whether the timeline is that long, and try again.",
        )  # fmt: skip
    for _ in range(TRIES):
        time.sleep(settle)
        path.unlink()
        _write(desk, path)
        if path.read_bytes() != before:
            return


def _write(desk: Desk, path: Path) -> None:
    if not desk.project.ExportCurrentFrameAsStill(str(path)) or not path.is_file():
        raise silent("write the picture")
