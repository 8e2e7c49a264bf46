"""References of all systems lead to files below the allowed folders, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.errors import MediaForbidden, MediaMissing
from secondunit.timeline.locate import first_of_sequence, locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cut = tmp_path / "edit"
    for name in ("a.mov", "reel 1/b c#1.mov", "100%.mov", "été.mov", "deep/A001/a.mov"):
        (cut / name).parent.mkdir(parents=True, exist_ok=True)
        (cut / name).write_bytes(name.encode())
    return cut


def config(*roots: Path) -> Config:
    return Config(data=Path("unused"), roots=roots)


@pytest.mark.parametrize(
    ("reference", "means"),
    [
        ("a.mov", "a.mov"),
        ("./a.mov", "a.mov"),
        ("deep/../a.mov", "a.mov"),
        ("reel 1/b c#1.mov", "reel 1/b c#1.mov"),
        ("reel%201/b%20c%231.mov", "reel 1/b c#1.mov"),
        ("reel 1\\b c#1.mov", "reel 1/b c#1.mov"),
        ("100%.mov", "100%.mov"),
        ("100%25.mov", "100%.mov"),
        ("%C3%A9t%C3%A9.mov", "été.mov"),
        ("file:a.mov", "a.mov"),
    ],
)
def test_a_relative_path_starts_at_the_timeline(folder: Path, reference: str, means: str) -> None:
    found = locate(reference, folder, config())
    assert found.path == (folder / means).resolve()
    assert not found.relinked


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}", "file:{}", "FILE://{}"])
def test_an_absolute_path_inside_the_folder_is_taken(folder: Path, form: str) -> None:
    path = (folder / "reel 1" / "b c#1.mov").resolve()
    assert locate(form.format(path), folder, config()).path == path
    quoted = str(path).replace(" ", "%20").replace("#", "%23")
    assert locate(form.format(quoted), folder, config()).path == path


def test_an_allowed_root_is_as_good_as_the_folder(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "c.mov").write_bytes(b"c")
    assert locate(str(other / "c.mov"), folder, config(other)).path == (other / "c.mov").resolve()
    assert locate("../other/c.mov", folder, config(other)).path == (other / "c.mov").resolve()


@pytest.mark.parametrize(
    "reference",
    [
        "F:\\Art\\reel 1\\b c#1.mov",
        "F:/Art/reel 1/b c#1.mov",
        "\\\\server\\share\\reel 1\\b c#1.mov",
        "file:///F:/Art/reel%201/b%20c%231.mov",
        "file://F:/Art/reel%201/b%20c%231.mov",
        "file://server/share/reel%201/b%20c%231.mov",
        "/Volumes/Media/reel 1/b c#1.mov",
    ],
)
def test_another_machines_path_is_found_by_its_trailing_parts(folder: Path, reference: str) -> None:
    found = locate(reference, folder, config())
    assert found.path == (folder / "reel 1" / "b c#1.mov").resolve()
    assert found.relinked


def test_the_longest_trailing_parts_win(folder: Path) -> None:
    found = locate("D:\\shoot\\deep\\A001\\a.mov", folder, config())
    assert found.path == (folder / "deep" / "A001" / "a.mov").resolve()


def test_a_missing_file_is_told_with_the_places_searched(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "media"
    root.mkdir()
    with pytest.raises(MediaMissing, match=r"x\.mov.*edit/x\.mov"):
        locate("x.mov", folder, config())
    with pytest.raises(MediaMissing) as caught:
        locate("Z:\\day 2\\x.mov", folder, config(root))
    for place in (folder / "day 2" / "x.mov", root / "day 2" / "x.mov", root / "x.mov"):
        assert str(place) in str(caught.value)


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd", "file:///etc/passwd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
        "file:../../../etc/passwd", "http://127.0.0.1/a.mov", "https://x/a.mov", "concat:a.mov|a",
        "subfile,,start,0,end,9,,:a.mov", "asset://uuid", "data:text/plain,x", "pipe:0",
        "a.mov\0.mov", "a%00.mov", "a\nb", "CON", "deep/nul.mov", "aux", "lpt1.txt", "COM3",
        "/dev/zero", "/proc/self/environ", "deep/../../../etc/hostname",
    ],
)  # fmt: skip
def test_what_leads_outside_is_forbidden(folder: Path, reference: str) -> None:
    with pytest.raises(MediaForbidden):
        locate(reference, folder, config())


def test_the_answer_does_not_tell_what_lies_outside(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    answers = []
    for name in ("secret", "absent"):
        with pytest.raises(MediaForbidden) as caught:
            locate(str(tmp_path / name), folder, config())
        answers.append(str(caught.value).replace(name, "NAME"))
    assert answers[0] == answers[1]


def test_a_link_out_of_the_folder_is_forbidden(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    (folder / "link.mov").symlink_to(tmp_path / "secret")
    (folder / "in.mov").symlink_to(folder / "a.mov")
    with pytest.raises(MediaForbidden):
        locate("link.mov", folder, config())
    with pytest.raises(MediaMissing):
        locate("C:\\x\\link.mov", folder, config())
    assert locate("in.mov", folder, config()).path == (folder / "a.mov").resolve()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
@pytest.mark.parametrize("reference", ["loop/a.mov", "Z:\\loop\\a.mov", "loop/mask.####.png"])
def test_a_loop_of_links_is_missing_wherever_it_is_met(folder: Path, reference: str) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(MediaMissing, match="cannot be followed"):
        locate(first_of_sequence(reference, folder, config()), folder, config())


def test_a_pipe_is_no_file_and_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe.mov")
    with pytest.raises(MediaForbidden, match="a device, a pipe or a socket"):
        locate("pipe.mov", folder, config())


@pytest.mark.parametrize("reference", ["", "  ", "deep", "a" * 5000, "loop/x.mov"])
def test_no_file_is_missing(folder: Path, reference: str) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(MediaMissing):
        locate(reference, folder, config())


def test_numbered_files_are_found_by_their_pattern(folder: Path) -> None:
    for number in (7, 8, 12):
        (folder / f"mask.{number:04d}.png").write_bytes(b"m")
    first = str(folder / "mask.0007.png")
    assert first_of_sequence("mask.%04d.png", folder, config()) == first
    assert first_of_sequence("mask.####.png", folder, config()) == first
    assert first_of_sequence("../edit/mask.####.png", folder, config()).endswith("mask.0007.png")
    assert first_of_sequence("mask.png", folder, config()) == "mask.png"
    assert first_of_sequence("/etc/host####", folder, config()) == "/etc/host####"
