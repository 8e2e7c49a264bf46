"""Boats lofted from their lines: clinker hulls with thwarts, a wheelhouse, masts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from scenery.film import Light, rgb
from scenery.solids import WOOD, Model, Points

_STATIONS = 20
_STRAKES = 6


def rowing_boat(rng: np.random.Generator, *, paint: Light, inside: Light) -> Model:
    """An open clinker dinghy, 4.2 m, bow along +x, afloat at y = 0."""
    model = Model()
    hull = _hull(4.2, 1.55, 0.42, 0.30)
    _planking(model, hull, rng, paint, rgb(0.30, 0.27, 0.22))
    _inside(model, hull, inside)
    for x, wide in ((-1.35, 1.12), (-0.2, 1.36), (0.95, 1.02)):
        y = 0.30
        model.box((x - 0.12, y - 0.03, -wide / 2), (x + 0.12, y, wide / 2), WOOD * 1.5)
    for side, tip in ((0.35, 1.45), (-0.30, 1.25)):  # oars lie in the boat
        model.stick((-1.6, 0.34, side * 0.6), (tip, 0.46, side), 0.05, WOOD * 1.9)
    _gunwale(model, hull, WOOD * 1.25)
    return model


def fishing_boat(rng: np.random.Generator, *, paint: Light) -> Model:
    """A small decked trawler, 9 m, bow along +x, with a wheelhouse, a mast and lines."""
    model = Model()
    hull = _hull(9.0, 3.0, 1.05, 0.85)
    _planking(model, hull, rng, paint, rgb(0.42, 0.40, 0.36), boot=rgb(0.16, 0.035, 0.025))
    _deck(model, hull, rgb(0.20, 0.17, 0.13))
    white, trim = rgb(0.50, 0.49, 0.46), rgb(0.13, 0.085, 0.05)
    model.box((-1.9, 0.85, -0.85), (0.35, 2.75, 0.85), white)
    model.box((-2.05, 2.75, -0.98), (0.55, 2.86, 0.98), trim)
    dark = rgb(0.020, 0.026, 0.032)
    for x in (-1.65, -0.9, -0.2):
        for z in (-0.858, 0.858):
            model.face([(x, 1.95, z), (x + 0.5, 1.95, z), (x + 0.5, 2.5, z), (x, 2.5, z)], dark)
    for z in (-0.7, -0.15, 0.4):
        for x in (-1.908, 0.358):
            model.face([(x, 1.95, z), (x, 1.95, z + 0.35), (x, 2.5, z + 0.35), (x, 2.5, z)], dark)
    model.stick((1.3, 0.9, 0), (1.3, 5.6, 0), 0.13, trim)
    model.stick((1.3, 1.9, 0), (3.4, 3.9, 0), 0.09, trim)
    for end in ((4.3, 1.6, 0), (-1.9, 2.86, 0.0), (-4.2, 1.3, 0.0)):
        model.stick((1.3, 5.5, 0), end, 0.022, dark)
    model.box((-3.4, 0.85, -0.5), (-2.6, 1.25, 0.5), rgb(0.10, 0.13, 0.10))
    for x, z in ((2.0, 0.55), (2.45, 0.2), (2.1, -0.3)):  # fish boxes
        model.box((x, 0.9, z - 0.2), (x + 0.45, 1.15, z + 0.2), rgb(0.30, 0.13, 0.03))
    for x in (-3.2, -1.0, 1.4):  # fenders
        model.stick((x, 0.25, -1.5), (x, 0.75, -1.48), 0.22, rgb(0.42, 0.42, 0.40))
    _gunwale(model, hull, trim * 1.2)
    return model


def yacht(rng: np.random.Generator, *, paint: Light) -> Model:
    """A sailing boat at her mooring, sails furled, 7 m, bow along +x."""
    model = Model()
    hull = _hull(7.0, 2.1, 0.75, 0.62)
    _planking(model, hull, rng, paint, rgb(0.5, 0.48, 0.44), boot=rgb(0.03, 0.05, 0.09))
    _deck(model, hull, rgb(0.34, 0.30, 0.24))
    model.box((-1.0, 0.65, -0.6), (1.5, 1.0, 0.6), rgb(0.50, 0.48, 0.44))
    spar = rgb(0.28, 0.26, 0.23)
    model.stick((0.7, 0.8, 0), (0.7, 9.2, 0), 0.11, spar)
    model.stick((0.7, 1.55, 0), (-2.7, 1.6, 0), 0.10, spar)
    model.stick((0.6, 1.68, 0), (-2.5, 1.72, 0), 0.24, rgb(0.06, 0.09, 0.16))
    for end in ((3.4, 0.9, 0), (-3.3, 0.75, 0), (0.5, 0.7, -0.95), (0.5, 0.7, 0.95)):
        model.stick((0.7, 9.1, 0), end, 0.018, spar * 0.4)
    return model


def _hull(long: float, beam: float, bow: float, free: float) -> Points:
    """Lines of one side, `stations strakes+1 3`, from the water up to the gunwale; z > 0."""
    t = np.linspace(0, 1, _STATIONS)
    half = (
        beam
        / 2
        * np.where(
            t < 0.42,
            0.74 + 0.26 * np.sin(t / 0.42 * np.pi / 2),
            1 - ((t - 0.42).clip(0) / 0.58) ** 2.3,
        )
    )
    sheer = (
        free + (bow - free) * ((t - 0.3).clip(0) / 0.7) ** 2 + 0.10 * free * (0.3 - t).clip(0) / 0.3
    )
    u = np.linspace(0, 1, _STRAKES + 1)
    flare = 0.80 + 0.20 * u[None, :] ** 0.7
    pinch = 1 - (1 - u[None, :]) * (t[:, None] ** 5) * 0.9  # the stem is sharp at the water
    z = half[:, None] * flare * pinch
    y = sheer[:, None] * u[None, :]
    x = (
        (t[:, None] - 0.5)
        * long
        * (1 - 0.035 * (1 - u[None, :]) * (t[:, None] > 0.5) * (2 * t[:, None] - 1))
    )
    return np.stack([np.broadcast_to(x, y.shape), y, z], -1).astype(np.float32)


def _planking(
    model: Model, hull: Points, rng: np.random.Generator, paint: Light, sheer: Light,
    boot: Light | None = None,
) -> None:  # fmt: skip
    for side in (1.0, -1.0):
        lines = hull * np.asarray([1, 1, side], np.float32)
        for strake in range(_STRAKES):
            wear = 1 + rng.normal(0, 0.05)
            for i in range(_STATIONS - 1):
                colour = paint * wear * (1 + rng.normal(0, 0.025))
                if strake == _STRAKES - 1:
                    colour = sheer * wear
                if strake == 0:
                    colour = (boot if boot is not None else paint * 0.55) * wear
                a, b = lines[i, strake], lines[i + 1, strake]
                c, d = lines[i + 1, strake + 1], lines[i, strake + 1]
                model.face(np.stack([a, b, c, d]), colour)
                lap = np.asarray([0, (d[1] - a[1]) * 0.20, side * 0.012], np.float32)
                if strake:
                    model.face(np.stack([a, b, b + lap, a + lap]), colour * 0.32)
    flip = np.asarray([1, 1, -1], np.float32)
    for a, b in pairwise(hull[:, 0]):  # closed at the water, for the mirror view
        model.face(np.stack([a, b, b * flip, a * flip]), paint * 0.3)
    stern = hull[0]
    both = np.concatenate([stern, stern[::-1] * flip])
    model.face(both, paint * 0.8)


def _inside(model: Model, hull: Points, colour: Light) -> None:
    floor = 0.10
    for side in (1.0, -1.0):
        rim = hull[:, -1] * np.asarray([1, 1, side * 0.95], np.float32)
        foot = rim * np.asarray([0.94, 0, 0.62], np.float32) + np.asarray([0, floor, 0], np.float32)
        for i in range(_STATIONS - 4):  # the stem is solid wood
            rib = 0.72 if i % 3 == 0 else 1.0
            model.face(np.stack([rim[i], rim[i + 1], foot[i + 1], foot[i]]), colour * rib)
            keel = np.asarray([[foot[i, 0], floor, 0], [foot[i + 1, 0], floor, 0]], np.float32)
            model.face(np.stack([foot[i], foot[i + 1], keel[1], keel[0]]), colour * 0.5)


def _deck(model: Model, hull: Points, colour: Light) -> None:
    for i in range(_STATIONS - 1):
        a, b = hull[i, -2].copy(), hull[i + 1, -2].copy()
        flip = np.asarray([1, 1, -1], np.float32)
        model.face(np.stack([a, b, b * flip, a * flip]), colour)


def _gunwale(model: Model, hull: Points, colour: Light) -> None:
    for side in (1.0, -1.0):
        rim = hull[:, -1] * np.asarray([1, 1, side], np.float32)
        inner = hull[:, -1] * np.asarray([0.99, 1, side * 0.94], np.float32)
        lift = np.asarray([0, 0.035, 0], np.float32)
        for i in range(_STATIONS - 1):
            model.face(
                np.stack([rim[i], rim[i + 1], rim[i + 1] + lift, rim[i] + lift]), colour * 0.8
            )
            model.face(
                np.stack([rim[i] + lift, rim[i + 1] + lift, inner[i + 1] + lift, inner[i] + lift]),
                colour,
            )
