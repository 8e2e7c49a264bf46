"""The table of deliveries: codec, container, layout and encoder settings of every clip we return."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    options: dict[str, str] = field(default_factory=dict)
    """Encoder options."""
    tag: str | None = None
    """Codec tag to force (hvc1)."""
    even: bool = False
    """Width and height must be even."""
    exact: bool = False
    """Decoding gives back the very samples that went in."""
    reel: bool = True
    """The container keeps the reel name."""


# Figures and traps behind these options: fixed qscale is ten times faster than prores_ks' rate
# control and better; B-frames would shift the edit list; mkv keeps no reel.
_ROWS = (
    Delivery(
        name="prores_422_hq", title="Apple ProRes 422 HQ, 10 bit, .mov", codec="prores_ks",
        container="mov", suffix=".mov", format="yuv422p10le",
        options={"profile": "hq", "vendor": "apl0", "flags": "+qscale", "global_quality": "472"},
    ),
    Delivery(
        name="ffv1", title="FFV1 level 3, lossless in the source's own layout, .mkv",
        codec="ffv1", container="matroska", suffix=".mkv", format=None,
        options={"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}, exact=True, reel=False,
    ),
    Delivery(
        name="h264", title="H.264 High, 8 bit, for review, .mp4", codec="libx264",
        container="mp4", suffix=".mp4", format="yuv420p",
        options={"preset": "fast", "crf": "16", "bf": "0", "flags": "+cgop", "g": "24"},
        even=True, reel=False,
    ),
)  # fmt: skip

DELIVERIES: dict[str, Delivery] = {row.name: row for row in _ROWS}
"""Every delivery by name."""

DEFAULT = "prores_422_hq"


def _validate() -> None:
    for row in _ROWS:
        if not row.suffix.startswith(".") or (row.format is None) != row.exact:
            raise ValueError(f"delivery row '{row.name}' is inconsistent")
    if DEFAULT not in DELIVERIES:
        raise ValueError(f"the default delivery '{DEFAULT}' has no row")


_validate()
