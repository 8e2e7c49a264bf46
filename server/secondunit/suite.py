"""The suite that `engines check` renders: drawn footage, a few shots, their report and sheets.

What only an engine's real weights can show (does it look right, does it follow) is on the contact
sheets, for a person to see; what can be measured is in the control reports.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray
from secondunit_client import options as plan_options
from secondunit_client.rendered import Rendered

from secondunit.catalog.engines import Engine
from secondunit.catalog.installed import cards, known
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.session import connected
from secondunit.units import Operation, Size

RATE = 24
FRAMES = 17
"""Of each shot: a legal pass of every family, or nearly."""
LEAD = 16
"""Frames of footage on both sides."""
HANDLES = 2
SMALL, LARGE = Size(width=320, height=192), Size(width=832, height=480)
_WORDS = "an orange ball rolls over a meadow in the evening sun, static camera"
_Frame = NDArray[np.uint8]


def run(name: str, config: Config, flags: argparse.Namespace) -> dict[str, Any]:
    """Render the suite with an engine through the whole service; what came, and where it lies.

    Raises Refused for a folder that is not empty, and whatever the service raises.
    """
    row = known(config)[name]
    folder = _folder(name, config, flags.out)
    size = _size(row)
    _draw(folder, size)
    made: dict[str, dict[str, Any]] = {}
    config = replace(config, roots=(*config.roots, folder))
    with connected(config, argparse.Namespace(server=None), read=True) as unit:
        for shot, note in _shots(row):
            timeline = _timeline(folder, shot, note, size)
            rendered = unit.render(
                timeline, out=folder / f"{shot}.gen.otio",
                options=plan_options(engine=name, delivery="ffv1"),
            )  # fmt: skip
            made[shot] = _came_of(shot, rendered)
    record = {
        "engine": name, "family": row.family, "size": [size.width, size.height],
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "folder": str(folder),
        "weights": row.weights or None, "source": _source(name, config),
        "shots": list(made.values()), "pass": all(shot["pass"] for shot in made.values()),
    }  # fmt: skip
    report = folder / "report.json"
    report.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record | {"report": str(report)}


def _source(name: str, config: Config) -> dict[str, str] | None:
    card = cards(config).get(name)
    if card is None:
        return None
    return {"source": card.source, "revision": card.revision, "licence": card.licence}


def _folder(name: str, config: Config, out: Path | None) -> Path:
    folder = (out or config.data / "engines" / f"{name}.check").absolute()
    if out is None and folder.is_dir():
        shutil.rmtree(folder)  # ours: the last suite of this engine
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused.single("it is no empty folder; nothing is written over", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _size(row: Engine) -> Size:
    """What a GPU makes in seconds; without one, what a processor makes at all."""
    there = LARGE if shutil.which("nvidia-smi") else SMALL
    fits = not row.most_pixels or there.width * there.height <= row.most_pixels
    return there if fits else SMALL


def _shots(row: Engine) -> Iterator[tuple[str, str]]:
    """(name, note) of each shot that the engine can make."""
    preset = ""
    if row.tiers:
        preset = f"\npreset: {'fast' if shutil.which('nvidia-smi') else 'draft'}"
    words = f"\nprompt: {_WORDS}" if row.prompt else ""
    common = f"\nhandles: {HANDLES}\nseed: 7{preset}{words}"
    wanted = {
        "bridge": (Operation.BRIDGE, "gen: bridge"),
        "keyframe": (Operation.BRIDGE, f"gen: bridge\nkeyframe: {FRAMES // 2} key.png"),
        "animate": (
            Operation.ANIMATE,
            f"gen: animate\nframes: {FRAMES}\nmask: mask.png\n"
            "stroke: 0.30,0.60 > 0.50,0.55 > 0.70,0.60 in ball.png",
        ),
        "extend": (Operation.EXTEND, f"gen: extend\nedge: tail\nframes: {FRAMES}"),
        "generate": (Operation.GENERATE, "gen: generate"),
    }
    for name, (operation, note) in wanted.items():
        if operation in row.operations:
            yield name, note + common


def _came_of(name: str, rendered: Rendered) -> dict[str, Any]:
    """What a shot's record says, and where a person may look."""
    (shot,) = rendered.record()["shots"]
    file = Path(shot["file"]) if shot["file"] else None
    sheet = file.with_suffix(".png") if file else None
    error = shot["error"]["what"] if shot["error"] else ""
    return {
        "name": name, "state": shot["state"], "file": shot["file"], "frames": shot["frames"],
        "report": shot["report"], "missed": shot["missed"], "error": error,
        "sheets": [str(sheet)] if sheet is not None and sheet.is_file() else [],
        "pass": not error and not shot["missed"],
    }  # fmt: skip


