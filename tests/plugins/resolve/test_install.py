"""Into the menu and out of it, in the homes of three systems, and what the menu does."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from secondunit.cli import main
from secondunit_resolve.alone import alone
from secondunit_resolve.faults import HostError
from secondunit_resolve.install import SCRIPT, Wanted, install, installed, text, uninstall
from secondunit_resolve.places import notes

WANTED = Wanted(python=sys.executable, server="127.0.0.1:50051", panel="http://127.0.0.1:9/")
RESOLVE = "Blackmagic Design/DaVinci Resolve"
HOMES = {
    "darwin": f"Library/Application Support/{RESOLVE}/Fusion/Scripts/Utility",
    "win32": f"AppData/Roaming/{RESOLVE}/Support/Fusion/Scripts/Utility",
    "linux": ".local/share/DaVinciResolve/Fusion/Scripts/Utility",
}


def home(system: str, folder: Path) -> dict[str, str]:
    if system == "win32":
        return {
            "USERPROFILE": str(folder), "APPDATA": str(folder / "AppData/Roaming"),
            "LOCALAPPDATA": str(folder / "AppData/Local"),
        }  # fmt: skip
    return {"HOME": str(folder)}


@pytest.mark.parametrize("system", HOMES)
def test_it_goes_where_that_system_looks_and_leaves_nothing(system: str, tmp_path: Path) -> None:
    environment = home(system, tmp_path)
    path = install(system, environment, WANTED)
    assert path == tmp_path / HOMES[system] / SCRIPT == installed(system, environment)
    log = notes(system, environment) / "resolve.log"
    assert log.is_relative_to(tmp_path)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    assert install(system, environment, WANTED) == path, "a second time is an update"
    assert uninstall(system, environment) == [path, log]
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
    assert uninstall(system, environment) == []


def test_another_s_script_of_the_name_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / HOMES["linux"] / SCRIPT
    path.parent.mkdir(parents=True)
    path.write_text("print('mine')\n")
    with pytest.raises(HostError):
        install("linux", {"HOME": str(tmp_path)}, WANTED)
    assert uninstall("linux", {"HOME": str(tmp_path)}) == []
    assert path.read_text() == "print('mine')\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(HostError) as caught:
        install("linux", {"HOME": str(tmp_path)}, WANTED)
    assert ".local" in caught.value.fault.what


def test_the_script_needs_no_package_and_no_new_python(tmp_path: Path) -> None:
    source = text("linux", {"HOME": str(tmp_path)}, WANTED)
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert imported <= set(sys.stdlib_module_names)
    assert "secondunit" not in imported


def press(tmp_path: Path, panel: str) -> subprocess.CompletedProcess[str]:
    """Choose it in the menu, of a Resolve whose Python is its own."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nenv > "$0.env"; echo "$@" > "$0.args.part"\n'
                      'mv "$0.args.part" "$0.args"\n')  # fmt: skip
    python.chmod(0o755)
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$@" > "$0.url"\n')
    browser.chmod(0o755)
    environment = {"HOME": str(tmp_path)}
    wanted = Wanted(
        python=str(python), server="127.0.0.1:50051", panel=panel, token_file=tmp_path / "token"
    )
    path = install("linux", environment, wanted)
    theirs = {"PYTHONHOME": "", "PYTHONPATH": "/opt/resolve/python", "BROWSER": f"{browser} %s"}
    done = subprocess.run(
        [sys.executable, "-S", str(path)], env={**os.environ, **environment, **theirs},
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    until = time.monotonic() + 10
    while not python.with_name("python.args").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return done


def test_the_menu_starts_the_adapter_and_opens_the_panel(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        panel = f"http://127.0.0.1:{server.getsockname()[1]}/"
        done = press(tmp_path, panel)
    assert done.stdout == "" and (tmp_path / "browser.url").read_text().strip() == panel
    arguments = (tmp_path / "python.args").read_text().split()
    assert arguments[:2] == ["-m", "secondunit_resolve"]
    assert arguments[2:] == [
        "--server", "127.0.0.1:50051", "--token-file", str(tmp_path / "token"),
    ]  # fmt: skip
    assert "/opt/resolve/python" not in (tmp_path / "python.env").read_text()


def test_without_a_server_the_console_says_what_to_start(tmp_path: Path) -> None:
    done = press(tmp_path, "http://127.0.0.1:9/")
    assert "secondunit serve" in done.stdout
    assert not (tmp_path / "browser.url").exists()


def test_a_second_adapter_of_one_user_does_not_run(tmp_path: Path) -> None:
    with alone(tmp_path) as first, alone(tmp_path) as second:
        assert first and not second
    with alone(tmp_path) as again:
        assert again


def test_the_command_installs_checks_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(tmp_path / "none.so"))
    assert main(["resolve", "install"]) == 0
    assert "Workspace > Scripts" in capsys.readouterr().out
    assert main(["resolve", "doctor", "--json", "--server", "127.0.0.1:9"]) == 1
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert {row["subject"]: row["ok"] for row in rows} == {
        "Python": True, "scripting library": False, "menu script": True, "server": False,
    }  # fmt: skip
    assert all(row["mend"] for row in rows if not row["ok"])
    assert main(["resolve", "uninstall", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["removed"]) == 1
