"""The table of deliveries: codec, container, layout and encoder settings of what we return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from secondunit.errors import Fault
from secondunit.units import ColourTags, Rate, Size

_SMALLEST = Size(width=16, height=16)
FIRST_FRAME = 1001
"""Number of the first file of every sequence: 1000 is the slate, and handles need no minus."""
SEQUENCE = "sequence"
"""In the place of a muxer: a folder of numbered files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row: how finished frames become a file."""

    name: str
    """Stable: scripts and requests use it."""
    title: str
    codec: str
    """FFmpeg's encoder; of EXR and DPX the decoder that reads back what we write ourselves."""
    container: str
    """FFmpeg's muxer, or `SEQUENCE`."""
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
    """Nothing is converted, and decoding gives back the very samples that went in."""
    lossless: bool = False
    """Pictures are brought to the row's layout, and decoding gives back those very samples."""
    holds: float | None = None
    """Least PSNR in dB (RGB, one frame) that pictures keep through a lossy codec; None: exact."""
    reel: bool = True
    """The container keeps the reel name."""
    square: bool = False
    """The file cannot say that its pixels are not square."""
    clock: bool = True
    """The file keeps timecode."""
    sound: Literal["inside", "beside"] | None = None
    """Where PCM goes: into the file, or into a .wav with the pictures; None: nowhere."""
    alpha: bool = False
    """An alpha channel says which pixels were made: 1 may have changed, 0 is the source's own."""
    rates: tuple[Rate, ...] = ()
    """All that the container knows; empty: any."""
    mastered: bool = False
    """Every group of frames says how light the pictures get, and on what they are to be seen."""
    transfer: str | None = None
    """The one transfer characteristic it is for (a word of ColourTags); None: any."""
    light: Literal["ACES2065-1", "ACEScg"] | None = None
    """Scene-linear light in these primaries, as half floats, instead of code values."""

    @property
    def sequence(self) -> bool:
        """A take is a folder of numbered files."""
        return self.container == SEQUENCE

    @property
    def demuxer(self) -> str:
        """FFmpeg's name of what reads a file of it, for `format_whitelist`."""
        return {"mp4": "mov", SEQUENCE: f"{self.codec}_pipe"}.get(self.container, self.container)

    def name_of(self, stem: str) -> str:
        """Of the file, or of the folder."""
        return stem if self.sequence else f"{stem}{self.suffix}"


def frame_name(stem: str, number: int, suffix: str) -> str:
    """Of picture `number`, counted from 0, of a sequence: `stem.1001.exr`, as facilities ask."""
    return f"{stem}.{FIRST_FRAME + number:04d}{suffix}"


def stem_of(take: Path) -> str:
    """The name that a take's record and pictures share: of a folder all of it, dots too."""
    return take.name if take.is_dir() else take.stem


def _prores(profile: str, quantiser: int) -> dict[str, str]:
    # Fixed quantiser: ten times faster than prores_ks' rate control, and better (118 = one step).
    return {
        "profile": profile,
        "vendor": "apl0",
        "flags": "+qscale",
        "global_quality": str(quantiser * 118),
    }


# SMPTE ST 326's content packages, as FFmpeg's MXF muxer knows them; at others it fails.
_MXF_RATES = tuple(
    Rate(num=n * scale, den=den)
    for n in (24, 25, 30, 48, 50, 60)
    for scale, den in ((1, 1), (1000, 1001))
    if den == 1 or n not in (25, 50)
)
_HDR10 = "hdr10=1:repeat-headers=1:"
"""What the pictures' light adds to it, `encode.levels` knows."""
_LEFT = {"chroma_sample_location": "left"}
"""As `picture` thins chroma."""


def _dnxhr(
    name: str, title: str, format: str, holds: float, *, in_mxf: str | None = None
) -> tuple[Delivery, Delivery]:  # fmt: skip
    """A profile in both of its containers; `in_mxf` is the layout there, where it is another."""
    mov = Delivery(
        name=name, title=f"Avid DNxHR {title}, .mov", codec="dnxhd", container="mov",
        suffix=".mov", format=format, options={"profile": name},
        smallest=Size(width=256, height=120), holds=holds, sound="inside",
    )  # fmt: skip
    return mov, replace(
        mov, name=f"{name}_mxf", title=f"Avid DNxHR {title}, MXF OP1a", container="mxf",
        suffix=".mxf", rates=_MXF_RATES, format=in_mxf or format,
    )  # fmt: skip


