"""Previews are small, whole files, and come no more often than the work can bear."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from secondunit.engine import preview
from secondunit.engine.preview import Previewer, jpeg, small


@pytest.mark.parametrize(
    ("shape", "shown"),
    [((1080, 1920), (180, 320)), ((400, 300), (320, 240)), ((48, 64), (48, 64))],
)
def test_a_preview_is_at_most_320_pixels_and_of_the_same_shape(
    shape: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert small(np.zeros((*shape, 3), np.float32)).shape == (*shown, 3)


def test_a_preview_is_a_jpeg_of_the_right_colours() -> None:
    picture = np.zeros((360, 640, 3), np.float32)
    picture[:, :320, 0], picture[:, 320:, 2] = 1, 1
    data = jpeg(picture)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert back is not None and back.shape == (180, 320, 3) and len(data) < 256 * 1024
    assert back[90, 40].argmax() == 2 and back[90, 280].argmax() == 0  # OpenCV says B G R


def test_pictures_that_come_too_soon_are_left_out() -> None:
    sent: list[tuple[int, bool]] = []
    show = Previewer(lambda frame, data, rough: sent.append((frame, rough)))
    for frame in range(200):
        show(frame, np.zeros((36, 64, 3), np.float32), frame == 0)
    assert sent == [(0, True)]
    assert preview.APART >= 0.5 and preview.SHARE >= 50
