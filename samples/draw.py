"""Draws the sample footage into samples/footage/ and writes the sample timelines beside it.

python samples/draw.py               what is missing, about half a minute on one core
python samples/draw.py --again       everything anew
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # run as a script or by a test, the siblings are found

import cv2  # noqa: E402
import edits  # noqa: E402
import numpy as np  # noqa: E402
import reel  # noqa: E402
from scenery import coast, harbour, lake, street  # noqa: E402

Tick = Callable[[int, int], None]
"""Told (done, of) after each frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Some files that are drawn together."""

    files: tuple[str, ...]
    what: str
    draw: Callable[[Path, int, Tick], None]


def main(arguments: list[str] | None = None) -> int:
    """Draw what is missing; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=HERE, help="folder of the timelines (default: samples)"
    )
    parser.add_argument(
        "--width", type=int, default=1280, help="of the pictures, 16:9, a multiple of 32"
    )
    parser.add_argument("--again", action="store_true", help="draw also what is there")
    given = parser.parse_args(arguments)
    if given.width % 32 or not 64 <= given.width <= 1920:
        parser.error("--width is a multiple of 32 from 64 to 1920")
    folder = given.out / "footage"
    folder.mkdir(parents=True, exist_ok=True)
    edits.write(given.out)
    started = time.monotonic()
    drawn = 0
    for job in JOBS:
        if not given.again and all((folder / name).exists() for name in job.files):
            continue
        _say(f"  {job.what:<44} preparing")
        job.draw(folder, given.width, _ticker(job.what))
        _say(f"  {job.what:<44} {', '.join(job.files)}", end="\n")
        drawn += 1
    seconds = time.monotonic() - started
    print(
        f"Footage is in {folder}"
        + (f", drawn in {seconds:.0f} s." if drawn else ", nothing to draw.")
    )
    return 0


def _say(line: str, *, end: str = "") -> None:
    back = "\r\033[K" if sys.stdout.isatty() else ""
    if back or end:
        print(f"{back}{line}", end=end, flush=True)


def _ticker(what: str) -> Tick:
    def tick(done: int, of: int) -> None:
        bar = "#" * round(20 * done / of)
        _say(f"  {what:<44} [{bar:<20}] {done}/{of}")

    return tick


def _coast(folder: Path, width: int, tick: Tick) -> None:
    take = coast.Coast(width)
    height = take.lens.height
    total = 2 * edits.COAST_FRAMES

    def frames(first: int, before: int) -> Iterator[reel.Shown]:
        for index in range(edits.COAST_FRAMES):
            yield take.frame(first + index)
            tick(before + index + 1, total)

    for file, start, first, before in (
        (edits.COAST_A, edits.COAST_A_START, 0, 0),
        (
            edits.COAST_B,
            edits.COAST_B_START,
            edits.COAST_FRAMES + edits.MISSING,
            edits.COAST_FRAMES,
        ),
    ):
        roll = reel.Roll(
            file=file, rate=edits.FILM, timecode=start, reel="A004C007", codec="prores"
        )
        reel.write(roll, folder, frames(first, before), width, height)


# The lorry at the frame that `replace.otio` starts from, and the road it may go on: 0..1.
LORRY = (
    (0.3516, 0.4583), (0.5484, 0.4583), (0.5844, 0.4778), (0.6133, 0.5139), (0.6234, 0.5972),
    (0.6266, 0.6222), (0.6250, 0.6556), (0.5938, 0.6708), (0.3867, 0.6708), (0.3516, 0.6611),
)  # fmt: skip
ROAD = ((0.25, 0.40), (0.95, 0.40), (0.95, 0.72), (0.25, 0.72))


def _coast_masks(folder: Path, width: int, tick: Tick) -> None:
    height = width * 9 // 16
    for name, outline in (("lorry", LORRY), ("road", ROAD)):
        plane = np.zeros((height, width), np.uint8)
        corners = np.rint(np.array(outline) * (width, height)).astype(np.int32)
        cv2.imwrite(str(folder / f"coast_{name}.png"), cv2.fillPoly(plane, [corners], 255))
    tick(1, 1)


def _street(folder: Path, width: int, tick: Tick) -> None:
    take = street.Street(width)

    def frames() -> Iterator[reel.Shown]:
        for index in range(edits.STREET_FRAMES):
            yield take.frame(index)
            tick(index + 1, edits.STREET_FRAMES)

    roll = reel.Roll(
        file=edits.STREET,
        rate=edits.CINEMA,
        timecode=edits.STREET_START,
        reel="B002C011",
        codec="h264",
    )
    reel.write(roll, folder, frames(), width, take.lens.height)


def _harbour(folder: Path, width: int, tick: Tick) -> None:
    scene = harbour.harbour(width)
    _picture(folder / edits.HARBOUR, scene.picture)
    for name, matte in (("mask", scene.frame), ("boat", scene.boat), ("water", scene.water)):
        cv2.imwrite(str(folder / f"harbour_{name}.png"), np.rint(matte * 255).astype(np.uint8))
    tick(1, 1)


def _lake(folder: Path, width: int, tick: Tick) -> None:
    _picture(folder / edits.LAKE, lake.paint(width))
    tick(1, 1)


def _picture(path: Path, shown: reel.Shown) -> None:
    codes = np.rint(shown[..., ::-1] * 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), codes, quality)


JOBS = (
    Job(files=(edits.LAKE,), what="A mountain lake at first light", draw=_lake),
    Job(
        files=(edits.HARBOUR, "harbour_mask.png", "harbour_boat.png", "harbour_water.png"),
        what="A harbour in the mist, with its mattes", draw=_harbour,
    ),
    Job(
        files=(edits.COAST_A, edits.COAST_B), what="A coast road at dusk, in two halves",
        draw=_coast,
    ),
    Job(
        files=("coast_lorry.png", "coast_road.png"), what="The mattes of the lorry and its road",
        draw=_coast_masks,
    ),
    Job(files=(edits.STREET,), what="A wet street at night", draw=_street),
)  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
