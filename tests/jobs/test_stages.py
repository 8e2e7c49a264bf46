"""The real stages on footage made here, with an engine that dissolves: no torch, every room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.encode.thumbnails import save
from secondunit.encode.writer import write
from secondunit.engine import parallel
from secondunit.engine.engine import RGB, UNKEPT, Keep, Progress, Show, Sources, unseen
from secondunit.errors import Cancelled, MediaError, MediaMissing, StoreError
from secondunit.jobs import spool
from secondunit.jobs.job import Checkpoint, Result, Stage, stage_folder
from secondunit.jobs.kept import damage
from secondunit.jobs.rows import record_of_result, result
from secondunit.jobs.stages import Rooms, publish
from secondunit.jobs.work import Work
from secondunit.place import takes
from secondunit.plan.shot_plan import Pin, ShotPlan, canonical
from secondunit.timeline.frames import decode
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.media import probe
from secondunit.timeline.picture import picture_from_rgb, planes_of
from secondunit.timeline.shot import Footage, Media
from secondunit.units import ColourTags, FrameRange, Operation
from secondunit.verify import verify

from tests.plans import number_in, numbered_pictures, shot_plan, silent

FRAMES = 4


class Dissolve:
    """An engine that mixes the two pins beside the gap."""

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        first, last = sources.pin(-1), sources.pin(plan.frames)
        for frame in (n for n in range(plan.frames) if n not in keep.frames):
            progress("denoise", frame, plan.frames)
            t = np.float32((frame + 1) / (plan.frames + 1))
            yield frame, first * (1 - t) + last * t


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """Twenty numbered frames, lossless."""
    plan = shot_plan(frames=20, handles=(0, 0), delivery="ffv1", reel=None)
    path = tmp_path / "source.mkv"
    write(numbered_pictures(plan), plan, path, progress=silent)
    return probe(path, Config(data=tmp_path))


@pytest.fixture
def plan(media: Media) -> ShotPlan:
    """A gap of four frames between frames 7 and 12 of the footage."""
    pins = [Pin(frame=f, media=media, index=8 + f) for f in (-2, -1)]
    pins += [Pin(frame=FRAMES + n, media=media, index=12 + n) for n in (0, 1)]
    return shot_plan(
        frames=FRAMES, generate=(FrameRange(start=0, frames=FRAMES),), pins=tuple(pins),
        format=media.format, colour=media.colour, delivery="ffv1",
    )  # fmt: skip


def work_on(
    stage: Stage, plan: ShotPlan, data: Path, done: Mapping[Stage, Checkpoint],
    progress: Progress = silent, **changes: Any,
) -> Work:  # fmt: skip
    job, attempt = data / "jobs" / "a", changes.get("attempt", 1)
    folder = stage_folder(job, stage, attempt)
    folder.mkdir(parents=True)
    earlier = tuple(stage_folder(job, stage, n) for n in range(attempt - 1, 0, -1))
    return Work(
        plan=plan, data=data, job=job, folder=folder, done=done, progress=progress,
        earlier=earlier, **changes,
    )  # fmt: skip


def through(rooms: Rooms, plan: ShotPlan, data: Path) -> tuple[Result, dict[Stage, Checkpoint]]:
    done: dict[Stage, Checkpoint] = {}
    for stage in list(Stage)[:-1]:
        payload: Mapping[str, Any] = getattr(rooms, stage)(work_on(stage, plan, data, done))
        kept = json.loads(json.dumps(canonical(payload)))
        done[stage] = Checkpoint(stage=stage, attempt=1, seconds=0.5, payload=kept)
    return rooms.place(work_on(Stage.PLACE, plan, data, done)), done


def rooms(tmp_path: Path) -> Rooms:
    return Rooms(
        Config(data=tmp_path), load=lambda name, config, *, device, later, memory_plan=0: Dissolve()
    )


def test_a_shot_goes_through_every_room(tmp_path: Path, plan: ShotPlan, media: Media) -> None:
    take, _ = through(rooms(tmp_path), plan, tmp_path)
    assert take.folder == tmp_path / "takes" / plan.digest
    assert all(p.is_file() for p in (take.file, take.sidecar, *take.thumbnails))
    assert take.sheet is not None and take.sheet in take.thumbnails
    clip = probe(take.file, Config(data=tmp_path))
    assert clip.frames == take.frames == 8
    assert {name: entry["pass"] for name, entry in take.report.items()}["K"]
    found, source = decode(clip, range(8)), decode(media, range(20))
    for number, index in ((0, 6), (1, 7), (6, 12), (7, 13)):
        assert found[number].same_as(source[index])
    assert number_in(found[6]) == 12
    record = json.loads(take.sidecar.read_text())
    assert record["digest"] == plan.digest
    assert record["missed"] == [c for c, entry in take.report.items() if not entry["pass"]]
    assert record["timings"]["engine"] == 0.5
    assert json.loads((tmp_path / "jobs/a/plan-1/plan.json").read_text())["seed"] == plan.seed


def test_a_proxy_that_was_asked_for_comes_with_the_take(tmp_path: Path, plan: ShotPlan) -> None:
    take, _ = through(rooms(tmp_path), replace(plan, proxy="h264_half"), tmp_path)

    assert take.proxy is not None and take.proxy == take.folder / "proxy.mov"
    small = probe(take.proxy, Config(data=tmp_path))
    assert (small.frames, small.size.width) == (take.frames, plan.size.width // 2)
    assert small.start == plan.timecode
    said = json.loads(take.sidecar.read_text())["proxy"]
    assert said["file"] == "proxy.mov" and said["bytes"] == take.proxy.stat().st_size
    assert record_of_result(take, tmp_path)["proxy"].endswith("/proxy.mov")
    assert result(json.dumps(record_of_result(take, tmp_path)), tmp_path) == take

    published = takes.publish(take.file, take.sidecar, tmp_path / "cut.gen", proxy=take.proxy)
    small_one = published.file.with_name(f"{published.file.stem}_proxy.mov")
    assert published.proxy == small_one
    assert published.record["proxy"]["file"] == small_one.name
    small_one.unlink()
    assert published.proxy is None, "only a proxy that is there is named"


@pytest.mark.parametrize("delivery", ["exr_half", "dpx"])
def test_a_sequence_goes_through_every_room(
    tmp_path: Path, plan: ShotPlan, delivery: str
) -> None:  # fmt: skip
    plan = replace(plan, delivery=delivery)
    warm = rooms(tmp_path)

    take, done = through(warm, plan, tmp_path)

    assert take.file == take.folder / "clip" and take.file.is_dir()
    assert len(list(take.file.iterdir())) == take.frames == 8
    assert all(p.is_file() for p in (take.sidecar, *take.thumbnails))
    assert take.report["K"]["pass"] and take.report["T"]["pass"]
    assert take.clip is not None and damage(take) == ""
    assert verify(take.file)["pass"]
    stage_folder(tmp_path / "jobs" / "a", Stage.PLACE, 1).rmdir()
    assert warm.place(work_on(Stage.PLACE, plan, tmp_path, done)) == take
    next(take.file.iterdir()).unlink()
    assert damage(take) == "clip is no longer what was made"


def test_alpha_is_1_where_the_mask_let_something_be_made(
    tmp_path: Path, plan: ShotPlan, media: Media
) -> None:
    matte = np.zeros((48, 64), np.float32)
    matte[:, 40:] = 0.3  # however little may change, what came of it is part of the patch
    save(np.rint(np.repeat(matte[..., None], 3, 2) * 255).astype(np.uint8), tmp_path / "matte.png")
    mask = probe(tmp_path / "matte.png", Config(data=tmp_path))
    plan = replace(
        plan, delivery="prores_4444_alpha", operation=Operation.REPLACE, mask=mask,
        footage=Footage(media=media, lead=2, indexes=tuple(range(6, 14))),
        pins=tuple(Pin(frame=f, media=media, index=8 + f) for f in (-2, -1, 4, 5)),
    )  # fmt: skip

    take, _ = through(rooms(tmp_path), plan, tmp_path)

    with av.open(str(take.file)) as container:
        alphas = [
            planes_of(frame, FORMATS["yuv444p12le"])[3] / 4095
            for frame in container.decode(video=0)
        ]
    assert len(alphas) == 8
    for number in (0, 1, 6, 7):
        assert alphas[number].max() < 0.01, "a handle is the source's own"
    for number in range(2, 6):
        assert alphas[number][:, :40].max() < 0.01 and alphas[number][:, 40:].min() > 0.99
    assert verify(take.file)["checks"]["file"]["pass"]


def test_a_source_that_changed_since_it_was_planned_stops_the_job(
    tmp_path: Path, plan: ShotPlan, media: Media
) -> None:
    other = replace(media, digest="0" * 64)
    changed = replace(plan, pins=tuple(replace(pin, media=other) for pin in plan.pins))
    with pytest.raises(MediaError, match="plan it again"):
        rooms(tmp_path).timeline(work_on(Stage.TIMELINE, changed, tmp_path, {}))


def test_a_source_that_is_gone_stops_the_job(tmp_path: Path, plan: ShotPlan, media: Media) -> None:
    media.path.unlink()
    with pytest.raises(MediaMissing, match=r"source\.mkv"):
        rooms(tmp_path).timeline(work_on(Stage.TIMELINE, plan, tmp_path, {}))


def test_a_cancel_reaches_the_engine_at_its_next_step(tmp_path: Path, plan: ShotPlan) -> None:
    def progress(doing: str, step: int, steps: int) -> None:
        if (doing, step) == ("denoise", 2):
            raise Cancelled("stop")

    work = work_on(Stage.ENGINE, plan, tmp_path, {}, progress)
    with pytest.raises(Cancelled):
        rooms(tmp_path).engine(work)
    assert spool.numbers(work.folder, ".npy") == {0, 1}


FULL = textwrap.dedent("""
    import sys
    from pathlib import Path
    import numpy as np
    from secondunit.errors import StoreFull
    from secondunit.jobs.spool import Kept
    kept, picture = Kept(Path(sys.argv[1]), lambda: None), np.zeros((8, 8, 3), np.float32)
    kept.add(0, picture)
    try:
        kept.add(1, picture)
    except StoreFull as exc:
        print(exc)
