"""Reading happens elsewhere: what comes back is the same, and what dies of it is not the server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config, Limits
from secondunit.errors import (
    Draining,
    LimitReached,
    MediaUnreadable,
    Refused,
    SecondUnitError,
    TimelineUnreadable,
)
from secondunit.jobs.plan_cache import PlanCache
from secondunit.jobs.reader import WAITING, Reader
from secondunit.plan.build import Options, plan_shots, plan_timeline
from secondunit.plan.planned import PlannedShots, TimelinePlan
from secondunit.timeline.select import find_shots

from tests.edits import bridge, clip, marker, save, span
from tests.readers import reading_processes
from tests.timeline.clips import movie

Make = Callable[..., Reader]


@pytest.fixture
def edit(tmp_path: Path) -> Path:
    """A timeline that asks for one bridge, old enough to be remembered."""
    return aged(bridge(tmp_path, movie(tmp_path / "take.mov", frames=300), gap=12))


Processes = Callable[[], set[int]]


@pytest.fixture
def processes() -> Processes:
    """Those that were started since the test began."""
    others = reading_processes()
    return lambda: reading_processes() - others


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Readers of their own, with mishaps and limits."""
    made: list[Reader] = []

    def reader(failpoints: str = "", **limits: float) -> Reader:
        monkeypatch.setenv("SECONDUNIT_FAILPOINTS", failpoints)
        config = Config(data=tmp_path / "data", limits=replace(Limits(), **limits))  # type: ignore[arg-type]
        made.append(Reader(config))
        return made[-1]

    yield reader
    for one in made:
        one.stop()


def aged(path: Path, seconds: float = 10) -> Path:
    """Not changed just now: else a second change could hide behind the same time."""
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def many(folder: Path, shots: int) -> Path:
    """A timeline that asks for so many tails."""
    take = movie(folder / "take.mkv", "ffv1", frames=300)
    items: list[otio.core.Composable] = []
    for number in range(shots):
        short = clip(take, number, 30)
        short.markers.append(marker(f"gen: extend\nframes: 12\nid: {number:08d}", at=number + 29))
        items += [short, otio.schema.Gap(source_range=span(0, 12))]
    return aged(save(folder, "many", items))


