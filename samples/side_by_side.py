"""One picture of an edit before and after: what was missing, what came, and the frames around it.

python samples/side_by_side.py samples/bridge.otio demo/bridge.gen.otio --out demo/bridge.png
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import cv2
import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from secondunit.config import Config
from secondunit.engine.camera import homography
from secondunit.timeline import frames, media
from secondunit.timeline.select import Edit, find_shots
from secondunit.timeline.shot import Media, Shot
from secondunit.units import Rate, timecode

Pixels = NDArray[np.uint8]
"""`h w 3` RGB."""
Drawing = NDArray[Any]
"""`h w 3` RGB, 0..255, while lines are drawn on it."""

GROUND, PANEL, LINE = (17, 18, 20), (27, 29, 32), (58, 61, 66)
TEXT, QUIET, ACCENT = (236, 233, 226), (150, 150, 148), (244, 166, 60)
COLUMNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A canvas with its measures; everything scales with the width."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    unit: float
    """Pixels of one thousandth of the width."""

    def at(self, value: float) -> int:
        """Thousandths of the width in pixels."""
        return round(value * self.unit)

    def write(
        self, x: float, y: float, text: str, size: float, colour: tuple[int, int, int] = TEXT,
        anchor: str = "ls",
    ) -> None:  # fmt: skip
        """Text with its baseline at (x, y)."""
        font = ImageFont.load_default(max(self.at(size), 8))
        self.draw.text((self.at(x), self.at(y)), text, font=font, fill=colour, anchor=anchor)

    def lay(self, pixels: Pixels, x: float, y: float, wide: float) -> float:
        """Lay a picture, `wide` thousandths across; returns its height in thousandths."""
        w = self.at(wide)
        h = round(w * pixels.shape[0] / pixels.shape[1])
        small = cv2.resize(pixels, (w, h), interpolation=cv2.INTER_AREA)
        self.image.paste(Image.fromarray(small), (self.at(x), self.at(y)))
        return h / self.unit

    def frame(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        colour: tuple[int, int, int],
        thick: float,
    ) -> None:
        """An outline just outside a box."""
        t = max(self.at(thick), 1)
        box = (self.at(x) - t, self.at(y) - t, self.at(x + wide) + t - 1, self.at(y + high) + t - 1)
        self.draw.rectangle(box, outline=colour, width=t)


class Cut:
    """A timeline that can be looked at, frame by frame."""

    def __init__(self, path: Path, rate: Rate) -> None:
        self._folder = path.parent
        self._timeline = otio.adapters.read_from_file(str(path))
        assert isinstance(self._timeline, otio.schema.Timeline)
        self._rate = rate
        self._config = Config.from_environment()

    def items(self) -> list[tuple[str, int, int, str]]:
        """(kind, first frame, frames, name) of the lowest video track's items, in order."""
        found = []
        track = self._timeline.video_tracks()[0]
        for item in track:
            span = item.trimmed_range_in_parent()
            kind = "gap" if isinstance(item, otio.schema.Gap) else "clip"
            found.append(
                (kind, self._frame(span.start_time), self._frame(span.duration), item.name)
            )
        return found

    def picture(self, frame: int) -> Pixels | None:
        """What stands on top at a frame, or None where nothing does."""
        for track in reversed(self._timeline.video_tracks()):
            for item in track:
                span = item.trimmed_range_in_parent()
                first, count = self._frame(span.start_time), self._frame(span.duration)
                if not (isinstance(item, otio.schema.Clip) and first <= frame < first + count):
                    continue
                return self._decoded(item, frame - first)
        return None

    def _decoded(self, clip: otio.schema.Clip, offset: int) -> Pixels:
        reference = clip.media_reference
        assert isinstance(reference, otio.schema.ExternalReference)
        source = media.probe(self._folder / unquote(reference.target_url), self._config)
        index = 0
        if not source.still:
            shown = clip.trimmed_range().start_time - clip.available_range().start_time
            index = self._frame(shown) + offset
        picture = frames.decode(source, [index])[index]
        return np.rint(picture.rgb() * 255).astype(np.uint8)

    def _frame(self, time: otio.opentime.RationalTime) -> int:
        return round(time.value * float(self._rate) / time.rate)