""")


def test_a_full_disk_is_called_a_full_disk_and_leaves_no_half_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True,
        env=os.environ | {"SECONDUNIT_FAILPOINTS": "spool.fsync.before=full@2"},
    )  # fmt: skip
    assert "cannot be written: [Errno 28]" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["+000000.npy"]


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path, plan: ShotPlan) -> None:
    work = work_on(Stage.ENGINE, plan, tmp_path, {})
    (work.folder / "+000001.npy").mkdir()
    with pytest.raises(StoreError, match="engine-1 cannot be written"):
        rooms(tmp_path).engine(work)


def test_the_engine_is_loaded_once(tmp_path: Path, plan: ShotPlan) -> None:
    loaded: list[str] = []

    def load(
        name: str, config: Config, *, device: str, later: bool, memory_plan: int = 0
    ) -> Dissolve:
        loaded.append(name)
        return Dissolve()

    warm = Rooms(Config(data=tmp_path), load=load)
    for number, seed in enumerate((1, 2)):
        warm.engine(work_on(Stage.ENGINE, replace(plan, seed=seed), tmp_path / str(number), {}))
    assert loaded == ["motion"]


class Recorded(Dissolve):
    """An engine that tells what ran; implements `engine.Ran`."""

    def __init__(self, memory_plan: int) -> None:
        self.ran = {"memory": memory_plan}


def test_what_a_checkpoint_really_ran_is_in_the_record_and_another_memory_plan_loads_it_anew(
    tmp_path: Path, plan: ShotPlan
) -> None:
    loaded: list[int] = []

    def load(
        name: str, config: Config, *, device: str, later: bool, memory_plan: int = 0
    ) -> Recorded:
        loaded.append(memory_plan)
        return Recorded(memory_plan)

    warm = Rooms(Config(data=tmp_path), load=load)
    said = []
    for number, level in enumerate((0, 0, 2)):
        seeded = replace(plan, seed=number)
        work = work_on(Stage.ENGINE, seeded, tmp_path / str(number), {}, memory_plan=level)
        said.append(warm.engine(work)["ran"])
    assert loaded == [0, 2]
    assert said == [{"memory": 0}, {"memory": 0}, {"memory": 2}]


def spooled(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[+-]*.np?")}


def test_every_memory_plan_gives_the_same_bits(tmp_path: Path, plan: ShotPlan) -> None:
    made: list[dict[str, bytes]] = []
    for level in (0, 1):
        parallel.at_most(1 if level else None)
        data, warm, done = tmp_path / str(level), rooms(tmp_path), {}
        try:
            for stage in (Stage.ENGINE, Stage.FINISH):
                work = work_on(stage, plan, data, done, memory_plan=level)
                payload = canonical(getattr(warm, stage)(work))
                done[stage] = Checkpoint(stage=stage, attempt=1, seconds=0.5, payload=payload)
                made.append(spooled(work.folder))
        finally:
            parallel.at_most(None)
    assert made[0] == made[2] and len(made[0]) == FRAMES
    assert made[1] == made[3] and len(made[1]) == 8


def test_pictures_that_were_finished_are_not_finished_again(tmp_path: Path, plan: ShotPlan) -> None:
    warm = rooms(tmp_path)
    engine = warm.engine(work_on(Stage.ENGINE, plan, tmp_path, {}))
    done = {Stage.ENGINE: Checkpoint(stage=Stage.ENGINE, attempt=1, seconds=0.5, payload=engine)}
    kept: list[int] = []

    def progress(doing: str, step: int, steps: int) -> None:
        if (doing, step) == ("finish", 5):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        warm.finish(work_on(Stage.FINISH, plan, tmp_path, done, progress))
    before = spooled(tmp_path / "jobs/a/finish-1")
    assert len(before) == 5
    second = work_on(Stage.FINISH, plan, tmp_path, done, attempt=2, kept=lambda: kept.append(1))
    assert warm.finish(second)["frames"] == 8
    assert len(kept) == 3
    after = spooled(second.folder)
    assert len(after) == 8 and before.items() <= after.items()


def test_a_take_that_was_published_before_the_crash_is_published_again(
    tmp_path: Path, plan: ShotPlan
) -> None:
    warm = rooms(tmp_path)
    take, done = through(warm, plan, tmp_path)
    take.thumbnails[0].unlink()
    stage_folder(tmp_path / "jobs" / "a", Stage.PLACE, 1).rmdir()
    again = warm.place(work_on(Stage.PLACE, plan, tmp_path, done))
    assert again == take
    assert again.thumbnails[0].is_file()
    assert [p.name for p in (tmp_path / "takes").iterdir()] == [plan.digest]


def test_what_is_published_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    with pytest.raises(FileNotFoundError):
        publish(tmp_path, ["a", "b"], tmp_path / "takes" / "digest")
    assert not (tmp_path / "takes" / "digest").exists()


def test_spooled_pictures_keep_every_sample(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rgb = rng.random((6, 8, 3), np.float32)
    for format in ("yuv420p10le", "gbrp"):
        picture = picture_from_rgb(rgb, format, ColourTags())
        spool.save_picture(tmp_path, 3, picture)
        assert spool.load_picture(tmp_path, 3, format, picture.colour).same_as(picture)
    spool.save_rgb(tmp_path, -2, rgb)
    assert np.abs(spool.load_rgb(tmp_path, -2) - rgb).max() <= 0.5 / 65535 + 1e-7
