"""Trees and grasses as cut-outs: cover and light, drawn leaf by leaf."""

from __future__ import annotations

import cv2
import numpy as np

from scenery.noise import Grid


def conifer(rng: np.random.Generator, height: int) -> tuple[Grid, Grid]:
    """A spruce `height` pixels tall: (cover, light) each `h w`, 0..1; light comes from the left."""
    fine = 2
    h = height * fine
    w = int(h * 0.5)
    cover = np.zeros((h, w), np.float32)
    light = np.zeros((h, w), np.float32)
    middle = w / 2
    trunk = np.asarray([[middle, h * 0.01], [middle - h * 0.008, h], [middle + h * 0.008, h]])
    cv2.fillConvexPoly(cover, trunk.astype(np.int32), 1.0, cv2.LINE_AA)
    thick = max(1, round(h / 700))
    boughs = int(np.clip(height * 0.5, 60, 330))
    for i in np.sort(rng.uniform(0, 1, boughs)) ** 0.8:
        y = h * (0.015 + 0.95 * i)
        side = rng.choice((-1.0, 1.0))
        out = rng.uniform(0.3, 1.0)  # seen from the side 1, coming at us 0
        long = w * 0.47 * (0.05 + 0.95 * i**0.9) * rng.uniform(0.6, 1.12) * out
        t = np.linspace(0, 1, max(4, int(long / (3.2 * thick))))
        xs = middle + side * long * t
        ys = y + long * ((0.55 - 0.2 * out) * t**1.3 - 0.22 * t**3)
        tone = np.clip((0.5 - 0.5 * side * out) * rng.uniform(0.5, 1.2), 0.03, 1)
        for x, yy, tt in zip(xs, ys, t, strict=True):
            for _ in range(2):
                hang = (long * 0.10 + h * 0.010) * (1.2 - tt) * rng.uniform(0.3, 1.4) + h / 300
                tip = (int(x + side * hang * rng.uniform(0.1, 0.9)), int(yy + hang))
                cv2.line(cover, (int(x), int(yy)), tip, 1.0, thick, cv2.LINE_AA)
                shade = float(tone * rng.uniform(0.25, 1.0) * (0.25 + 0.75 * tt))
                cv2.line(light, (int(x), int(yy)), tip, shade, thick, cv2.LINE_AA)
    size = (w // fine, height)
    return (
        cv2.resize(cover, size, interpolation=cv2.INTER_AREA),
        cv2.resize(light, size, interpolation=cv2.INTER_AREA),
    )


def grass(
    rng: np.random.Generator, width: int, height: int, *, blades: int, tall: float, thick: int = 1
) -> tuple[Grid, Grid]:
    """A strip of grass on the lower edge, repeating sideways: (cover, light), each `h w`, 0..1."""
    fine = 2
    w, h = width * fine, height * fine
    reach = int(h * 0.6)
    cover = np.zeros((h, w + 2 * reach), np.float32)
    light = np.zeros_like(cover)
    depth = np.sort(rng.uniform(0, 1, blades))
    x = rng.uniform(0, w, blades)
    tuft = np.convolve(rng.normal(0, 1, 256), np.ones(9) / 3, "same")
    grown = 0.85 + 0.17 * np.interp(x, np.linspace(0, w, 256), tuft)
    long = h * tall * rng.uniform(0.35, 1.0, blades) * grown.clip(0.3, 1.3)
    lean = rng.normal(0.12, 0.28, blades)
    shade = (rng.uniform(0.15, 0.8, blades) * (0.4 + 0.6 * depth)).clip(0, 1)
    t = np.linspace(0, 1, 6)[None, :]
    xs = reach + x[:, None] + (lean * long)[:, None] * t**1.8
    ys = h * (0.90 + 0.12 * depth)[:, None] - long[:, None] * (t - 0.12 * abs(lean)[:, None] * t**2)
    lines = np.stack([xs, ys], -1).round().astype(np.int32)
    seeds = rng.random(blades) < 0.12
    across = np.asarray([w, 0], np.int32)
    for line, tone, angle, seed in zip(
        lines, shade.tolist(), (lean * 40).tolist(), seeds, strict=True
    ):
        copies = [line]
        if line[:, 0].max() >= w:
            copies.append(line - across)
        if line[:, 0].min() < 2 * reach:
            copies.append(line + across)
        for copy in copies:
            cv2.polylines(cover, [copy], False, 1.0, thick, cv2.LINE_AA)
            cv2.polylines(light, [copy], False, tone * 0.6, thick, cv2.LINE_AA)
            cv2.polylines(light, [copy[3:]], False, tone, thick, cv2.LINE_AA)
            if seed:
                tip, axes = copy[-1].tolist(), (max(1, thick), max(2, int(h * 0.025)))
                cv2.ellipse(cover, tip, axes, angle, 0, 360, 1.0, -1, cv2.LINE_AA)
                cv2.ellipse(light, tip, axes, angle, 0, 360, min(tone * 1.2, 1.0), -1, cv2.LINE_AA)
    cut = slice(reach, reach + w)
    size = (width, height)
    return (
        cv2.resize(cover[:, cut], size, interpolation=cv2.INTER_AREA),
        cv2.resize(light[:, cut], size, interpolation=cv2.INTER_AREA),
    )
