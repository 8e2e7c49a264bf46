"""Where the new edit is written, what it may overwrite, and how it names its media."""

from __future__ import annotations

from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.errors import PlacementError, Refused
from secondunit.place.links import Profile
from secondunit.place.relink import place
from secondunit.timeline.locate import locate
from secondunit.timeline.shot import Place

from tests.place.edits import (
    TAKE,
    bridged,
    clip,
    edit,
    finished,
    gap,
    placed,
    plan_at,
    stock,
    take_of,
)
from tests.plans import left_in


def test_the_link_is_relative_and_survives_odd_folder_names(tmp_path: Path) -> None:
    folder = tmp_path / "Reel #1 100% ü"
    original = edit(folder / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])

    result = placed(original, plan_at(48, 24), out=folder / "my cut.gen.otio")

    url = stock(result.timeline).tracks[0][1].media_reference.target_url
    assert url == f"my%20cut.gen/{TAKE}"
    found = locate(url, folder, Config(data=tmp_path)).path
    assert found == take_of(result).file.resolve()


@pytest.mark.parametrize("profile", ["resolve", "premiere"])
def test_hosts_get_bare_absolute_paths_and_one_reference(tmp_path: Path, profile: Profile) -> None:
    original = bridged(tmp_path)
    placed(original, plan_at(48, 24, seed=1))

    result = placed(original, plan_at(48, 24, seed=2), profile=profile)

    made = stock(result.timeline).tracks[0][1]
    assert list(made.media_references()) == ["DEFAULT_MEDIA"]
    assert made.media_reference.target_url == str(take_of(result).file)
    assert Path(made.media_reference.target_url).is_file()
    marker = made.markers[0]
    assert "id: k3v9q2ab" in marker.comment
    assert ("Resolve_OTIO" in marker.metadata) == (profile == "resolve")


def test_an_edit_elsewhere_finds_its_media_from_there(tmp_path: Path) -> None:
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "A.mov").write_bytes(b"")
    original = edit(tmp_path / "cut" / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])

    result = placed(original, plan_at(48, 24), out=tmp_path / "out" / "cut.gen.otio")

    track = stock(result.timeline).tracks[0]
    url = track[0].media_reference.target_url
    assert (result.timeline.parent / url).resolve() == (tmp_path / "cut" / "A.mov").resolve()
    assert track[2].media_reference.target_url == "B.mov", "nobody knows where that is"
    assert "1 relative media paths" in result.notices[0]


def test_an_edit_of_ours_is_replaced_and_another_is_not(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    first = placed(original, plan_at(48, 24, seed=1)).timeline
    placed(original, plan_at(48, 24, seed=2))
    assert "v002" in first.read_text()

    for content in ("", "{}", original.read_text()):
        first.write_text(content)
        with pytest.raises(Refused, match="not made by Second Unit"):
            placed(original, plan_at(48, 24, seed=1))
        assert first.read_text() == content


def test_the_original_is_never_written(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    before = original.read_bytes()
    (tmp_path / "link.otio").symlink_to(original)

    for out in (original, tmp_path / "link.otio"):
        with pytest.raises(Refused, match="original"):
            placed(original, plan_at(48, 24), out=out)

    assert original.read_bytes() == before


def test_an_original_that_is_gone_is_refused_though_its_copy_is_there(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    made = placed(original, plan_at(48, 24)).timeline
    original.unlink()
    with pytest.raises(Refused, match="cannot be read"):
        placed(original, plan_at(48, 24), out=made)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (plan_at(-30, 24), "before the timeline"),
        (plan_at(48, 24, place=Place(track=9, item=0, path="tracks[9]")), "has changed"),
    ],
)
def test_an_edit_that_does_not_fit_its_shots_is_refused_and_nothing_is_written(
    tmp_path: Path, plan: object, why: str
) -> None:
    original = bridged(tmp_path)

    with pytest.raises(Refused, match=why):
        placed(original, plan)  # type: ignore[arg-type]

    assert not [name for name in left_in(tmp_path) if "gen.otio" in name or "part" in name]


def test_a_folder_that_cannot_be_is_an_error_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("a file")
    original = bridged(tmp_path)
    one = finished(tmp_path / "cut.gen", plan_at(48, 24))
    before = left_in(tmp_path)

    with pytest.raises(PlacementError, match="nowhere") as caught:
        place(
            original, tmp_path / "nowhere" / "x.otio", [one], "otio", config=Config(data=tmp_path)
        )

    assert "--out" in caught.value.remedy
    assert left_in(tmp_path) == before
