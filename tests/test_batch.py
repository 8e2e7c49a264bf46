"""Several timelines in one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from secondunit.batch import targets
from secondunit.cli import main
from secondunit.errors import Refused

from tests import odd


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of its own."""
    monkeypatch.setenv("SECONDUNIT_DATA", str(tmp_path / "data"))


def cut(folder: Path, name: str, note: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    film = folder / "harbour.mkv"
    if not film.is_file():
        odd.film(film, odd.scene(61, size=(96, 64)))
    timeline = odd.bridge(film, film, note=note)
    return timeline.rename(folder / name)


def test_one_that_is_refused_keeps_the_others_not_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, bad = cut(tmp_path / "a", "one.otio"), cut(tmp_path / "a", "two.otio", "promt: fog")
    again = cut(tmp_path / "a", "three.otio")
    assert main(["render", str(first), str(bad), str(again)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "one.otio: 1 made -> one.gen.otio"
    assert said[1].startswith("two.otio: not rendered: ") and "promt" in said[1]
    assert said[2].startswith("three.otio: 1 ") and said[2].endswith("-> three.gen.otio")
    assert not (tmp_path / "a" / "two.gen.otio").exists()
    assert main(["render", str(first), str(again), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["timelines"]
    assert [record["shots"][0]["reused"] for record in records] == [True, True]


def test_where_all_are_refused_nothing_was_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [str(cut(tmp_path / "a", f"{n}.otio", "promt: fog")) for n in "xy"]
    assert main(["render", *bad]) == 2
    assert capsys.readouterr().out.count("not rendered") == 2


def test_new_timelines_of_namesakes_are_kept_apart() -> None:
    found = targets([Path("/a/cut.otio"), Path("/a/cut.xml"), Path("/b/cut.otio")])
    assert [str(out) for out in found] == [
        "/a/cut.gen.otio", "/a/cut_xml.gen.otio", "/b/cut.gen.otio",
    ]  # fmt: skip
    with pytest.raises(Refused, match="twice"):
        targets([Path("/a/cut.otio"), Path("/b/cut.otio"), Path("/a/cut.otio")])


def test_flags_of_one_timeline_do_not_go_with_several(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "a.otio", "b.otio", "--out", "c.otio", "--shot", "k3"]) == 2
    said = capsys.readouterr().err
    assert "--out" in said and "--shot" in said
