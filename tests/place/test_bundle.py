"""Bundles: the edit and every file of it, numbered pictures and all takes included."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.place.relink import PlacedEdit, place

from tests.place.edits import HOUR, TAKE, clip, edit, finished, gap, plan_at, span, stock

BEFORE = TAKE.replace("v001", "v002")


def sequence(folder: Path, name: str, frames: int) -> otio.schema.Clip:
    """Numbered pictures from 1001."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1001, 1001 + frames):
        (folder / f"{name}.{number:04d}.exr").write_bytes(f"{folder.name} {number}".encode())
    reference = otio.schema.ImageSequenceReference(
        target_url_base=f"{folder.relative_to(folder.parent.parent)}/", name_prefix=f"{name}.",
        name_suffix=".exr", start_frame=1001, frame_step=1, rate=24000 / 1001,
        frame_zero_padding=4, available_range=span(HOUR, frames),
    )  # fmt: skip
    return otio.schema.Clip(name, reference, span(HOUR, frames))


def bundled(tmp_path: Path, kind: Literal["otioz", "otiod"], out: str = "cut.gen") -> PlacedEdit:
    """Two takes of a bridge; A twice, another A, numbered pictures, and B, which is offline."""
    (tmp_path / "A.mov").write_bytes(b"first A")
    (tmp_path / "more").mkdir(exist_ok=True)
    (tmp_path / "more" / "A.mov").write_bytes(b"second A")
    other = clip("more/A", 10)
    plates = [sequence(tmp_path / folder / "plates", "p", 3) for folder in ("one", "two")]
    items = [clip("A", 48), gap(24), clip("B", 48), clip("A", 5), other, *plates]
    original = edit(tmp_path / "cut.otio", items)
    target = tmp_path / f"{out}.otio"
    done = [finished(target.with_suffix(""), plan_at(48, 24, seed=seed)) for seed in (1, 2)]
    return place(
        original, target, done[1:], "otio", config=Config(data=tmp_path), bundled=kind
    )  # fmt: skip


def test_a_zip_holds_every_file_once_and_stock_opens_it(tmp_path: Path) -> None:
    result = bundled(tmp_path, "otioz")

    (file,) = result.files
    assert file == tmp_path / "cut.gen.otioz"
    with zipfile.ZipFile(file) as archive:
        names = sorted(archive.namelist())
        assert {archive.getinfo(n).compress_type for n in names if n.startswith("media/")} == {0}
        assert archive.read("media/A.mov") == b"first A"
        assert archive.read("media/A_2.mov") == b"second A"
        assert archive.read("version.txt") == b"1.0.0"
    assert names == sorted(
        ["content.otio", "version.txt", "media/A.mov", "media/A_2.mov"]
        + [f"media/{t[:-4]}{s}" for t in (TAKE, BEFORE) for s in (".mov", ".json")]
        + [f"media/plates{n}/p.{i}.exr" for n in ("", "_2") for i in (1001, 1002, 1003)]
    )
    timeline = otio.adapters.read_from_file(str(file))
    made = timeline.tracks[0][1]
    assert {key: ref.target_url for key, ref in made.media_references().items()} == {
        "DEFAULT_MEDIA": f"media/{BEFORE}", "take_001": f"media/{TAKE}",
    }  # fmt: skip
    assert timeline.tracks[0][2].media_reference.target_url == "B.mov"
    assert [n for n in result.notices if "not in the bundle" in n and "B.mov" in n]


def test_numbered_pictures_of_two_folders_of_one_name_stay_apart(tmp_path: Path) -> None:
    result = bundled(tmp_path, "otiod")

    timeline = stock(result.files[0] / "content.otio")
    plates = [c.media_reference for c in timeline.tracks[0][-2:]]
    assert [p.target_url_base for p in plates] == ["media/plates/", "media/plates_2/"]
    assert (result.files[0] / plates[1].target_url_for_image_number(2)).read_bytes() == (
        b"plates 1003"
    )
    assert (result.files[0] / "media" / BEFORE).read_bytes() == b"frames"


@pytest.mark.parametrize("kind", ["otioz", "otiod"])
def test_a_bundle_of_ours_is_replaced_and_no_other(
    tmp_path: Path, kind: Literal["otioz", "otiod"]
) -> None:
    first = bundled(tmp_path, kind)
    again = bundled(tmp_path, kind)
    assert first.files == again.files

    theirs = tmp_path / f"review.{kind}"
    if kind == "otioz":
        with zipfile.ZipFile(theirs, "w") as archive:
            archive.writestr("content.otio", "{}")
    else:
        theirs.mkdir()
        (theirs / "content.otio").write_text("{}")
    with pytest.raises(Refused, match="not made by Second Unit"):
        bundled(tmp_path, kind, "review")
    assert theirs.exists() and not (tmp_path / "review.otio").exists()


def test_what_lies_outside_the_allowed_folders_is_not_carried_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mov"
    secret.write_bytes(b"secret")
    inside = tmp_path / "show"
    taken = clip("A", 48)
    reference = taken.media_reference
    assert isinstance(reference, otio.schema.ExternalReference)
    reference.target_url = str(secret)
    original = edit(inside / "cut.otio", [taken, gap(24), clip("B", 48)])
    one = finished(inside / "cut.gen", plan_at(48, 24))

    result = place(
        original, inside / "cut.gen.otio", [one], "otio", config=Config(data=inside),
        bundled="otioz",
    )  # fmt: skip

    with zipfile.ZipFile(result.files[0]) as archive:
        assert not [n for n in archive.namelist() if "secret" in n]
    assert [n for n in result.notices if "outside the allowed folders" in n]
