"""The contact sheet: one picture that shows what was asked, what came out, and if it held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from secondunit.engine.sources import PlanSources
from secondunit.finish.drawing import Canvas, Colour, Image, fitted, resized, width_of
from secondunit.finish.overlay import Key, asked_picture
from secondunit.finish.wording import Line, lines
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.picture import Picture
from secondunit.units import Operation, timecode

WIDTH = 1920
_MARGIN, _GAP = 40, 16
_INNER = WIDTH - 2 * _MARGIN
_PAPER, _PANEL, _RULE = (24, 25, 27), (34, 36, 39), (58, 61, 66)
_INK, _FAINT = (232, 232, 228), (150, 153, 158)
_HELD, _MISSED = (92, 184, 122), (232, 96, 84)
_MADE, _OWN = (232, 178, 76), (88, 92, 98)
_COLUMNS = 8
AMPLIFIED = 4
"""Times a difference is shown."""

Cell = tuple[Image, str, str, str, Colour]
"""A picture, words at the left and at the right below it, a second line, the colour of its rim."""


def frames_wanted(plan: ShotPlan) -> tuple[int, ...]:
    """Frames of the shot that the sheet shows, and those before them, in order."""
    shown = _over_time(plan)
    needed = {*shown, *_join(plan), _main_frame(plan)} | {
        f - 1 for f in shown if not _from_still(plan)
    }
    first, last = plan.file_range.start, plan.file_range.end
    return tuple(sorted(f for f in needed if first <= f < last))


def contact_sheet(
    plan: ShotPlan,
    sources: PlanSources,
    report: Mapping[str, Mapping[str, Any]],
    shown: Mapping[int, Image],
) -> Image:
    """The sheet as `h w 3`, 8-bit RGB, `WIDTH` wide.

    `shown` has at least `frames_wanted(plan)`, all of one size. Above, what was asked drawn on the
    first picture beside the control report; below, the source frames it hangs on, the frames over
    time with their timecode, and how they differ, amplified.
    """
    table = lines(report)
    blocks = [
        _header(plan, table),
        _asked_and_measured(plan, sources, table, shown),
        _pins(plan, sources),
        *_time(plan, sources, shown),
        _round(plan, shown),
    ]
    sheet = np.concatenate([block.pixels for block in blocks if block is not None])
    return np.ascontiguousarray(sheet)


def _header(plan: ShotPlan, table: Sequence[Line]) -> Canvas:
    canvas = Canvas(WIDTH, 132, _PAPER)
    missed = [line.control for line in table if not line.passed]
    verdict = f"MISSED {', '.join(missed)}" if missed else "ALL CONTROLS HELD"
    wide = width_of(verdict, 24, 700)
    left = WIDTH - _MARGIN - wide - 48
    canvas.box((left, 34), (wide + 48, 52), _MISSED if missed else _HELD)
    canvas.text((left + 24, 69), verdict, 24, _PAPER, 700)
    name = fitted(f"{plan.name}", left - _MARGIN - 24, 40, 700)
    canvas.text((_MARGIN, 70), name, 40, _INK, 700)
    head, tail = plan.handles
    last = plan.timecode + plan.file_range.frames - 1
    facts = [
        f"{plan.operation}{' (draft)' if plan.draft else ''}",
        f"take {plan.take}, seed {plan.seed}",
        f"engine {plan.engine}",
        f"{plan.frames} frames, handles {head}+{tail}",
        f"{_tc(plan, plan.timecode)} to {_tc(plan, last)} at {plan.rate}",
        f"{plan.size}",
        plan.delivery,
        plan.digest[:12],
    ]
    words = fitted("   ·   ".join(facts), _INNER, 20)
    canvas.text((_MARGIN, 112), words, 20, _FAINT)
    return canvas


def _asked_and_measured(
    plan: ShotPlan, sources: PlanSources, table: Sequence[Line], shown: Mapping[int, Image]
) -> Canvas:
    wide = 1000
    picture, caption, key = _main_picture(plan, sources, shown, wide)
    tall = picture.shape[0]
    rows = 44 + 62 * len(table) + (20 + 26 * len(plan.adaptations) if plan.adaptations else 0)
    canvas = Canvas(WIDTH, max(tall + 44 + 28 * bool(key), rows) + 36, _PAPER)
    canvas.text((_MARGIN, 26), caption, 20, _FAINT)
    canvas.picture((_MARGIN, 44), picture)
    x = _MARGIN
    for ink, words in key:
        canvas.box((x, tall + 60), (16, 16), ink)
        x = canvas.text((x + 24, tall + 75), words, 18, _INK) + 28
    left = _MARGIN + picture.shape[1] + 32
    _table(canvas, left, table)
    y = 44 + 62 * len(table) + 26
    for adaptation in plan.adaptations:
        words = f"{adaptation.level}: {adaptation.what}"
        canvas.text((left, y), fitted(words, WIDTH - _MARGIN - left, 17), 17, _FAINT)
        y += 26
    return canvas


def _table(canvas: Canvas, left: int, table: Sequence[Line]) -> None:
    right = WIDTH - _MARGIN
    canvas.text((left, 26), "Control report, measured on the delivered file", 20, _FAINT)
    badge = 104
    for number, row in enumerate(table):
        top = 44 + 62 * number
        canvas.box((left, top), (right - left, 56), _PANEL)
        canvas.box((left, top), (6, 56), _HELD if row.passed else _MISSED)
        canvas.text((left + 22, top + 36), row.control, 24, _INK, 700)
        middle = left + 72
        room = right - badge - 20 - middle
        canvas.text((middle, top + 24), fitted(row.measured, room, 19, 600), 19, _INK, 600)
        asked = fitted(f"{row.title}: asked {row.asked}", room, 17)
        canvas.text((middle, top + 47), asked, 17, _FAINT)
        ink, word = (_HELD, "held") if row.passed else (_MISSED, "missed")
        canvas.text((right - badge, top + 36), word, 22, ink, 700)


def _main_frame(plan: ShotPlan) -> int:
    """A frame of the file that stands for the shot where no anchor picture is drawn on."""
    return plan.frames // 2


def _main_picture(
    plan: ShotPlan, sources: PlanSources, shown: Mapping[int, Image], wide: int
) -> tuple[Image, str, Key]:
    tallest = 640
    if not _has_controls(plan):
        frame = _main_frame(plan)
        image = shown[frame]
        return _within(image, wide, tallest), f"Frame {frame}, the middle of what was made", []
    pin, picture, key = asked_picture(plan, sources, wide, tallest)
    file = pin.media.path.name + ("" if pin.media.still else f", frame {pin.index}")
    return picture, fitted(f"What was asked, drawn on {file}", wide, 20), key


def _from_still(plan: ShotPlan) -> bool:
    return plan.from_one_picture


def _has_controls(plan: ShotPlan) -> bool:
    return bool(plan.generate and (plan.mask or plan.strokes or plan.ambients or plan.cameras))


def _pins(plan: ShotPlan, sources: PlanSources) -> Canvas | None:
    """The source frames that the shot hangs on, each once."""
    once: dict[tuple[str, int], list[Pin]] = {}
    for pin in plan.pins:
        once.setdefault((pin.media.digest, pin.index), []).append(pin)
    groups = list(once.values())
    if not groups or (len(groups) == 1 and _has_controls(plan)):  # it is the large picture
        return None
    cells: list[Cell] = []
    for i in np.linspace(0, len(groups) - 1, min(len(groups), _COLUMNS)):
        first, last = groups[round(i)][0], groups[round(i)][-1]
        where = f"at {first.frame}" if first is last else f"at {first.frame} to {last.frame}"
        file = first.media.path.name + ("" if first.media.still else f", frame {first.index}")
        cells.append((_eight_bits(sources.picture(first.frame)), where, "", file, _OWN))
    return _row("Pinned source frames", cells)


def _time(plan: ShotPlan, sources: PlanSources, shown: Mapping[int, Image]) -> list[Canvas]:
    """Two bands: the frames with their timecode, and what changed in each."""
    pinned = {pin.frame for pin in plan.pins}
    still = _from_still(plan)
    reference = _eight_bits(sources.picture(0)) if still else None
    frames: list[Cell] = []
    changes: list[Cell] = []
    for frame in _over_time(plan):
        image = shown[frame]
        own = frame in pinned
        at = _tc(plan, plan.timecode + frame + plan.handles[0])
        kind = "source" if own else "made"
        kind += "" if 0 <= frame < plan.frames else ", in the handle"
        frames.append((image, at, str(frame), kind, _OWN if own else _MADE))
        before = reference if still else shown.get(frame - 1)
        if plan.mask is not None and plan.footage is not None:
            before = _eight_bits(sources.under(frame))
        change = np.zeros_like(image) if before is None else _difference(image, before)
        changes.append((change, "", "", "" if before is not None else "no frame before it", _RULE))
    against = "the still" if still else "the frame before"
    if plan.mask is not None and plan.footage is not None:
        against = "the footage's own frame"
    return [
        _row("Frames over time; what was made has a yellow rim", frames),
        _row(f"Difference from {against}, ×{AMPLIFIED}", changes),
    ]


def _join(plan: ShotPlan) -> tuple[int, ...]:
    """The frames of a loop around the one moment that is seen only when it goes round."""
    if plan.operation is not Operation.LOOP:
        return ()
    last = plan.frames - 1
    return tuple(dict.fromkeys(f % plan.frames for f in range(last - 2, last + 4)))


def _round(plan: ShotPlan, shown: Mapping[int, Image]) -> Canvas | None:
    pinned = {pin.frame for pin in plan.pins}
    cells: list[Cell] = [
        (shown[frame], "first again" if frame == 0 else "", str(frame), "",
         _OWN if frame in pinned else _MADE)
        for frame in _join(plan)
    ]  # fmt: skip
    return (
        _row("Where the loop goes round: its last frames and its first", cells) if cells else None
    )


def _difference(image: Image, before: Image) -> Image:
    height, width = image.shape[:2]
    other = before if before.shape == image.shape else resized(before, width, height)
    apart = np.abs(image.astype(np.int16) - other.astype(np.int16)) * AMPLIFIED
    return np.clip(apart, 0, 255).astype(np.uint8)


def _row(title: str, cells: Sequence[Cell]) -> Canvas:
    """A band of pictures side by side under a title."""
    wide = (_INNER - (_COLUMNS - 1) * _GAP) // _COLUMNS
    pictures = [_within(image, wide, wide) for image, *_ in cells]
    tall = max(p.shape[0] for p in pictures)
    worded = any(any(cell[1:4]) for cell in cells)
    canvas = Canvas(WIDTH, tall + 60 + 46 * worded, _PAPER)
    canvas.text((_MARGIN, 22), title, 20, _FAINT)
    for number, (cell, picture) in enumerate(zip(cells, pictures, strict=True)):
        _, left, right, second, rim = cell
        x = _MARGIN + number * (wide + _GAP)
        height, width = picture.shape[:2]
        inset = (wide - width) // 2
        canvas.picture((x + inset, 36), picture)
        canvas.frame((x + inset, 36), (width, height), rim, 3)
        below = 36 + tall + 24
        end = canvas.text((x, below), fitted(left, wide, 17, 600), 17, _INK, 600) if left else x
        if right:
            words = fitted(right, max(0, x + wide - end - 10), 16)
            canvas.text((x + wide - width_of(words, 16), below), words, 16, _FAINT)
        canvas.text((x, below + 22), fitted(second, wide, 16), 16, _FAINT)
    return canvas


def _over_time(plan: ShotPlan) -> tuple[int, ...]:
    """Frames of the shot, evenly over the file, the first and the last among them."""
    span = plan.file_range
    count = min(_COLUMNS, span.frames)
    return tuple(sorted({round(f) for f in np.linspace(span.start, span.end - 1, count)}))


def _tc(plan: ShotPlan, number: int) -> str:
    return timecode(number, plan.rate, drop_frame=plan.drop_frame)


def _eight_bits(picture: Picture) -> Image:
    return np.rint(picture.rgb() * 255).astype(np.uint8)


def _within(image: Image, width: int, height: int) -> Image:
    """A picture as large as it can be inside a box, its shape kept."""
    h, w = image.shape[:2]
    factor = min(width / w, height / h)
    return resized(image, max(1, round(w * factor)), max(1, round(h * factor)))
