"""Picture: one frame in its source's own planes, and the only conversion between YUV and RGB.

Frames stay in the code values they came in, so that what must be exact can be copied. RGB
is made for engines, and YUV from RGB here only: libswscale's 10-bit white is 943 and its default
matrix is BT.601 whatever the tags say, so the arithmetic is our own (ITU-T H.273, section 8.3).
It clips floats to 0..1 too, so it never sees any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import av
import numpy as np

from secondunit.errors import MediaUnreadable
from secondunit.timeline import working
from secondunit.timeline.chroma import apart, filled, taller, thinned
from secondunit.timeline.layouts import FORMATS, PixelFormat, Plane, Samples
from secondunit.timeline.scaling import scaled
from secondunit.units import ColourTags, Size

_KR_KB = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One frame: planes in FFmpeg's order (Y Cb Cr, or G B R), each `h w`, in code values."""

    format: str
    colour: ColourTags
    planes: tuple[Plane, ...]

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        h, w = self.planes[0].shape
        return Size(width=w, height=h)

    def same_as(self, other: Picture) -> bool:
        """Bit for bit the same samples in the same layout."""
        return (
            self.format == other.format
            and self.colour == other.colour
            and all(np.array_equal(a, b) for a, b in zip(self.planes, other.planes, strict=True))
        )

    def rgb(self, *, clipped: bool = True) -> Samples:
        """`h w 3` RGB, 0..1, in the picture's own transfer (not linearised); light is `working`.

        Without `clipped`, what YUV holds above white and outside the colours of RGB stays, and
        light is light.
        """
        layout = FORMATS[self.format]
        if layout.light:
            g, b, r = self.planes
            light = np.stack([r, g, b], axis=-1).astype(np.float32)
            return working.coded(light) if clipped else light
        if layout.rgb:
            g, b, r = self.planes
            top = np.float32(2**layout.bits - 1)
            whole = np.empty((*g.shape, 3), np.float32)
            for channel, plane in enumerate((r, g, b)):
                np.divide(plane, top, out=whole[..., channel], dtype=np.float32)
            return whole
        y, cb, cr = _signal(self)
        kr, kb = _KR_KB[self.colour.matrix]
        r = y + np.float32(2 - 2 * kr) * cr
        b = y + np.float32(2 - 2 * kb) * cb
        g = (y - np.float32(kr) * r - np.float32(kb) * b) / np.float32(1 - kr - kb)
        whole = np.empty((*y.shape, 3), np.float32)
        for channel, plane in enumerate((r, g, b)):
            if clipped:
                np.clip(plane, 0, 1, out=whole[..., channel])
            else:
                whole[..., channel] = plane
        return whole

    def converted(self, format: str, colour: ColourTags) -> Picture:
        """The same picture in another layout; luma and chroma keep their values where they can.

        Only layout, depth, matrix and range change: primaries and transfer must be equal.
        """
        if (format, colour) == (self.format, self.colour):
            return self
        source, target = FORMATS[self.format], FORMATS[format]
        if source.light and target.light:
            return picture_of_light(self.rgb(clipped=False), format, colour)
        if source.rgb or target.rgb or colour.matrix != self.colour.matrix:
            return picture_from_rgb(self.rgb(), format, colour)
        if not self.colour.full_range and not colour.full_range and target.bits >= source.bits:
            return self._deepened(source, target, colour)
        y, cb, cr = _signal(self, like=target)
        return _quantised(y, cb, cr, target, colour)

    def _deepened(self, source: PixelFormat, target: PixelFormat, colour: ColourTags) -> Picture:
        """What `_signal` and `_quantised` give, in whole numbers wherever these are exact.

        Of limited range a code has in more bits the same with zeros behind it.
        """
        shift = target.bits - source.bits
        y, *chroma = (plane.astype(target.dtype) for plane in self.planes)
        planes = [y << shift if shift else y]
        same_across, same_down = source.across == target.across, source.down == target.down
        if same_across and same_down:
            planes += [c << shift if shift else c for c in chroma]
        elif same_across and source.down == 2 and shift >= 2:
            # Three quarters of one line and one of the next, and four times as many steps.
            planes += [taller(c, y.shape[0]) << (shift - 2) for c in chroma]
        else:
            scale, middle = _levels(target, colour)[2:]
            planes += [_coded(c, scale, middle, target) for c in _chroma(self, like=target)]
        return Picture(format=target.name, colour=colour, planes=tuple(planes))

    def fitted(self, size: Size) -> Picture:
        """The picture scaled (bicubic) to another size, in the same layout."""
        if size == self.size:
            return self
        if FORMATS[self.format].light:
            planes = tuple(scaled(p, size).astype(p.dtype) for p in self.planes)
            return replace(self, planes=planes)
        frame = self.frame().reformat(width=size.width, height=size.height, interpolation="BICUBIC")
        return picture_of_frame(frame, colour=self.colour)

    def frame(self) -> av.VideoFrame:
        """A PyAV frame with the same samples and tags."""
        size = self.size
        frame = av.VideoFrame(size.width, size.height, self.format)
        fill_planes(frame, self.planes)
        tag_frame(frame, self.colour)
        return frame


