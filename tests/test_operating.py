"""The operator's pages: every command in them is run, and what comes from the code is not stale."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from secondunit.config import Config

from tests import edits
from tests.conftest import REPOSITORY
from tests.rpc.conftest import footage

__all__ = ["footage"]

DOCS = REPOSITORY / "docs"
PAGE = DOCS / "operating.md"
SECRET = re.compile(r"su_\w{8,}")
BLOCK = re.compile(r"(?P<why><!--[^\n]*-->\n)?```console\n(?P<lines>.*?)```", re.DOTALL)
WAIT = """
for n in $(seq 300); do (exec 3<>/dev/tcp/127.0.0.1/50051) 2>&- && break; sleep 0.1; done
"""
"""After a server was started behind `&`: a person takes as long to type the next line."""


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def commands(text: str) -> list[str]:
    """The lines behind a `$`, with what belongs to them, of all blocks that can run here."""
    found: list[str] = []
    for block in BLOCK.finditer(text):
        if block["why"]:
            assert "not run by the test: " in block["why"], "say why it is not run"
            continue
        found += re.split(r"^\$ ", block["lines"], flags=re.MULTILINE)[1:]
    return found


@pytest.mark.timeout(240)
def test_every_command_of_the_page_does_what_the_page_says(tmp_path: Path, footage: Path) -> None:
    for program in ("bash", "openssl", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here")
    reel = Path(shutil.copy(footage, tmp_path))
    edits.bridge(tmp_path, reel).rename(tmp_path / "cut.otio")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    program = binaries / "secondunit"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m secondunit "$@"\n')
    program.chmod(0o755)
    lines = commands(PAGE.read_text())
    assert len(lines) > 25, "the blocks are not found"
    script = "set -eEu -o pipefail\ntrap 'kill $(jobs -p) 2>&-; wait' EXIT\n"
    for line in lines:
        script += f"echo '+' >&2; cat >&2 <<'SHOWN'\n{line}SHOWN\n{line}"
        script += WAIT if line.endswith("&\n") else ""
    for port in ("50051", "9464"):
        script = script.replace(port, str(free_port()))
    here = [str(REPOSITORY / "server"), str(REPOSITORY / "plugins" / "client")]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SECONDUNIT_")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=kept
        | {
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(here),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=220,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert (tmp_path / "cut.gen.otio").is_file()
    assert '"harbour"' in (tmp_path / "jobs.json").read_text()
    assert "1 jobs, 1 takes" in done.stdout
    assert (tmp_path / "data.lost" / "jobs.db").is_file()
    assert SECRET.search((tmp_path / "ann.token").read_text())
    assert not SECRET.search(said), "a token stands in the log"
    assert '"level": "info"' in done.stderr and str(reel) not in done.stderr


def test_the_table_of_errors_is_that_of_the_code(generate: Any) -> None:
    assert generate.ERRORS.read_text() == generate.errors_page(), "run python docs/generate.py"


def test_every_error_that_the_page_names_is_one(generate: Any) -> None:
    codes = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE.read_text())) - {"NOT_SERVING"}
    known = set(re.findall(r"^\| `([A-Z_]+)`", generate.errors_page(), flags=re.MULTILINE))
    settings = {code for code in codes if code.startswith("SECONDUNIT_")}
    assert codes - settings <= known
    assert len(codes - settings) >= 5


def test_the_table_of_deliveries_is_the_catalogue(generate: Any) -> None:
    told = generate.DELIVERIES_PAGE.read_text()
    assert told == generate.deliveries_page(), "run python docs/generate.py"


def test_the_page_of_engines_says_what_the_catalogue_says(generate: ModuleType) -> None:
    told = generate.ENGINES_PAGE.read_text()
    assert told == generate.engines_page(), "run python docs/generate.py"
    named = re.findall(r"`(tests/[\w/]+\.py)`", told)
    assert named and all((DOCS.parent / name).is_file() for name in named)


def test_every_test_that_the_table_of_deliveries_names_is_there(generate: Any) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", generate.deliveries_page())
    assert named and all((DOCS.parent / name).is_file() for name in named)


def test_the_example_of_the_settings_is_that_of_the_code(generate: Any) -> None:
    assert generate.SETTINGS.read_text() == generate.settings_file(), "run python docs/generate.py"


def test_the_example_holds_every_setting_with_its_default(generate: Any, tmp_path: Path) -> None:
    text = generate.SETTINGS.read_text()
    copy = tmp_path / "secondunit.toml"
    copy.write_text(text)
    base = Config.from_environment()
    assert dataclasses.replace(Config.from_environment(copy), data=base.data) == base
    every = tomllib.loads(re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE))
    for field in dataclasses.fields(Config):
        value = getattr(base, field.name)
        assert field.name in every
        if dataclasses.is_dataclass(value):
            assert set(every[field.name]) == {f.name for f in dataclasses.fields(value)}


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    unit = (DOCS / "deploy" / "secondunit.service").read_text()
    started = re.search(r"^ExecStart=(\S+) (.*)$", unit, flags=re.MULTILINE)
    assert started
    from secondunit.cli import parser

    assert parser().parse_args(started[2].split()).listen == "0.0.0.0:50051"
    copy = tmp_path / "secondunit.service"
    copy.write_text(unit.replace(started[1], sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", rated.stdout)
    assert exposure and float(exposure[1]) <= 2.5


def test_the_package_of_the_container_file_installs_and_starts(tmp_path: Path) -> None:
    # No container can be built here: what its lines do with this checkout is done without one. The
    # packages that it needs are those of this environment; they are not downloaded again.
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("no hatchling here, and a build would download it")
    lines = (DOCS / "deploy" / "Containerfile").read_text()
    assert "pip install --no-cache-dir -c /src/constraints.txt '/src[engine]'" in lines
    target = tmp_path / "site"
    subprocess.run(
        f"{sys.executable} -m pip install -q --disable-pip-version-check --no-deps "
        f"--no-build-isolation --no-index --target {target} {REPOSITORY}".split(),
        check=True,
        timeout=100,
    )
    command = re.search(r"^CMD \[(.*)\]$", lines, flags=re.MULTILINE)
    assert command
    from secondunit.cli import parser

    assert parser().parse_args(re.findall(r'"([^"]*)"', command[1])).listen == "0.0.0.0:50051"
    shown = subprocess.run(
        [sys.executable, "-m", "secondunit", "--version"],
        env={**os.environ, "PYTHONPATH": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stdout.startswith("secondunit ")
    assert (target / "secondunit" / "jobs" / "schema.sql").is_file()
    assert (target / "bin" / "secondunit").is_file()
