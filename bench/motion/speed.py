"""Speed and memory: a 48-frame shot of 1080p in a process of its own, as a draft and in full."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from secondunit.config import Config
from secondunit.encode.writer import write
from secondunit.engine.motion.engine import load
from secondunit.engine.sources import PlanSources
from secondunit.finish.finish import finish
from secondunit.finish.thresholds import Limit
from secondunit.jobs import spool
from secondunit.plan.build import Options, plan_shot
from secondunit.timeline.shot import CameraMove

from bench.drawn import save_clip, save_still, texture
from bench.motion.footage import animated, bridged, still
from bench.motion.results import Part, Row, Verdict
from bench.motion.setting import Setting

FRAMES = 48
_SIZE = (1080, 1920)
# Seconds of wall clock and MiB, as promised for two cores.
_BARS = {
    "draft": {"wall s": 20.0, "first frame s": 3.0, "peak MiB": 3072.0},
    "full": {"wall s": 90.0, "peak MiB": 3072.0},
}


def speed(setting: Setting) -> Part:
    """The bars are for a machine that does nothing else; the load is printed with them."""
    frames = 12 if setting.quick else FRAMES
    part = Part(name="speed", title=f"{frames} frames of 1080p, plan to file")
    wide = texture(_SIZE[0], _SIZE[1] + 2 * (FRAMES + 10))
    at = (*range(5), *range(FRAMES + 5, FRAMES + 10))  # a pan of two pixels a frame, with a gap
    passing = [wide[:, 2 * n : 2 * n + _SIZE[1]] for n in at]
    files = {
        "bridge": save_clip(passing, setting.folder / "speed.mkv"),
        "animate": save_still(passing[0], setting.folder / "speed.png"),
    }
    for (operation, file), kind in itertools.product(files.items(), _BARS):
        bars, what = _BARS[kind], f"{operation}, {kind}"
        command = [sys.executable, "-m", "bench.motion.speed", str(file), str(frames), kind]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=1800, cwd=Path(__file__).parents[2]
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no word"]
            part.verdicts += [
                Verdict(clip="drawn", bar=f"{what}, {name}", value=None, limit=Limit(high=most),
                        note=last[0])
                for name, most in bars.items()
            ]  # fmt: skip
            continue
        values: dict[str, float] = json.loads(done.stdout)
        note = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        part.rows.append(
            Row(clip="drawn", what=what, values={**values, "load": os.getloadavg()[0]})
        )
        part.verdicts += [
            Verdict(clip="drawn", bar=f"{what}, {name}", value=values[name],
                    limit=Limit(high=most), note=note)
            for name, most in bars.items()
            if frames == FRAMES or name != "wall s"  # a shorter shot says nothing of this bar
        ]  # fmt: skip
    return part


def timed(file: Path, frames: int, *, draft: bool) -> dict[str, float]:
    """Seconds from the request to the file and to its first frame, with the engine in memory.

    A movie is bridged in its middle, a still moves under a camera.
    """
    began = time.perf_counter()
    engine = load()
    ready = time.perf_counter()
    media = still(file)
    move = CameraMove(dolly=9, truck=3, ease="in-out")
    shot = animated(media, frames, cameras=(move,)) if media.still else bridged(media, frames)
    options = Options(delivery="prores_422_hq", draft=draft)
    (plan,) = plan_shot(shot, options, Config(data=Path("unused"))).plans
    sources, first = PlanSources(plan), float("inf")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for frame, rgb in engine.run(plan, sources, lambda *_: None):
            first = min(first, time.perf_counter() - ready)
            spool.save_rgb(folder, frame, rgb)
        pictures = finish(plan, lambda frame: spool.load_rgb(folder, frame), sources)
        write(pictures, plan, folder / "clip.mov", progress=lambda *_: None)
    wall = time.perf_counter() - ready
    return {
        "wall s": wall, "first frame s": first, "s/frame": wall / frames,
        "load engine s": ready - began, "peak MiB": _peak(),
    }  # fmt: skip


def _peak() -> float:
    """Most memory of this process in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What getrusage says on Linux begins with the peak of the process that forked this one.
        words = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(words["VmHWM"].split()[0]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("frames", type=int)
    parser.add_argument("kind", choices=list(_BARS))
    chosen = parser.parse_args()
    print(json.dumps(timed(chosen.file, chosen.frames, draft=chosen.kind == "draft")))
