"""One shot, the whole way, as an editor asks for it: the command line, gRPC, a worker, a file."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest

from tests import edits

PATIENCE = 100  # seconds, less than a test has; a render here takes a few


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The command line in a room of its own."""

    data: Path
    roots: Path

    def run(self, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "secondunit", *map(str, arguments), "--json"],
            capture_output=True, text=True, timeout=PATIENCE, env=self.environment,
        )  # fmt: skip
        assert done.returncode == code, done.stderr + done.stdout
        return json.loads(done.stdout)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "SECONDUNIT_DATA": str(self.data), "SECONDUNIT_ROOTS": str(self.roots),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip


@pytest.fixture
def unit(tmp_path: Path, shared: Path) -> Unit:
    return Unit(data=tmp_path / "data", roots=shared / "media")


@pytest.fixture
def train(shared: Path) -> Path:
    return shared / "media" / "train.m4v"


def frames_of(path: Path) -> list[np.ndarray]:
    """Every frame as a stranger decodes it: `h w 3`, 8 bit."""
    with av.open(str(path)) as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


def other_items(path: Path, made: str) -> list[str]:
    """Everything on a timeline's tracks but the gap asked for or the clip made."""
    timeline = otio.adapters.read_from_file(str(path))
    return [
        item.to_json_string()
        for track in timeline.tracks
        for item in track
        if item.name != made and not isinstance(item, otio.schema.Gap)
    ]


def test_a_bridge_fills_the_gap_of_a_real_edit(unit: Unit, train: Path, tmp_path: Path) -> None:
    timeline = edits.bridge(tmp_path, train, "gen: bridge\ndelivery: ffv1")
    before = timeline.read_bytes()
    answer = unit.run("render", timeline)
    (shot,) = answer["shots"]
    assert shot["state"] == "succeeded" and shot["error"] is None
    assert shot["frames"] == 40 and shot["rate"] == [30, 1] and shot["handles"] == [8, 8]
    assert shot["start_timecode"] == "01:00:01:22"
    assert all(entry["pass"] for entry in shot["report"].values()), shot["report"]

    source, made = frames_of(train), frames_of(Path(shot["file"]))
    assert len(made) == 40
    for i in range(8):
        assert np.array_equal(made[i], source[152 + i]), f"head handle {i}"
        assert np.array_equal(made[32 + i], source[200 + i]), f"tail handle {i}"
    fresh = made[8:32]
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(fresh))

    assert timeline.read_bytes() == before
    placed = Path(answer["timeline"])
    assert placed == tmp_path / "bridge.gen.otio"
    result = otio.adapters.read_from_file(str(placed))
    clip = result.tracks[0][1]
    assert clip.name == Path(shot["file"]).name
    assert clip.trimmed_range().duration == otio.opentime.RationalTime(24, 30)
    assert clip.media_reference.available_range.duration.value == 40
    assert (placed.parent / clip.media_reference.target_url).is_file()
    assert other_items(placed, clip.name) == other_items(timeline, clip.name)
    assert result.metadata["studio"]["reel"] == 4


def test_prores_handles_keep_the_neighbours_pictures(
    unit: Unit, train: Path, tmp_path: Path
) -> None:
    (shot,) = unit.run("render", edits.bridge(tmp_path, train))["shots"]
    assert shot["file"].endswith(".mov")
    source, made = frames_of(train), frames_of(Path(shot["file"]))
    worst = min(
        min(psnr(made[i], source[152 + i]), psnr(made[32 + i], source[200 + i])) for i in range(8)
    )
    assert worst > 40


def test_a_tail_extension_abuts_its_clip(unit: Unit, train: Path, tmp_path: Path) -> None:
    note = "gen: extend; edge: tail; frames: 24; delivery: ffv1"
    timeline = edits.extend(tmp_path, train, note)
    answer = unit.run("render", timeline)
    (shot,) = answer["shots"]
    assert shot["frames"] == 40 and shot["handles"] == [8, 8]
    source, made = frames_of(train), frames_of(Path(shot["file"]))
    assert all(np.array_equal(made[i], source[152 + i]) for i in range(8))
    track = otio.adapters.read_from_file(answer["timeline"]).tracks[0]
    assert [type(item).__name__ for item in track] == ["Clip", "Clip", "Gap", "Clip"]
    assert track[1].trimmed_range().duration.value == 24
    assert track.range_of_child(track[3]).start_time.value == 150


