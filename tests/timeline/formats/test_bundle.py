"""Bundles from strangers: nothing is written outside their folder, and no bomb goes off."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read, reading

TIMELINE = '{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": []}}'


def bundle(folder: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """An .otioz with a timeline and these."""
    path = folder / "cut.otioz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.otio", TIMELINE)
        for name, data in entries:
            archive.writestr(name, data)
    return path


def refused(path: Path) -> str:
    data = path.parent / "data"
    with pytest.raises(TimelineUnreadable) as caught:
        reading(path, data=data)
    assert not list(data.rglob("*.mov")) and not list(data.glob("bundles/*"))
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["../out.mov", "/etc/out.mov", "media/../../out.mov", "C:/out.mov", "media\\..\\out.mov",
     "//host/share/out.mov", "media//out.mov", "./out.mov"],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out of the bundle" in refused(bundle(tmp_path, (name, b"x")))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.otioz"]


@pytest.mark.parametrize("name", ["media/CON", "aux.mov", "media/a\nb.mov"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    assert "no file can have" in refused(bundle(tmp_path, (name, b"x")))


def test_a_link_in_a_bundle_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("media/passwd")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "a link or a device" in refused(bundle(tmp_path, (link, b"/etc/passwd")))


def test_a_bomb_is_refused_before_a_byte_of_it_is_unpacked(tmp_path: Path) -> None:
    assert "that unpack to" in refused(bundle(tmp_path, ("media/a.mov", bytes(20_000_000))))


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path, ("media/a.mov", b"x"), ("media/A.mov", b"y"))
    assert "two entries have one name" in refused(path)


def test_all_faults_of_a_bundle_come_at_once(tmp_path: Path) -> None:
    said = refused(bundle(tmp_path, ("../a.mov", b"x"), ("/b.mov", b"x")))
    assert "'../a.mov'" in said and "'/b.mov'" in said


def test_a_bundle_without_a_timeline_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cut.otioz", "w") as archive:
        archive.writestr("media/a.mov", b"x")
    with pytest.raises(TimelineUnreadable, match=r"holds no content\.otio"):
        read(tmp_path / "cut.otioz")


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_what_is_left_of_a_bundle_is_refused(tmp_path: Path, keep: int) -> None:
    path = bundle(tmp_path, ("media/a.mov", bytes(range(256)) * 40))
    path.write_bytes(path.read_bytes()[:keep])
    assert "cut.otioz" in refused(path)


def test_a_damaged_entry_leaves_nothing_behind(tmp_path: Path) -> None:
    path = bundle(tmp_path, ("media/a.txt", bytes(range(256)) * 40))
    data = bytearray(path.read_bytes())
    at = data.index(b"media/a.txt") + 60
    data[at : at + 20] = bytes(20)
    path.write_bytes(data)
    assert "no bundle that can be read" in refused(path)


def test_a_bundle_that_is_a_folder_is_read_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "cut.otiod"
    folder.mkdir()
    (folder / "content.otio").write_text(TIMELINE)
    assert reading(folder, data=tmp_path / "data").folder == folder
    assert not (tmp_path / "data").exists()


def test_a_folder_without_its_timeline_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.otiod").mkdir()
    with pytest.raises(TimelineUnreadable, match=r"content\.otio.*No such file"):
        read(tmp_path / "cut.otiod")
