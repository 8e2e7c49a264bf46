"""Masks over time: frame k of the mask for frame k of the shot, greys as parts of a motion."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.engine.masks import levelled, owned_and_moved
from secondunit.engine.sources import PlanSources
from secondunit.plan.shot_plan import Pin
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Mask, MaskTrack, Media, SourceFrames
from secondunit.units import Operation, Size

from tests.engine.pictures import dots
from tests.plans import shot_plan
from tests.timeline.clips import movie

WIDTH, HEIGHT = 96, 64


def columns(folder: Path, count: int) -> MaskTrack:
    """Numbered pictures: the k-th is white left of column 8 * (k + 1)."""
    files = []
    for number in range(count):
        plane = np.zeros((HEIGHT, WIDTH), np.uint8)
        plane[:, : 8 * (number + 1)] = 255
        path = folder / f"mask.{number:04d}.png"
        cv2.imwrite(str(path), plane)
        files.append(probe(path, Config(data=folder)))
    return MaskTrack(files=tuple(files))


def frame(path: Path, rgb: np.ndarray) -> Media:
    """A lossless still."""
    cv2.imwrite(str(path), np.rint(rgb[..., ::-1] * 255).astype(np.uint8))
    return probe(path, Config(data=path.parent))


def sources(mask: Mask, **changes: object) -> PlanSources:
    size = Size(width=WIDTH, height=HEIGHT)
    return PlanSources(
        shot_plan(operation=Operation.ANIMATE, size=size, work=size, mask=mask, **changes)
    )


def test_a_sequence_has_a_picture_for_each_frame_and_holds_its_last(tmp_path: Path) -> None:
    found = sources(columns(tmp_path, 3))
    white = [int(found.mask(frame)[0].sum()) for frame in (-2, 0, 1, 2, 3, 9)]
    assert white == [8, 8, 16, 24, 24, 24]
    assert int(found.mask().sum()) == 8 * HEIGHT
    assert int(found.delivered_mask(1)[0].sum()) == 16


def test_a_movie_is_used_frame_by_frame_forwards_and_back(tmp_path: Path) -> None:
    path = movie(tmp_path / "mask.mkv", "ffv1", "gray", frames=20)
    found = sources(probe(path, Config(data=tmp_path)))
    planes = {frame: found.mask(frame).copy() for frame in (0, 3, 19, 18, 3)}
    assert not np.array_equal(planes[0], planes[3])
    assert np.array_equal(planes[3], found.mask(3))
    assert np.array_equal(found.mask(25), planes[19])


def test_a_mask_follows_the_clip_to_the_cut_and_on(tmp_path: Path) -> None:
    texture = dots(HEIGHT, WIDTH + 64)
    path = tmp_path / "clip"
    path.mkdir()
    shown = [
        frame(path / f"{k}.png", texture[:, 60 - 3 * k : 60 - 3 * k + WIDTH]) for k in range(2)
    ]
    plane = np.zeros((HEIGHT, WIDTH), np.uint8)
    plane[16:48, 10:40] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), plane)
    mask = MaskTrack(files=(probe(tmp_path / "mask.png", Config(data=tmp_path)),), follow=True)
    found = sources(
        mask,
        past=SourceFrames(media=shown[0], indexes=(0,)),
        pins=(Pin(frame=-1, media=shown[1], index=0),),
    )
    middle = [float(np.mean(np.nonzero(found.mask(frame) > 0.5)[1])) for frame in (-1, 3)]
    assert middle[0] == pytest.approx(24.5 + 3, abs=1)
    assert middle[1] == pytest.approx(24.5 + 15, abs=2.5)


def test_a_grey_moves_in_part_and_an_edge_is_no_grey() -> None:
    mask = np.zeros((40, 80), np.float32)
    mask[:, :40], mask[:, 40:60] = 1, 0.5
    mask[0, :60] = 0.3  # the soft edge of what lies below
    owned, moved = owned_and_moved(mask)
    assert np.all(owned[5:, :40] == 1) and np.all(owned[5:, 42:60] == 1) and not owned[:, 61:].any()
    assert np.all(moved[5:, :40] == 1) and np.all(moved[5:, 44:58] == 0.5)
    assert np.all(moved[0, :40] == 1) and np.all((owned[0, :38] > 0) & (owned[0, :38] < 1))


def test_one_picture_decides_whether_a_movie_was_drawn_hard() -> None:
    hard, soft = np.zeros((50, 50), np.float32), np.full((50, 50), 0.4, np.float32)
    assert not levelled(soft, like=hard).any()
    assert levelled(soft).min() > 0.3
