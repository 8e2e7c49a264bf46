"""What each lossy delivery keeps of a picture: the figures behind `holds` in its catalogue.

    python -m bench.deliveries [FILES...] [--only NAME ...] [--json]

Every picture is written through the product's own writer, read back and compared (PSNR in dB of
RGB) with itself in the file's layout; the worst quarter of the worst frame counts, since a mask
may leave just that. Without FILES: every movie and still of ../shared/media.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from secondunit.catalog.deliveries import DELIVERIES, Delivery, Wanted, delivery_faults
from secondunit.config import Config
from secondunit.encode.sequence import numbered, pictures_in
from secondunit.encode.verify import Facts
from secondunit.encode.writer import facts_of, write
from secondunit.finish.fidelity import laid_out
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.frames import decode
from secondunit.timeline.media import opened, probe
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_frame
from secondunit.timeline.shot import Place
from secondunit.units import ColourTags, FrameRange, Operation, Rate

from bench import MEDIA
from bench.drawn import grained, texture

FRAMES = 6
_SRGB = ColourTags(transfer="iec61966-2-1", matrix="gbr", full_range=True)
Pictures = Sequence[Picture]


def kept(pictures: Pictures, row: Delivery, folder: Path) -> float:
    """PSNR in dB of the worst quarter of a frame after a delivery."""
    plan = _plan(pictures, row)
    path = folder / row.name_of("clip")
    write(iter(pictures), plan, path, progress=lambda *_: None)
    facts, worst = facts_of(plan), math.inf
    with closing(_found(path, row, facts)) as back:
        for asked, found in zip(pictures, back, strict=True):
            error = np.square(found.rgb() - laid_out(asked, found).rgb(), dtype=np.float64)
            across, down = error.shape[1] // 2, error.shape[0] // 2
            for quarter in (
                error[:down, :across], error[:down, across:],
                error[down:, :across], error[down:, across:],
            ):  # fmt: skip
                mean = float(quarter.mean())
                worst = min(worst, math.inf if mean == 0 else -10 * math.log10(mean))
    return worst


def _found(path: Path, row: Delivery, facts: Facts) -> Generator[Picture]:
    if row.sequence:
        yield from pictures_in(numbered(path, row.suffix), row, facts.colour)
        return
    with opened(path, row.demuxer, facts.size.width * facts.size.height) as source:
        for frame in source.decode(video=0):
            yield picture_of_frame(frame, colour=facts.colour)


def _wanted(picture: Picture) -> Wanted:
    return Wanted(size=picture.size, colour=picture.colour)


def _plan(pictures: Pictures, row: Delivery) -> ShotPlan:
    first = pictures[0]
    return ShotPlan(
        shot="benchaaa", name="bench", operation=Operation.BRIDGE, engine="motion", weights="",
        steps=0, seed=0, take=1, rate=Rate(num=24), size=first.size, work=first.size,
        frames=len(pictures), handles=(0, 0), generate=(FrameRange(start=0, frames=len(pictures)),),
        pins=(), past=None, future=None, mask=None, strokes=(), ambients=(), cameras=(),
        strength=1.0, prompt="", negative="", format=first.format, colour=first.colour, timecode=0,
        drop_frame=False, reel=None, delivery=row.name, draft=False, adaptations=(),
        place=Place(track=0, item=0, path="bench"),
    )  # fmt: skip


def real(path: Path) -> Iterator[tuple[str, Pictures]]:
    """A file's own frames, and the same as RGB, dark, large, and under grain."""
    media = probe(path, Config(data=Path("unused"), roots=(path.parent,)))
    first = media.frames // 4
    indexes = [min(first + n, media.frames - 1) for n in range(FRAMES)]
    found = decode(media, indexes)
    own = [found[n] for n in indexes]
    rgb = [picture.rgb() for picture in own]

    def like(frames: Sequence[np.ndarray]) -> Pictures:
        return [picture_from_rgb(f, media.format, media.colour) for f in frames]

    yield path.stem, own
    yield f"{path.stem}, RGB", [picture_from_rgb(f, "gbrp", _SRGB) for f in rgb]
    for amount, coloured in ((0.02, False), (0.04, False), (0.04, True)):
        frames = [grained(f, amount, seed=n, coloured=coloured) for n, f in enumerate(rgb)]
        yield f"{path.stem}, {'coloured ' if coloured else ''}grain {amount:.0%}", like(frames)
    dark = [grained(0.15 * f, 0.02, seed=n, coloured=True) for n, f in enumerate(rgb)]
    yield f"{path.stem}, dark", like(dark)
    width = 1920
    size = (width, round(width * rgb[0].shape[0] / rgb[0].shape[1] / 2) * 2)
    large = [
        np.clip(np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)
        for f in (np.asarray(rgb[0], np.float32), np.asarray(rgb[1], np.float32))
    ]
    noisy = [grained(f, 0.03, seed=n, coloured=False) for n, f in enumerate(large)]
    yield f"{path.stem}, 1920 wide, grain 3%", like(noisy)


def drawn() -> Iterator[tuple[str, Pictures]]:
    """Textures with more colour and detail than a camera gives."""
    frames = [texture(180, 320, seed=n) for n in range(FRAMES)]
    yield "drawn, RGB", [picture_from_rgb(f, "gbrp", _SRGB) for f in frames]
    yield "drawn, 4:2:0", [picture_from_rgb(f, "yuv420p", ColourTags()) for f in frames]


def main() -> None:
    """Print the table, one column a delivery, and what the catalogue promises below it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--only", action="append", metavar="NAME", help="of a delivery")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = options.files or sorted(p for p in MEDIA.glob("*") if p.suffix in _SUFFIXES)
    # What is no camera's is told by its row's own curve; in MXF a codec is what it is elsewhere.
    rows = [
        row
        for row in DELIVERIES.values()
        if not (row.exact or row.transfer or row.container == "mxf")
        and (not options.only or row.name in options.only)
    ]
    table: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, pictures in (*drawn(), *(pair for f in files for pair in real(f.absolute()))):
            table[name] = {
                row.name: round(kept(pictures, row, Path(folder)), 2)
                for row in rows
                if not delivery_faults(row, _wanted(pictures[0]), path="bench")
            }
    worst = {row.name: min(t[row.name] for t in table.values() if row.name in t) for row in rows}
    table["worst"] = worst
    table["catalogue"] = {row.name: row.holds or 0.0 for row in rows}
    if options.json:
        print(json.dumps(table, indent=2))
        return
    print(f"{'':34}" + "".join(f"{row.name:>18}" for row in rows))
    for name, figures in table.items():
        cells = (f"{figures[r.name]:18.1f}" if r.name in figures else f"{'-':>18}" for r in rows)
        print(f"{name:34}" + "".join(cells))


_SUFFIXES = {".m4v", ".mp4", ".mov", ".mkv", ".jpg", ".png"}


if __name__ == "__main__":
    main()
