"""The table of colour spaces: the words by which requests name them, and OpenColorIO's names.

The definitions are those of OpenColorIO's built-in studio configuration, which follow the cameras'
makers and the Academy; nothing of them is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

CONFIGURATION = "ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6"
"""One release and no `latest`: the same plan must give the same picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSpace:
    """One row."""

    name: str
    """Stable: requests use it."""
    ocio: str
    """OpenColorIO's name, which plans have."""
    light: bool = False
    """Scene-linear."""
    log: bool = False
    """A camera's or a grade's logarithm of light, which no tag of a file says."""
    tags: tuple[tuple[str, str], ...] = ()
    """(transfer, primaries) of `ColourTags` that say the same."""
    video: bool = False
    """What is shown on a screen for SDR as it is: editors lay such pictures side by side without a
    conversion, whatever their exact curve."""


_VIDEO = (
    "bt709", "smpte170m", "smpte240m", "bt2020-10", "bt2020-12", "gamma22", "gamma28",
    "iec61966-2-1",
)  # fmt: skip

_ROWS = (
    ColourSpace(name="aces2065-1", ocio="ACES2065-1", light=True,
                tags=(("linear", "ACES2065-1"),)),
    ColourSpace(name="acescg", ocio="ACEScg", light=True, tags=(("linear", "ACEScg"),)),
    ColourSpace(name="acescct", ocio="ACEScct", log=True),
    ColourSpace(name="acescc", ocio="ACEScc", log=True),
    ColourSpace(name="arri-logc3", ocio="ARRI LogC3 (EI800)", log=True),
    ColourSpace(name="arri-logc4", ocio="ARRI LogC4", log=True),
    ColourSpace(name="slog3-sgamut3", ocio="S-Log3 S-Gamut3", log=True),
    ColourSpace(name="slog3-sgamut3cine", ocio="S-Log3 S-Gamut3.Cine", log=True),
    ColourSpace(name="slog3-venice-sgamut3", ocio="S-Log3 Venice S-Gamut3", log=True),
    ColourSpace(name="slog3-venice-sgamut3cine", ocio="S-Log3 Venice S-Gamut3.Cine", log=True),
    ColourSpace(name="canonlog2", ocio="CanonLog2 CinemaGamut D55", log=True),
    ColourSpace(name="canonlog3", ocio="CanonLog3 CinemaGamut D55", log=True),
    ColourSpace(name="redlog3g10", ocio="Log3G10 REDWideGamutRGB", log=True),
    ColourSpace(name="vlog", ocio="V-Log V-Gamut", log=True),
    ColourSpace(name="applelog", ocio="Apple Log", log=True),
    ColourSpace(name="bmdfilm-gen5", ocio="BMDFilm WideGamut Gen5", log=True),
    ColourSpace(name="davinci-intermediate", ocio="DaVinci Intermediate WideGamut", log=True),
    ColourSpace(name="dlog", ocio="D-Log D-Gamut", log=True),
    ColourSpace(name="linear-rec709", ocio="Linear Rec.709 (sRGB)", light=True,
                tags=(("linear", "bt709"),)),
    ColourSpace(name="linear-rec2020", ocio="Linear Rec.2020", light=True,
                tags=(("linear", "bt2020"),)),
    ColourSpace(name="linear-p3d65", ocio="Linear P3-D65", light=True,
                tags=(("linear", "smpte432"),)),
    ColourSpace(name="srgb", ocio="sRGB Encoded Rec.709 (sRGB)", video=True,
                tags=(("iec61966-2-1", "bt709"),)),
    ColourSpace(name="rec709", ocio="Camera Rec.709", video=True,
                tags=tuple((curve, "bt709") for curve in _VIDEO if curve != "iec61966-2-1")),
    ColourSpace(name="pq", ocio="Rec.2100-PQ - Display", tags=(("smpte2084", "bt2020"),)),
    ColourSpace(name="hlg", ocio="Rec.2100-HLG - Display", tags=(("arib-std-b67", "bt2020"),)),
)  # fmt: skip

COLOUR_SPACES: dict[str, ColourSpace] = {row.name: row for row in _ROWS}
"""Every named colour space by the requests' word."""

BY_TAGS: dict[tuple[str, str], ColourSpace] = {
    tags: row for row in _ROWS for tags in row.tags
}  # fmt: skip
"""The space that a file's own (transfer, primaries) mean."""

BY_OCIO: dict[str, ColourSpace] = {row.ocio: row for row in _ROWS}
"""The rows by OpenColorIO's names."""


def unknown_space(word: str) -> str:
    """What to say of a colour space that nobody knows."""
    near = get_close_matches(word.lower(), COLOUR_SPACES, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"no colour space '{word}': {hint}the names are {', '.join(COLOUR_SPACES)}, and those of "
        "OpenColorIO's studio configuration"
    )


def _validate() -> None:
    if len(COLOUR_SPACES) != len(_ROWS) or len(BY_OCIO) != len(_ROWS):
        raise ValueError("two colour spaces have the same name")
    if any(row.log == bool(row.light or row.video or row.tags) for row in _ROWS):
        raise ValueError("a colour space is light, has tags, or is a logarithm")
    if len(BY_TAGS) != sum(len(row.tags) for row in _ROWS):
        raise ValueError("two colour spaces have the same tags")


_validate()
