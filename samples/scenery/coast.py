"""A coast road at dusk: the camera travels beside a lorry; sea, headlands and grass slide by."""

from __future__ import annotations

import math

import cv2
import numpy as np

from scenery import lorry, plants, sky, water
from scenery.film import Camera, Light, Stock, over, rgb
from scenery.layers import Layer, paste
from scenery.noise import Grid, cloud, ridged, sample, smoothstep
from scenery.terrain import Land, Lens, land, look, on_map, spaced

FRAMES = 144
RATE = 24000 / 1001
EYE = 3.4  # metres above the road
CLIFF = 34.0  # metres of road above the sea
ROAD = 45.0  # metres to the lorry's side
TRAVEL = 1.2 / RATE  # metres of camera travel a frame
DRIVE = 1.9 / RATE  # metres the lorry drives a frame: loaded, and uphill
SUN = (0.315, 0.008)  # widths from the left, widths above the horizon
CELL = 6.0


class Coast:
    """The whole take, frame by frame."""

    def __init__(self, width: int) -> None:
        height = round(width * 9 / 32) * 2
        self.k = width / 1280
        self.lens = Lens(
            width=width, height=height, focal=1900 * self.k, horizon=round(height * 0.47),
            centre=width / 2,
        )  # fmt: skip
        self.camera = Camera(
            Stock(exposure=0.92, bloom=0.10, warmth=(1.04, 1.0, 0.98),
                  shadows=(0.010, 0.009, 0.014), grain=0.011), width, height,
        )  # fmt: skip
        self.waves = water.Waves(41, reach=70, choppy=1.15)
        self.heavens = _heavens(self.lens)
        blurred = cv2.GaussianBlur(self.heavens, (0, 0), width / 160, sigmaY=width / 640)
        self.heavens += _sun(self.lens)
        self.mirror = blurred
        self.headlands = _headlands(self.lens)
        self.verge = _verge(self.lens)
        self.meadow = _meadow(self.lens)
        self.lorry = lorry.paint(self.lens.focal / ROAD)
        self.field = round(self.lens.horizon + self.lens.focal * EYE / 38)
        columns = np.arange(width, dtype=np.float32) / width
        self.counterlight = (0.80 + 0.85 * np.exp(-(((columns - SUN[0]) / 0.22) ** 2)))[
            None, :, None
        ]

    def frame(self, index: int) -> Light:
        """Display-referred RGB of one frame, `h w 3`, 0..1."""
        x = (index - FRAMES / 2) * TRAVEL
        bob = 1.3 * math.sin(index / 37) + 0.5 * math.sin(index / 13 + 1)
        light = self._sea(x, index)
        for layer in self.headlands:
            layer.onto(light, x, self.lens)
        self.verge.onto(light, x, self.lens)
        self._drive(light, x, index)
        for layer in self.meadow:
            layer.onto(light, x, self.lens)
        light[self.field :] *= self.counterlight
        move = np.asarray([[1, 0, 0], [0, 1, bob * self.k]], np.float32)
        light = cv2.warpAffine(
            light, move, (self.lens.width, self.lens.height), borderMode=cv2.BORDER_REPLICATE,
            flags=cv2.INTER_LINEAR,
        )  # fmt: skip
        return self.camera.develop(light, index)

    def _sea(self, x: float, index: int) -> Light:
        lens = self.lens
        light = self.heavens.copy()
        top, bottom = int(lens.horizon), int(lens.horizon + lens.focal * EYE / (ROAD + 6)) + 4
        part = Lens(
            width=lens.width,
            height=bottom - top + 2,
            focal=lens.focal,
            horizon=2.0,
            centre=lens.centre,
        )
        slope = self.waves.slope(part, eye=EYE + CLIFF, x=x, seconds=index / RATE)[2:]
        light[top:bottom] = _water_light(slope, self.mirror, lens, top)
        return light

    def _drive(self, light: Light, x: float, index: int) -> None:
        lens, body = self.lens, self.lorry
        h, w = body.cover.shape
        nose = (index - FRAMES / 2) * DRIVE + 2.2 - x  # metres right of the middle
        left = lens.centre + (nose - lorry.LENGTH * 0.62) * lens.focal / ROAD
        foot = lens.horizon + lens.focal * EYE / ROAD
        self._cast(light, left, foot, w)
        rock = 0.35 * self.k * math.sin(index * 0.9) * math.exp(-(index % 61) / 14)
        paste(
            light,
            body.light,
            body.cover,
            left,
            foot - h + rock,
            blur=(DRIVE - TRAVEL) * lens.focal / ROAD / 2,
        )

    def _cast(self, light: Light, left: float, foot: float, width: int) -> None:
        """The pool of shade below the lorry, and its headlamps on the road ahead."""
        rows, columns = np.mgrid[0 : self.lens.height, 0 : self.lens.width].astype(np.float32)
        top, bottom = int(foot - 16 * self.k), int(foot + 70 * self.k)
        y, x = rows[top:bottom] - foot, columns[top:bottom] - left
        k = self.k
        inside = smoothstep(-14 * k, 16 * k, x) * smoothstep(width + 4 * k, width - 26 * k, x)
        under = inside * np.exp(-((y / (7 * k)) ** 2)) * 0.8
        along = inside * smoothstep(0, 5 * k, y) * np.exp(-y.clip(0, None) / (38 * k)) * 0.5
        part = light[top:bottom]
        part *= (1 - np.maximum(under, along))[..., None]
        ahead = x - width
        pool = (
            np.exp(-(((y + 1 * k) / (5 * k)) ** 2))
            * smoothstep(0, 30 * k, ahead)
            * np.exp(-ahead.clip(0, None) / (150 * k))
        )
        part += pool[..., None] * rgb(0.36, 0.29, 0.19)


