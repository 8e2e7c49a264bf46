"""The way to Resolve's library on three systems, tried where it can do no harm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from secondunit.v1 import hosts_pb2 as pb
from secondunit_resolve.api import Resolve
from secondunit_resolve.connect import Installation, environment_for, installation, probe
from secondunit_resolve.edition import hello
from secondunit_resolve.faults import HostError

from tests.fakes.resolve.program import FakeResolve
from tests.fakes.resolve.world import World

MAC = "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting"
WINDOWS = r"D:\Data\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting"


def module(folder: Path, text: str) -> Installation:
    """A library whose Python module does what the text says."""
    modules = folder / "Modules"
    modules.mkdir()
    (modules / "DaVinciResolveScript.py").write_text(text)
    library = folder / "fusionscript.so"
    library.touch()
    return Installation(api=folder, library=library)


@pytest.mark.parametrize(
    ("system", "environment", "api"),
    [
        ("darwin", {}, MAC),
        ("win32", {"PROGRAMDATA": r"D:\Data"}, WINDOWS),
        ("linux", {}, "/opt/resolve/Developer/Scripting"),
        ("linux", {"RESOLVE_SCRIPT_API": "/r/api"}, "/r/api"),
    ],
)
def test_each_system_has_its_place_and_the_environment_says_another(
    system: str, environment: dict[str, str], api: str
) -> None:
    assert str(installation(system, environment).api) == api


def test_the_module_is_found_by_the_process_that_imports_it(tmp_path: Path) -> None:
    found = environment_for(module(tmp_path, ""), {"PYTHONPATH": "/mine"})
    assert found["PYTHONPATH"].split(os.pathsep) == [str(tmp_path / "Modules"), "/mine"]
    again = environment_for(Installation(api=tmp_path, library=tmp_path), found)
    assert again["PYTHONPATH"] == found["PYTHONPATH"], "it is asked every few seconds"
    assert found["RESOLVE_SCRIPT_LIB"] == str(tmp_path / "fusionscript.so")


def test_a_resolve_that_answers_says_what_it_is(tmp_path: Path) -> None:
    text = """
class R:
    def GetProductName(self): return "DaVinci Resolve Studio"
    def GetVersionString(self): return "21.1.1.10"
def scriptapp(name): return R()
"""
    found = probe(module(tmp_path, text))
    assert (found.wrong, found.product) == ("", "DaVinci Resolve Studio")
    assert found.version == "21.1.1.10"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def scriptapp(name): return None", "External scripting using"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ends this Python"),
        ("import time; time.sleep(60)", "does not come back"),
        ("raise ImportError('no such symbol')", "cannot be loaded: ImportError: no such symbol"),
    ],
)
def test_what_is_wrong_with_it_is_found_without_dying_of_it(
    tmp_path: Path, text: str, words: str
) -> None:
    assert words in probe(module(tmp_path, text), seconds=2).wrong


def test_a_machine_without_resolve_is_told_so(tmp_path: Path) -> None:
    nothing = Installation(api=tmp_path, library=tmp_path / "none.so")
    assert "no scripting library" in probe(nothing).wrong


def said(world: World) -> list[str]:
    return list(hello(cast(Resolve, FakeResolve(world))).limits)


def test_it_says_what_this_resolve_can_do(world: World) -> None:
    host = hello(cast(Resolve, FakeResolve(world)))
    assert (host.name, host.version) == ("DaVinci Resolve Studio", "21.0.4.10")
    assert len(said(world)) == 1 and "cannot undo" in said(world)[0]
    old = hello(cast(Resolve, FakeResolve(World(version=(20, 3, 2)))))
    assert set(host.abilities) - set(old.abilities) == {pb.HOST_ABILITY_SELECTION}, (
        "it does not tell what is selected"
    )
    assert any("21.0.4" in limit for limit in old.limits)


def test_a_call_that_this_version_lacks_is_a_limit_with_a_way_round() -> None:
    lacking = World(absent=frozenset({"ExportCurrentFrameAsStill", "AppendToTimeline"}))
    host = hello(cast(Resolve, FakeResolve(lacking)))
    assert pb.HOST_ABILITY_EXPORT_FRAME not in host.abilities
    assert pb.HOST_ABILITY_PLACE not in host.abilities
    assert any("import the rendered timeline" in limit for limit in host.limits)


def test_without_a_timeline_the_version_tells_what_cannot_be_asked(world: World) -> None:
    resolve = FakeResolve(world)
    resolve.manager.project.timeline = None
    assert pb.HOST_ABILITY_SELECTION in hello(cast(Resolve, resolve)).abilities


def test_the_free_edition_that_lets_nobody_in_is_refused_with_the_way_by_file() -> None:
    with pytest.raises(HostError) as caught:
        said(World(studio=False, version=(21, 1, 0)))
    assert "by file" in caught.value.fault.remedy
    assert said(World(studio=False, version=(20, 3, 2)))


def test_one_that_has_just_started_is_asked_again() -> None:
    with pytest.raises(HostError) as caught:
        said(World(modal=True))
    assert caught.value.fault.retryable
