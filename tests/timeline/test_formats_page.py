"""docs/formats.md names the formats that are read, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from secondunit.timeline.read import SUFFIXES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


def test_every_format_that_is_read_has_a_row_and_no_other() -> None:
    table = PAGE.split("## Formats")[1].split("##")[0]
    assert set(re.findall(r"^\| `(\.\w+)` \|", table, re.MULTILINE)) == set(SUFFIXES)


def test_every_row_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert named and named <= there, named - there
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and "verified by" not in line
    ]
    assert all("`test_" in row for row in rows)