def test_a_plan_comes_back_as_it_was_made(reader: Reader, edit: Path, tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    options = Options(draft=True, seed=7)
    there = reader.plan(edit, options, config)
    assert there == plan_timeline(edit, options, config)
    assert there.shots[0].digest == plan_timeline(edit, options, config).shots[0].digest


def test_so_do_the_shots_of_real_and_made_up_edits(reader: Reader, shared: Path) -> None:
    config = Config(data=shared)
    for path in [
        *sorted((shared / "timelines" / "resolve").glob("*.otio")),
        *sorted((shared / "timelines" / "synthetic").glob("*.otio")),
    ]:
        assert reader.inspect(path, config) == find_shots(path, config=config)


def test_a_speed_comes_back_as_the_same_fraction(reader: Reader, tmp_path: Path) -> None:
    shot = clip(movie(tmp_path / "take.mov", frames=120), 0, 60)
    shot.markers.append(marker("gen: retime\nspeed: 40%"))
    path = save(tmp_path, "retime", [shot])
    (found,) = reader.inspect(path, Config(data=tmp_path)).shots
    assert str(found.request.speed) == "2/5"


def test_errors_come_back_as_their_classes_with_their_faults(
    reader: Reader, tmp_path: Path
) -> None:
    path = tmp_path / "cut.otio"
    path.write_text('{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Track.1"}}')
    with pytest.raises(TimelineUnreadable) as here:
        find_shots(path, config=Config(data=tmp_path))
    with pytest.raises(TimelineUnreadable) as there:
        reader.inspect(path, Config(data=tmp_path))
    assert there.value.faults == here.value.faults and len(here.value.faults) > 1


def test_a_shot_that_is_not_there_is_named_with_the_choices(reader: Reader, edit: Path) -> None:
    found = reader.plan(edit, Options(shots=("nowhere1",)))
    assert "no shot 'nowhere1'; shots: " in found.faults[0].what and not found.shots


def test_what_kills_its_process_is_refused_and_the_next_is_read(make: Make, edit: Path) -> None:
    reader = make("reader.order.before=abort@2")
    assert reader.plan(edit, Options()).shots  # the first process lives on and takes the next
    with pytest.raises(Refused, match=r"'bridge\.otio' cannot be read: it ended the process"):
        reader.plan(edit, Options(draft=True))
    assert reader.plan(edit, Options(seed=3)).shots


def test_a_file_that_kills_its_process_is_named(make: Make, edit: Path) -> None:
    reader = make("reader.file.before=abort")
    with pytest.raises(MediaUnreadable, match=r"take\.mov' cannot be read: it ended the process"):
        reader.plan(edit, Options())


@pytest.mark.parametrize("place", ["order", "file"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_read_when_somebody_ended_the_process_is_read_again(
    make: Make, edit: Path, processes: Processes, place: str, how: signal.Signals
) -> None:
    reader = make(f"reader.{place}.before=sleep:1")
    reader.start()
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(reader.plan, edit, Options())
        while not reader.confined:  # it is ready, and has the order at once
            time.sleep(0.01)
        time.sleep(0.5)
        (first,) = processes()
        os.kill(first, how)
        assert asked.result(60).shots
    assert reader.readings == 1 and first not in processes()


def test_what_ends_every_process_as_from_outside_is_refused_after_the_second(
    make: Make, edit: Path
) -> None:
    reader = make("reader.file.before=kill")
    with pytest.raises(MediaUnreadable, match=r"take\.mov' cannot be read: it ended the process"):
        reader.plan(edit, Options())


def test_what_takes_too_long_is_ended_in_time(make: Make, edit: Path) -> None:
    reader = make("reader.order.before=stop@2", plan_seconds=3.0)
    reader.plan(edit, Options())
    began = time.monotonic()
    with pytest.raises(Refused, match="took longer than 3 s to read"):
        reader.plan(edit, Options(draft=True))
    assert 2.5 < time.monotonic() - began < 10
    assert reader.plan(edit, Options(seed=3)).shots


def test_what_needs_too_much_memory_is_refused(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "wide.otio"
    nothing = ",".join(["[]"] * 5_000_000)
    path.write_text(f'{{"OTIO_SCHEMA": "Timeline.1", "tracks": null, "metadata": [{nothing}]}}')
    reader = make(plan_memory_mib=512)
    with pytest.raises(SecondUnitError, match="more than the 512 MiB of memory") as caught:
        reader.check(path)
    assert isinstance(caught.value, Refused | MediaUnreadable)


def test_a_process_that_died_while_idle_is_replaced_unnoticed(
    make: Make, edit: Path, processes: Processes
) -> None:
    reader = make()
    reader.plan(edit, Options())
    (pid,) = processes()
    os.kill(pid, signal.SIGKILL)
    assert reader.plan(edit, Options(draft=True)).shots


def test_two_timelines_are_read_at_once(make: Make, edit: Path, processes: Processes) -> None:
    reader = make("reader.order.before=sleep:1.5")
    reader.start()
    began = time.monotonic()
    threads = [
        threading.Thread(target=reader.plan, args=(edit, Options(seed=seed))) for seed in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(processes()) == 2 and reader.readings == 2
    assert time.monotonic() - began < 20


def test_two_hundred_shots_cost_one_reading(make: Make, tmp_path: Path) -> None:
    path, reader = many(tmp_path, 200), make()
    whole = reader.plan(path, Options())
    assert len(whole.shots) == 200 and not whole.faults
    began = time.monotonic()
    for shot in whole.shots:
        (found,) = reader.plan(path, Options(shots=(shot.shot,))).shots
        assert found == shot
    assert reader.readings == 1
    assert (time.monotonic() - began) / 200 < 0.05


def test_shots_asked_for_one_by_one_cost_two_readings(make: Make, tmp_path: Path) -> None:
    path, reader = many(tmp_path, 5), make()
    for number in range(5):
        assert len(reader.plan(path, Options(shots=(f"{number:08d}",))).shots) == 1
    assert reader.readings == 2


def test_calls_at_the_same_time_cost_one_reading(make: Make, edit: Path) -> None:
    reader = make()

    async def all_at_once() -> list[int]:
        calls = (reader.apart(reader.plan, edit, Options()) for _ in range(10))
        return [len(found.shots) for found in await asyncio.gather(*calls)]

    assert asyncio.run(all_at_once()) == [1] * 10
    assert reader.readings == 1


@pytest.mark.parametrize("changed", ["timeline", "media", "options", "fault"])
def test_a_change_is_a_new_reading(make: Make, edit: Path, changed: str) -> None:
    reader, options = make(), Options()
    if changed == "fault":
        record = json.loads(edit.read_text())
        record["tracks"]["children"][0]["children"][1]["markers"][0]["comment"] = "gen: bridg"
        edit.write_text(json.dumps(record))
        aged(edit)
    reader.plan(edit, options)
    if changed == "timeline":
        aged(edit, 20)
    elif changed == "media":
        aged(edit.with_name("take.mov"), 20)
    elif changed == "options":
        options = Options(draft=True)
    reader.plan(edit, options)
    assert reader.readings == 2


@pytest.mark.parametrize(("life", "age", "readings"), [(60, 10, 1), (0, 10, 2), (60, 0, 2)])
def test_a_plan_is_remembered_for_a_while_unless_its_file_is_being_written(
    edit: Path, tmp_path: Path, life: float, age: float, readings: int
) -> None:
    cache, read = PlanCache(life), []
    planned = plan_shots(edit, Options(), Config(data=tmp_path))

    def reads(_: tuple[str, ...]) -> PlannedShots:
        read.append(time.time())
        return planned

    aged(edit, age)
    for _ in range(2):
        cache.plan(edit, (), "key", reads)
    assert len(read) == readings


def test_more_calls_than_may_wait_are_told_to_come_again(make: Make, edit: Path) -> None:
    reader = make("reader.order.before=sleep:1")

    async def crowd() -> list[object]:
        calls = (
            reader.apart(reader.plan, edit, Options(shots=("x",), seed=1))
            for _ in range(WAITING + 3)
        )
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(crowd())
    assert sum(isinstance(one, LimitReached) for one in found) == 3
    assert sum(isinstance(one, TimelinePlan) for one in found) == WAITING


def test_a_reader_that_stopped_says_so(make: Make, edit: Path, processes: Processes) -> None:
    reader = make()
    reader.plan(edit, Options())
    (pid,) = processes()
    reader.stop()
    with pytest.raises(Draining):
        reader.plan(edit, Options(draft=True))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "limits" in reader.confined
