"""Flat figures for the street: a lamp post, somebody under an umbrella, a taxi."""

from __future__ import annotations

import cv2
import numpy as np

from scenery.facades import CLEAR, HAZE, LAMP_HEIGHT, LAMP_LIGHT
from scenery.film import Light, rgb
from scenery.noise import Grid, smoothstep
from scenery.terrain import Lens


class Sprite:
    """A flat figure that faces the camera, painted once and scaled as it goes."""

    def __init__(self, light: Light, cover: Grid, scale: float) -> None:
        """`scale` is texture pixels a metre; the figure stands on its lower edge, centred."""
        self._levels: list[tuple[Light, float]] = [
            (np.dstack([light * cover[..., None], cover]).astype(np.float32), scale)
        ]
        while min(self._levels[-1][0].shape[:2]) > 12:
            both, fine = self._levels[-1]
            h, w = both.shape[:2]
            self._levels.append(
                (cv2.resize(both, (w // 2, h // 2), interpolation=cv2.INTER_AREA), fine / 2)
            )

    def onto(
        self, picture: Light, lens: Lens, depth: float, x: float, y: float, eye: float
    ) -> None:
        """Stand the figure `depth` metres away at (x, y)."""
        if depth < 3:
            return
        need = lens.focal / depth
        both, fine = next(
            (level for level in reversed(self._levels) if level[1] >= need), self._levels[0]
        )
        h, w = both.shape[:2]
        s = need / fine
        left = lens.centre + lens.focal * x / depth - w * s / 2
        foot = lens.horizon - lens.focal * (y - eye) / depth
        top = foot - h * s
        x0, y0 = max(int(np.floor(left)) - 1, 0), max(int(np.floor(top)) - 1, 0)
        x1, y1 = min(int(left + w * s) + 2, lens.width), min(int(foot) + 2, lens.height)
        if x0 >= x1 or y0 >= y1:
            return
        move = np.asarray([[s, 0, left - x0], [0, s, top - y0]], np.float32)
        seen = cv2.warpAffine(both, move, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        thick = 1 - np.exp(-depth / CLEAR)
        part = picture[y0:y1, x0:x1]
        part *= 1 - seen[..., 3:]
        part += seen[..., :3] * (1 - thick) + HAZE * thick * seen[..., 3:]


def _canvas(wide: float, tall: float, scale: float) -> tuple[Light, Grid]:
    h, w = round(tall * scale), round(wide * scale)
    return np.zeros((h, w, 3), np.float32), np.zeros((h, w), np.float32)


def post(lens: Lens) -> Sprite:
    scale = 110.0 * lens.width / 1280
    light, cover = _canvas(0.7, LAMP_HEIGHT + 0.35, scale)
    h, w = cover.shape
    y = (h - np.arange(h, dtype=np.float32))[:, None] / scale
    x = (np.arange(w, dtype=np.float32)[None, :] - w / 2) / scale
    radius = (
        0.045
        + 0.05 * (y < 0.9)
        + 0.03 * np.exp(-(((y - 0.9) / 0.06) ** 2))
        + 0.03 * np.exp(-(((y - 3.9) / 0.05) ** 2))
    )
    pole = smoothstep(0.008, -0.008, np.abs(x) - radius * (y < LAMP_HEIGHT - 0.2))
    head = (
        smoothstep(0.01, -0.01, np.abs(x) - (0.10 + 0.09 * (y - LAMP_HEIGHT + 0.3) / 0.5))
        * (y > LAMP_HEIGHT - 0.28)
        * (y < LAMP_HEIGHT + 0.2)
    )
    cap = smoothstep(0.01, -0.01, np.abs(x) - 0.24 * (1 - (y - LAMP_HEIGHT - 0.18) / 0.16)) * (
        y >= LAMP_HEIGHT + 0.18
    )
    light[:] = (
        rgb(0.006, 0.007, 0.008)
        + (0.018 * np.exp(-(((x + 0.03) / 0.02) ** 2)))[..., None] * LAMP_LIGHT
    )
    light[:] = np.where((head > 0.5)[..., None], LAMP_LIGHT * 9.0, light)
    cover[:] = np.maximum(np.maximum(pole, head), cap)
    return Sprite(light, cover, scale)


def walker(lens: Lens) -> Sprite:
    """Somebody under an umbrella, seen from behind against the lights."""
    scale = 200.0 * lens.width / 1280
    light, cover = _canvas(1.3, 2.15, scale)
    h, _ = cover.shape

    def at(points: list[tuple[float, float]]) -> np.ndarray:
        return (
            np.asarray([[(0.65 + x) * scale, h - y * scale] for x, y in points])
            .round()
            .astype(np.int32)
        )

    def shape(points: list[tuple[float, float]], colour: Light) -> None:
        mask = np.zeros((h, cover.shape[1]), np.uint8)
        cv2.fillPoly(mask, [at(points)], 255, cv2.LINE_AA)
        soft = (cv2.GaussianBlur(mask, (0, 0), 1.0).astype(np.float32)) / 255
        light[:] = light * (1 - soft[..., None]) + colour * soft[..., None]
        np.maximum(cover, soft, out=cover)

    coat, dark = rgb(0.013, 0.011, 0.012), rgb(0.006, 0.006, 0.007)
    shape([(-0.16, 0.0), (-0.03, 0.0), (-0.02, 0.75), (-0.17, 0.75)], dark)
    shape([(0.05, 0.09), (0.17, 0.06), (0.15, 0.75), (0.0, 0.75)], dark)
    shape(
        [
            (-0.27, 0.52),
            (0.25, 0.50),
            (0.22, 1.05),
            (0.25, 1.40),
            (0.13, 1.49),
            (-0.13, 1.49),
            (-0.25, 1.38),
            (-0.21, 1.02),
        ],
        coat,
    )
    shape([(0.20, 1.36), (0.30, 1.05), (0.24, 1.00), (0.12, 1.25)], coat)
    angle = np.linspace(0, 2 * np.pi, 40)
    shape([(0.105 * np.cos(a), 1.62 + 0.125 * np.sin(a)) for a in angle], dark)
    arc = np.linspace(0, np.pi, 60)
    rim = [(0.06 - 0.60 * np.cos(a), 1.66 + 0.42 * np.sin(a) ** 0.8) for a in arc]
    ribs = [
        (0.06 + 0.60 - 1.2 * t, 1.66 + 0.045 * abs(np.sin(t * 5 * np.pi)))
        for t in np.linspace(0, 1, 60)
    ]
    shape(rim + ribs, rgb(0.030, 0.008, 0.008))
    edge = cv2.GaussianBlur(cover, (0, 0), scale * 0.012)
    glow = (cover * (1 - edge)).clip(0, 1) ** 1.2
    light += glow[..., None] * rgb(0.34, 0.20, 0.09)  # lamps and shop windows draw a rim
    return Sprite(light, cover, scale)


def taxi(lens: Lens) -> Sprite:
    """A car driving away: tail lamps, a rear window, a lit sign."""
    scale = 90.0 * lens.width / 1280
    light, cover = _canvas(2.2, 1.75, scale)
    h, w = cover.shape

    def shape(points: list[tuple[float, float]], colour: Light) -> None:
        place = (
            np.asarray([[w / 2 + x * scale, h - y * scale] for x, y in points])
            .round()
            .astype(np.int32)
        )
        mask = np.zeros((h, w), np.uint8)
        cv2.fillPoly(mask, [place], 255, cv2.LINE_AA)
        soft = mask.astype(np.float32) / 255
        light[:] = light * (1 - soft[..., None]) + colour * soft[..., None]
        np.maximum(cover, soft, out=cover)

    body = rgb(0.020, 0.019, 0.018)
    for side in (-1, 1):
        shape(
            [(side * 0.85, 0), (side * 0.62, 0), (side * 0.62, 0.4), (side * 0.85, 0.4)],
            rgb(0.004, 0.004, 0.004),
        )
    shape(
        [
            (-0.9, 0.25),
            (-0.92, 0.75),
            (-0.84, 0.95),
            (-0.62, 1.42),
            (0.62, 1.42),
            (0.84, 0.95),
            (0.92, 0.75),
            (0.9, 0.25),
        ],
        body,
    )
    shape([(-0.68, 0.98), (-0.54, 1.34), (0.54, 1.34), (0.68, 0.98)], rgb(0.05, 0.042, 0.036))
    shape([(-0.26, 0.5), (-0.26, 0.62), (0.26, 0.62), (0.26, 0.5)], rgb(0.22, 0.20, 0.16))
    shape([(-0.9, 0.28), (-0.9, 0.36), (0.9, 0.36), (0.9, 0.28)], rgb(0.010, 0.010, 0.010))
    shape([(-0.62, 1.41), (-0.62, 1.44), (0.62, 1.44), (0.62, 1.41)], rgb(0.09, 0.06, 0.035))
    for side in (-1, 1):
        shape(
            [(side * 0.88, 0.70), (side * 0.86, 0.88), (side * 0.60, 0.86), (side * 0.62, 0.72)],
            rgb(7.0, 0.30, 0.12),
        )
    shape([(-0.2, 1.46), (-0.18, 1.6), (0.18, 1.6), (0.2, 1.46)], rgb(3.2, 2.0, 0.7))
    return Sprite(light, cover, scale)
