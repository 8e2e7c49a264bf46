"""Files appear whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from secondunit.encode.durable import claim, replacing, temporary_beside, unwritten
from secondunit.errors import DeliveryError, StoreFull

from tests.plans import left_in


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "edit.otio"
    target.write_text("old")

    with replacing(target) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".otio", "readers go by the suffix"
        assert target.read_text() == "old"

    assert target.read_text() == "new"
    assert left_in(tmp_path) == ["edit.otio"]


def test_what_is_raised_half_way_leaves_the_old_file_alone(tmp_path: Path) -> None:
    target = tmp_path / "edit.otio"
    target.write_text("old")

    with pytest.raises(KeyboardInterrupt), replacing(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt

    assert target.read_text() == "old"
    assert left_in(tmp_path) == ["edit.otio"]


def test_a_name_that_is_taken_is_not_claimed(tmp_path: Path) -> None:
    target = tmp_path / "take_v001.mov"
    target.write_text("theirs")
    temporary = temporary_beside(target)
    temporary.write_text("ours")

    with pytest.raises(FileExistsError):
        claim(temporary, target)

    assert target.read_text() == "theirs"


def test_a_claimed_file_has_one_name(tmp_path: Path) -> None:
    target = tmp_path / "take_v001.mov"
    temporary = temporary_beside(target)
    temporary.write_text("ours")

    claim(temporary, target)

    assert left_in(tmp_path) == ["take_v001.mov"]
    assert target.stat().st_nlink == 1


def test_a_full_disk_is_told_from_a_file_that_cannot_be_written() -> None:
    full = unwritten("clip.mov", OSError(errno.ENOSPC, "No space left on device"))
    barred = unwritten("clip.mov", PermissionError(errno.EACCES, "Permission denied"))

    assert type(full) is StoreFull and "space" in full.remedy
    assert type(barred) is DeliveryError and "clip.mov" in str(barred)
