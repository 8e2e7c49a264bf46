"""Failpoints: what the variable asks for happens at its place, as often as it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from secondunit.errors import Refused
from secondunit.failpoints import SEEN, VARIABLE, Mishap, mishaps

PASSING = "from secondunit.failpoints import failpoint\nfor n in (1, 2, 3):\n    %s\nprint('end')"


def passing(
    what: str, seen: Path, body: str = "failpoint('a.b.before'); print(n)"
) -> tuple[int, str]:
    """(exit code, printed) of a process that passes one place three times."""
    seen.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-u", "-c", PASSING % body],
        env={**os.environ, VARIABLE: what, SEEN: str(seen)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout.replace("\n", " ").strip()


def test_the_process_dies_at_the_passage_that_was_asked_for(tmp_path: Path) -> None:
    assert passing("a.b.before=kill@2", tmp_path) == (-signal.SIGKILL, "1")
    assert passing("a.b.after=kill@2", tmp_path) == (0, "1 2 3 end")


def test_once_is_once_in_all_processes_together(tmp_path: Path) -> None:
    assert passing("a.b.before=kill@once", tmp_path)[0] == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["a.b.before"]
    assert passing("a.b.before=kill@once", tmp_path) == (0, "1 2 3 end")


def test_a_full_disk_is_raised_as_the_system_raises_it(tmp_path: Path) -> None:
    body = (
        "try: failpoint('a.b.before')\n"
        "    except OSError as exc: print(exc.errno == __import__('errno').ENOSPC)"
    )
    assert passing("a.b.before=full@1", tmp_path, body) == (0, "True end")


def test_a_noted_place_is_known_to_have_been_passed(tmp_path: Path) -> None:
    assert passing("a.b.before=note, c.d.after=note", tmp_path) == (0, "1 2 3 end")
    assert [path.name for path in tmp_path.iterdir()] == ["a.b.before"]


def test_every_place_strikes_once_where_every_place_is_asked_for(tmp_path: Path) -> None:
    body = "failpoint('a.before'); failpoint('b.before')"
    for place in ("a.before", "b.before"):
        assert passing("*=kill@once", tmp_path, body)[0] == -signal.SIGKILL
        assert (tmp_path / place).exists()
    assert passing("*=kill@once", tmp_path, body) == (0, "end")


def test_a_table_is_read_pair_by_pair() -> None:
    table = mishaps("x.y.before=sleep:0.5@3, z=full")
    assert table["x.y.before"] == Mishap(does="sleep", seconds=0.5, time=3)
    assert table["z"] == Mishap(does="full")


@pytest.mark.parametrize("bad", ["x", "x=explode", "=kill", "x=kill@soon", "x=kill@once"])
def test_what_is_no_failpoint_is_refused(bad: str) -> None:
    with pytest.raises(Refused):
        mishaps(bad)