def _draw(folder: Path, size: Size) -> None:
    """A ball that rolls over a meadow: the clip, its first picture, a keyframe, two masks."""
    total = 2 * LEAD + FRAMES
    frames = [_picture(size, n / (total - 1)) for n in range(total)]
    _save_clip(frames, folder / "meadow.mkv")
    _save_still(frames[LEAD], folder / "still.png")
    _save_still(frames[LEAD + FRAMES // 2], folder / "key.png")
    x, y, radius = _ball(size, LEAD / (total - 1))
    across, down = np.meshgrid(np.arange(size.width), np.arange(size.height))
    ball = np.hypot(across - x, down - y) < 1.15 * radius
    _save_still(np.repeat(ball[..., None], 3, axis=2).astype(np.uint8) * 255, folder / "ball.png")
    meadow = down > 0.35 * size.height
    _save_still(np.repeat(meadow[..., None], 3, axis=2).astype(np.uint8) * 255, folder / "mask.png")


def _ball(size: Size, time: float) -> tuple[float, float, float]:
    """(x, y, radius) in pixels at a time 0..1."""
    hop = abs(np.sin(3 * np.pi * time))
    return (
        (0.15 + 0.7 * time) * size.width, (0.66 - 0.12 * float(hop)) * size.height,
        0.09 * size.height,
    )  # fmt: skip


def _picture(size: Size, time: float) -> _Frame:
    """`h w 3`: evening sky, hills, grass with grain of its own, the ball with its shadow."""
    across, down = np.meshgrid(np.arange(size.width), np.arange(size.height))
    u, v = across / size.width, down / size.height
    sky = np.stack([0.95 - 0.35 * v, 0.62 + 0.1 * v, 0.45 + 0.5 * (1 - v)], axis=2)
    ridge = 0.40 + 0.05 * np.sin(7 * u) + 0.02 * np.sin(23 * u)
    blades = np.random.default_rng(5).random((size.height, size.width))
    blades = (blades + np.roll(blades, 1, axis=0) + np.roll(blades, 2, axis=0)) / 3
    grass = np.stack([0.18 + 0.2 * blades, 0.34 + 0.3 * blades, 0.12 + 0.1 * blades], axis=2)
    rgb = np.where((v > ridge)[..., None], grass, sky)
    x, y, radius = _ball(size, time)
    shade = np.exp(-(((across - x) / (1.3 * radius)) ** 2)
                   - ((down - 0.77 * size.height) / (0.35 * radius)) ** 2)  # fmt: skip
    rgb = rgb * (1 - 0.6 * shade[..., None])
    inside = np.clip(radius - np.hypot(across - x, down - y) + 0.5, 0, 1)
    angle = np.arctan2(down - y, across - x) - 12 * time  # it rolls
    stripes = 0.75 + 0.25 * np.sign(np.sin(3 * angle))
    light = np.clip(1.1 - np.hypot(across - x + radius / 3, down - y + radius / 3) / (2 * radius),
                    0.3, 1)  # fmt: skip
    ball = np.stack([light, 0.55 * light * stripes, 0.15 * light], axis=2)
    rgb = rgb * (1 - inside[..., None]) + ball * inside[..., None]
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def _save_clip(frames: list[_Frame], path: Path) -> None:
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=Fraction(RATE))
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for rgb in frames:
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _save_still(rgb: _Frame, path: Path) -> None:
    with av.open(str(path), "w", format="image2") as container:
        stream: Any = container.add_stream("png", rate=1)
        stream.height, stream.width = rgb.shape[:2]
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())


def _timeline(folder: Path, name: str, note: str, size: Size) -> Path:
    """An edit with one shot to be made."""
    rate = float(RATE)

    def span(start: int, frames: int) -> otio.opentime.TimeRange:
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(start, rate), time(frames, rate))

    def clip(file: str, start: int, frames: int, of: int) -> otio.schema.Clip:
        reference = otio.schema.ExternalReference(str(folder / file), span(0, of))
        return otio.schema.Clip(name, reference, span(start, frames))

    total = 2 * LEAD + FRAMES
    before, after = (
        clip("meadow.mkv", 0, LEAD, total),
        clip("meadow.mkv", LEAD + FRAMES, LEAD, total),
    )
    asked: otio.core.Item
    if name == "animate":
        asked = clip("still.png", 0, FRAMES, FRAMES)
        items: list[otio.core.Item] = [asked]
    elif name == "extend":
        asked, items = before, [before]
    else:
        asked = otio.schema.Gap(source_range=span(0, FRAMES))
        items = [before, asked, after]
    asked.metadata["secondunit"] = {"version": 1, "request": f"{note}\nshot: {name}"}
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.extend(items)
    timeline = otio.schema.Timeline(name)
    timeline.tracks.append(track)
    path = folder / f"{name}.otio"
    path.write_text(timeline.to_json_string(), encoding="utf-8")
    return path