def main(arguments: list[str] | None = None) -> int:
    """Draw the picture; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="the timeline as it was cut")
    parser.add_argument("after", type=Path, help="the timeline that was rendered from it")
    parser.add_argument("--out", type=Path, required=True, help="the PNG to write")
    parser.add_argument("--width", type=int, default=2000, help="of the PNG, pixels")
    given = parser.parse_args(arguments)
    edit = find_shots(given.before, config=Config.from_environment())
    if not edit.shots:
        parser.error(f"{given.before} asks for no shot: {'; '.join(map(str, edit.faults))}")
    shot = edit.shots[0]
    before, after = Cut(given.before, edit.rate), Cut(given.after, edit.rate)
    if shot.still is None:
        image = strips(edit, shot, before, after, given.width)
    else:
        image = still(edit, shot, before, after, given.width)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    image.save(given.out, optimize=True)
    print(f"Before and after: {given.out}")
    return 0


def strips(edit: Edit, shot: Shot, before: Cut, after: Cut, width: int) -> Image.Image:
    """A gap or a clip that was too short: two strips of frames, one above the other."""
    first, count = shot.record.start, shot.record.frames
    if shot.after is not None and shot.before is not None:
        apart = min(20, count)
        inner = (first + round(count * share) for share in (0.25, 0.5, 0.75))
        times = [first - apart, *inner, first + count + apart - 1]
    elif shot.before is not None:
        times = [
            first - 12,
            first - 1,
            first + count // 3,
            first + count * 2 // 3,
            first + count - 1,
        ]
    else:
        times = [
            first,
            first + count // 3,
            first + count * 2 // 3,
            first + count,
            first + count + 12,
        ]
    if shot.footage is not None:
        times = [first + round((count - 1) * share) for share in (0, 0.25, 0.5, 0.75, 1)]
    old, new = [before.picture(t) for t in times], [after.picture(t) for t in times]
    made = [first <= t < first + count for t in times]
    # A transition, a replacement and a retime stand over what the edit shows already.
    missing = [inside and there is None for inside, there in zip(made, old, strict=True)]
    wide, gap, margin = 176.0, 5.0, 50.0
    high = wide * _ratio(new)
    sheet = _sheet(width, 2 * high + 212)
    _title(sheet, shot, margin)
    for row, pictures in enumerate((old, new)):
        y = 92 + row * (high + 42)
        sheet.write(margin, y - 9, ("Before", "After")[row], 11.5, TEXT if row else QUIET)
        for column, pixels in enumerate(pictures):
            x = margin + column * (wide + gap)
            if missing[column] and not row:
                continue  # the slate covers these
            if pixels is not None:
                sheet.lay(pixels, x, y, wide)
            label = timecode(edit.timecode_start + times[column], edit.rate)
            new_here = made[column] and bool(row)
            sheet.write(x, y + high + 11.5, label, 8.5, ACCENT if new_here else QUIET)
            if new_here:
                sheet.frame(x, y, wide, high, ACCENT, 1.2)
        if not row and any(missing):
            columns = [i for i, hole in enumerate(missing) if hole]
            left = margin + columns[0] * (wide + gap)
            across = len(columns) * (wide + gap) - gap
            _slate(sheet, left, 92, across, high, f"{count} frames were never shot")
    _track(sheet, edit, shot, after, margin, 92 + 2 * high + 42 + 30)
    return sheet.image


def still(edit: Edit, shot: Shot, before: Cut, after: Cut, width: int) -> Image.Image:
    """A still that was made to move: what was asked drawn on it, the end of it, and frames."""
    first, count = shot.record.start, shot.record.frames
    times = [first + round((count - 1) * i / (COLUMNS - 1)) for i in range(COLUMNS)]
    pictures = [after.picture(t) for t in times]
    source = before.picture(first)
    assert source is not None
    margin, gap = 50.0, 5.0
    big, small = (900 - gap) / 2, (900 - gap * (COLUMNS - 1)) / COLUMNS
    high, low = big * _ratio(pictures), small * _ratio(pictures)
    sheet = _sheet(width, high + low + 190)
    _title(sheet, shot, margin)
    sheet.lay(asked(source, shot), margin, 92, big)
    sheet.write(margin, 83, "Before: one still, and what was drawn on it", 11.5, QUIET)
    last = pictures[-1]
    if last is not None:
        sheet.lay(last, margin + big + gap, 92, big)
    sheet.frame(margin + big + gap, 92, big, high, ACCENT, 1.2)
    sheet.write(margin + big + gap, 83, f"After: frame {count} of {count}", 11.5)
    y = 92 + high + 14
    for column, pixels in enumerate(pictures):
        x = margin + column * (small + gap)
        if pixels is not None:
            sheet.lay(pixels, x, y, small)
        label = timecode(edit.timecode_start + times[column], edit.rate)
        sheet.write(x, y + low + 11.5, label, 8.5, ACCENT)
    _track(sheet, edit, shot, after, margin, y + low + 30)
    return sheet.image


def asked(source: Pixels, shot: Shot) -> Pixels:
    """The still with the request drawn on it: mask outline, stroke regions and paths, framing."""
    h, w = source.shape[:2]
    picture = source.astype(np.float32)
    thick = max(round(w / 400), 2)
    request = shot.request
    if isinstance(request.mask, Media):
        inside = frames.load_mask(request.mask, shot.size)[..., None]
        picture *= 0.42 + 0.58 * inside
        picture = _outlined(picture, inside[..., 0] > 0.5, (255, 255, 255), max(thick // 2, 1))
    for stroke in request.strokes:
        if isinstance(stroke.region, Media):
            region = frames.load_mask(stroke.region, shot.size) > 0.5
            picture = _outlined(picture, region, ACCENT, thick)
    for stroke in request.strokes:
        points = [(round(x * w), round(y * h)) for x, y in stroke.points]
        for dark, colour in ((thick * 4, (0, 0, 0)), (thick * 2, ACCENT)):
            for a, b in pairwise(points[:-1]):
                cv2.line(picture, a, b, colour, dark)
            cv2.arrowedLine(picture, points[-2], points[-1], colour, dark, tipLength=0.3)
        cv2.circle(picture, points[0], thick * 3, ACCENT, -1)
    for move in request.cameras:
        seen = np.linalg.inv(homography(move, 1.0, h / w))
        corners = np.asarray([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * [1, h / w]
        placed = np.c_[corners, np.ones(4)] @ seen.T
        end = (placed[:, :2] / placed[:, 2:]) * w + [w / 2, h / 2]
        start = corners * w + [w / 2, h / 2]
        box = end.round().astype(np.int32)
        picture = _outside_dimmed(picture, box)
        cv2.polylines(picture, [box], True, ACCENT, thick * 2)
        for a, b in zip(start, end, strict=True):
            cv2.arrowedLine(
                picture, tuple(a.astype(int).tolist()), tuple(b.astype(int).tolist()), ACCENT,
                thick, tipLength=0.25,
            )  # fmt: skip
    return picture.clip(0, 255).astype(np.uint8)


def _outlined(
    picture: Drawing,
    inside: NDArray[np.bool_],
    colour: tuple[int, int, int],
    thick: int,
) -> Drawing:
    edges, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    mask = np.zeros(inside.shape, np.uint8)
    cv2.drawContours(mask, edges, -1, 255, thick, cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) / 255
    return picture * (1 - share) + np.asarray(colour, np.float32) * share


def _outside_dimmed(picture: Drawing, box: NDArray[np.int32]) -> Drawing:
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(inside, [box], 255, cv2.LINE_AA)
    return picture * (0.5 + 0.5 * inside[..., None].astype(np.float32) / 255)


def _ratio(pictures: list[Pixels | None]) -> float:
    seen = next(p for p in pictures if p is not None)
    return seen.shape[0] / seen.shape[1]


def _sheet(width: int, high: float) -> Sheet:
    unit = width / 1000
    image = Image.new("RGB", (width, round(high * unit)), GROUND)
    return Sheet(image=image, draw=ImageDraw.Draw(image), unit=unit)


def _title(sheet: Sheet, shot: Shot, margin: float) -> None:
    words = {
        "bridge": f"A gap of {shot.record.frames} frames, filled",
        "extend": f"A clip {shot.record.frames} frames too short, made longer",
        "animate": "A still, made to move",
        "transition": f"A cut, led across in {shot.record.frames} frames",
        "loop": "A picture that goes round",
        "replace": "A part of the footage, moved",
        "retime": "A clip at another speed, with frames of its own",
    }
    sheet.write(margin, 46, words.get(shot.request.operation, shot.request.operation), 21)
    note = f"gen: {shot.request.operation}"
    sheet.write(1000 - margin, 46, f"{note}   {shot.name}   {shot.rate} fps", 10.5, QUIET, "rs")


def _slate(sheet: Sheet, x: float, y: float, wide: float, high: float, words: str) -> None:
    box = (sheet.at(x), sheet.at(y), sheet.at(x + wide) - 1, sheet.at(y + high) - 1)
    sheet.draw.rectangle(box, fill=(0, 0, 0))
    sheet.frame(x, y, wide, high, LINE, 0.6)
    sheet.write(x + wide / 2, y + high / 2, words, 12, QUIET, "mm")


def _track(sheet: Sheet, edit: Edit, shot: Shot, after: Cut, margin: float, y: float) -> None:
    """The edit as a row of blocks, as a timeline window shows it; ours stands out."""
    items = after.items()
    total = max(first + count for _, first, count, _ in items)
    scale, high = (1000 - 2 * margin) / total, 15.0
    for kind, first, count, name in items:
        if kind == "gap":
            continue
        ours = first < shot.record.end and first + count > shot.record.start
        _block(sheet, margin + first * scale, y, count * scale, high, name, ours=ours)
    if shot.still is not None:
        label = "GEN " + str(shot.request.operation)
        left = margin + shot.record.start * scale
        _block(sheet, left, y, shot.record.frames * scale, high, label, ours=True)
    start = timecode(edit.timecode_start, edit.rate)
    sheet.write(margin, y + high + 13, start, 8.5, QUIET)
    end = timecode(edit.timecode_start + total, edit.rate)
    sheet.write(1000 - margin, y + high + 13, end, 8.5, QUIET, "rs")


def _block(
    sheet: Sheet, x: float, y: float, wide: float, high: float, name: str, *, ours: bool
) -> None:  # fmt: skip
    box = (sheet.at(x) + 1, sheet.at(y), sheet.at(x + wide) - 2, sheet.at(y + high))
    sheet.draw.rounded_rectangle(box, radius=sheet.at(2), fill=ACCENT if ours else PANEL)
    room = int((wide - 8) / 4.1)
    short = name if len(name) <= room else name[: max(room - 1, 0)] + "…"
    sheet.write(x + 4, y + high / 2, short, 7.5, GROUND if ours else QUIET, "lm")


if __name__ == "__main__":
    raise SystemExit(main())