def _heavens(lens: Lens) -> Light:
    base = sky.gradient(
        lens,
        [
            (-0.011, (0.420, 0.150, 0.062)),
            (0.011, (0.460, 0.175, 0.070)),
            (0.045, (0.400, 0.200, 0.110)),
            (0.101, (0.215, 0.170, 0.165)),
            (0.169, (0.105, 0.130, 0.190)),
            (0.281, (0.040, 0.070, 0.135)),
        ],
    )
    x, y = SUN
    base = base + sky.around(lens, x, y, 0.17)[..., None] * rgb(1.35, 0.46, 0.11)
    near = sky.around(lens, x, y, 0.36)[..., None]
    for seed, size, amount, soft in ((503, 26, 0.40, 1.7), (511, 8, 0.30, 1.2)):
        cover = sky.deck(lens, seed, size=size, amount=amount, soft=soft, stretch=3.0)
        rim = (cover * (1 - cover) * 4) ** 1.5
        body = rgb(0.085, 0.072, 0.105) * (1 - near) + rgb(0.30, 0.105, 0.070) * near
        edge = rgb(0.36, 0.150, 0.120) * (1 - near) + rgb(1.9, 0.66, 0.22) * near
        base = over(base, (body + rim[..., None] * edge * 0.6).astype(np.float32), cover * 0.82)
    return base.astype(np.float32)


def _sun(lens: Lens) -> Light:
    x, y = SUN
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width].astype(np.float32)
    r = (
        np.hypot(columns - x * lens.width, lens.horizon - rows - (y + 0.0165) * lens.width)
        / lens.width
    )
    bar = cloud(515, (256, 64), slope=1.6, stretch=9)
    veil = cv2.resize(bar, (lens.width, lens.height), interpolation=cv2.INTER_CUBIC)
    disc = smoothstep(0.0140, 0.0122, r) * (0.55 + 0.45 * smoothstep(0.6, -0.5, veil))
    return disc[..., None] * rgb(16.0, 8.0, 2.6)


def _water_light(slope: Grid, heavens: Light, lens: Lens, top: int) -> Light:
    h, w = slope.shape
    rows = np.arange(h, dtype=np.float32)[:, None]
    down = rows / (lens.height * 0.2)
    columns = np.arange(w, dtype=np.float32)[None, :]
    up = lens.horizon - 3 - (rows * 0.9 + np.abs(slope) * (6 + 0.30 * rows) * lens.width / 1280)
    mirror = cv2.remap(
        heavens,
        np.broadcast_to(columns, (h, w)).astype(np.float32), up.clip(0, None).astype(np.float32),
        cv2.INTER_LINEAR,
    )  # fmt: skip
    tilt = smoothstep(-1.6, 1.8, slope)
    shine = (0.60 - 0.30 * down.clip(0, 1)) * (0.50 + 0.55 * tilt)
    light = mirror * shine[..., None] * rgb(0.80, 0.84, 0.92) + rgb(0.004, 0.013, 0.025)
    # Facets that happen to face the sun: a path that widens towards us and breaks up.
    spread = (0.016 + 0.085 * down.clip(0, 1.2)) * w
    path = np.exp(-(np.abs((columns - SUN[0] * w) / spread) ** 1.5))
    facet = np.exp((slope - 0.75) * (2.6 - 0.6 * down.clip(0, 1)))
    glint = path * facet * (1.3 + 4.5 * np.exp(-down * 4.0))
    haze = np.exp(-rows / (lens.height * 0.018))
    light = light + glint.clip(0, 9)[..., None] * rgb(1.15, 0.44, 0.13)
    far = heavens[int(lens.horizon) - 2]
    return (light * (1 - 0.55 * haze[..., None]) + far[None] * 0.55 * haze[..., None]).astype(
        np.float32
    )


