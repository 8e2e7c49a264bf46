"""Procedural textures and shapes with the statistics of natural pictures, but no photographs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

SIDE = 256
"""Texture side in texels."""
SHAPE_SIDE = 128
"""Shape side in texels; a shape of radius 1 spans -1.4 .. 1.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wardrobe:
    """What scenes dress their layers in: textures SIDE SIDE 3 and shapes, both in 0..1."""

    textures: list[Image]
    shapes: list[Image]


def wardrobe(seed: int, textures: int = 160, shapes: int = 160) -> Wardrobe:
    """Return the same textures and shapes for the same seed."""
    rng = np.random.default_rng(seed)
    return Wardrobe(
        textures=[texture(rng) for _ in range(textures)], shapes=[shape(rng) for _ in range(shapes)]
    )


def texture(rng: np.random.Generator) -> Image:
    """Return one texture SIDE SIDE 3 in 0..1: leaves, clouds, cells, stripes or a blend of two."""
    makers = (_leaves, _clouds, _cells, _stripes)
    image = makers[rng.choice(4, p=(0.35, 0.3, 0.2, 0.15))](rng)
    if rng.random() < 0.5:
        image = image + rng.uniform(0.1, 0.6) * (_clouds(rng) - 0.5)
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 3.0))
    contrast = rng.uniform(0.3, 1.1)
    return np.clip((image - 0.5) * contrast + rng.uniform(0.3, 0.7), 0, 1).astype(np.float32)


def _palette(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return colours count 3 around one hue, with natural, low saturation."""
    base = rng.random(3)
    grey = rng.random((count, 1))
    return np.clip(
        grey + rng.uniform(0.05, 0.5) * (base - 0.5 + 0.3 * rng.normal(size=(count, 3))), 0, 1
    )


def _noise(rng: np.random.Generator, slope: float) -> Image:
    """Return a plane SIDE SIDE with a 1/f**slope spectrum, zero mean, unit deviation."""
    rate = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]) * SIDE
    phase = np.exp(2j * np.pi * rng.random(rate.shape))
    plane = np.fft.irfft2(phase / np.maximum(rate, 1) ** slope, s=(SIDE, SIDE))
    return ((plane - plane.mean()) / (plane.std() + 1e-9)).astype(np.float32)


def _clouds(rng: np.random.Generator) -> Image:
    slope = rng.uniform(0.9, 2.0)
    planes = np.stack([_noise(rng, slope) for _ in range(2)], -1)
    return np.clip(0.5 + 0.22 * (planes @ rng.normal(size=(2, 3))), 0, 1).astype(np.float32)


def _leaves(rng: np.random.Generator) -> Image:
    """Dead leaves: discs and rectangles of power-law size, each covering the ones before it."""
    image = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    count = int(rng.integers(100, 500))
    colours = _palette(rng, count)
    for k in range(count):
        size = int(min(90, 3 / (rng.random() + 0.02) ** 0.8))
        x, y = (int(v) for v in rng.integers(0, SIDE, 2))
        colour = colours[k].tolist()
        if rng.random() < 0.6:
            axes = (max(1, size), max(1, int(size * rng.uniform(0.4, 1))))
            cv2.ellipse(image, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        else:
            box = cv2.boxPoints(
                ((x, y), (2 * size, rng.uniform(0.5, 2) * size), rng.uniform(0, 90))
            )
            cv2.fillConvexPoly(image, box.astype(np.int32), colour)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), np.float32)


def _cells(rng: np.random.Generator) -> Image:
    """Voronoi cells, flat or shaded by the distance to their seed."""
    count = int(rng.integers(15, 150))
    points = rng.random((count, 2)) * SIDE
    y, x = np.mgrid[0:SIDE:2, 0:SIDE:2]
    near = np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1])
    which = near.argmin(-1)
    image = _palette(rng, count)[which]
    if rng.random() < 0.5:
        image = image * (1 - 0.6 * np.clip(near.min(-1) / (SIDE / count**0.5), 0, 1))[..., None]
    whole = cv2.resize(image.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole, np.float32)


def _stripes(rng: np.random.Generator) -> Image:
    """Stripes, bricks or a plain gradient, bent a little."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    angle, rate = rng.uniform(0, np.pi), rng.uniform(0.3, 16)
    along = x * np.cos(angle) + y * np.sin(angle) + 0.02 * _noise(rng, 2.0)
    across = -x * np.sin(angle) + y * np.cos(angle)
    wave = np.sin(2 * np.pi * rate * along)
    if rng.random() < 0.4:
        wave = wave * np.sign(np.sin(2 * np.pi * rate * across * rng.uniform(0.3, 1)))
    wave = np.tanh(wave * rng.uniform(0.5, 6))[..., None] * 0.5 + 0.5
    first, second = _palette(rng, 2)
    return (first * wave + second * (1 - wave)).astype(np.float32)


def shape(rng: np.random.Generator) -> Image:
    """Return one shape SHAPE_SIDE SHAPE_SIDE, 1 inside: a wobbling outline or a rounded box."""
    axis = np.linspace(-1.4, 1.4, SHAPE_SIDE, dtype=np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    angle = rng.uniform(0, np.pi)
    x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    y = y / rng.uniform(0.35, 1.0)
    if rng.random() < 0.65:
        theta, radius = np.arctan2(y, x), np.hypot(x, y)
        edge = np.full_like(theta, 0.85)
        for k in range(2, 8):
            edge += rng.normal() * 0.28 / k * np.cos(k * theta + rng.uniform(0, 6.28))
    else:
        power = rng.uniform(2, 8)
        radius = (np.abs(x) ** power + np.abs(y) ** power) ** (1 / power)
        edge = np.float32(0.9)
    return np.clip((edge - radius) * 25 + 0.5, 0, 1).astype(np.float32)
