"""The control report in words: one line for each thing that was asked, for people to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from secondunit.finish.thresholds import TITLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the report."""

    control: str
    """`B1`: the control's id, and a number where it has several."""
    title: str
    asked: str
    measured: str
    passed: bool


def lines(report: Mapping[str, Mapping[str, Any]]) -> list[Line]:
    """Every control in the order in which people read them; unknown ones last."""
    order = [*TITLES, *sorted(report.keys() - TITLES.keys())]
    return [row for control in order if control in report for row in _rows(control, report)]


def _rows(control: str, report: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    entry = report[control]
    asked, measured = entry["asked"], entry["measured"]
    title = TITLES.get(control, control)
    if control in _PARTS:
        key, say = _PARTS[control]
        parts = list(zip(asked[key], measured[key], strict=True))
        for number, (wish, seen) in enumerate(parts, 1):
            own = f"{control}{number}" if len(parts) > 1 else control
            said = say(wish, seen)
            yield Line(
                control=own, title=title, asked=said[0], measured=said[1], passed=seen["pass"]
            )
        return
    said = _SIMPLE.get(control, lambda a, m: (str(a), str(m)))(asked, measured)
    yield Line(control=control, title=title, asked=said[0], measured=said[1], passed=entry["pass"])
    for pull in measured.get("pulled", ()) if isinstance(measured, Mapping) else ():
        yield Line(
            control=control, title=f"{title}, frame {pull['frame']}",
            asked=f"drawn towards it with strength {pull['strength']:g}",
            measured=f"{pull['psnr']:g} dB from it; only strength 1 is held to be exact",
            passed=True,
        )  # fmt: skip


def _stroke(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    wish = f"way {_way(asked['way'])}" if "way" in asked else "along its path"
    if not measured["measurable"]:
        return wish, f"not measurable: {measured['why']}"
    turn = "" if measured["direction"] is None else f", {measured['direction']:.1f}° off"
    length = "" if measured["length"] is None else f", {measured['length']:.2f} of its length"
    return wish, f"{_way(measured['way'])}{turn}{length}"


def _camera(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    wish = _motion(asked) if "dx" in asked else "the move that was asked"
    if not measured["measurable"]:
        return wish, f"not measurable: {measured['why']}"
    wrong = f", wrong way on {measured['wrong_way']} frames" if measured["wrong_way"] else ""
    return wish, f"{_motion(measured)}; error {measured['rms_error']:.1%}{wrong}"


def _way(way: list[float]) -> str:
    return f"{_percent(way[0])} across, {_percent(way[1])} down"


def _percent(share: float) -> str:
    return f"{share:+.1%}" if abs(share) >= 0.0005 else "0"


def _motion(of: Mapping[str, float]) -> str:
    parts = []
    if abs(of["dx"]) >= 0.0005 or abs(of["dy"]) >= 0.0005:
        parts.append(_way([of["dx"], of["dy"]]))
    if abs(of["scale"] - 1) >= 0.0005:
        parts.append(f"×{of['scale']:.3f}")
    if abs(of["roll"]) >= 0.05:
        parts.append(f"{of['roll']:+.1f}°")
    return ", ".join(parts) or "no move"


def _decibels(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g} dB"


def _keyframes(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    least = asked["psnr"]
    wish = least if isinstance(least, str) else f"at least {least:g} dB"
    return wish, f"{_decibels(measured['psnr'])} on {measured['frames']} frames"


def _mask(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    least = asked["psnr"]
    wish = f"outside {least if isinstance(least, str) else f'at least {least:g} dB'}"
    if measured["precision"] is None:
        return wish, f"{_decibels(measured['psnr'])}, next to nothing changed"
    return wish, f"{_decibels(measured['psnr'])}, {measured['precision']:.1%} of changes inside"


def _delivery(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    num, den = asked["rate"]
    rate = f"{num}/{den}" if den != 1 else str(num)
    return f"{asked['frames']} frames at {rate}", f"{measured['frames']} frames"


def _seam(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    detail = f", detail ×{measured['detail_ratio']:.2f}" if "detail_ratio" in measured else ""
    if measured.get("held_ratio", 1.0) < 0.5:
        detail += f", down to ×{measured['held_ratio']:.2f}"
    return (
        f"step at most ×{asked['seam_ratio']:g} of the source's",
        f"×{measured['seam_ratio']:.2f}{detail}",
    )


def _colour(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    wish = f"ΔE2000 across a cut at most {asked['delta_e']:g}, or as the light beside it changes"
    was = f", {measured['before']['delta_e']:.2f} before the match" if "before" in measured else ""
    return wish, f"{measured['delta_e']:.2f}, beside it {measured['beside']:.2f}{was}"


def _grain(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    low, high = asked["energy"]
    wish = f"×{low:g} to ×{high:g} of the source's, at least {asked['alive']:.0%} of it alive"

    def said(of: Mapping[str, Any]) -> str:
        return f"×{of['energy']:.2f}, {of['alive']:.0%} alive"

    was = f"; {said(measured['before'])} before the match" if "before" in measured else ""
    return wish, said(measured) + was


def _flicker(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    return (
        f"at most {asked['flicker']:.2%} of full scale",
        f"{measured['flicker']:.3%} in {measured['static']:.0%} of the picture",
    )


def _loop(asked: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, str]:
    wish = f"step from last to first at most ×{asked['step_ratio']:g} of those inside"
    if measured["step_ratio"] is None:
        return wish, f"not measurable: nothing moves in {measured['frames']} frames"
    return wish, f"×{measured['step_ratio']:.2f} over {measured['frames']} frames"


def _repeat(asked: str, measured: Mapping[str, Any]) -> tuple[str, str]:
    return str(asked), f"frames {measured['frames_sha256'][:16]}…"


_Say = Callable[[Any, Any], tuple[str, str]]
_PARTS: Mapping[str, tuple[str, _Say]] = {"B": ("strokes", _stroke), "C": ("runs", _camera)}
_SIMPLE: Mapping[str, _Say] = {
    "T": _delivery, "K": _keyframes, "M": _mask, "X": _seam, "E": _colour, "G": _grain,
    "F": _flicker, "L": _loop,
    "R": _repeat,
}  # fmt: skip
