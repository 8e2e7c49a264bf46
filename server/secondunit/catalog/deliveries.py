"""The table of deliveries: codec, container, layout and encoder settings of what we return."""

from __future__ import annotations

from dataclasses import dataclass, field

from secondunit.errors import Fault
from secondunit.units import Size

_SMALLEST = Size(width=16, height=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row: how finished frames become a file."""

    name: str
    """Stable: scripts and requests use it."""
    title: str
    codec: str
    """FFmpeg's encoder."""
    container: str
    """FFmpeg's muxer."""
    suffix: str
    format: str | None
    """Layout handed to the encoder; None: the frames' own, lossless."""
    decoded: str | None = None
    """Layout that decoding gives, where it is not the one handed over."""
    options: dict[str, str] = field(default_factory=dict)
    """Encoder options."""
    tag: str | None = None
    """Codec tag to force (hvc1)."""
    even: bool = False
    """Width and height must be even."""
    pales: bool = False
    """The encoder loses the colour of a last column that stands alone in its block of 16."""
    smallest: Size = _SMALLEST
    """Smaller pictures are refused by the encoder, or by players."""
    exact: bool = False
    """Decoding gives back the very samples that went in."""
    holds: float | None = None
    """Least PSNR in dB (RGB, one frame) that pictures keep through a lossy codec; None: exact."""
    reel: bool = True
    """The container keeps the reel name."""
    square: bool = False
    """The file cannot say that its pixels are not square."""


def _prores(profile: str, quantiser: int) -> dict[str, str]:
    # Fixed quantiser: ten times faster than prores_ks' rate control, and better (118 = one step).
    return {
        "profile": profile,
        "vendor": "apl0",
        "flags": "+qscale",
        "global_quality": str(quantiser * 118),
    }


# Traps behind these options: B-frames and open groups shift the edit list and break seeking; mp4
# keeps no reel; FFmpeg decodes every ProRes 4444 as 12 bit; hev1 does not play in QuickTime;
# prores_ks rounds the width of thinned chroma down; a fixed number of slices makes FFV1 refuse some
# odd sizes.
#
# `holds` is the worst quarter of a frame in `python -m bench.deliveries`, rounded down with 1 dB to
# spare: real footage and stills from 320x180 to 1920 wide, the same dark and under grain of 2 to 4
# per cent, and drawn textures, each against itself in the file's own layout (what thinned chroma
# costs is the layout's). The figure behind each is what was measured, over 33 pictures.
_ROWS = (
    Delivery(
        name="prores_422_hq", title="Apple ProRes 422 HQ, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("hq", 4),
        pales=True, holds=46.0,  # 47.6
    ),
    Delivery(
        name="prores_422", title="Apple ProRes 422, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("standard", 6),
        pales=True, holds=37.0,  # 38.6
    ),
    Delivery(
        name="prores_422_lt", title="Apple ProRes 422 LT, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("lt", 9),
        pales=True, holds=30.0,  # 31.9
    ),
    Delivery(
        name="prores_422_proxy", title="Apple ProRes 422 Proxy, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("proxy", 14),
        pales=True, holds=23.0,  # 24.6
    ),
    Delivery(
        name="prores_4444", title="Apple ProRes 4444 without alpha, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv444p10le", decoded="yuv444p12le",
        options=_prores("4444", 4),
        holds=45.0,  # 46.7
    ),
    Delivery(
        name="dnxhr_hqx", title="Avid DNxHR HQX, 10 bit, .mov", codec="dnxhd", container="mov",
        suffix=".mov", format="yuv422p10le", options={"profile": "dnxhr_hqx"},
        smallest=Size(width=256, height=120),
        holds=30.0,  # 31.4
    ),
    Delivery(
        name="ffv1", title="FFV1 level 3, lossless in the source's own layout, .mkv",
        codec="ffv1", container="matroska", suffix=".mkv", format=None,
        options={"level": "3", "slicecrc": "1", "g": "1"}, exact=True,
        square=True,
    ),
    Delivery(
        name="h264", title="H.264 High, 8 bit, for review, .mp4", codec="libx264",
        container="mp4", suffix=".mp4", format="yuv420p",
        options={"preset": "fast", "crf": "16", "bf": "0", "flags": "+cgop", "g": "24"},
        even=True, reel=False, holds=32.0,  # 33.4
    ),
    Delivery(
        name="hevc_main10", title="H.265 Main 10, for review of HDR, .mp4", codec="libx265",
        container="mp4", suffix=".mp4", format="yuv420p10le", tag="hvc1",
        options={
            "preset": "fast", "crf": "16",
            "x265-params": "bframes=0:open-gop=0:keyint=24:log-level=error",
        },
        even=True, reel=False, holds=33.0,  # 34.8
    ),
)  # fmt: skip

DELIVERIES: dict[str, Delivery] = {row.name: row for row in _ROWS}
"""Every delivery by name."""

DEFAULT = "prores_422_hq"


def delivery_faults(
    row: Delivery, size: Size, *, path: str, pixel_aspect: tuple[int, int] = (1, 1)
) -> tuple[Fault, ...]:
    """What keeps pictures of `size` from being delivered so: every reason, at `path`.

    `pixel_aspect` is the width to height of one pixel.
    """
    faults: list[str] = []
    if row.square and pixel_aspect[0] != pixel_aspect[1]:
        wide_too = ", ".join(r.name for r in _ROWS if not r.square)
        faults.append(
            f"the pixels are {pixel_aspect[0]}:{pixel_aspect[1]} wide, which a file of "
            f"'{row.name}' cannot say; these can: {wide_too}"
        )
    if row.even and (size.width % 2 or size.height % 2):
        odd_too = ", ".join(r.name for r in _ROWS if not r.even)
        faults.append(
            f"'{row.name}' needs an even width and height, the pictures are {size}; "
            f"these take any: {odd_too}"
        )
    if row.pales and size.width % 16 == 1:
        firm = ", ".join(r.name for r in _ROWS if not r.pales and not r.even)
        faults.append(
            f"'{row.name}' loses the colour of the last column of pictures that are {size}: "
            f"crop them to a width of {size.width - 1}; these take any: {firm}"
        )
    if size.width < row.smallest.width or size.height < row.smallest.height:
        faults.append(f"'{row.name}' starts at {row.smallest}, the pictures are {size}")
    return tuple(Fault(what=what, path=path) for what in faults)


def _validate() -> None:
    if len(DELIVERIES) != len(_ROWS):
        raise ValueError("two delivery rows have the same name")
    for row in _ROWS:
        if (
            not row.suffix.startswith(".")
            or (row.format is None) != row.exact
            or (row.holds is None) != row.exact
        ):
            raise ValueError(f"delivery row '{row.name}' is inconsistent")
    if DEFAULT not in DELIVERIES:
        raise ValueError(f"the default delivery '{DEFAULT}' has no row")


_validate()