def _headlands(lens: Lens) -> list[Layer]:
    country = _country()
    margin = round(60 * lens.width / 1280)
    wide = Lens(width=lens.width + 2 * margin, height=lens.height, focal=lens.focal,
                horizon=lens.horizon, centre=lens.centre + margin)  # fmt: skip
    layers = []

    def height_at(x: Grid, z: Grid) -> Grid:
        return on_map(country.heights, x, z, CELL).clip(0, None)

    for near, far in ((2000, 9000), (500, 2000)):
        seen = look(wide.scaled(2), height_at, spaced(near, far, 420), eye=EYE + CLIFF)
        dry = smoothstep(0.2, 1.0, on_map(country.heights, seen.x, seen.z, CELL))
        cover = seen.cover * dry
        light = _rock(country, seen.x, seen.z) * cover[..., None]
        size = (wide.width, wide.height)
        light = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
        cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
        rows = np.flatnonzero(cover.max(axis=1) > 0)
        first, last = int(rows[0]), int(rows[-1]) + 1
        layers.append(
            Layer(light[first:last], cover[first:last], depth=(near * far) ** 0.5, top=first)
        )
    return layers


def _country() -> Land:
    side = 1536
    z, x = np.mgrid[0:side, 0:side].astype(np.float32) * CELL
    x -= np.where(x > side * CELL / 2, side * CELL, 0)
    rough = cloud(87, (side, side), slope=1.6, low=6)
    crests = 0.5 + 0.5 * ridged(93, (side, side), octaves=6, first=5) * (0.8 + 0.2 * rough)
    downs = cloud(95, (side, side), slope=2.1, low=5)
    at = [0, 700, 1000, 1500, 2250, 2600, 3200, 4700, 5500, 6400, 9300]
    shore = np.interp(z[:, 0], at, [420, 330, 235, 480, 130, 190, 1000, 40, -520, 500, 1500])
    inland = x - shore[:, None].astype(np.float32) + 55 * rough
    cliffs = smoothstep(-10, 55, inland) * (26 + 12 * rough.clip(-1, 2))
    hills = smoothstep(20, 1100, inland) * (30 + 150 * crests + 55 * downs) * (0.6 + z / 6500)
    heights = cliffs + hills + smoothstep(0, 100, inland) * rough * 5 - 4
    heights = np.where(x < -4000, -4, heights)
    return land(heights.astype(np.float32), cell=CELL, sun=(-0.75, 0.17, 0.55))


def _rock(country: Land, x: Grid, z: Grid) -> Light:
    ground = on_map(country.heights, x, z, CELL)
    flat = on_map(country.upward, x, z, CELL)
    sun = on_map(country.light, x, z, CELL)
    fleck = sample(cloud(88, (1024, 1024), slope=0.95, low=4), x * 1.1, (z + 2 * ground) * 1.1)
    heath = rgb(0.050, 0.046, 0.024) * (1 + 0.35 * fleck).clip(0.3, 2)[..., None]
    stone = rgb(0.085, 0.072, 0.062) * (1 + 0.4 * fleck).clip(0.3, 2)[..., None]
    albedo = over(stone.astype(np.float32), heath.astype(np.float32), smoothstep(0.55, 0.8, flat))
    light = albedo * (
        sun[..., None] * rgb(3.6, 1.35, 0.42)
        + (0.4 + 0.6 * flat)[..., None] * rgb(0.20, 0.20, 0.29)
    )
    wash = smoothstep(4.0, 0.5, ground + 1.5 * fleck)
    light = over(
        light.astype(np.float32), np.broadcast_to(rgb(0.25, 0.17, 0.15), light.shape), wash * 0.5
    )
    thick = 1 - np.exp(-z / 4300 * (0.7 + 0.5 * np.exp(-ground / 90)))
    veil = rgb(0.34, 0.165, 0.105)
    return over(light, np.broadcast_to(veil, light.shape), thick.clip(0, 1).astype(np.float32))