def fill_planes(frame: av.VideoFrame, planes: Sequence[Plane]) -> None:
    """Write the samples of every plane of a planar frame, in its own order; alpha is the last."""
    for plane, data in zip(frame.planes, planes, strict=True):
        row = data.shape[1] * data.itemsize
        if plane.line_size == row:
            # Any buffer will do, whatever PyAV's types say; a copy of a large picture takes time.
            plane.update(cast(bytes, np.ascontiguousarray(data).data.cast("B")))
        else:
            padded = np.zeros((data.shape[0], plane.line_size), np.uint8)
            padded[:, :row] = np.ascontiguousarray(data).view(np.uint8)
            plane.update(padded.tobytes())


# FFmpeg's numbers for the words of ColourTags (AVColorPrimaries and its kin).
_PRIMARIES = {"bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020": 9,
              "smpte431": 11, "smpte432": 12}  # fmt: skip
_TRANSFER = {"bt709": 1, "gamma22": 4, "gamma28": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8,
             "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16,
             "arib-std-b67": 18}  # fmt: skip
_UNSAID, _LINEAR = 2, 8
_WITHOUT_NUMBER = ("ACES2065-1", "ACEScg", "unknown")
"""Primaries that H.273 has no number for."""
_MATRIX = {"gbr": 0, "bt709": 1, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020nc": 9}


def colour_numbers(colour: ColourTags) -> tuple[int, int, int, int]:
    """FFmpeg's (primaries, transfer, matrix, range) numbers; range is 1 limited, 2 full."""
    return (
        _UNSAID if colour.primaries in _WITHOUT_NUMBER else _PRIMARIES[colour.primaries],
        _TRANSFER[colour.transfer],
        _MATRIX[colour.matrix],
        2 if colour.full_range else 1,
    )


def tag_frame(frame: av.VideoFrame, colour: ColourTags) -> None:
    """Write the tags on a frame; no sample changes."""
    primaries, transfer, matrix, range_ = colour_numbers(colour)
    frame.color_primaries, frame.color_trc = primaries, transfer
    frame.colorspace, frame.color_range = matrix, range_


def colour_of_numbers(
    primaries: int, transfer: int, matrix: int, range_: int, *, size: Size, rgb: bool
) -> ColourTags:
    """ColourTags of FFmpeg's numbers; what a file leaves unsaid is assumed as players do.

    Untagged YUV is taken as BT.601 below 720 lines and BT.709 from there on, limited range.
    """
    words = [
        {number: word for word, number in table.items()}
        for table in (_PRIMARIES, _TRANSFER, _MATRIX)
    ]
    if rgb:
        return ColourTags(
            primaries=words[0].get(primaries, "bt709"),
            transfer=words[1].get(transfer, "iec61966-2-1"),
            matrix="gbr",
            full_range=True,
        )
    assumed = "bt709" if size.height >= 720 else "smpte170m"
    said = words[2].get(matrix, assumed)
    if said == "gbr":
        said = assumed
    kin = {"bt2020nc": "bt2020"}.get(said, said)
    curve = {"bt2020nc": "bt2020-10", "bt470bg": "bt709"}.get(said, said)
    return ColourTags(
        primaries=words[0].get(primaries, kin),
        transfer=words[1].get(transfer, curve),
        matrix=said,
        full_range=range_ == 2,
    )


def picture_of_frame(frame: av.VideoFrame, *, colour: ColourTags | None = None) -> Picture:
    """The Picture of a decoded frame; layouts we do not keep are brought to the nearest we do.

    The nearest loses nothing but alpha: packed RGB becomes planar, nv12 too, and grey gets colour
    planes without colour.
    """
    name = frame.format.name
    if name in _LIGHT:
        return _of_light(frame, colour)
    if name in _GREYS:
        return _of_grey(frame, colour)
    full = name.startswith("yuvj") or int(frame.color_range) == 2
    name = name.replace("yuvj", "yuv")
    if name not in FORMATS:
        name = _NEAREST.get(name) or _nearest(frame)
    if name != frame.format.name and not frame.format.name.startswith("yuvj"):
        frame = frame.reformat(format=name)
    layout = FORMATS[name]
    size = Size(width=frame.width, height=frame.height)
    if colour is None:
        colour = colour_of_numbers(
            int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace),
            2 if full else 1, size=size, rgb=layout.rgb,
        )  # fmt: skip
    return Picture(format=name, colour=colour, planes=planes_of(frame, layout)[:3])


