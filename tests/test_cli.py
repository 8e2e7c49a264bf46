"""The command line as people use it: words on a terminal, exit codes, a remedy for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from secondunit.cli import main
from secondunit.jobs.job import Priority, State
from secondunit.jobs.store import Store

from tests import edits
from tests.plans import shot_plan

REFUSED = 2


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own."""
    data = tmp_path / "data"
    monkeypatch.setenv("SECONDUNIT_DATA", str(data))
    return data


def queued(data: Path, **changes: object) -> str:
    """A job that somebody left, before the server was ended."""
    store = Store(data)
    plan = shot_plan(**changes)
    job = store.create(plan, request_id="a", timeline="cut.otio", priority=Priority.NORMAL)
    store.close()
    return job.id


def test_every_fault_of_an_unreadable_timeline_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timeline = edits.bridge(tmp_path, tmp_path / "gone.mov")
    spoilt = timeline.read_text().replace("Gap.1", "Hole.1").replace("Marker.2", "Marker.9")
    timeline.write_text(spoilt)
    for command in ("plan", "render"):
        assert main([command, str(timeline)]) == REFUSED
        said = capsys.readouterr().err
        assert "Hole.1" in said and "Marker.9" in said
        assert "@ tracks.children[0].children[1].OTIO_SCHEMA" in said
        assert "What to do:" in said


def test_names_that_look_like_markup_are_shown_as_they_are(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id = queued(room, name="A014 [/wip] :fire:")
    assert main(["jobs"]) == 0
    assert "A014 [/wip] :fire:" in capsys.readouterr().out
    assert main(["cancel", id]) == 0
    assert main(["watch", id]) == 1
    assert "A014 [/wip] :fire:" in capsys.readouterr().err


def test_whoever_only_looks_starts_no_job(room: Path, tmp_path: Path) -> None:
    id = queued(room)
    main(["jobs"])
    main(["plan", str(edits.bridge(tmp_path, tmp_path / "gone.mov"))])
    store = Store(room)
    job = store.get(id)
    store.close()
    assert (job.state, job.attempt, job.sequence) == (State.QUEUED, 0, 1)
    assert not (room / "worker.log").exists()
    assert main(["cancel", id]) == 0


@pytest.mark.parametrize("command", [["jobs"], ["render", "cut.otio"]])
def test_a_data_folder_that_cannot_be_is_named_with_a_remedy(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    assert main([*command, "--data", str(tmp_path / "file" / "data")]) == REFUSED
    said = capsys.readouterr().err
    assert "file/data cannot be used" in said and "--data" in said


def test_the_doctor_sees_that_the_data_folder_is_a_file(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room.write_text("x")
    assert main(["doctor"]) == 1
    assert f"{room} is no folder" in capsys.readouterr().out


def test_threads_that_are_no_number_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECONDUNIT_THREADS", "many")
    assert main(["doctor"]) == REFUSED
    assert "SECONDUNIT_THREADS" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "gone.otio"])
def test_a_timeline_that_is_no_file_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone.gen.otio").write_text("what was made of it before")
    assert main(["render", name]) == REFUSED
    assert "What to do:" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999", "x"])
def test_a_seed_that_is_none_is_refused(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["plan", "cut.otio", f"--seed={seed}"])
    assert caught.value.code == REFUSED
    assert "--seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("picture.png", "is no name of a JPEG file"),
        ("gone/picture.jpg", "is not there"),
        ("folder.jpg", "is a folder"),
    ],
)
def test_a_preview_that_cannot_be_kept_is_refused_before_any_work(
    name: str, said: str, room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.jpg").mkdir()
    assert main(["render", "cut.otio", "--preview", str(tmp_path / name)]) == REFUSED
    assert said in capsys.readouterr().err
    assert not (room / "worker.log").exists()
