"""Scenes: what is rendered moves as the truth says."""

import cv2
import numpy as np
import pytest
from secondunit.engine.motion import samples, scenes
from secondunit.engine.motion.textures import wardrobe

CLOTHES = wardrobe(3, textures=12, shapes=12)
AREA = (18, 32)


def drawn(seed: int, *, directed: bool = False) -> scenes.Scene:
    return scenes.scene(np.random.default_rng(seed), CLOTHES, 16, directed=directed)


@pytest.mark.parametrize("seed", [1, 2, 5, 8])
def test_the_rendered_picture_moves_as_the_truth_says(seed: int) -> None:
    world = drawn(seed)
    fine = scenes.frame_places(144, 256, AREA)
    first, last = (world.render(CLOTHES, fine, frame) for frame in (0.0, 4.0))
    which = world.top(CLOTHES, fine, 0.0)
    arrived = fine + world.follow(fine, which, np.array([4.0]))[0]
    side = np.sqrt(AREA[0] * AREA[1]) / AREA[1] * 256
    x = (arrived.real * side + 127.5).astype(np.float32)
    y = (arrived.imag * side + 71.5).astype(np.float32)
    found = cv2.remap(last, x, y, cv2.INTER_LINEAR)
    seen = (world.top(CLOTHES, arrived, 4.0) == which) & (x > 1) & (x < 254) & (y > 1) & (y < 142)
    moved = np.abs(found - first).mean(-1)[seen]
    stayed = np.abs(last - first).mean(-1)[seen]
    assert seen.mean() > 0.3
    assert np.median(moved) < 0.02
    assert np.median(moved) <= np.median(stayed) + 1e-3


def test_a_layer_is_found_again_where_it_moved_to() -> None:
    world = drawn(11)
    p = scenes.frame_places(*AREA, AREA)
    for layer in world.layers:
        assert np.abs(world.move(layer, world.place(layer, p, 9.0), 9.0) - p).max() < 2e-2


def test_the_same_seed_draws_the_same_scene() -> None:
    fine = scenes.frame_places(36, 64, AREA)
    first, second = (drawn(4).render(CLOTHES, fine, 7.0) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_directed_scene_without_camera_keeps_its_ground_still() -> None:
    still = 0
    p = scenes.frame_places(*AREA, AREA)
    for seed in range(12):
        world = drawn(seed, directed=True)
        if world.pan.rate or world.zoom.rate or world.shake or world.layers[0].ripples:
            continue
        ground = world.top(CLOTHES, p, 0.0) == 0
        assert not world.follow(p, np.zeros(AREA, int), np.array([16.0]))[0][ground].any()
        still += 1
    assert still > 2


def test_nothing_is_asked_to_move_outside_the_mask() -> None:
    rng = np.random.default_rng(2)
    records = [samples.measure(rng, CLOTHES, AREA) for _ in range(12)]
    masked = 0
    for record in records:
        question = samples.ask(rng, record)
        outside = question.conditions.mask == 0
        masked += outside.any()
        assert not question.truth[:, outside].any()
    assert masked


def test_mirroring_a_record_mirrors_its_motion() -> None:
    record = samples.measure(np.random.default_rng(0), CLOTHES, AREA)
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(20):
        turned = samples._flipped(rng, record)["truth"]
        for sign_x in (1, -1):
            for sign_y in (1, -1):
                back = turned[:, ::sign_y, ::sign_x] * np.array([sign_x, sign_y], np.float16)
                if np.array_equal(back, record["truth"]):
                    seen.add((sign_x, sign_y))
    assert len(seen) == 4


def test_optical_flow_is_trusted_where_it_agrees_with_the_truth() -> None:
    world = drawn(1)
    fine = scenes.frame_places(AREA[0] * 6, AREA[1] * 6, AREA)
    first, second = (world.render(CLOTHES, fine, frame) for frame in (0.0, 2.0))
    flow, confidence = samples.flow_hint(first, second, AREA)
    p = scenes.frame_places(*AREA, AREA)
    true = world.follow(p, world.top(CLOTHES, p, 0.0), np.array([2.0]))[0]
    unit = np.sqrt(AREA[0] * AREA[1]) / AREA[1]
    error = np.abs(flow[..., 0] + 1j * flow[..., 1] - true * unit)
    assert error[confidence > 0.7].mean() < 0.01
    assert confidence.max() <= 1
    assert confidence.min() >= 0
