"""What comes with a take, its sound and its proxy: published, named in the edit, bundled."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
from secondunit.config import Config
from secondunit.encode import sidecar
from secondunit.encode.durable import digest_of
from secondunit.encode.proxy import write_proxy
from secondunit.encode.writer import write
from secondunit.place.relink import Finished, PlacedEdit, place
from secondunit.place.takes import Take, publish

from tests.place.edits import bridged, plan_at, stock
from tests.plans import left_in, numbered_pictures, silent

NAME = "LAD_0010_bridge_k3v9q2ab_v001"


def delivered(tmp_path: Path) -> tuple[PlacedEdit, Take]:
    """A bridge of numbered pictures with a sound and a proxy, placed and bundled."""
    plan = plan_at(48, 24, delivery="png", proxy="h264_half")
    store = tmp_path / "store"
    store.mkdir()
    made = write(numbered_pictures(plan), plan, store / "clip", progress=silent)
    (made.path / "clip.wav").write_bytes(b"the sound of it")
    digest, size = digest_of(made.path)
    facts = replace(made.facts, sound=(2,), sound_samples="0" * 64)
    made = replace(made, facts=facts, digest=digest, bytes=size)
    proxy = write_proxy(numbered_pictures(plan), plan, store / "proxy.mov", progress=silent)
    record = sidecar.compose(
        plan, made, request={}, report={}, timings={}, versions={}, proxy=proxy
    )  # fmt: skip
    sidecar.write(record, store / "clip.json")
    take = publish(made.path, store / "clip.json", tmp_path / "cut.gen", proxy=proxy.path)
    original = bridged(tmp_path)
    done = [Finished(plan=plan, chosen=take, others=())]
    config = Config(data=tmp_path)
    edit = place(original, tmp_path / "cut.gen.otio", done, "otio", config=config, bundled="otioz")
    return edit, take


def test_a_take_brings_its_sound_and_its_proxy_under_its_own_name(tmp_path: Path) -> None:
    _, take = delivered(tmp_path)

    assert left_in(tmp_path / "cut.gen") == [NAME, f"{NAME}.json", f"{NAME}_proxy.mov"]
    assert take.proxy == tmp_path / "cut.gen" / f"{NAME}_proxy.mov"
    assert take.sound == (take.file / f"{NAME}.wav",)
    assert (tmp_path / "cut.gen" / f"{NAME}_proxy.mov").read_bytes() == (
        tmp_path / "store" / "proxy.mov"
    ).read_bytes()


def test_the_edit_names_them_and_places_no_sound(tmp_path: Path) -> None:
    edit, _ = delivered(tmp_path)

    timeline = stock(edit.timeline)
    (clip,) = (c for c in timeline.find_clips() if c.name == NAME)
    reference = clip.media_reference
    assert isinstance(reference, otio.schema.ImageSequenceReference)
    said = reference.metadata["secondunit"]
    assert list(said["sound"]) == [f"{NAME}.wav"] and said["proxy"] == f"{NAME}_proxy.mov"
    assert (tmp_path / reference.target_url_base / said["sound"][0]).is_file()
    (audio,) = timeline.audio_tracks()
    assert [item.name for item in audio] == ["sound"], "what the edit sounds like is its own"


def test_a_bundle_has_them_too(tmp_path: Path) -> None:
    edit, _ = delivered(tmp_path)

    (file,) = edit.files
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert archive.read(f"media/{NAME}/{NAME}.wav") == b"the sound of it"
    assert {f"media/{NAME}.json", f"media/{NAME}_proxy.mov"} <= set(names)


def test_a_record_that_names_another_file_as_its_proxy_is_not_believed(tmp_path: Path) -> None:
    _, take = delivered(tmp_path)
    (tmp_path / "cut.gen" / "theirs_proxy.mov").write_bytes(b"theirs")

    for name in ("theirs_proxy.mov", "../cut.otio", f"../cut.gen/{NAME}_proxy.mov", ""):
        assert replace(take, record=take.record | {"proxy": {"file": name}}).proxy is None
