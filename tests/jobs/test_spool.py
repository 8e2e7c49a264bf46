"""What one attempt leaves for the next: whole files of the same making, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from secondunit.errors import StoreError
from secondunit.jobs import spool

STAMP = {"plan": "a", "threads": 1}
PICTURE = np.full((4, 6, 3), 0.25, np.float32)


def attempt(folder: Path, *earlier: Path, **stamp: object) -> spool.Kept:
    spool.begin(folder, earlier, STAMP | stamp)
    return spool.Kept(folder, lambda: None)


def test_the_next_attempt_has_what_earlier_ones_left(tmp_path: Path) -> None:
    first = attempt(tmp_path / "1")
    first.add(0, PICTURE)
    first.add(-1, PICTURE)
    first.save("from+0-latents", {"latents": PICTURE, "done": np.array(3)})
    second = attempt(tmp_path / "2", tmp_path / "1")
    assert set(second.frames) == {0, -1} and second.taken_over == 2
    kept = second.load("from+0-latents")
    assert kept is not None and np.array_equal(kept["latents"], PICTURE)
    assert second.resumed == {"from+0-latents": 3}
    assert not (tmp_path / "1").exists()


def test_what_a_stray_worker_writes_later_changes_nothing(tmp_path: Path) -> None:
    stray = attempt(tmp_path / "1")
    stray.add(0, PICTURE)
    attempt(tmp_path / "2", tmp_path / "1")
    with pytest.raises(StoreError):
        stray.add(0, PICTURE * 3)
    (tmp_path / "1").mkdir()
    stray.add(0, PICTURE * 3)
    stray.add(1, PICTURE)
    assert spool.numbers(tmp_path / "2", ".npy") == {0}
    assert abs(float(spool.load_rgb(tmp_path / "2", 0)[0, 0, 0]) - 0.25) < 1e-4


def test_a_half_file_is_never_taken_over(tmp_path: Path) -> None:
    attempt(tmp_path / "1").add(0, PICTURE)
    whole = (tmp_path / "1" / "+000000.npy").read_bytes()
    (tmp_path / "1" / ".0a1b.part.npy").write_bytes(whole[:100])
    second = attempt(tmp_path / "2", tmp_path / "1")
    assert set(second.frames) == {0}
    assert not [path for path in (tmp_path / "2").iterdir() if path.name.startswith(".")]


def test_a_state_that_was_damaged_is_made_again(tmp_path: Path) -> None:
    kept = attempt(tmp_path / "1")
    kept.save("motion", {"0": PICTURE})
    path = tmp_path / "1" / "state-motion.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert kept.load("motion") is None
    path.write_bytes(data[:50])
    assert kept.load("motion") is None


def test_frames_of_another_making_are_not_mixed_in(tmp_path: Path) -> None:
    attempt(tmp_path / "1").add(0, PICTURE)
    assert not attempt(tmp_path / "2", tmp_path / "1", threads=2).frames
    attempt(tmp_path / "3").add(0, PICTURE)
    (tmp_path / "3" / spool.STAMP).unlink()
    assert not attempt(tmp_path / "4", tmp_path / "3").frames


def test_who_arrives_where_the_last_one_was_has_come_no_further(tmp_path: Path) -> None:
    attempt(tmp_path / "1").save("latents", {"latents": PICTURE, "done": np.array(1)})
    spool.begin(tmp_path / "2", [tmp_path / "1"], STAMP)
    told: list[int] = []
    kept = spool.Kept(tmp_path / "2", lambda: told.append(1))
    kept.save("latents", {"latents": PICTURE, "done": np.array(1)})
    assert not told
    kept.save("latents", {"latents": PICTURE, "done": np.array(2)})
    kept.add(0, PICTURE)
    assert len(told) == 2


def test_a_parser_that_loses_count_of_itself_is_asked_again() -> None:
    answers = iter((SystemError("AST constructor recursion depth mismatch"), "whole"))

    def read() -> str:
        answer = next(answers)
        if isinstance(answer, SystemError):
            raise answer
        return answer

    assert spool._parsed(read) == "whole"