def planes_of(frame: av.VideoFrame, layout: PixelFormat) -> tuple[Plane, ...]:
    """A copy of every plane of a planar frame, alpha too, with the sample type of `layout`."""
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        row = rows[: plane.height, : plane.width * layout.dtype.itemsize]
        planes.append(np.array(row, order="C").view(layout.dtype))
    return tuple(planes)


_GREYS = {"gray": "yuv420p", "gray10le": "yuv420p10le", "gray12le": "yuv420p12le",
          "gray16le": "yuv420p16le"}  # fmt: skip


def _of_grey(frame: av.VideoFrame, colour: ColourTags | None) -> Picture:
    # swscale takes all grey as full range, whatever its tags say; untagged grey is that indeed.
    layout = FORMATS[_GREYS[frame.format.name]]
    (grey,) = planes_of(frame, layout)
    size = Size(width=frame.width, height=frame.height)
    if colour is None:
        colour = colour_of_numbers(
            int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace),
            1 if int(frame.color_range) == 1 else 2, size=size, rgb=False,
        )  # fmt: skip
    thin = np.full(
        (-(-size.height // layout.down), -(-size.width // layout.across)),
        2 ** (layout.bits - 1), layout.dtype,
    )  # fmt: skip
    return Picture(format=layout.name, colour=colour, planes=(grey, thin, thin.copy()))


_LIGHT = {"gbrpf16le": "gbrpf16le", "gbrapf16le": "gbrpf16le", "grayf16le": "gbrpf16le",
          "gbrpf32le": "gbrpf32le", "gbrapf32le": "gbrpf32le",
          "grayf32le": "gbrpf32le"}  # fmt: skip
"""Layouts of floating point, and what they are kept in: without alpha, grey as three planes."""


def _of_light(frame: av.VideoFrame, colour: ColourTags | None) -> Picture:
    layout = FORMATS[_LIGHT[frame.format.name]]
    planes = planes_of(frame, layout)
    if frame.format.name.startswith("gray"):
        planes = tuple(plane.copy() for plane in planes * 3)
    if colour is None:
        said = int(frame.color_trc)
        colour = colour_of_numbers(
            int(frame.color_primaries), said if said in _TRANSFER.values() else _LINEAR, 0, 2,
            size=Size(width=frame.width, height=frame.height), rgb=True,
        )  # fmt: skip
    return Picture(format=layout.name, colour=colour, planes=tuple(_finite(p) for p in planes[:3]))


def _finite(plane: Plane) -> Plane:
    # Renderers leave NaN and infinity in pixels; one of them would spread with everything that
    # is moved, and would not even equal itself.
    if np.isfinite(plane).all():
        return plane
    most = float(np.finfo(np.float16).max)
    return np.nan_to_num(plane, nan=0.0, posinf=most, neginf=-most)


_NEAREST = {
    "nv12": "yuv420p", "nv21": "yuv420p", "p010le": "yuv420p10le", "yuyv422": "yuv422p",
    "uyvy422": "yuv422p", "yuv411p": "yuv422p", "yuv410p": "yuv420p", "yuv440p": "yuv444p",
}  # fmt: skip


def _nearest(frame: av.VideoFrame) -> str:
    without_alpha = frame.format.name.replace("yuva", "yuv").replace("gbrap", "gbrp")
    if without_alpha in FORMATS:
        return without_alpha
    if "f16" in without_alpha or "f32" in without_alpha:  # swscale would cut it to 0..1
        raise MediaUnreadable(f"light in the layout '{frame.format.name}' is not read")
    deepest = max(c.bits for c in frame.format.components)
    return "gbrp" if deepest <= 8 else "gbrp16le"


def picture_from_rgb(rgb: Samples, format: str, colour: ColourTags) -> Picture:
    """A Picture of `h w 3` RGB (0..1, in the transfer that `colour` names). The one RGB to YUV.

    Of light, `rgb` is in its working space.
    """
    layout = FORMATS[format]
    if layout.light:
        return picture_of_light(working.light(rgb), format, colour)
    rgb = np.clip(rgb, 0, 1)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    if layout.rgb:
        top = np.float32(2**layout.bits - 1)
        planes = tuple(np.rint(c * top).astype(layout.dtype) for c in (g, b, r))
        return Picture(
            format=format, planes=planes, colour=replace(colour, matrix="gbr", full_range=True)
        )
    kr, kb = _KR_KB[colour.matrix]
    y = np.float32(kr) * r + np.float32(1 - kr - kb) * g + np.float32(kb) * b
    cb = thinned((b - y) / np.float32(2 - 2 * kb), layout)
    cr = thinned((r - y) / np.float32(2 - 2 * kr), layout)
    return _quantised(y, cb, cr, layout, colour)


def picture_of_light(light: Samples, format: str, colour: ColourTags) -> Picture:
    """A Picture of scene-linear `h w 3`, as far as a float of the layout's depth reaches."""
    layout = FORMATS[format]
    most = float(np.finfo(layout.dtype).max)
    planes = tuple(np.clip(light[..., c], -most, most).astype(layout.dtype) for c in (1, 2, 0))
    return Picture(
        format=format, planes=planes, colour=replace(colour, matrix="gbr", full_range=True)
    )


def _quantised(
    y: Samples, cb: Samples, cr: Samples,
    layout: PixelFormat, colour: ColourTags,
) -> Picture:  # fmt: skip
    """Planes of luma 0..1 and chroma -0.5..0.5 (H.273 equations 22 to 27)."""
    scale_y, offset_y, scale_c, middle = _levels(layout, colour)
    planes = (
        _coded(y, scale_y, offset_y, layout),
        _coded(cb, scale_c, middle, layout),
        _coded(cr, scale_c, middle, layout),
    )
    return Picture(format=layout.name, colour=colour, planes=planes)


def _levels(layout: PixelFormat, colour: ColourTags) -> tuple[int, int, int, int]:
    """(steps from black to white, black, steps of chroma, no colour), in code values."""
    middle = 2 ** (layout.bits - 1)
    if colour.full_range:
        return 2 * middle - 1, 0, 2 * middle - 1, middle
    unit = 2 ** (layout.bits - 8)
    return 219 * unit, 16 * unit, 224 * unit, middle


def _coded(values: Samples, scale: int, offset: int, layout: PixelFormat) -> Plane:
    codes = values * np.float32(scale)
    codes += np.float32(offset)
    np.rint(codes, out=codes)
    np.clip(codes, 0, 2**layout.bits - 1, out=codes)
    return codes.astype(layout.dtype)


def _signal(picture: Picture, like: PixelFormat | None = None) -> tuple[Samples, Samples, Samples]:
    """Luma 0..1 and chroma -0.5..0.5, chroma at full size or thinned like `like`."""
    scale_y, offset_y = _levels(FORMATS[picture.format], picture.colour)[:2]
    y = (picture.planes[0].astype(np.float32) - offset_y) / np.float32(scale_y)
    return y, *_chroma(picture, like)


def _chroma(picture: Picture, like: PixelFormat | None = None) -> tuple[Samples, Samples]:
    """Chroma -0.5..0.5 at full size or thinned like `like`."""
    layout, shape = FORMATS[picture.format], picture.planes[0].shape
    scale_c, middle = _levels(layout, picture.colour)[2:]
    chroma = []
    for plane in picture.planes[1:]:
        c = (plane.astype(np.float32) - middle) / np.float32(scale_c)
        if like is None or (like.across, like.down) != (layout.across, layout.down):
            # Only across or down, where only that differs: there and back again would blur.
            both = like or PixelFormat(name="", bits=layout.bits)
            fill, thin = apart(layout, both), apart(both, layout)
            c = thinned(filled(c, fill, shape), thin)
        chroma.append(c)
    return chroma[0], chroma[1]
