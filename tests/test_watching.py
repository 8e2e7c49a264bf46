"""A watched folder: what lands in it is rendered once, when it is whole, and never our own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from secondunit.cli import main
from secondunit.errors import Refused
from secondunit.watching import MEMORY, PATIENCE, Watched

from tests import edits


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def watched(folder: Path) -> Watched:
    return Watched(folder, {".otio", ".xml", ".otiod"}, {".otiod"})


def test_a_file_is_taken_when_two_looks_find_it_unchanged(tmp_path: Path) -> None:
    look = watched(tmp_path)
    export = tmp_path / "cut.otio"
    export.write_text("{")
    assert look.ready() == []
    export.write_text("{}")  # still being written
    assert look.ready() == []
    assert names(look.ready()) == ["cut.otio"]


def test_an_empty_file_is_not_there_yet(tmp_path: Path) -> None:
    look = watched(tmp_path)
    (tmp_path / "cut.otio").touch()
    look.ready()
    assert look.ready() == []


def test_a_file_that_is_renamed_over_another_is_a_new_one(tmp_path: Path) -> None:
    look = watched(tmp_path)
    export, other = tmp_path / "cut.otio", tmp_path / "cut.otio.part"
    for path, text in ((export, "one"), (other, "two")):
        path.write_text(text)
        os.utime(path, ns=(10**18, 10**18))
    look.ready()
    other.replace(export)  # of the same length and the same time
    assert look.ready() == []
    assert names(look.ready()) == ["cut.otio"]


def test_what_was_dealt_with_is_left_alone_until_it_changes(tmp_path: Path) -> None:
    export = tmp_path / "cut.otio"
    export.write_text("one")
    look = watched(tmp_path)
    look.ready()
    look.settled(look.ready()[0])
    assert look.ready() == []

    after_a_restart = watched(tmp_path)
    after_a_restart.ready()
    assert after_a_restart.ready() == []

    export.write_text("another")
    after_a_restart.ready()
    assert names(after_a_restart.ready()) == ["cut.otio"]


def test_a_file_that_changes_while_it_is_rendered_is_rendered_again(tmp_path: Path) -> None:
    export = tmp_path / "cut.otio"
    export.write_text("one")
    look = watched(tmp_path)
    look.ready()
    (found,) = look.ready()
    export.write_text("another")
    look.settled(found)
    look.ready()
    assert names(look.ready()) == ["cut.otio"]


def test_only_exports_are_taken(tmp_path: Path) -> None:
    for name in ("cut.gen.otio", "cut.gen.xml", ".hidden.otio", "~cut.otio", "notes.txt",
                 "cut.otio.part", "B.OTIO"):  # fmt: skip
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.otio").mkdir()
    outside = tmp_path.parent / "outside.otio"
    outside.write_text("x")
    (tmp_path / "link.otio").symlink_to(outside)
    os.mkfifo(tmp_path / "pipe.otio")
    look = watched(tmp_path)
    look.ready()
    assert names(look.ready()) == ["B.OTIO"]


def test_two_exports_of_one_name_do_not_share_a_new_timeline(tmp_path: Path) -> None:
    for name in ("cut.otio", "cut.xml", "other.xml"):
        (tmp_path / name).write_text("x")
    look = watched(tmp_path)
    look.ready()
    assert [look.target(path).name for path in look.ready()] == [
        "cut.gen.otio", "cut_xml.gen.otio", "other.gen.otio"
    ]  # fmt: skip


def test_a_broken_file_is_tried_again_before_it_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "cut.otio").write_text("{")
    look = watched(tmp_path)
    look.ready()
    answers = [look.unreadable(path) for _ in range(PATIENCE) for path in look.ready()]
    assert answers == [False] * (PATIENCE - 1) + [True]
    assert look.ready() == []


@pytest.mark.parametrize("memory", ["", "{", "[]", '{"version": 9}', '{"version": 1, "files": 3}'])
def test_a_spoilt_memory_is_begun_anew(tmp_path: Path, memory: str) -> None:
    (tmp_path / MEMORY).write_text(memory)
    (tmp_path / "cut.otio").write_text("x")
    look = watched(tmp_path)
    look.ready()
    look.settled(look.ready()[0])
    assert json.loads((tmp_path / MEMORY).read_text())["files"]["cut.otio"]


def test_a_folder_that_is_a_document_is_taken_when_nothing_in_it_changes_any_more(
    tmp_path: Path,
) -> None:
    look = watched(tmp_path)
    media = tmp_path / "cut.otiod" / "media"
    media.mkdir(parents=True)
    assert look.ready() == [], "an empty folder is not there yet"
    (media.parent / "content.otio").write_text("{}")
    assert look.ready() == []
    film = media / "film.mov"
    film.write_bytes(b"half")
    assert look.ready() == [], "the timeline is whole, its media are not"
    film.write_bytes(b"half and the rest")
    assert look.ready() == []
    assert names(look.ready()) == ["cut.otiod"]
    look.settled(look.ready()[0])
    assert look.ready() == []

    after_a_restart = watched(tmp_path)
    after_a_restart.ready()
    assert after_a_restart.ready() == []
    film.rename(media / "other.mov")
    after_a_restart.ready()
    assert names(after_a_restart.ready()) == ["cut.otiod"]


def test_other_folders_and_links_out_of_one_are_not_looked_into(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "exports", tmp_path / "elsewhere"
    (folder / "cut.otio").mkdir(parents=True)
    (folder / "cut.otio" / "content.otio").write_text("{}")
    (folder / "cut.gen.otiod").mkdir()
    (folder / "cut.gen.otiod" / "content.otio").write_text("{}")
    elsewhere.mkdir()
    (folder / "link.otiod").symlink_to(elsewhere)
    (folder / "whole.otiod").mkdir()
    (folder / "whole.otiod" / "content.otio").write_text("{}")
    (folder / "whole.otiod" / "media").symlink_to(elsewhere)
    look = watched(folder)
    look.ready()
    (elsewhere / "grows.mov").write_bytes(b"more")

    assert names(look.ready()) == ["whole.otiod"]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no folder"):
        watched(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "timelines, or of a folder"),
        (["cut.otio", "--watch", "."], "timelines, or of a folder"),
        (["--watch", ".", "--out", "x.otio", "--media", "m"], "--media"),
    ],
)
def test_flags_of_one_timeline_do_not_go_with_a_folder(
    flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", *flags]) == 2
    assert said in capsys.readouterr().err


@contextmanager
def watching(folder: Path, data: Path, roots: Path) -> Iterator[IO[str]]:
    """The command on a folder; its standard output."""
    environment = {
        **os.environ, "SECONDUNIT_DATA": str(data), "SECONDUNIT_ROOTS": str(roots),
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "secondunit", "render", "--watch", str(folder), "--draft"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 130
        process.stdout.close()


def test_exports_that_land_are_rendered_and_a_restart_knows_them(
    shared: Path, tmp_path: Path
) -> None:
    folder, data = tmp_path / "exports", tmp_path / "data"
    folder.mkdir()
    train = shared / "media" / "train.m4v"
    with watching(folder, data, shared / "media") as lines:
        whole = edits.bridge(tmp_path, train, "gen: bridge", gap=6).read_text()
        slow = folder / "cut.otio"
        with slow.open("w") as file:  # as a host writes it: bit by bit
            for part in (whole[:500], whole[500:]):
                file.write(part)
                file.flush()
                time.sleep(1)
        assert re.fullmatch(r"cut\.otio: 1 made -> cut\.gen\.otio\n", lines.readline())
        (folder / "broken.otio").write_text("{")
        assert lines.readline().startswith("broken.otio: not rendered: the file breaks off")
    assert (folder / "cut.gen.otio").is_file() and not (folder / "broken.gen.otio").exists()

    with watching(folder, data, shared / "media") as lines:
        (folder / "copy.otio").write_text(whole)
        assert lines.readline() == "copy.otio: 1 there already -> copy.gen.otio\n"
        bundle = folder / "set.otiod"
        bundle.mkdir()
        (bundle / "content.otio").write_text(whole)
        time.sleep(1)
        (bundle / "version.txt").write_text("1.0.0")
        assert lines.readline() == "set.otiod: 1 there already -> set.gen.otio\n"
    assert (folder / "set.gen.otio").is_file()
    assert sorted(p.name for p in bundle.iterdir()) == ["content.otio", "version.txt"]
