"""In which numbers a picture is best moved: `python -m bench.working [PICTURE ...]`.

Each picture is thinned to a quarter twice, in light, the second time half a small pixel further on:
what a camera would see of a scene that moved by so much. The first is then moved by half a pixel
with the engine's own sampler, in light, in video code values, in ARRI's log and on ACEScct's curve,
and compared with the second as an eye sees both (PSNR in dB; higher is nearer). `bounded` is on
ACEScct's curve, and within what the four pixels around a place have. `lamps` makes what is bright
forty times as bright.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from secondunit.config import Config
from secondunit.engine.raster import places, sharply
from secondunit.timeline import working
from secondunit.timeline.colour import converted
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe

from bench import MEDIA

Light = NDArray[np.floating]
FINE = 4
LIGHT, LOG = "Linear Rec.709 (sRGB)", "ARRI LogC3 (EI800)"


def video(light: Light) -> Light:
    """Code values of sRGB (IEC 61966-2-1), of light below black too."""
    up = np.abs(light)
    code = np.where(up <= 0.0031308, up * 12.92, 1.055 * np.maximum(up, 1e-9) ** (1 / 2.4) - 0.055)
    return np.copysign(code, light).astype(np.float32)


def unvideo(code: Light) -> Light:
    """What `video` was given."""
    up = np.abs(code)
    light = np.where(up <= 0.04045, up / 12.92, ((up + 0.055) / 1.055) ** 2.4)
    return np.copysign(light, code).astype(np.float32)


def _ocio(source: str, target: str) -> Callable[[Light], Light]:
    return lambda rgb: converted(np.array(rgb, np.float32, order="C"), source, target)


SPACES: dict[str, tuple[Callable[[Light], Light], Callable[[Light], Light]]] = {
    "light": (lambda light: light, lambda light: light),
    "video": (video, unvideo),
    "ARRI LogC3": (_ocio(LIGHT, LOG), _ocio(LOG, LIGHT)),
    "ACEScct curve": (working.coded, working.light),
}
"""By name: from light, and back."""

BOUNDED = "bounded"


def thinned(light: Light, by: int) -> Light:
    """The mean of every `FINE` by `FINE` pixels, from pixel `by` on."""
    h, w = ((n - FINE) // FINE * FINE for n in light.shape[:2])
    part = light[by : by + h, by : by + w]
    return part.reshape(h // FINE, FINE, w // FINE, FINE, 3).mean((1, 3))


def measured(light: Light, seen: Callable[[Light], Light]) -> dict[str, float]:
    """PSNR in dB by the space that a picture is moved in."""
    source, truth = thinned(light, 0), thinned(light, FINE // 2)
    at = places(*source.shape[:2]) + np.float32(0.5)
    found: dict[str, float] = {}
    bounded = {BOUNDED: SPACES["ACEScct curve"]}
    for name, (there, back) in (SPACES | bounded).items():
        moved = back(sharply(there(source.astype(np.float32)), at, within=name == BOUNDED))
        apart = (seen(moved) - seen(truth))[8:-8, 8:-8]
        found[name] = float(-10 * np.log10(np.mean(np.square(apart, dtype=np.float64))))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.working", description=__doc__)
    parser.add_argument("pictures", nargs="*", type=Path)
    said = parser.parse_args()
    known = ("scroll.jpg", "windmill.mp4", "train.m4v", "cat.mp4")
    print(
        "| picture | " + " | ".join([*SPACES, BOUNDED]) + " |\n|---|" + "---|" * (len(SPACES) + 1)
    )
    for path in said.pictures or [MEDIA / name for name in known]:
        media = probe(path, Config(data=Path("unused")))
        middle = media.frames // 2
        light = unvideo(decode(media, [middle])[middle].rgb())
        for words, one, seen in (
            ("", light, video),
            (", lamps", np.where(light > 0.8, light * 40, light), working.coded),
        ):
            row = " | ".join(f"{psnr:.1f}" for psnr in measured(one, seen).values())
            print(f"| {path.name}{words} | {row} |")


if __name__ == "__main__":
    main()
