"""Masks that are none, masks of another shape, masks that are all alpha: told before any work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from secondunit.config import Config
from secondunit.timeline.frames import load_mask
from secondunit.timeline.media import probe
from secondunit.units import Size

from tests.odd import animate, faults, film, planned, said, scene

image = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image.fromarray(scene()(0)).save(tmp_path / "still.png")
    draw(tmp_path / "left.png", slice(0, 20))
    draw(tmp_path / "right.png", slice(40, 64))
    draw(tmp_path / "none.png", slice(0, 0))
    draw(tmp_path / "all.png", slice(0, 64))
    return tmp_path


def draw(path: Path, columns: slice, size: tuple[int, int] = (64, 48)) -> None:
    """White columns on black."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[:, columns] = 255
    image.fromarray(mask).save(path)


def asked(folder: Path, note: str) -> Path:
    return animate(folder / "still.png", note)


@pytest.mark.parametrize(
    ("note", "place"),
    [("mask: none.png\nambient: strength 1", "mask"),
     ("stroke: 0.1,0.5 > 0.4,0.5 in none.png", "stroke[0].in"),
     ("ambient: in none.png", "ambient[0].in")],
)  # fmt: skip
def test_a_mask_that_covers_nothing_is_refused(folder: Path, note: str, place: str) -> None:
    (fault,) = faults(asked(folder, note))
    assert "'none.png' covers nothing" in fault and fault.endswith(f".{place}")


def test_a_mask_so_dark_that_nothing_moves_covers_nothing(folder: Path) -> None:
    image.fromarray(np.full((48, 64), 55, np.uint8)).save(folder / "dark.png")
    assert "covers nothing" in faults(asked(folder, "mask: dark.png\nambient:"))[0]


def test_a_movie_covers_what_any_of_its_frames_covers(folder: Path) -> None:
    late = film(folder / "late.mkv", lambda t: np.full((48, 64, 3), 255 * (t > 4), np.uint8))
    assert not planned(asked(folder, f"mask: {late.name}\nambient:")).faults


def test_a_mask_that_covers_everything_is_said_to_do_nothing(folder: Path) -> None:
    assert "'all.png' is white all over" in said(
        planned(asked(folder, "mask: all.png\nambient: strength 1"))
    )
    assert "white all over" not in said(planned(asked(folder, "mask: left.png\nambient:")))


@pytest.mark.parametrize("note", ["stroke: 0.1,0.5 > 0.4,0.5 in left.png", "ambient: in left.png"])
def test_a_region_where_the_mask_lets_nothing_change_is_refused(folder: Path, note: str) -> None:
    (fault,) = faults(asked(folder, f"mask: right.png\n{note}"))
    assert "'left.png' lies where the mask 'right.png' lets nothing change @" in fault


def test_a_mask_of_another_shape_is_refused_and_of_the_same_shape_scaled(folder: Path) -> None:
    draw(folder / "wide.png", slice(0, 40), size=(96, 48))
    draw(folder / "large.png", slice(0, 40), size=(128, 96))
    (fault,) = faults(asked(folder, "mask: wide.png\nambient:"))
    assert "'wide.png' is 96x48; the shot is 64x48, and its mask has the same shape" in fault
    plan = planned(asked(folder, "mask: large.png\nambient:"))
    assert not plan.faults and "is 128x96 and is scaled to 64x48" in said(plan)


@pytest.mark.parametrize("ink", [0, 255])
def test_a_mask_that_is_all_alpha_is_its_alpha(folder: Path, ink: int) -> None:
    pixels = np.full((48, 64, 4), ink, np.uint8)
    pixels[..., 3] = 0
    pixels[:, 10:30, 3] = 255
    image.fromarray(pixels, "RGBA").save(folder / "alpha.png")
    mask = load_mask(probe(folder / "alpha.png", Config(data=folder)), Size(width=64, height=48))
    assert (mask[:, 10:30] == 1).all() and mask.sum() == 20 * 48
    assert "its alpha is taken" in said(planned(asked(folder, "mask: alpha.png\nambient:")))


def test_a_black_and_white_mask_with_alpha_is_what_it_looks_like_over_black(folder: Path) -> None:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[:, :32, :3] = 255
    pixels[:24, :, 3] = 255
    image.fromarray(pixels, "RGBA").save(folder / "both.png")
    mask = load_mask(probe(folder / "both.png", Config(data=folder)), Size(width=64, height=48))
    assert (mask[:24, :32] == 1).all() and mask.sum() == 24 * 32
