"""Bridge and extend: the made frames against the true ones, beside what editors do today."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from secondunit.engine.engine import RGB, LoadedEngine
from secondunit.finish.thresholds import Limit
from secondunit.timeline.shot import Shot

from bench.motion import baselines, plots
from bench.motion.footage import SPAN, Footage, between, onwards
from bench.motion.journey import made, planned
from bench.motion.results import Part, Row, Verdict
from bench.motion.setting import Setting

CEILING = 50.0
"""dB: a difference below one code value of 8 bits, which nobody sees, is no difference."""
_STILL = 3  # starts are enough where the clip does not move
Method = Callable[[int], Sequence[RGB]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One method on one clip."""

    psnr: float
    """Mean over starts and frames, dB."""
    worst: float
    """Mean of the worst start, dB."""
    sharpness: float
    """Gradient energy over that of the true frames; 1 is as sharp."""
    seconds: float
    """Per start."""


def bridge(setting: Setting) -> Part:
    """Frames s and s+8 are pinned, the 7 between are made."""
    part = Part(name="bridge", title=f"{SPAN - 1} frames between two pins, dB of PSNR")
    old = {"dissolve": baselines.dissolve, "DIS blend": baselines.flow_blend}
    for clip in setting.clips:
        found = _compared(setting, clip, old, between, part)
        margins = {
            "dB above the dissolve": ("dissolve", 3.0),
            "dB above the DIS blend": ("DIS blend", 1.0),
            "dB above its classical part": ("classical", 0.5),
        }
        for bar, (other, least) in margins.items():
            part.verdicts.append(_above(clip, bar, found, other, least))
        part.verdicts.append(
            Verdict(clip=clip.name, bar="sharpness within 10 % of the true frames'",
                    value=found["ours"].sharpness, limit=Limit(low=0.9, high=1.1))
        )  # fmt: skip
    return part


def extend(setting: Setting) -> Part:
    """The past up to s is known, s+1..s+8 are made."""
    part = Part(name="extend", title=f"{SPAN} frames past the end, dB of PSNR")
    old = {"freeze": baselines.freeze, "linear flow": baselines.linear_flow}
    for clip in setting.clips:
        found = _compared(setting, clip, old, onwards, part)
        better = max(old, key=lambda name: found[name].psnr)
        bar = f"dB above the better of freeze and linear flow ({better})"
        part.verdicts.append(_above(clip, bar, found, better, 1.0))
        part.verdicts.append(_above(clip, "dB above its classical part", found, "classical", 0.5))
    return part


def _compared(
    setting: Setting,
    clip: Footage,
    old: Mapping[str, Callable[[Sequence[RGB], int], list[RGB]]],
    shot: Callable[[Footage, int], Shot],
    part: Part,
) -> dict[str, Quality]:
    moves = any(not np.array_equal(clip.rgb[0], other) for other in clip.rgb[1:])
    starts = clip.starts(setting.starts if moves else min(_STILL, setting.starts))

    def ours(engine: LoadedEngine) -> Method:
        def run(start: int) -> Sequence[RGB]:
            frames = made(planned(shot(clip, start)), engine)
            return [frames[n] for n in sorted(frames)]

        return run

    methods: dict[str, Method] = {
        name: lambda start, method=method: method(clip.rgb, start) for name, method in old.items()
    }
    methods |= {"classical": ours(setting.alone), "ours": ours(setting.engine)}
    found = {name: measured(method, clip.rgb, starts) for name, method in methods.items()}
    for name, quality in found.items():
        values = {
            "mean dB": quality.psnr, "worst dB": quality.worst, "sharpness": quality.sharpness,
            "s/start": quality.seconds, "starts": float(len(starts)),
        }  # fmt: skip
        part.rows.append(Row(clip=clip.name, what=name, values=values))
    bars = {name: quality.psnr for name, quality in found.items()}
    title = f"{part.name}, {clip.name}: mean PSNR of {len(starts)} starts"
    name = f"{part.name}-{clip.name}.png"
    part.plots.append(lambda folder: plots.bars(folder / name, title, "dB", bars, base=10.0))
    return found


def _above(
    clip: Footage, bar: str, found: Mapping[str, Quality], other: str, least: float
) -> Verdict:
    """The margin over another method, or whether both are at the ceiling."""
    ours, theirs = found["ours"].psnr, found[other].psnr
    note = ""
    if ours >= CEILING and theirs >= CEILING:
        least, note = ours - theirs, f"both are above {CEILING:g} dB, where nobody sees more"
    limit = Limit(low=least)
    return Verdict(clip=clip.name, bar=bar, value=ours - theirs, limit=limit, note=note)


def measured(run: Method, rgb: Sequence[RGB], starts: Sequence[int]) -> Quality:
    """Every start, every made frame against the true one."""
    found: list[float] = []
    sharp: list[float] = []
    began = time.perf_counter()
    for start in starts:
        frames = run(start)
        pairs = list(zip(frames, rgb[start + 1 : start + 1 + len(frames)], strict=True))
        found.append(float(np.mean([psnr(m, t) for m, t in pairs])))
        sharp.append(float(np.mean([_gradient(m) / max(_gradient(t), 1e-12) for m, t in pairs])))
    seconds = (time.perf_counter() - began) / len(starts)
    return Quality(
        psnr=float(np.mean(found)), worst=min(found), sharpness=float(np.mean(sharp)),
        seconds=seconds,
    )  # fmt: skip


def psnr(made: RGB, true: RGB) -> float:
    """dB of RGB in 8 bits; equal frames have 99."""
    difference = np.rint(np.clip(made, 0, 1) * 255) - np.rint(true * 255)
    error = float(np.mean(np.square(difference)))
    return 99.0 if error == 0 else min(99.0, float(10 * np.log10(255**2 / error)))


def _gradient(rgb: RGB) -> float:
    y = np.asarray(rgb).mean(axis=-1)
    return float(np.mean(np.square(np.diff(y, axis=0)))) + float(
        np.mean(np.square(np.diff(y, axis=1)))
    )
