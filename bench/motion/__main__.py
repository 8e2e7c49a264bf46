"""Every bar of the built-in engine, in one run.

    python -m bench.motion [CLIPS...] [--only bridge,camera] [--quick] [--json] [--plots DIR]

CLIPS are movies and stills; `NAME_mask.png` beside `NAME.jpg` is its mask. Without any: all of
../shared/media, or, where that is not there, a clip and a still that the bench draws.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from bench import MEDIA
from bench.drawn import panning, save_clip, save_still, texture
from bench.motion.ambient import ambient
from bench.motion.camera import camera
from bench.motion.edits import loop, retime, transition
from bench.motion.footage import MOVIES, STILLS
from bench.motion.inbetween import bridge, extend
from bench.motion.results import Part, printed, record, summary
from bench.motion.seeds import seeds
from bench.motion.setting import Setting
from bench.motion.speed import speed
from bench.motion.strokes import strokes

PARTS: dict[str, Callable[[Setting], Part]] = {
    "bridge": bridge, "extend": extend, "strokes": strokes, "ambient": ambient, "camera": camera,
    "loop": loop, "transition": transition, "retime": retime, "seeds": seeds, "speed": speed,
}  # fmt: skip
_QUICK_STARTS, _QUICK_FIRST = 3, 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables and the verdicts; 1 where a bar is missed."""
    options = _parser().parse_args(arguments)
    names = options.only.split(",") if options.only else list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        print(f"no part {', '.join(unknown)}; parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(
            paths=_paths(options.clips, Path(folder)), folder=Path(folder),
            starts=options.starts or (_QUICK_STARTS if options.quick else 12),
            first=options.first or (_QUICK_FIRST if options.quick else 400),
            quick=options.quick, weights=options.weights,
        )  # fmt: skip
        parts = [_done(PARTS[name], setting, quiet=options.json) for name in names]
        drawings = [draw for part in parts for draw in part.plots] if options.plots else []
        drawn = [draw(options.plots) for draw in drawings]
    if options.json:
        print(json.dumps(record(parts), indent=2))
    else:
        for path in drawn:
            print(f"plot {path}")
        print(summary(parts))
    return int(any(v.state == "MISS" for part in parts for v in part.verdicts))


def _done(part: Callable[[Setting], Part], setting: Setting, *, quiet: bool) -> Part:
    began = time.perf_counter()
    found = part(setting)
    found.seconds = time.perf_counter() - began
    if not quiet:
        print(printed(found), end="\n\n", flush=True)
    return found


def _paths(asked: list[Path], folder: Path) -> list[Path]:
    if asked:
        return [path.absolute() for path in asked]
    kinds = MOVIES | STILLS
    found = sorted(p for p in MEDIA.glob("*") if p.suffix in kinds) if MEDIA.is_dir() else []
    return found or [
        save_clip(panning(180, 320, 24), folder / "panning.mkv"),
        save_still(texture(180, 320), folder / "texture.png"),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.motion", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--only", help=f"parts, separated by commas: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a rough run in minutes")
    parser.add_argument("--starts", type=int, help="places in each clip (12)")
    parser.add_argument("--first", type=int, help="use only this many frames of a clip (400)")
    parser.add_argument("--weights", type=Path, help="others than the package's")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write plots as PNG")
    return parser


if __name__ == "__main__":
    sys.exit(main())