def test_an_animated_still_moves_only_inside_its_mask(
    unit: Unit, shared: Path, tmp_path: Path
) -> None:
    still, mask = shared / "media" / "scroll.jpg", shared / "media" / "scroll_mask.jpg"
    note = f"gen: animate\nmask: {mask}\nstroke: 0.30,0.55 > 0.36,0.55\ndelivery: ffv1"
    timeline = edits.animate(tmp_path, still, note)
    (shot,) = unit.run("render", timeline)["shots"]
    picture = frames_of(still)[0]
    outside = frames_of(mask)[0][..., 0] < 128
    made = frames_of(Path(shot["file"]))
    assert len(made) == 40
    assert all(np.array_equal(frame[outside], picture[outside]) for frame in made)
    assert all(np.array_equal(frame, picture) for frame in made[:9])
    assert shot["missed"] == [] and shot["report"]["B"]["pass"], shot["report"]
    (sheet,) = frames_of(Path(shot["file"]).with_suffix(".png"))
    assert sheet.shape[1] == 1920
    moved = np.abs(made[31].astype(int) - picture)[~outside]
    assert (moved > 8).mean() > 0.2


def test_the_same_request_computes_once_and_a_new_seed_is_a_new_take(
    unit: Unit, train: Path, tmp_path: Path
) -> None:
    note = "gen: bridge\ndelivery: ffv1\nseed: {}"
    timeline = edits.bridge(tmp_path, train, note.format(1), gap=6)
    (first,) = unit.run("render", timeline)["shots"]
    (again,) = unit.run("render", timeline)["shots"]
    assert again["file"] == first["file"] and again["reused"]
    late = unit.run("render", timeline, "--media", "/proc/no/such", code=1)
    assert "/proc/no/such" in late["error"]["message"]  # after the work, so no refusal
    edits.bridge(tmp_path, train, note.format(2), gap=6)
    (other,) = unit.run("render", timeline)["shots"]
    assert not other["reused"] and other["id"] == first["id"]
    assert other["file"].endswith("_v002.mkv") and Path(first["file"]).is_file()
    one, two = frames_of(Path(first["file"])), frames_of(Path(other["file"]))
    assert any(not np.array_equal(a, b) for a, b in zip(one, two, strict=True))

    edits.bridge(tmp_path, train, note.format(1), gap=6)
    shutil.rmtree(unit.data)
    shutil.rmtree(tmp_path / "bridge.gen")
    (fresh,) = unit.run("render", timeline)["shots"]
    assert not fresh["reused"]
    same = frames_of(Path(fresh["file"]))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))


def children(pid: int) -> Iterator[int]:
    """Every process below one, from /proc."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            yield int(stat.parent.name)
            yield from children(int(stat.parent.name))


def workers(pid: int) -> list[int]:
    """Processes below one that run the jobs' worker."""
    found = []
    for child in children(pid):
        try:
            line = Path(f"/proc/{child}/cmdline").read_bytes()
        except OSError:
            continue
        if b"secondunit.jobs.worker" in line:
            found.append(child)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_shot_survives_the_death_of_its_worker(unit: Unit, train: Path, tmp_path: Path) -> None:
    timeline = edits.bridge(tmp_path, train, "gen: bridge\ndelivery: ffv1", gap=48)
    process = subprocess.Popen(
        [sys.executable, "-m", "secondunit", "render", str(timeline), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=unit.environment,
    )  # fmt: skip
    killed = False
    started = time.monotonic()
    try:
        while process.poll() is None and time.monotonic() - started < PATIENCE and not killed:
            for job in unit.data.glob("jobs/*"):
                # Once frames arrive the engine is at work.
                if list(job.glob("engine*")) and (found := workers(process.pid)):
                    os.kill(found[0], signal.SIGKILL)
                    killed = True
            time.sleep(0.02)
        out, problems = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()  # whatever failed here leaves no render behind
        process.communicate()
    assert killed, problems
    assert process.returncode == 0, problems
    (shot,) = json.loads(out)["shots"]
    assert shot["state"] == "succeeded" and len(frames_of(Path(shot["file"]))) == 64


@pytest.mark.parametrize(
    ("note", "gap", "reason"),
    [
        ("gen: bridge", 241, "at most 240"),
        ("gen: morph", 24, "morph"),
        ("gen: bridge\npromt: fog", 24, "promt"),
        ("gen: bridge\nengine: sora", 24, "no engine 'sora'"),
        ("gen: bridge\nmask: /etc/hostname", 24, "/etc/hostname"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_written(
    unit: Unit, train: Path, tmp_path: Path, note: str, gap: int, reason: str
) -> None:
    timeline = edits.bridge(tmp_path, train, note, gap=gap)
    before = timeline.read_bytes()
    answer = unit.run("render", timeline, code=2)
    assert reason in " ".join(f"{f['what']} @ {f['path']}" for f in answer["faults"])
    assert timeline.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} <= {"bridge.otio", "data"}


def test_missing_media_is_refused_with_the_places_searched(
    unit: Unit, tmp_path: Path, shared: Path
) -> None:
    timeline = edits.bridge(tmp_path, shared / "media" / "gone.mov")
    answer = unit.run("render", timeline, code=2)
    assert any("gone.mov" in f["what"] for f in answer["faults"])
