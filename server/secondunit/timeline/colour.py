"""From one colour space to another by OpenColorIO, and what space a file's pictures are in.

Pictures are moved in the numbers they came in, so most shots need none of this. It is for a
picture of another space than the shot's: a keyframe painted in sRGB for a shot in log, a cut from
one camera to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from secondunit.catalog.colour_spaces import (
    BY_OCIO,
    BY_TAGS,
    COLOUR_SPACES,
    CONFIGURATION,
    unknown_space,
)
from secondunit.errors import MediaUnreadable
from secondunit.timeline.layouts import FORMATS, Samples
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_light
from secondunit.timeline.shot import Home, Media
from secondunit.units import ColourTags

_KEYS = ("ayon.source.colorspace", "foundry.source.colourtransform")
"""Metadata in which AYON and Hiero name the space of a file."""


def space_named(word: str) -> str | None:
    """OpenColorIO's name of a space, by a row's name or any that OpenColorIO knows; None: none."""
    row = COLOUR_SPACES.get(word.strip().lower())
    if row is not None:
        return row.ocio
    found = _configuration().getColorSpace(word.strip()) if 0 < len(word) <= 128 else None
    if found is None or found.isData():
        return None
    return found.getName()


def space_of(media: Media) -> str | None:
    """OpenColorIO's name of the space a file is in: as somebody said, else by its tags."""
    if media.space is not None:
        return media.space
    return space_of_tags(media.colour)


def space_of_tags(colour: ColourTags) -> str | None:
    """OpenColorIO's name of the space that tags mean; None where there is none."""
    row = BY_TAGS.get((colour.transfer, colour.primaries))
    return None if row is None else row.ocio


def space_said(media: Media, word: object, metadata: Mapping[str, Any], clip: str) -> str | None:
    """The space that an edit says a file is in; None where it says none.

    `word` is said to us, and must be known; what pipelines write beside it in `metadata` may be
    words of their own. Raises MediaUnreadable.
    """
    if word is not None:
        space = space_named(word) if isinstance(word, str) else None
        if space is None:
            raise MediaUnreadable(f"'{clip}': {unknown_space(str(word))}")
        return space
    for key in _KEYS:
        word = metadata.get(key)
        space = space_named(word) if isinstance(word, str) else None
        if space is not None and not alike(space, space_of(media)):
            return space
    return None


def alike(one: str | None, other: str | None) -> bool:
    """Whether numbers of one space may stand for the other's as they are."""
    if one == other:
        return True
    rows = [BY_OCIO.get(name or "") for name in (one, other)]
    return all(row is not None and row.video for row in rows)


def brought(picture: Picture, home: Home) -> Picture:
    """A picture in the space, layout and tags of a shot. Raises MediaUnreadable."""
    rgb = np.ascontiguousarray(picture.rgb(clipped=False), np.float32)
    rgb = converted(rgb, home.source, home.space)
    if FORMATS[home.format].light:
        return picture_of_light(rgb, home.format, home.colour)
    return picture_from_rgb(rgb, home.format, home.colour)


def converted(rgb: Samples, source: str, target: str) -> Samples:
    """`h w 3` from one space to another, 1 a white surface; written over. Raises MediaUnreadable.

    Between what a camera saw and what a screen shows lies no look, only the primaries and the
    curve ("Un-tone-mapped"): the way there and back is exact.
    """
    _processor(source, target).applyRGB(rgb)
    return rgb


CODES = 4096
"""Steps between code values 0 and 1 in a `curve_of`."""


@cache
def curve_of(name: str) -> np.ndarray:
    """Light, 1 a white surface, of `CODES` + 1 evenly spaced code values 0..1 of grey in a space.

    `name`: of a row of `colour_spaces` that is a logarithm. Rising; between two of the values a
    straight line is right to a millionth. Raises MediaUnreadable.
    """
    grey = np.linspace(0, 1, CODES + 1, dtype=np.float32)
    rgb = np.ascontiguousarray(np.repeat(grey[None, :, None], 3, axis=2))
    # White stays white between primaries, so that grey's light is the same in all of them.
    return converted(rgb, COLOUR_SPACES[name].ocio, COLOUR_SPACES["acescg"].ocio)[0, :, 1].astype(
        np.float64
    )


@cache
def _processor(source: str, target: str) -> Any:
    ocio = _library()
    try:
        return _configuration().getProcessor(source, target).getDefaultCPUProcessor()
    except ocio.Exception as exc:
        raise MediaUnreadable(f"there is no way from '{source}' to '{target}': {exc}") from exc


@cache
def _configuration() -> Any:
    return _library().Config.CreateFromFile(CONFIGURATION)


@cache
def _library() -> Any:
    # Late: a server that never converts a colour starts without it.
    import PyOpenColorIO

    return PyOpenColorIO