def _verge(lens: Lens) -> Layer:
    """Road, crash barrier and the poles behind it: one strip, 100 metres long."""
    long = 120.0
    k = lens.focal / ROAD
    w = round(long * k)
    top, bottom = round(lens.horizon - 5.2 * k), round(lens.horizon + lens.focal * EYE / 38) + 2
    light = np.zeros((bottom - top, w, 3), np.float32)
    cover = np.zeros((bottom - top, w), np.float32)
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    z = lens.focal * EYE / np.maximum(rows - lens.horizon, 0.5)
    noise = cloud(301, (512, 2048), slope=0.9, stretch=3, low=6)
    lane = cv2.resize(noise, (w, bottom - top), interpolation=cv2.INTER_AREA)
    patch = cv2.resize(cloud(302, (64, 1024), slope=1.4, stretch=4, low=3), (w, bottom - top))
    edge = smoothstep(53.5, 52.0, z + 0.35 * patch)
    tarmac = smoothstep(49.6, 49.2, z) * smoothstep(41.6, 42.0, z)
    soil = rgb(0.060, 0.046, 0.026) * (1 + 0.5 * lane + 0.3 * patch).clip(0.2, 2)[..., None]
    wheel = np.exp(-(((z - 44.6) / 0.35) ** 2)) + np.exp(-(((z - 46.4) / 0.35) ** 2))
    worn = (1 + 0.10 * lane + 0.12 * patch - 0.12 * wheel).clip(0.3, 2)[..., None]
    asphalt = rgb(0.105, 0.088, 0.086) * worn
    asphalt = asphalt + smoothstep(42, 50, z)[..., None] * rgb(0.16, 0.085, 0.045)
    base = over(
        soil.astype(np.float32), asphalt.astype(np.float32), np.broadcast_to(tarmac, cover.shape)
    )
    for line in (42.6, 48.7):
        mark = np.exp(-(((z - line) / 0.13) ** 4)) * (0.8 + 0.12 * lane)
        base = over(
            base,
            np.broadcast_to(rgb(0.36, 0.31, 0.27), base.shape),
            mark.clip(0, 0.9).astype(np.float32),
        )
    metres = np.arange(w, dtype=np.float32)[None, :] / k
    dash = np.exp(-(((z - 45.6) / 0.12) ** 4)) * smoothstep(
        0.48, 0.5, np.abs(((metres / 6) % 1) - 0.5) * 2
    )
    base = over(
        base, np.broadcast_to(rgb(0.36, 0.31, 0.27), base.shape), (0.75 * dash).astype(np.float32)
    )
    light[:], cover[:] = base, edge
    light *= cover[..., None]
    _barrier(light, cover, lens, k, top)
    _poles(light, cover, lens, k, top)
    return Layer(light, cover, depth=ROAD, top=top)


def _stamp(light: Light, cover: Grid, mask: Grid, colour: Light) -> None:
    light *= 1 - mask[..., None]
    light += colour * mask[..., None]
    np.maximum(cover, mask, out=cover)


def _barrier(light: Light, cover: Grid, lens: Lens, k: float, top: int) -> None:
    h, w = cover.shape
    foot = lens.horizon + lens.focal * EYE / 50.5 - top
    m = k * ROAD / 50.5  # pixels a metre at the barrier
    posts = np.zeros((h, w), np.float32)
    for x in np.arange(1.0, w / m, 4.0):
        cv2.rectangle(
            posts, (int(x * m), int(foot - 0.72 * m)), (int(x * m + 0.12 * m), int(foot)), 1.0, -1
        )
    _stamp(light, cover, posts, rgb(0.030, 0.026, 0.026))
    rows = np.arange(h, dtype=np.float32)[:, None]
    up = (foot - rows) / m
    rail = np.broadcast_to(smoothstep(0.42, 0.45, up) * smoothstep(0.77, 0.74, up), (h, w))
    fold = np.cos((up - 0.595) / 0.15 * np.pi * 2) * 0.5 + 0.5
    rust = cv2.resize(cloud(305, (16, 1024), slope=1.1, stretch=4), (w, h))
    tone = rgb(0.060, 0.060, 0.068) * (0.6 + 0.9 * fold)[..., None] * (1 + 0.15 * rust)[..., None]
    rim = smoothstep(0.715, 0.745, up)[..., None] * rgb(1.05, 0.52, 0.22)
    _stamp(light, cover, np.ascontiguousarray(rail), (tone + rim).astype(np.float32))


