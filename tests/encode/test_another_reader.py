"""What MediaInfo, which shares no code with FFmpeg, finds in the delivered files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.durable import files_of
from secondunit.encode.writer import write
from secondunit.units import ColourTags, Rate, Size

from tests.plans import numbered_pictures, shot_plan, silent

mediainfo = pytest.importorskip("pymediainfo", reason="MediaInfo reads files where it is installed")

NTSC = Rate(num=30000, den=1001)
_YUV = {"color_primaries": "BT.709", "transfer_characteristics": "BT.709",
        "matrix_coefficients": "BT.709", "scan_type": "Progressive", "frame_count": "10",
        "pixel_aspect_ratio": "1.000", "frame_rate": "29.970", "color_space": "YUV"}  # fmt: skip
_MP4 = {"color_range": "Limited"}
_HDR = {"color_primaries": "BT.2020", "matrix_coefficients": "BT.2020 non-constant", **_MP4}
_HEVC = {"format": "HEVC", "codec_id": "hvc1", "bit_depth": 10, **_MP4}


def prores(profile: str, tag: str, chroma: str = "4:2:2") -> dict[str, Any]:
    return {
        "format": "ProRes", "format_profile": profile, "codec_id": tag,
        "chroma_subsampling": chroma, "writing_library": "Apple",
    }  # fmt: skip


def dnxhr(name: str, bits: int = 8, chroma: str | None = "4:2:2") -> dict[str, Any]:
    return {
        "format": "VC-3", "commercial_name": f"DNxHR {name}", "bit_depth": bits,
        "chroma_subsampling": chroma,
    }  # fmt: skip


WANTED: dict[str, dict[str, Any]] = {
    "prores_422_hq": prores("422 HQ", "apch"),
    "prores_422": prores("422", "apcn"),
    "prores_422_lt": prores("422 LT", "apcs"),
    "prores_422_proxy": prores("422 Proxy", "apco"),
    "prores_4444": prores("4444", "ap4h", "4:4:4"),
    "prores_4444_alpha": {**prores("4444", "ap4h", "4:4:4"), "color_space": "YUVA"},
    "dnxhr_lb": dnxhr("LB"), "dnxhr_lb_mxf": dnxhr("LB"),
    "dnxhr_sq": dnxhr("SQ"), "dnxhr_sq_mxf": dnxhr("SQ"),
    "dnxhr_hq": dnxhr("HQ"), "dnxhr_hq_mxf": dnxhr("HQ"),
    "dnxhr_hqx": dnxhr("HQX", 10), "dnxhr_hqx_mxf": dnxhr("HQX", 10),
    "dnxhr_444": dnxhr("444", 10, None),
    "dnxhr_444_mxf": {**dnxhr("444", 10, None), "color_space": "RGB", "color_range": "Full",
                      "matrix_coefficients": "Identity"},
    "ffv1": {"format": "FFV1", "compression_mode": "Lossless", "format_settings__gop": "N=1",
             "reel_name": "A001C002", **_MP4},
    "h264": {"format": "AVC", "codec_id": "avc1", "bit_depth": 8, **_MP4},
    "h264_mov": {"format": "AVC", "codec_id": "avc1", "bit_depth": 8, **_MP4},
    "hevc_main10": _HEVC,
    "hevc_main10_pq": {**_HEVC, **_HDR, "transfer_characteristics": "PQ",
                       "hdr_format_commercial": "HDR10",
                       "mastering_display_color_primaries": "Display P3"},
    "hevc_main10_hlg": {**_HEVC, **_HDR, "transfer_characteristics": "HLG"},
}  # fmt: skip
PICTURES: dict[str, dict[str, Any]] = {
    "exr_half": {"format": "EXR"},
    "exr_half_alpha": {"format": "EXR"},
    "exr_half_acescg": {"format": "EXR"},
    "exr_half_acescg_alpha": {"format": "EXR"},
    "dpx": {"format": "DPX", "bit_depth": 10, "color_space": "RGB",
            "transfer_characteristics": "BT.709", "color_primaries": "BT.709"},
    "png": {"format": "PNG", "bit_depth": 16, "color_space": "RGB", "color_range": "Full",
            "color_primaries": "BT.709", "transfer_characteristics": "BT.709"},
    "png_alpha": {"format": "PNG", "bit_depth": 16, "color_space": "RGBA / RGB"},
}  # fmt: skip


def tracks(path: Path) -> list[dict[str, Any]]:
    return [track.to_data() for track in mediainfo.MediaInfo.parse(str(path)).tracks]


def test_every_delivery_is_looked_at() -> None:
    assert {*WANTED, *PICTURES} == set(DELIVERIES)


@pytest.mark.parametrize("delivery", sorted(WANTED))
def test_a_movie_is_what_its_row_says(tmp_path: Path, delivery: str) -> None:
    row = DELIVERIES[delivery]
    colour = ColourTags()
    if row.transfer:
        colour = ColourTags(primaries="bt2020", transfer=row.transfer, matrix="bt2020nc")
    plan = shot_plan(
        delivery=delivery, size=Size(width=256, height=144), rate=NTSC, timecode=107892,
        drop_frame=True, colour=colour,
    )  # fmt: skip
    path = tmp_path / f"clip{row.suffix}"
    write(numbered_pictures(plan), plan, path, progress=silent)

    found = tracks(path)
    (video,) = (track for track in found if track["track_type"] == "Video")
    wanted = {**_YUV, **WANTED[delivery]}
    assert {key: video.get(key) for key in wanted} == wanted
    clocks = {key: value for track in found for key, value in track.items() if "time_code" in key}
    assert clocks["time_code_of_first_frame"] == "01:00:00;00"
    general = found[0]
    if row.container in ("mov", "mp4"):
        assert general["isstreamable"] == "Yes", "the index stands first"
    if row.container == "mxf":
        assert general["format_profile"] == "OP-1a"


@pytest.mark.parametrize("delivery", sorted(WANTED))
def test_the_reel_and_the_siting_of_chroma_stand_where_a_row_has_a_place_for_them(
    tmp_path: Path, delivery: str
) -> None:
    row = DELIVERIES[delivery]
    colour = ColourTags()
    if row.transfer:
        colour = ColourTags(primaries="bt2020", transfer=row.transfer, matrix="bt2020nc")
    plan = shot_plan(
        delivery=delivery, size=Size(width=256, height=144), colour=colour, reel="B007R2XY"
    )  # fmt: skip
    path = tmp_path / f"clip{row.suffix}"
    write(numbered_pictures(plan), plan, path, progress=silent)

    found = tracks(path)

    named = {
        "mov": ("Other", "title"),  # of the timecode track
        "mxf": ("General", "package_name"),
        "matroska": ("Video", "reel_name"),
    }
    reels = [(t["track_type"], key) for t in found for key, value in t.items()
             if value == "B007R2XY"]  # fmt: skip
    assert row.reel == bool(reels) and (not reels or named[row.container] in reels)
    (video,) = (track for track in found if track["track_type"] == "Video")
    said = video.get("chromasubsampling_position")
    # H.264 says nothing for what its standard (table E-1) takes for granted: left, type 0.
    assert said == ("Type 0" if row.codec == "libx265" else None)
    if row.container == "mxf" and row.format != "gbrp10le":
        # The descriptor's local tag 3303, Color Siting (SMPTE ST 377-1, G.2.40): 0, co-sited.
        data = path.read_bytes()
        assert data[data.index(b"\x33\x03\x00\x01") + 4] == 0


@pytest.mark.parametrize("delivery", sorted(PICTURES))
def test_a_picture_of_a_sequence_is_what_its_row_says(tmp_path: Path, delivery: str) -> None:
    plan = shot_plan(delivery=delivery)
    made = write(numbered_pictures(plan), plan, tmp_path / "clip", progress=silent)

    (image,) = (t for t in tracks(files_of(made.path)[0]) if t["track_type"] == "Image")
    wanted = {**PICTURES[delivery], "width": 64, "height": 48, "compression_mode": "Lossless"}
    assert {key: image.get(key) for key in wanted} == wanted
