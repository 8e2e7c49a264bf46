"""Takes are versions: never overwritten, found again, named as facilities ask."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.encode import sidecar
from secondunit.encode.writer import write
from secondunit.errors import DeliveryError
from secondunit.place.takes import Take, find, publish
from secondunit.units import FrameRange, Operation

from tests.plans import left_in, numbered_pictures, recorded_clip, shot_plan, silent


def published(tmp_path: Path, **changes: object) -> Take:
    plan = shot_plan(**changes)
    return publish(*recorded_clip(tmp_path / "store", plan), tmp_path / "cut.gen")


def store(tmp_path: Path) -> tuple[Path, Path]:
    """The clip and the record that `published` left behind, as they are now."""
    (record,) = (tmp_path / "store").glob("*.json")
    return record.with_suffix(".mov"), record


def test_each_new_plan_is_the_next_version_and_nothing_is_overwritten(tmp_path: Path) -> None:
    first = published(tmp_path, seed=1)
    second = published(tmp_path, seed=2)

    assert (first.label, second.label) == ("v001", "v002")
    assert first.file.name == "LAD_0010_bridge_k3v9q2ab_v001.mov"
    assert left_in(tmp_path / "cut.gen") == [
        f"LAD_0010_bridge_k3v9q2ab_{v}.{s}" for v in ("v001", "v002") for s in ("json", "mov")
    ]
    assert find(tmp_path / "cut.gen", "k3v9q2ab", Operation.BRIDGE) == (first, second)


def test_the_same_plan_is_found_again_and_not_copied_again(tmp_path: Path) -> None:
    first = published(tmp_path, seed=1)
    published(tmp_path, seed=2)

    assert published(tmp_path, seed=1) == first
    assert len(left_in(tmp_path / "cut.gen")) == 4


def test_a_take_that_someone_changed_is_not_taken_for_the_same(tmp_path: Path) -> None:
    first = published(tmp_path)
    first.file.unlink()
    first.file.write_bytes(b"regraded by hand")

    again = published(tmp_path)

    assert again.label == "v002"
    assert first.file.read_bytes() == b"regraded by hand"


def test_a_clip_edited_in_place_is_not_published_again_as_what_was_made(tmp_path: Path) -> None:
    first = published(tmp_path)
    with first.file.open("r+b") as file:  # the store's clip is the same file under another name
        file.write(b"FRAMES")

    with pytest.raises(DeliveryError, match="render again"):
        publish(*store(tmp_path), tmp_path / "cut.gen")

    assert len(left_in(tmp_path / "cut.gen")) == 2


def test_a_record_somebody_broke_does_not_stand_in_the_way(tmp_path: Path) -> None:
    first = published(tmp_path, seed=1)
    broken = json.loads(first.sidecar.read_text())
    del broken["clip"]["rate"]
    first.sidecar.write_text(json.dumps(broken))

    assert published(tmp_path, seed=2).label == "v002"
    assert len(find(tmp_path / "cut.gen", "k3v9q2ab", Operation.BRIDGE)) == 1


def test_a_version_is_not_given_twice_though_the_clip_is_gone(tmp_path: Path) -> None:
    first = published(tmp_path)
    first.file.unlink()

    assert published(tmp_path).label == "v002"


def test_a_file_of_the_editors_own_holds_its_version(tmp_path: Path) -> None:
    folder = tmp_path / "cut.gen"
    folder.mkdir()
    (folder / "other_bridge_k3v9q2ab_v007.mp4").write_bytes(b"mine")

    assert published(tmp_path).label == "v008"
    assert (folder / "other_bridge_k3v9q2ab_v007.mp4").read_bytes() == b"mine"


def test_other_shots_and_operations_count_for_themselves(tmp_path: Path) -> None:
    published(tmp_path)

    assert published(tmp_path, shot="aaaaaaaa").label == "v001"
    assert published(tmp_path, operation=Operation.EXTEND).label == "v001"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("train.m4v", "train"),
        ("A001C002_0101.MOV", "A001C002_0101"),
        ("../../etc/passwd", "etc_passwd"),
        ("crème brûlée #3", "creme_brulee_3"),
        ("夜の海", "shot"),
        (".hidden", "hidden"),
        ("x" * 300, "x" * 64),
    ],
)
def test_file_names_are_plain_whatever_the_shot_is_called(
    tmp_path: Path, name: str, stem: str
) -> None:
    take = published(tmp_path, name=name)

    assert take.file.name == f"{stem}_bridge_k3v9q2ab_v001.mov"
    assert take.file.parent == tmp_path / "cut.gen"
    assert re.fullmatch(r"[A-Za-z0-9._-]+", take.file.name)


def test_the_record_names_the_published_clip_and_its_version(tmp_path: Path) -> None:
    take = published(tmp_path)

    record = sidecar.read(take.sidecar)
    assert record == take.record
    assert (record["clip"]["file"], record["take"]) == (take.file.name, "v001")


def test_a_take_knows_its_own_clock(tmp_path: Path) -> None:
    take = published(tmp_path, timecode=86400 + 22, frames=6, handles=(2, 3))

    assert take.range == FrameRange(start=86422, frames=11)
    assert take.shown == FrameRange(start=86424, frames=6)


def test_a_real_clip_keeps_its_bytes(tmp_path: Path) -> None:
    plan = shot_plan(delivery="ffv1")
    encoded = write(numbered_pictures(plan), plan, tmp_path / "clip.mkv", progress=silent)
    record = sidecar.compose(plan, encoded, request={}, report={}, timings={}, versions={})
    sidecar.write(record, tmp_path / "clip.json")

    take = publish(tmp_path / "clip.mkv", tmp_path / "clip.json", tmp_path / "cut.gen")

    assert take.file.read_bytes() == (tmp_path / "clip.mkv").read_bytes()
    assert take.file.suffix == ".mkv"


def test_a_clip_on_another_disk_is_copied(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system to copy from")
    with tempfile.TemporaryDirectory(dir=memory) as store:
        clip, record = recorded_clip(Path(store), shot_plan())
        take = publish(clip, record, tmp_path / "cut.gen")
        assert take.file.stat().st_dev != clip.stat().st_dev

    assert take.file.read_bytes() == b"frames"
    assert left_in(tmp_path / "cut.gen") == [take.sidecar.name, take.file.name]


def test_writers_at_the_same_time_get_different_versions(tmp_path: Path) -> None:
    clips = [recorded_clip(tmp_path / "store", shot_plan(seed=seed)) for seed in range(8)]
    takes: list[Take] = []
    start = threading.Barrier(8)

    def publish_one(clip: Path, record: Path) -> None:
        start.wait()
        takes.append(publish(clip, record, tmp_path / "cut.gen"))

    threads = [threading.Thread(target=publish_one, args=pair) for pair in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(take.version for take in takes) == list(range(1, 9))
    assert len(left_in(tmp_path / "cut.gen")) == 16


def test_a_missing_clip_leaves_nothing(tmp_path: Path) -> None:
    clip, record = recorded_clip(tmp_path / "store", shot_plan())
    clip.unlink()

    with pytest.raises(DeliveryError):
        publish(clip, record, tmp_path / "cut.gen")

    assert left_in(tmp_path / "cut.gen") == []


def test_what_is_no_record_of_ours_is_no_take(tmp_path: Path) -> None:
    take = published(tmp_path)
    take.sidecar.write_text("{}")

    assert find(tmp_path / "cut.gen", "k3v9q2ab", Operation.BRIDGE) == ()
    assert find(tmp_path / "nowhere", "k3v9q2ab", Operation.BRIDGE) == ()


def test_a_draft_and_its_final_are_two_takes(tmp_path: Path) -> None:
    plan = shot_plan()
    draft = replace(plan, draft=True)

    assert plan.digest != draft.digest
    published(tmp_path)
    assert published(tmp_path, draft=True).label == "v002"


def sheeted(folder: Path, seed: int = 7) -> Take:
    clip, record = recorded_clip(folder / "store", shot_plan(seed=seed))
    sheet = folder / "store" / "sheet.png"
    sheet.write_bytes(b"sheet of " + clip.name.encode())
    take = publish(clip, record, folder / "cut.gen", sheet=sheet)
    sheet.unlink()
    return take


def test_a_contact_sheet_lies_beside_its_own_version(tmp_path: Path) -> None:
    takes = [sheeted(tmp_path, seed=seed) for seed in (1, 2)]

    sheets = [take.file.with_suffix(".png") for take in takes]
    assert [path.name for path in sheets] == [
        f"LAD_0010_bridge_k3v9q2ab_{v}.png" for v in ("v001", "v002")
    ]
    assert len({path.read_bytes() for path in sheets}) == 2
    assert find(tmp_path / "cut.gen", "k3v9q2ab", Operation.BRIDGE) == tuple(takes)
    assert sheeted(tmp_path, seed=1) == takes[0] and len(left_in(tmp_path / "cut.gen")) == 6


def test_a_picture_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    theirs = tmp_path / "cut.gen" / "LAD_0010_bridge_k3v9q2ab_v001.png"
    theirs.parent.mkdir()
    theirs.write_bytes(b"somebody's still")

    assert sheeted(tmp_path).label == "v002"
    assert theirs.read_bytes() == b"somebody's still"


def test_a_missing_sheet_leaves_nothing(tmp_path: Path) -> None:
    clip, record = recorded_clip(tmp_path / "store", shot_plan())

    with pytest.raises(DeliveryError):
        publish(clip, record, tmp_path / "cut.gen", sheet=tmp_path / "sheet.png")

    assert left_in(tmp_path / "cut.gen") == []