def _poles(light: Light, cover: Grid, lens: Lens, k: float, top: int) -> None:
    h, w = cover.shape
    m = k * ROAD / 52
    foot = lens.horizon + lens.focal * EYE / 52 - top
    mask = np.zeros((h, w), np.float32)
    wire = np.zeros((h, w), np.float32)
    xs = w / m / 2 + np.arange(-60.0, 61.0, 40.0)  # none in the frame half way through the take
    for x in xs:
        cv2.rectangle(
            mask,
            (round(x * m), round(foot - 7.2 * m)),
            (round((x + 0.2) * m), round(foot)),
            1.0,
            -1,
            cv2.LINE_AA,
        )
        cv2.rectangle(
            mask,
            (round((x - 0.9) * m), round(foot - 6.95 * m)),
            (round((x + 1.1) * m), round(foot - 6.82 * m)),
            1.0,
            -1,
        )
    t = np.linspace(0, 1, 60)
    for x in np.r_[xs[0] - 40, xs]:
        for arm in (-0.85, 0.1, 1.05):
            line = (
                np.stack([(x + arm + 40 * t) * m, foot - (6.98 - 3.2 * t * (1 - t)) * m], -1) * 16
            )
            cv2.polylines(
                wire, [line.round().astype(np.int32)], False, 1.0, 1, cv2.LINE_AA, shift=4
            )
    _stamp(light, cover, mask, rgb(0.022, 0.018, 0.018))
    _stamp(light, cover, wire * 0.65, rgb(0.02, 0.017, 0.018))


def _meadow(lens: Lens) -> list[Layer]:
    """The slope on our side of the road: grass in strips, each at its own distance."""
    rng = np.random.default_rng(61)
    s = lens.width / 1280
    layers = []
    for depth in np.geomspace(41.0, 17.0, 11):
        m = lens.focal / depth  # pixels a metre
        w = lens.width + round(14 * m)
        h = max(round(1.05 * m), 8)
        mat_rows = round(40 * s)
        blades, tone = plants.grass(
            rng, w, h, blades=round(w / s * (1.1 + depth / 26)), tall=0.82, thick=1 + (depth < 27)
        )
        rows = np.arange(h + mat_rows, dtype=np.float32)[:, None]
        patch = cv2.resize(
            cloud(int(depth * 7), (64, 512), slope=1.3, stretch=1.5, low=4), (w, h + mat_rows)
        )
        tuft = cv2.resize(
            cloud(int(depth * 9), (128, 1024), slope=0.7, stretch=0.3, low=8), (w, h + mat_rows)
        )
        cover = np.broadcast_to(
            smoothstep(h * 0.62, h * 0.95, rows + 0.06 * h * tuft), (len(rows), w)
        ).copy()
        shade = np.zeros_like(cover)
        cover[:h] = np.maximum(cover[:h], blades)
        shade[:h] = tone
        tips = smoothstep(h * 0.95, h * 0.15, rows)
        body = (
            rgb(0.0085, 0.0080, 0.0050) * (1 + 0.5 * patch + 0.35 * tuft).clip(0.1, None)[..., None]
        )
        glow = (shade * (0.10 + 1.0 * tips) * (1 + 0.45 * patch).clip(0.1, None))[..., None]
        light = (
            body
            + glow * rgb(0.155, 0.070, 0.020)
            + (shade * 0.2)[..., None] * rgb(0.03, 0.035, 0.03)
        )
        both = np.dstack([light * cover[..., None], cover]).astype(np.float32)
        blur = max(1, round(TRAVEL * m / 2))
        both = cv2.blur(both, (blur, 1), borderType=cv2.BORDER_REFLECT)
        both = cv2.GaussianBlur(both, (0, 0), (0.35 + max(0.0, 26 - depth) * 0.13) * s)
        foot = lens.horizon + EYE * m
        layers.append(Layer(both[..., :3], both[..., 3], depth=depth, top=foot - h + 8 * s))
    return layers