def _hevc(name: str, title: str, params: str, transfer: str | None) -> Delivery:
    return Delivery(
        name=name, title=f"H.265 Main 10, {title}, .mp4", codec="libx265", container="mp4",
        suffix=".mp4", format="yuv420p10le", tag="hvc1",
        options={
            "preset": "fast", "crf": "16",
            "x265-params": f"{params}bframes=0:open-gop=0:keyint=24:log-level=error",
            **_LEFT,
        },
        even=True, reel=False, holds=33.0,  # 34.8
        transfer=transfer, mastered=transfer == "smpte2084",
    )  # fmt: skip


def _with_alpha(row: Delivery) -> Delivery:
    return replace(
        row, name=f"{row.name}_alpha", title=f"{row.title}, with alpha of what was made", alpha=True
    )  # fmt: skip


def _exr(name: str, space: Literal["ACES2065-1", "ACEScg"]) -> Delivery:
    return Delivery(
        name=name, title=f"OpenEXR, half, scene-linear {space}, zip, numbered from {FIRST_FRAME}",
        codec="exr", container=SEQUENCE, suffix=".exr", format="gbrp16le", light=space,
        sound="beside",
        holds=35.0,  # 36.4: PQ next to black; 61 and more elsewhere
    )  # fmt: skip


_H264 = Delivery(
    name="h264", title="H.264 High, 8 bit, for review, .mp4", codec="libx264",
    container="mp4", suffix=".mp4", format="yuv420p",
    options={"preset": "fast", "crf": "16", "bf": "0", "flags": "+cgop", "g": "24", **_LEFT},
    even=True, reel=False, holds=32.0,  # 33.4
)  # fmt: skip
_PNG = Delivery(
    name="png", title=f"PNG, RGB, 16 bit, numbered from {FIRST_FRAME}", codec="png",
    container=SEQUENCE, suffix=".png", format="gbrp16le", lossless=True, sound="beside",
    holds=45.0, reel=False, clock=False,
)  # fmt: skip

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
        pales=True, sound="inside", holds=46.0,  # 47.6
    ),
    Delivery(
        name="prores_422", title="Apple ProRes 422, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("standard", 6),
        pales=True, sound="inside", holds=37.0,  # 38.6
    ),
    Delivery(
        name="prores_422_lt", title="Apple ProRes 422 LT, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("lt", 9),
        pales=True, sound="inside", holds=30.0,  # 31.9
    ),
    Delivery(
        name="prores_422_proxy", title="Apple ProRes 422 Proxy, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le", options=_prores("proxy", 14),
        pales=True, sound="inside", holds=23.0,  # 24.6
    ),
    Delivery(
        name="prores_4444", title="Apple ProRes 4444 without alpha, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv444p10le", decoded="yuv444p12le",
        options=_prores("4444", 4), sound="inside",
        holds=45.0,  # 46.7
    ),
    Delivery(
        name="prores_4444_alpha", title="Apple ProRes 4444 with alpha of what was made, .mov",
        codec="prores_ks", container="mov", suffix=".mov", format="yuv444p10le",
        decoded="yuv444p12le", options=_prores("4444", 4) | {"alpha_bits": "16"}, alpha=True,
        holds=45.0, sound="inside",  # 46.7
    ),
    *_dnxhr("dnxhr_lb", "LB, 8 bit", "yuv422p", 20.0),  # 21.8
    *_dnxhr("dnxhr_sq", "SQ, 8 bit", "yuv422p", 25.0),  # 26.8
    *_dnxhr("dnxhr_hq", "HQ, 8 bit", "yuv422p", 30.0),  # 31.5
    *_dnxhr("dnxhr_hqx", "HQX, 10 bit", "yuv422p10le", 30.0),  # 31.4
    # FFmpeg's MXF says of every DNxHR 444 that it is RGB: so it is.
    *_dnxhr("dnxhr_444", "444, 10 bit", "yuv444p10le", 30.0, in_mxf="gbrp10le"),  # 31.6
    Delivery(
        name="ffv1", title="FFV1 level 3, lossless in the source's own layout, .mkv",
        codec="ffv1", container="matroska", suffix=".mkv", format=None,
        options={"level": "3", "slicecrc": "1", "g": "1"}, exact=True,
        square=True, sound="inside",
    ),
    _H264,
    replace(
        _H264, name="h264_mov", title="H.264 High, 8 bit, for review, with sound, .mov",
        container="mov", suffix=".mov", reel=True, sound="inside",
    ),
    _hevc("hevc_main10", "for review in the source's own colour", "chromaloc=0:", None),
    _hevc("hevc_main10_pq", "HDR10 (PQ)", f"chromaloc=0:{_HDR10}", "smpte2084"),
    _hevc("hevc_main10_hlg", "HDR (HLG)", "chromaloc=0:", "arib-std-b67"),
    _exr("exr_half", "ACES2065-1"),
    _with_alpha(_exr("exr_half", "ACES2065-1")),
    _exr("exr_half_acescg", "ACEScg"),
    _with_alpha(_exr("exr_half_acescg", "ACEScg")),
    Delivery(
        name="dpx", title=f"DPX, RGB, 10 bit, numbered from {FIRST_FRAME}", codec="dpx",
        container=SEQUENCE, suffix=".dpx", format="gbrp10le", lossless=True, sound="beside",
        holds=45.0,  # the colour of a neighbour may reach a pixel as RGB is made of thinned chroma
    ),
    _PNG,
    _with_alpha(_PNG),
)  # fmt: skip

