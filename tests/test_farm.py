"""The template for farms: valid by its own tool, and run by it from an edit to a rendered edit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.timeline.select import find_shots

from tests import odd
from tests.conftest import REPOSITORY

pytest.importorskip("openjd.model", reason="the tool of Open Job Description is not installed")

TEMPLATE = REPOSITORY / "docs" / "deploy" / "secondunit.openjd.yaml"


def openjd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "openjd", *arguments],
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def test_the_template_is_one_by_the_book() -> None:
    done = openjd("check", TEMPLATE)
    assert done.returncode == 0, done.stdout


def test_a_shot_is_a_task_and_the_last_step_only_places(tmp_path: Path) -> None:
    folder = tmp_path / "the edit's $(touch trap)"  # what is said is no part of a script
    folder.mkdir()
    film = odd.film(folder / "harbour.mkv", odd.scene(41, size=(96, 64)))
    cut = odd.bridge(film, film)
    (shot,) = find_shots(cut, config=Config(data=tmp_path)).shots
    out = folder / "new.gen.otio"
    given = {"Timeline": str(cut), "Out": str(out), "ShotIds": shot.id, "Engine": "motion"}
    flags = [flag for name, value in given.items() for flag in ("-p", f"{name}={value}")]
    done = openjd("run", TEMPLATE, "--step", "Place", "--run-dependencies", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "made before, not again" in done.stdout
    made = otio.adapters.read_from_file(str(out))
    assert isinstance(made, otio.schema.Timeline)
    assert [file.suffix for file in sorted((folder / "new.gen").iterdir())] == [
        ".json", ".mkv", ".png",
    ]  # fmt: skip
    missing = openjd(
        "run", TEMPLATE, "--step", "Shots", "-tp", "Number=2", "-p", "Tasks=1-2", *flags
    )
    assert missing.returncode != 0 and "there is no shot 2" in missing.stdout
