"""Procedural scenes: their motion is known exactly, and their picture drawn, at any time.

Places are complex numbers x + iy, y down, in units of the side of a square as large as the frame,
with the frame's centre at 0. Time is in frames; the anchor is at frame 0, the other pin at frame
`span`, and motion goes on before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.motion.textures import SHAPE_SIDE, Wardrobe

Places = NDArray[np.complex64]
Image = NDArray[np.float32]

TEXELS = 128.0
"""Texels per unit of place, at texture scale 1."""
SETTLE = 6
"""Fixed-point steps that invert an elastic motion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a quantity (a place, or log-scale + i angle) changes over time; 0 at frame 0."""

    rate: complex = 0j  # change per frame at full speed
    gate: int = 0  # 0 steady, 1 starts, 2 stops, 3 gains or loses speed evenly
    middle: float = 0.0  # frame around which it starts or stops
    width: float = 4.0  # frames that starting or stopping takes
    # Radians per frame by which the direction turns; times -i, rate by which the speed grows.
    bend: complex = 0j
    swing: complex = 0j  # amplitude of an oscillation
    pulse: float = 0.0  # its angular rate per frame
    phase: float = 0.0

    def at(self, frame: float) -> complex:
        """Return the change from frame 0 to `frame`."""
        run = self._run(frame) - self._run(0.0)
        if abs(self.bend) > 1e-6:
            turn = 1j * self.bend
            run = (np.exp(turn * run) - 1) / turn
        sway = np.sin(self.pulse * frame + self.phase) - np.sin(self.phase)
        return complex(self.rate * run + self.swing * sway)

    def _run(self, frame: float) -> float:
        late = self.width * np.logaddexp(0, (frame - self.middle) / self.width)
        if self.gate == 1:
            return late
        if self.gate == 2:
            return frame - late
        if self.gate == 3:
            return frame + 0.5 * frame * frame / self.width
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Ripple:
    """One elastic wave over a layer, inside a round window or everywhere."""

    wave: complex  # radians per unit of place
    reach: complex  # displacement amplitude
    pulse: float  # radians per frame
    phase: float
    centre: complex = 0j
    radius: float = 0.0  # 0: no window

    def window(self, q: Places) -> NDArray[np.float32] | float:
        """Return the window's weight at places q, 0..1."""
        if not self.radius:
            return 1.0
        inside = (self.radius - np.abs(q - self.centre)) / (0.15 * self.radius)
        return np.clip(inside, 0, 1).astype(np.float32)

    def at(self, q: Places, frame: float) -> Places:
        """Return the displacement of places q from frame 0 to `frame`."""
        angle = q.real * self.wave.real + q.imag * self.wave.imag + self.phase
        sway = np.cos(angle - self.pulse * frame) - np.cos(angle)
        return (self.reach * sway * self.window(q)).astype(np.complex64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One textured thing; the ground has no shape."""

    texture: int
    offset: complex
    detail: float  # texture scale
    shape: int | None = None
    radius: float = 1.0
    home: complex = 0j
    path: Course = field(default_factory=Course)
    turn: Course = field(default_factory=Course)  # log-scale + i angle
    ripples: tuple[Ripple, ...] = ()
    depth: float = 1.0  # how strongly the camera moves it
    lean: float = 0.0  # how much more strongly towards the bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Layers from back to front under one camera."""

    layers: tuple[Layer, ...]
    pan: Course
    zoom: Course  # log-scale + i angle
    shake: tuple[Course, ...] = ()
    span: int = 24

    def _camera(self, frame: float) -> tuple[complex, complex]:
        """Return the camera's log-similarity and shift at a frame."""
        shift = self.pan.at(frame) + sum(course.at(frame) for course in self.shake)
        return self.zoom.at(frame), shift

    def move(self, layer: Layer, q: Places, frame: float) -> Places:
        """Return where the layer's own places q stand in the frame."""
        zoom, shift = self._camera(frame)
        scale = np.exp(layer.depth * zoom)
        q = self._bent(layer, q, frame, shift)
        world = layer.home + layer.path.at(frame) + np.exp(layer.turn.at(frame)) * q
        return (scale * world + layer.depth * shift).astype(np.complex64)

    def place(self, layer: Layer, p: Places, frame: float) -> Places:
        """Return which of the layer's own places stand at places p of the frame."""
        zoom, shift = self._camera(frame)
        world = (p - layer.depth * shift) * np.exp(-layer.depth * zoom)
        own = (world - layer.home - layer.path.at(frame)) * np.exp(-layer.turn.at(frame))
        own = own.astype(np.complex64)
        if not layer.ripples and not layer.lean:
            return own
        q = own
        for _ in range(SETTLE):
            q = own - (self._bent(layer, q, frame, shift) - q)
        return q

    def _bent(self, layer: Layer, q: Places, frame: float, shift: complex) -> Places:
        bent = q
        for ripple in layer.ripples:
            bent = bent + ripple.at(q, frame)
        if layer.lean:
            bent = bent + np.complex64(shift * layer.lean) * q.imag
        return bent.astype(np.complex64)

    def top(self, wardrobe: Wardrobe, p: Places, frame: float) -> NDArray[np.int64]:
        """Return the index of the front-most layer at places p."""
        which = np.zeros(p.shape, np.int64)
        for index, layer in enumerate(self.layers):
            if layer.shape is not None:
                q = self.place(layer, p, frame)
                which[_cover(wardrobe, layer, q) > 0.5] = index
        return which

    def follow(
        self,
        p: Places,
        which: NDArray[np.int64],
        frames: NDArray[np.floating],
        start: float = 0.0,
    ) -> NDArray[np.complex64]:
        """Return the displacement (n, *p.shape) of what stands at places p at frame `start`.

        `which` names the layer that each place belongs to, as from `top` at that frame.
        """
        moved = np.zeros((len(frames), *p.shape), np.complex64)
        for index in np.unique(which):
            chosen = which == index
            q = self.place(self.layers[index], p[chosen], start)
            origin = self.move(self.layers[index], q, start)
            for k, frame in enumerate(frames):
                moved[k][chosen] = self.move(self.layers[index], q, float(frame)) - origin
        return moved

    def camera_field(self, p: Places, frames: NDArray[np.floating]) -> NDArray[np.complex64]:
        """Return the displacement (n, *p.shape) that the camera alone gives to places p."""
        moves = (self._camera(float(frame)) for frame in frames)
        return np.stack([np.exp(zoom) * p + shift - p for zoom, shift in moves]).astype(
            np.complex64
        )

    def render(self, wardrobe: Wardrobe, p: Places, frame: float) -> Image:
        """Return the picture (*p.shape 3) in 0..1 at a frame, seen at places p."""
        picture: Image = np.zeros((*p.shape, 3), np.float32)
        for layer in self.layers:
            q = self.place(layer, p, frame)
            texel = ((q + layer.offset) * (TEXELS * layer.detail)).astype(np.complex64)
            colour = np.asarray(
                cv2.remap(
                    wardrobe.textures[layer.texture], texel.real, texel.imag,
                    cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101,
                ),
                np.float32,
            )  # fmt: skip
            if layer.shape is None:
                picture = colour
            else:
                cover = _cover(wardrobe, layer, q)[..., None]
                picture = (picture + cover * (colour - picture)).astype(np.float32)
        return picture


def _cover(wardrobe: Wardrobe, layer: Layer, q: Places) -> Image:
    """Return how much of the layer covers its own places q, 0..1."""
    texel = (q / (1.4 * layer.radius) + (1 + 1j)) * ((SHAPE_SIDE - 1) / 2)
    texel = texel.astype(np.complex64)
    shape = wardrobe.shapes[layer.shape or 0]
    flat = np.ascontiguousarray(texel.reshape(-1, 1) if texel.ndim == 1 else texel)
    cover = cv2.remap(shape, flat.real, flat.imag, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(cover, np.float32).reshape(texel.shape)


def frame_places(rows: int, columns: int, area: tuple[int, int]) -> Places:
    """Return the pixel centres (rows columns) of a frame with the aspect of a grid gh gw."""
    gh, gw = area
    side = float(np.sqrt(gh * gw))
    x = ((np.arange(columns) + 0.5) / columns - 0.5) * gw / side
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * gh / side
    return (x[None] + 1j * y[:, None]).astype(np.complex64)


def direction(rng: np.random.Generator) -> complex:
    """Return a random direction, of length 1."""
    return complex(np.exp(1j * rng.uniform(0, 2 * np.pi)))


def course(rng: np.random.Generator, way: float, span: int) -> Course:
    """Return a random path of about `way` units per span.

    Things have inertia: over a few frames they go straight on, over seconds they bend and stop.
    """
    wild = 0.05 + 0.7 * min(1.0, span / 60)
    gate = int(rng.integers(1, 4)) if rng.random() < wild else 0
    middle = rng.uniform(-0.3, 1.3) * span
    width = max(span, 20) * (
        rng.uniform(0.08, 0.4) if gate < 3 else rng.uniform(1.0, 3.0) * rng.choice((-1, 1))
    )
    bend = rng.normal() * 1.5 / max(span, 30) if rng.random() < 0.4 * wild else 0.0
    swing, period = 0j, 48.0
    if rng.random() < 0.5 * wild:
        period = float(np.exp(rng.uniform(np.log(24), np.log(140))))
        swing = direction(rng) * rng.uniform(0.1, 0.6) * way * min(1.0, period / (2 * span))
    return Course(
        rate=direction(rng) * way / span, gate=gate, middle=middle, width=width, bend=bend,
        swing=swing, pulse=2 * np.pi / period, phase=rng.uniform(0, 6.28),
    )  # fmt: skip


def along(rng: np.random.Generator, whole: Course, size: complex, span: int) -> Course:
    """Return a log-scale and angle course that follows the timing of a path."""
    return Course(
        rate=size / span, gate=whole.gate, middle=whole.middle, width=whole.width,
        swing=size * 0.3 if rng.random() < 0.2 else 0j, pulse=whole.pulse, phase=whole.phase,
    )  # fmt: skip


def way(rng: np.random.Generator, span: int) -> float:
    """Return a random distance per span: many small, some large, shorter for short spans."""
    low, high = ((0.002, 0.03), (0.03, 0.12), (0.12, 0.4))[rng.choice(3, p=(0.35, 0.4, 0.25))]
    return rng.uniform(low, high) * min(1.0, (span / 24) ** 0.5)


def _ripples(rng: np.random.Generator, size: float, radius: float) -> tuple[Ripple, ...]:
    found = []
    for _ in range(int(rng.integers(1, 3))):
        rate = rng.uniform(1.0, 4.0) / max(radius, 0.2)
        found.append(
            Ripple(
                wave=direction(rng) * rate, reach=direction(rng) * min(size, 0.5 / rate),
                pulse=2 * np.pi / rng.uniform(16, 90) * rng.choice((-1, 1)),
                phase=rng.uniform(0, 6.28),
            )
        )  # fmt: skip
    return tuple(found)


def ambient_ripples(
    rng: np.random.Generator, strength: float, centre: complex, radius: float
) -> tuple[Ripple, ...]:
    """Return the waves of an ambient region, like water or leaves, as high as its strength."""
    found = []
    for _ in range(3):
        rate = rng.uniform(6.0, 22.0)
        found.append(
            Ripple(
                wave=direction(rng) * rate,
                reach=direction(rng) * min(0.012 * strength, 0.25 / rate),
                pulse=2 * np.pi / rng.uniform(14, 60) * rng.choice((-1, 1)),
                phase=rng.uniform(0, 6.28), centre=centre, radius=radius,
            )
        )  # fmt: skip
    return tuple(found)


def camera(rng: np.random.Generator, span: int, moves: bool) -> dict[str, object]:
    """Return the camera courses of a scene: pan, zoom with roll, and the shake of a hand."""
    if not moves:
        return {"pan": Course(), "zoom": Course()}
    pan = course(rng, way(rng, span) if rng.random() < 0.8 else 0.0, span)
    size = rng.normal() * 0.12 * (rng.random() < 0.6) + 1j * rng.normal() * 0.06 * (
        rng.random() < 0.4
    )
    shake = ()
    if rng.random() < 0.35:
        shake = tuple(
            Course(
                swing=direction(rng) * rng.uniform(0.0005, 0.004),
                pulse=2 * np.pi / rng.uniform(8, 40), phase=rng.uniform(0, 6.28),
            )
            for _ in range(2)
        )  # fmt: skip
    return {"pan": pan, "zoom": along(rng, pan, complex(size), span), "shake": shake}


def scene(rng: np.random.Generator, wardrobe: Wardrobe, span: int, *, directed: bool) -> Scene:
    """Return a random scene.

    `directed` scenes are those of `animate`: the camera mostly stands still, and so do about half
    of the objects.
    """
    moves = rng.random() < (0.3 if directed else 0.65)
    parallax = rng.random() < (0.2 if directed else 0.5)
    count = int(rng.integers(1, 6))
    ripples: tuple[Ripple, ...] = ()
    if rng.random() < 0.2:
        centre = complex(rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4))
        ripples = ambient_ripples(rng, rng.uniform(0.2, 1.0), centre, rng.uniform(0.2, 0.8))
    elif not directed and rng.random() < 0.2:
        ripples = _ripples(rng, rng.uniform(0.003, 0.03), 1.0)
    layers = [
        Layer(
            texture=int(rng.integers(len(wardrobe.textures))),
            offset=complex(*rng.uniform(0.7, 1.5, 2)),
            detail=rng.uniform(0.5, 1.3), ripples=ripples,
            lean=rng.uniform(-0.7, 0.7) if moves and parallax and rng.random() < 0.6 else 0.0,
        )
    ]  # fmt: skip
    still = rng.random() < 0.04
    for _ in range(count):
        radius = float(np.exp(rng.uniform(np.log(0.06), np.log(0.38))))
        runs = rng.random() < (0.55 if directed else 0.8) and not still
        path = course(rng, way(rng, span), span) if runs else Course()
        size = rng.normal() * 0.12 * (rng.random() < 0.4) + 1j * rng.normal() * 0.35 * (
            rng.random() < 0.4
        )
        elastic = runs and rng.random() < 0.25
        layers.append(
            Layer(
                texture=int(rng.integers(len(wardrobe.textures))),
                offset=complex(*rng.uniform(0.7, 1.5, 2)), detail=rng.uniform(0.6, 1.8),
                shape=int(rng.integers(len(wardrobe.shapes))), radius=radius,
                home=complex(rng.uniform(-0.6, 0.6), rng.uniform(-0.45, 0.45)), path=path,
                turn=along(rng, path, complex(size), span) if runs else Course(),
                ripples=_ripples(rng, rng.uniform(0.05, 0.15) * radius, radius) if elastic else (),
                depth=1 + rng.uniform(-0.2, 0.8) if parallax else 1.0,
            )
        )  # fmt: skip
    return Scene(layers=tuple(layers), span=span, **camera(rng, span, moves and not still))  # type: ignore[arg-type]
