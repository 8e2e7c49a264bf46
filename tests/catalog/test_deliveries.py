"""The table of deliveries, and what it refuses before any work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.catalog.deliveries import (
    DEFAULT,
    DELIVERIES,
    Wanted,
    delivery_faults,
    frame_name,
    stem_of,
)
from secondunit.units import ColourTags, Rate, Size

HD = Wanted(size=Size(width=1920, height=1080), rate=Rate(num=24000, den=1001))


def wanted(width: int, height: int) -> Wanted:
    return Wanted(size=Size(width=width, height=height))


@pytest.mark.parametrize("size", [Size(width=641, height=360), Size(width=640, height=361)])
@pytest.mark.parametrize("name", ["h264", "hevc_main10"])
def test_an_odd_size_is_refused_where_chroma_is_thinned_both_ways(name: str, size: Size) -> None:
    (fault,) = delivery_faults(DELIVERIES[name], Wanted(size=size), path="markers[0].delivery")

    assert fault.path == "markers[0].delivery"
    assert str(size) in fault.what
    assert "prores_4444" in fault.what, "it names what would do"


def test_every_reason_is_given_at_once() -> None:
    faults = delivery_faults(DELIVERIES["h264"], wanted(15, 11), path="p")

    assert len(faults) == 2


def test_a_picture_too_small_for_dnxhr_is_refused() -> None:
    row = DELIVERIES["dnxhr_hqx"]

    assert delivery_faults(row, wanted(254, 120), path="p")
    assert not delivery_faults(row, wanted(256, 120), path="p")


def test_odd_sizes_pass_where_the_codec_takes_them() -> None:
    for name in ("prores_422_hq", "prores_4444", "dnxhr_hqx", "ffv1", "exr_half", "dpx", "png"):
        assert not delivery_faults(DELIVERIES[name], wanted(643, 361), path="p")


def test_a_width_at_which_prores_loses_the_last_columns_colour_is_refused() -> None:
    bare = wanted(641, 361)

    (fault,) = delivery_faults(DELIVERIES[DEFAULT], bare, path="p")
    assert "width of 640" in fault.what and "prores_422_lt" not in fault.what
    for name in ("prores_4444", "dnxhr_hqx", "ffv1"):
        assert name in fault.what
        assert not delivery_faults(DELIVERIES[name], bare, path="p")


def named_in(what: str) -> set[str]:
    """The deliveries that a refusal proposes."""
    return set(what.rpartition("these can: ")[2].split(", "))


def test_alpha_in_h264_is_refused_with_what_can_hold_it() -> None:
    (fault,) = delivery_faults(DELIVERIES["h264"], replace(HD, alpha=True), path="p")

    assert "holds no alpha" in fault.what
    assert named_in(fault.what) == {
        "prores_4444_alpha", "exr_half_alpha", "exr_half_acescg_alpha", "png_alpha",
    }  # fmt: skip


def test_a_rate_that_mxf_does_not_know_is_refused_with_what_can_hold_it() -> None:
    slow = replace(HD, rate=Rate(num=12))

    (fault,) = delivery_faults(DELIVERIES["dnxhr_hqx_mxf"], slow, path="p")

    assert "no 12 frames per second" in fault.what and "30000/1001" in fault.what
    assert {"dnxhr_hqx", "prores_422_hq", "exr_half"} <= named_in(fault.what)
    assert not any(name.endswith("_mxf") for name in named_in(fault.what))


def test_sound_in_mp4_is_refused_with_what_can_hold_it() -> None:
    (fault,) = delivery_faults(DELIVERIES["hevc_main10"], replace(HD, sound=True), path="p")

    assert "no PCM" in fault.what
    assert {"prores_422_hq", "dnxhr_sq_mxf", "ffv1", "png"} <= named_in(fault.what)
    assert "h264" not in named_in(fault.what)


@pytest.mark.parametrize(
    ("name", "transfer"), [("hevc_main10_pq", "arib-std-b67"), ("hevc_main10_hlg", "bt709")]
)
def test_pictures_are_not_called_hdr_that_are_not(name: str, transfer: str) -> None:
    sdr = replace(HD, colour=ColourTags(transfer=transfer))

    (fault,) = delivery_faults(DELIVERIES[name], sdr, path="p")

    assert transfer in fault.what
    assert "hevc_main10" in named_in(fault.what) and name not in named_in(fault.what)


def test_what_a_refusal_proposes_holds_all_that_was_wanted() -> None:
    asked = Wanted(
        size=Size(width=1921, height=1081), rate=Rate(num=12), sound=True, alpha=True,
        colour=ColourTags(),
    )  # fmt: skip
    for row in DELIVERIES.values():
        for fault in delivery_faults(row, asked, path="p"):
            for name in named_in(fault.what):
                assert not delivery_faults(DELIVERIES[name], asked, path="p")


def test_pictures_of_a_sequence_are_numbered_from_1001() -> None:
    assert frame_name("LAD_v001", 0, ".exr") == "LAD_v001.1001.exr"
    assert frame_name("LAD_v001", 9, ".exr") == "LAD_v001.1010.exr"


def test_a_folder_keeps_the_dots_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "LAD.0010_v001").mkdir()

    assert stem_of(tmp_path / "LAD.0010_v001") == "LAD.0010_v001"
    assert stem_of(tmp_path / "LAD.0010_v001.mov") == "LAD.0010_v001"
