"""What finishing for the eye does: a bridge through film grain and through a change of light.

    python -m bench.match [FILE] [--starts N] [--picture OUT.png] [--json]

Grain that the bench draws is put on a clip's frames, and on the second half a gain of light and a
warmer white, so that the true frames between the pins are known. Each bridge is made once and
finished twice, with `grain: none` and with the match. Without FILE: train.m4v of ../shared/media.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from secondunit.engine.engine import RGB, LoadedEngine
from secondunit.engine.grade import Grade
from secondunit.engine.motion.engine import load
from secondunit.engine.raster import blurred
from secondunit.engine.sources import PlanSources
from secondunit.finish.drawing import Canvas
from secondunit.finish.finish import finish, look
from secondunit.finish.report import Report, control_report
from secondunit.plan.shot_plan import ShotPlan

from bench import MEDIA
from bench.drawn import save_clip
from bench.motion.footage import SPAN, Footage, between
from bench.motion.inbetween import psnr
from bench.motion.journey import made, planned

GRAIN = 3 / 255
"""Standard deviation of the grain at middle grey."""
WARMER = Grade(gain=(1.15 * 1.06, 1.15, 1.15 * 0.92))
"""What changes in the light at the second pin: 1.15 times as much, and warmer."""
HANDLES = 6
"""Frames of the source on both sides of a bridge, which its seams are held against."""
_SRGB = "iec61966-2-1"
_MARGIN = 30  # frames of the clip before the first pin and after the last


def filmed(frames: Sequence[RGB], *, grain: bool, light: bool, first: int) -> list[RGB]:
    """The frames as a camera would have given them; the light changes from `first` on, evenly."""
    found: list[RGB] = []
    for number, rgb in enumerate(frames):
        share = float(np.clip((number - first) / SPAN, 0, 1)) if light else 0.0
        lit = WARMER.part(share).on(rgb, _SRGB)
        found.append(_grained(lit, number) if grain else lit)
    return found


def _grained(rgb: RGB, seed: int) -> RGB:
    """Grain as film has it: soft, mostly without colour, strongest in the middle tones."""
    draw = np.random.default_rng(seed)
    white = draw.standard_normal(rgb.shape).astype(np.float32)
    mixed = blurred(0.4 * white + 0.6 * white.mean(axis=-1, keepdims=True), 0.7)
    luma = rgb @ np.asarray([0.2126, 0.7152, 0.0722], np.float32)
    strength = GRAIN * (0.4 + 2.4 * luma * (1 - luma))[..., None] / mixed.std()
    return np.clip(rgb + strength * mixed, 0, 1)


def compared(
    clip: Footage, start: int, engine: LoadedEngine, folder: Path, *, grain: bool, light: bool
) -> tuple[dict[str, dict[str, float]], Mapping[str, Sequence[RGB]]]:
    """Figures and frames of one bridge, finished without the match and with it."""
    begin = max(0, start - _MARGIN)
    shown = filmed(
        clip.rgb[begin : start + SPAN + _MARGIN], grain=grain, light=light, first=start - begin
    )
    source = Footage(save_clip(shown, folder / f"{grain}-{light}-{start}.mkv"), len(shown))
    shot = between(source, start - begin)
    plan = planned(replace(shot, request=replace(shot.request, handles=HANDLES)))
    frames = made(plan, engine)
    truth = source.rgb[start - begin + 1 : start - begin + SPAN]
    table: dict[str, dict[str, float]] = {}
    pictures: dict[str, Sequence[RGB]] = {"true": truth}
    for name, one in (("as made", replace(plan, grain="none")), ("matched", plan)):
        done, report = _finished(one, frames)
        pictures[name] = done
        table[name] = {
            "dB": float(np.mean([psnr(a, b) for a, b in zip(done, truth, strict=True)])),
            **_figures(report),
        }
    return table, pictures


def _finished(plan: ShotPlan, frames: Mapping[int, RGB]) -> tuple[list[RGB], Report]:
    sources = PlanSources(plan)
    match = look(plan, frames.__getitem__, sources)
    pictures = list(finish(plan, frames.__getitem__, sources, match=match))
    # Measured as a shot that asked for grain, so that both have the figures.
    asked = replace(plan, grain="match")
    report = control_report(asked, pictures, PlanSources(asked), match.before)
    head = plan.handles[0]
    return [p.rgb() for p in pictures[head : head + plan.frames]], report


def _figures(report: Report) -> dict[str, float]:
    found: dict[str, float] = {}
    for control, name in (("G", "energy"), ("G", "alive"), ("E", "delta_e"), ("E", "beside"),
                          ("X", "seam_ratio"), ("X", "detail_ratio")):  # fmt: skip
        value = report.get(control, {}).get("measured", {}).get(name)
        if isinstance(value, (int, float)):
            found[f"{control} {name}"] = float(value)
    return found


def drawing(pictures: Mapping[str, Sequence[RGB]], start: RGB, end: RGB) -> np.ndarray:
    """Crops of frames over time, and how one of them differs from the next, four times."""
    height, width = start.shape[:2]
    side = min(96, height, width)
    top, left = (height - side) // 3, (width - side) // 2
    times, gap = 2, 6
    columns = 6
    canvas = Canvas(
        150 + columns * (side * times + gap), 40 + 2 * len(pictures) * (side * times + gap + 24),
        (24, 25, 27),
    )  # fmt: skip
    y = 16
    for name, frames in pictures.items():
        middle = len(frames) // 2
        row = [start, frames[0], frames[middle], frames[middle + 1], frames[-1], end]
        steps = [np.abs(b - a) * 4 for a, b in pairwise(row)]
        for words, cells in ((name, row), ("its steps, ×4", steps)):
            canvas.text((12, y + side * times // 2), words, 18, (232, 232, 228), 600)
            for column, cell in enumerate(cells):
                crop = np.clip(cell[top : top + side, left : left + side], 0, 1)
                large = cv2.resize(
                    np.rint(crop * 255).astype(np.uint8), None, fx=times, fy=times,
                    interpolation=cv2.INTER_NEAREST,
                )  # fmt: skip
                half = 0 if cells is row else (side * times + gap) // 2
                x = 140 + half + column * (side * times + gap)
                canvas.picture((x, y), np.asarray(large, np.uint8))
            y += side * times + gap
        y += 24
    return canvas.pixels[: y + 8]


def main() -> None:
    """Print a table for each case, and draw the first start with grain and a change of light."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=MEDIA / "train.m4v")
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    clip, engine = Footage(options.file.absolute(), 240), load(threads=1)
    cases = {
        "as it is": (False, False), "grain": (True, False), "light": (False, True),
        "grain and light": (True, True),
    }  # fmt: skip
    total: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case, (grain, light) in cases.items():
            found: list[dict[str, dict[str, float]]] = []
            for start in clip.starts(options.starts):
                table, pictures = compared(
                    clip, start, engine, Path(folder), grain=grain, light=light
                )
                found.append(table)
                if options.picture and (grain, light) == (True, True) and len(found) == 1:
                    ends = filmed(
                        clip.rgb[start : start + SPAN + 1], grain=True, light=True, first=0
                    )
                    drawn = drawing(pictures, ends[0], ends[-1])
                    best = [cv2.IMWRITE_PNG_COMPRESSION, 9]
                    cv2.imwrite(str(options.picture), drawn[..., ::-1], best)
            total[case] = {name: _mean([t[name] for t in found]) for name in found[0]}
    if options.json:
        print(json.dumps(total, indent=2))
        return
    for case, table in total.items():
        for name, figures in table.items():
            words = "  ".join(f"{key} {value:.3f}" for key, value in figures.items())
            print(f"{case:16} {name:8} {words}")


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: float(np.mean([row[key] for row in rows if key in row])) for key in keys}


if __name__ == "__main__":
    main()
