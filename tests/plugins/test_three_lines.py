"""The example of the client's documentation, as somebody runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.plugins.conftest import Studio
from tests.rpc.conftest import importable

__all__ = ["importable"]  # fixtures of another room

SCRIPT = REPOSITORY / "samples" / "three_lines.py"


def test_three_lines_go_from_a_timeline_to_a_rendered_timeline(
    studio: Studio, tmp_path: Path
) -> None:
    lines = SCRIPT.read_text().splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("with Connection"))
    assert len(lines[begin:]) == 3
    cut = studio.cut(tmp_path / "edit", gap=1)
    done = subprocess.run(
        [sys.executable, SCRIPT, cut, studio.address],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()) == cut.with_name("cut.gen.otio")
    assert cut.with_name("cut.gen.otio").is_file()


def test_who_cannot_be_reached_is_said_with_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "cut.otio", "127.0.0.1:9"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no server answers at 127.0.0.1:9" in done.stderr and "secondunit serve" in done.stderr
