"""Camera moves: the picture's motion on every frame, measured against what was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from secondunit.finish.camera_fit import camera_curve
from secondunit.finish.thresholds import Limit
from secondunit.finish.tracks import grey, runs
from secondunit.timeline.shot import CameraMove, Shot

from bench.motion import plots
from bench.motion.footage import Footage, animated, onwards, still
from bench.motion.journey import Finished, Refusal, finished, planned
from bench.motion.results import Part, Row, Verdict, absent
from bench.motion.setting import Setting

MOVES = {
    "pan": CameraMove(pan=6), "tilt": CameraMove(tilt=-4), "roll": CameraMove(roll=5),
    "zoom": CameraMove(zoom=1.15), "truck": CameraMove(truck=8), "dolly": CameraMove(dolly=12),
}  # fmt: skip
_EASES = ("linear", "in-out")
_ERROR = "largest RMS error of a move, %"
_LIMIT = Limit(high=5.0)
_UNIT = "pixels"


def camera(setting: Setting) -> Part:
    """Every move with every ease on stills and on footage."""
    part = Part(name="camera", title="camera moves, fitted on every finished frame")
    frames = 7 if setting.quick else 13
    for path in setting.stills:
        picture = still(path)

        def on_still(move: CameraMove, picture=picture) -> Shot:
            return animated(picture, frames, cameras=(move,))

        _moved(setting, part, path.stem, on_still)
    for clip in setting.clips:
        start = clip.starts(1)[0]

        def on_clip(move: CameraMove, clip: Footage = clip, start: int = start) -> Shot:
            return onwards(clip, start, frames, cameras=(move,))

        _moved(setting, part, clip.name, on_clip)
    return part


def _moved(setting: Setting, part: Part, clip: str, shot: Callable[[CameraMove], Shot]) -> None:
    errors: list[float] = []
    lost: list[str] = []
    wrong = 0
    curves: list[plots.Curve] = []
    for name, move in MOVES.items():
        for ease in _EASES[1:] if setting.quick else _EASES:
            try:
                shown = finished(planned(shot(replace(move, ease=ease))), setting.engine)
            except Refusal as refusal:
                part.verdicts.append(absent(clip, _ERROR, _LIMIT, str(refusal)))
                return
            what = f"{name} {ease}"
            entry = shown.report.get("C")
            (seen,) = entry["measured"]["runs"] if entry is not None else ({"measurable": False},)
            if not seen["measurable"]:
                part.rows.append(Row(clip=clip, what=what, values={"why": seen.get("why", "")}))
                lost.append(what)
                continue
            errors.append(100 * seen["rms_error"])
            wrong += seen["wrong_way"]
            curve = curve_of(shown)
            largest = 100 * float(np.abs(curve.asked - curve.found).max())
            largest /= max(float(np.abs(curve.asked).max()), 1e-9)
            values = {
                "RMS %": errors[-1], "largest %": largest, "asked px": float(curve.asked[-1]),
                "found px": float(curve.found[-1]), "wrong way": float(seen["wrong_way"]),
            }  # fmt: skip
            part.rows.append(Row(clip=clip, what=what, values=values))
            curves.append(replace(curve, name=what))
    part.verdicts += [
        Verdict(clip=clip, bar=_ERROR, value=None if lost else max(errors), limit=_LIMIT,
                note=f"cannot be measured: {', '.join(lost)}" if lost else ""),
        Verdict(clip=clip, bar="frames that went the wrong way", value=float(wrong),
                limit=Limit(high=0)),
    ]  # fmt: skip
    title = f"camera on {clip}: the way of the picture, asked (line) and found (dots)"
    name = f"camera-{clip}.png"
    part.plots.append(lambda folder: plots.curves(folder / name, title, "frame", _UNIT, curves))


def curve_of(shown: Finished) -> plots.Curve:
    """The part of the motion that was asked most, in pixels, by frame."""
    plan, sources = shown.plan, shown.sources
    greys = {
        plan.file_range.start + n: grey(picture.rgb()) for n, picture in enumerate(shown.pictures)
    }
    (run,) = runs(plan)
    greys[run.anchor] = grey(sources.picture(run.anchor).rgb())
    asked, found = camera_curve(plan, sources, greys, run).in_pixels(greys[run.anchor])
    most = int(np.abs(asked).max(axis=0).argmax())
    return plots.Curve(
        name="", at=np.array(run.frames, np.float64), asked=asked[:, most], found=found[:, most]
    )