DELIVERIES: dict[str, Delivery] = {row.name: row for row in _ROWS}
"""Every delivery by name."""

DEFAULT = "prores_422_hq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a file must hold."""

    size: Size
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width to height of one pixel."""
    rate: Rate | None = None
    """None: whatever the container knows."""
    colour: ColourTags | None = None
    """None: whatever the row is for."""
    sound: bool = False
    alpha: bool = False


def delivery_faults(row: Delivery, wanted: Wanted, *, path: str) -> tuple[Fault, ...]:
    """What keeps pictures from being delivered so: every reason, at `path`.

    Each names the deliveries that can hold what this one cannot.
    """
    return tuple(
        Fault(what=f"{what}; {_these(name, wanted)}", path=path)
        for name, what in _reasons(row, wanted)
    )


def _reasons(row: Delivery, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """(what of it, in words) is beyond a row."""
    size, (wide, high) = wanted.size, wanted.pixel_aspect
    if row.square and wide != high:
        yield (
            "aspect",
            (f"the pixels are {wide}:{high} wide, which a file of '{row.name}' cannot say"),
        )
    if row.even and (size.width % 2 or size.height % 2):
        yield "size", f"'{row.name}' needs an even width and height, the pictures are {size}"
    if row.pales and size.width % 16 == 1:
        yield (
            "size",
            (
                f"'{row.name}' loses the colour of the last column of pictures that are {size}: "
                f"crop them to a width of {size.width - 1}"
            ),
        )
    if size.width < row.smallest.width or size.height < row.smallest.height:
        yield "size", f"'{row.name}' starts at {row.smallest}, the pictures are {size}"
    if row.rates and wanted.rate is not None and wanted.rate not in row.rates:
        known = ", ".join(map(str, row.rates))
        yield "rate", f"MXF knows no {wanted.rate} frames per second, only {known}"
    if row.transfer and wanted.colour is not None and wanted.colour.transfer != row.transfer:
        yield (
            "transfer",
            (
                f"'{row.name}' is for pictures in {row.transfer}, these are in "
                f"{wanted.colour.transfer}, and no delivery grades them"
            ),
        )
    if wanted.sound and row.sound is None:
        yield "sound", f"a {row.suffix} file of '{row.name}' holds no PCM for `audio: keep`"
    if wanted.alpha and not row.alpha:
        yield "alpha", f"'{row.name}' holds no alpha"


def _these(name: str, wanted: Wanted) -> str:
    """The deliveries that can hold it all, or else at least what is named."""
    whole = [row.name for row in _ROWS if not any(_reasons(row, wanted))]
    part = [row.name for row in _ROWS if name not in dict(_reasons(row, wanted))]
    named = whole or part
    return f"these can: {', '.join(named)}" if named else "no delivery can"


def _validate() -> None:
    if len(DELIVERIES) != len(_ROWS):
        raise ValueError("two delivery rows have the same name")
    for row in _ROWS:
        if (
            not row.suffix.startswith(".")
            or (row.format is None) != row.exact
            or (row.holds is None) != row.exact
            or (row.sound == "beside") != row.sequence
        ):
            raise ValueError(f"delivery row '{row.name}' is inconsistent")
    if DEFAULT not in DELIVERIES:
        raise ValueError(f"the default delivery '{DEFAULT}' has no row")


_validate()
