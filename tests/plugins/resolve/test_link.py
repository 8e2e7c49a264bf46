"""The adapter on a real server: a panel's request becomes a clip on Resolve's timeline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import grpc
import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.serve import serving
from secondunit.v1 import deliveries_pb2
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.hosts_pb2_grpc import HostServiceStub
from secondunit_client import Connection, options
from secondunit_resolve.api import Resolve
from secondunit_resolve.faults import HostError
from secondunit_resolve.link import Link, Rhythm

from tests import edits
from tests.conftest import REPOSITORY
from tests.fakes.resolve.program import FakeResolve
from tests.fakes.resolve.world import World
from tests.jobs.conftest import until
from tests.plugins.resolve.conftest import Edit
from tests.rpc.conftest import Unit, footage, importable, unit

__all__ = ["footage", "importable", "unit"]  # fixtures of the room next door

QUICK = Rhythm(pauses=(0.05,), look=0.05, seek=0.1)


@contextmanager
def linked(channel: grpc.Channel, connect: Callable[[], object]) -> Iterator[HostServiceStub]:
    """An adapter that serves until the end of it."""
    link = Link(channel, cast(Callable[[], Resolve], connect), QUICK)
    thread = threading.Thread(target=link.run)
    thread.start()
    try:
        yield HostServiceStub(channel)
    finally:
        link.stop()
        thread.join(10)
        assert not thread.is_alive()


def hosts(stub: HostServiceStub) -> list[pb.Host]:
    return list(stub.ListHosts(pb.ListHostsRequest()).hosts)


def ask(stub: HostServiceStub, **asked: object) -> pb.HostReply:
    """What the one host answers."""
    until(lambda: bool(hosts(stub)), 10)
    request = pb.HostRequest(**asked)  # pyright: ignore[reportArgumentType]
    call = pb.CallHostRequest(host_id=hosts(stub)[0].id, request=request)
    return stub.CallHost(call).reply


def test_a_rendered_shot_is_placed_where_the_edit_has_its_gap(
    footage: Path, tmp_path: Path, reader: Reader
) -> None:
    config = Config(data=tmp_path / "data", roots=(footage.parent,))
    desk = Desk(config)  # the real rooms: what is placed is a file that plays
    desk.start()
    try:
        with (
            serving(desk, config, reader=reader) as address,
            Connection(address) as client,
            grpc.insecure_channel(address) as channel,
        ):
            note = "gen: bridge\nhandles: 2"
            timeline = edits.bridge(tmp_path, footage, note, gap=4)
            rendered = client.render(timeline, options=options(draft=True))
            assert rendered.placed is not None, rendered.record()
            _places(channel, rendered.placed.placements, footage)
    finally:
        desk.stop(grace=0.5)


def _places(
    channel: grpc.Channel, placements: Sequence[deliveries_pb2.Placement], footage: Path
) -> None:
    (placement,) = placements
    edit = Edit(World())
    edit.timeline.settings["timelineFrameRate"] = 30.0
    edit.timeline.first = 108000
    edit.timeline.tracks[0].items.clear()
    edit.clip(str(footage), 0, 60)
    edit.clip(str(footage), 64, 60)
    edit.world.threads.clear()
    with linked(channel, lambda: edit.resolve) as stub:
        context = ask(stub, get_context=pb.GetContext()).context
        assert (context.rate.num, context.rate.den) == (30, 1)
        asked = pb.PlaceTakes(placements=placements, timeline_id=context.timeline_id)
        (one,) = ask(stub, place_takes=asked).placed_takes.placed
        assert one.verified and one.note == "", one
        assert len(edit.world.threads) == 1
        tracks = [edit.spans(n + 1) for n in range(len(edit.timeline.tracks))]
        assert (60, 4) in tracks[one.track]
        item = next(i for i in edit.timeline.tracks[one.track].items if i.id == one.item_id)
        assert item.left == 2 and item.media is not None and item.media.file.frames == 8
        removed = pb.RemovePlaced(shot_ids=[placement.shot_id], timeline_id=context.timeline_id)
        gone = ask(stub, remove_placed=removed).removed_placed
        assert list(gone.shot_ids) == [placement.shot_id]
    assert [edit.spans(n + 1) for n in range(len(edit.timeline.tracks))] == [[(0, 60), (64, 60)]]


def test_what_changes_is_told_without_being_asked(unit: Unit) -> None:
    resolve = FakeResolve()
    with linked(unit.channel, lambda: resolve) as stub:
        until(lambda: bool(hosts(stub)), 10)
        watch = stub.WatchHosts(pb.WatchHostsRequest(), timeout=20)
        resolve.timeline.now = "01:00:02:00"
        told = (frame.event.context_changed for frame in watch if frame.host_id)
        assert next(c.playhead for c in told if c.playhead) == 48
        watch.cancel()


def test_a_resolve_that_is_not_there_is_a_host_that_says_why(unit: Unit) -> None:
    found: list[FakeResolve] = []

    def connect() -> FakeResolve:
        if not found:
            raise HostError("HOST", "Resolve does not answer.", "Start it.", retryable=True)
        return found[0]

    with linked(unit.channel, connect) as stub:
        assert ask(stub, seek=pb.Seek(frame=1)).fault.what == "Resolve does not answer."
        (host,) = hosts(stub)
        assert not host.abilities and "Start it." in host.limits[0]
        assert "--watch" in host.limits[1]
        found.append(FakeResolve())
        until(lambda: any(one.abilities for one in hosts(stub)), 10)


def test_a_resolve_that_ends_is_taken_up_again_when_it_is_back(unit: Unit) -> None:
    running = [FakeResolve()]

    def connect() -> FakeResolve:
        if running[0].world.ended:
            raise HostError("HOST", "Resolve does not answer.", "Start it.", retryable=True)
        return running[0]

    with linked(unit.channel, connect) as stub:
        until(lambda: any(one.abilities for one in hosts(stub)), 10)
        running[0].world.ended = True
        until(lambda: any(not one.abilities for one in hosts(stub)), 10)
        running[0] = FakeResolve(World(version=(21, 1, 1)))
        until(lambda: any(one.version == "21.1.1.10" for one in hosts(stub)), 10)


def test_a_dialogue_that_is_closed_soon_does_not_end_the_link(unit: Unit) -> None:
    resolve = FakeResolve()
    with linked(unit.channel, lambda: resolve) as stub:
        until(lambda: bool(hosts(stub)), 10)
        (before,) = hosts(stub)
        resolve.world.modal = True
        assert "dialogue" in ask(stub, get_context=pb.GetContext()).fault.remedy
        time.sleep(0.15)
        resolve.world.modal = False
        assert ask(stub, get_context=pb.GetContext()).context.timeline == "Reel 1"
        assert [one.id for one in hosts(stub)] == [before.id]


def test_a_timeline_that_is_closed_does_not_end_the_link(unit: Unit) -> None:
    resolve = FakeResolve()
    with linked(unit.channel, lambda: resolve) as stub:
        until(lambda: bool(hosts(stub)), 10)
        (before,) = hosts(stub)
        resolve.manager.project.timeline = None
        time.sleep(0.8)
        assert [one.id for one in hosts(stub)] == [before.id]
        assert ask(stub, get_context=pb.GetContext()).fault.code == "NO_TIMELINE"


def test_a_call_that_never_comes_back_ends_the_adapter(unit: Unit) -> None:
    resolve = FakeResolve()
    rhythm = Rhythm(pauses=(0.05,), look=0.05, lost=0.3)
    link = Link(unit.channel, lambda: cast(Resolve, resolve), rhythm)
    thread = threading.Thread(target=link.run)
    thread.start()
    stub = HostServiceStub(unit.channel)
    until(lambda: bool(hosts(stub)), 10)
    hang = resolve.world.hang = threading.Event()
    thread.join(15)
    assert not thread.is_alive(), "its process ends, and the menu starts another"
    until(lambda: not hosts(stub), 10)
    hang.set()


def test_a_server_that_comes_later_is_found(unit: Unit, tmp_path: Path) -> None:
    tries: list[int] = []

    def connect() -> FakeResolve:
        tries.append(1)
        return FakeResolve()

    with grpc.insecure_channel("127.0.0.1:9") as nowhere, linked(nowhere, connect):
        until(lambda: len(tries) > 2, 10)


MODULE = """
import os
from tests.fakes.resolve.program import FakeResolve
one = FakeResolve()
def scriptapp(name): return one
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_the_process_itself_attaches_and_leaves_when_told(unit: Unit, tmp_path: Path) -> None:
    (tmp_path / "Modules").mkdir()
    (tmp_path / "Modules" / "DaVinciResolveScript.py").write_text(MODULE)
    library = tmp_path / "fusionscript.so"
    library.touch()
    rooms = [REPOSITORY / room for room in ("server", "plugins/client", "plugins/resolve")]
    environment = {
        **os.environ, "XDG_STATE_HOME": str(tmp_path / "state"),
        "RESOLVE_SCRIPT_API": str(tmp_path), "RESOLVE_SCRIPT_LIB": str(library),
        "PYTHONPATH": os.pathsep.join(map(str, [REPOSITORY, *rooms])),
    }  # fmt: skip
    command = [sys.executable, "-m", "secondunit_resolve", "--server", unit.address]
    stub = HostServiceStub(unit.channel)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: bool(hosts(stub)), 30)
            assert hosts(stub)[0].name == "DaVinci Resolve Studio", hosts(stub)
            assert ask(stub, get_context=pb.GetContext()).context.timeline == "Reel 1"
            second = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=30, check=True
            )
            assert "runs already" in second.stderr and len(hosts(stub)) == 1
        finally:
            process.send_signal(signal.SIGTERM)
            _, words = process.communicate(timeout=20)
    assert process.returncode == 0, words
    until(lambda: not hosts(stub), 10)
