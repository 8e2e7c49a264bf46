"""The bench measures what it says: margins, steps, strokes at random, and one whole run."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import pytest
from secondunit.engine.engine import LoadedEngine

from bench.drawn import panning, save_clip, save_still, texture
from bench.motion import plots
from bench.motion.__main__ import main
from bench.motion.ambient import changed, shot_of
from bench.motion.baselines import dissolve, flow_blend, freeze, linear_flow
from bench.motion.camera import camera
from bench.motion.edits import edit, steps
from bench.motion.footage import SPAN, Footage
from bench.motion.inbetween import bridge, measured, psnr
from bench.motion.journey import finished, planned
from bench.motion.setting import Setting
from bench.motion.strokes import at_random

PAN = panning(64, 96, 20, step=1.5)


def test_psnr_is_that_of_eight_bits() -> None:
    grey = np.full((8, 8, 3), 100 / 255, np.float32)

    assert psnr(grey + 1 / 255, grey) == pytest.approx(48.13, abs=0.01)
    assert psnr(grey + 0.001, grey) == 99.0, "what rounds to the same code is the same"
    assert psnr(grey + 10, grey) == pytest.approx(20 * np.log10(255 / 155), abs=0.01)


def test_a_method_is_measured_on_every_start_against_the_frames_that_follow_it() -> None:
    right = measured(lambda start: PAN[start + 1 : start + 1 + SPAN], PAN, [2, 5])
    assert (right.psnr, right.worst) == (99.0, 99.0)
    assert right.sharpness == pytest.approx(1)

    def wrong_once(start: int) -> list[np.ndarray]:
        off = 1 if start == 5 else 0
        return [cv2.blur(rgb, (3, 3)) for rgb in PAN[start + 1 + off : start + 1 + off + SPAN]]

    soft = measured(wrong_once, PAN, [2, 5])
    assert soft.sharpness < 0.7 and soft.worst < soft.psnr < 40


def test_the_baselines_do_what_their_names_say() -> None:
    mixed, held = dissolve(PAN, 3), freeze(PAN, 3)

    assert len(mixed) == SPAN - 1 and len(held) == SPAN
    assert np.allclose(mixed[3], (PAN[3] + PAN[3 + SPAN]) / 2)
    true = PAN[4 : 4 + SPAN]
    for flow, plain in ((linear_flow, held), (flow_blend, mixed)):
        found = np.mean([psnr(m, t) for m, t in zip(flow(PAN, 3), true, strict=False)])
        assert found > 3 + np.mean([psnr(m, t) for m, t in zip(plain, true, strict=False)])


def test_starts_keep_their_frames_inside_the_clip_and_none_comes_twice(tmp_path: Path) -> None:
    clip = Footage(save_clip(PAN[:14], tmp_path / "pan.mkv"), 400)

    assert len(clip.rgb) == 14 and psnr(clip.rgb[3], PAN[3]) > 50
    for count in (1, 3, 12):
        starts = clip.starts(count)
        assert starts == sorted(set(starts)) and len(starts) <= count
        assert starts[0] >= 1 and starts[-1] + SPAN < 14
    with pytest.raises(SystemExit, match="8 frames; 11 are needed"):
        Footage(save_clip(PAN[:8], tmp_path / "short.mkv"), 400)


def test_steps_are_in_codes_of_eight_bits() -> None:
    grey = np.full((4, 4, 3), 0.5, np.float32)
    assert steps([grey, grey, grey + 2 / 255]) == pytest.approx([0, 2], abs=1e-3)


def test_strokes_at_random_stay_in_the_frame_and_come_again_from_the_same_seed() -> None:
    still = texture(90, 160)
    drawn = at_random(still, 12)

    assert len({stroke.points for stroke in drawn}) == 12
    for one, again in zip(drawn, at_random(still, 12), strict=True):
        assert one.points == again.points and np.array_equal(one.region, again.region)
    for stroke in drawn:
        rows, columns = np.nonzero(stroke.region)
        for x, y in np.array(stroke.points) - stroke.points[0]:
            assert columns.min() / 160 + x > 0 and columns.max() / 160 + x < 1
            assert rows.min() / 90 + y > 0 and rows.max() / 90 + y < 1
    assert all(a.points != b.points for a, b in zip(drawn, at_random(still, 12, 3), strict=True))


def test_an_edit_asks_in_its_note_over_the_clip_or_on_the_cut() -> None:
    one = edit(24.0, [(Path("a.mov"), 4, 12)], "gen: loop")
    two = edit(24.0, [(Path("a.mov"), 0, 9), (Path("a.mov"), 30, 9)], "gen: transition")

    (clip,) = one.find_clips()
    assert clip.markers[0].marked_range == clip.source_range
    assert clip.markers[0].comment == "gen: loop"
    first, second = two.find_clips()
    assert first.markers[0].marked_range.start_time.value == 8 and not second.markers


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-95.5, 0, [-80, -60, -40, -20, 0]), (0, 0.3, None)],
)
def test_axes_have_round_numbers(low: float, high: float, expected: list[float] | None) -> None:
    found = plots.ticks(low, high)
    assert 2 <= len(found) <= 7 and min(found) >= low - 1e-9 and max(found) <= high + 1e-9
    if expected is not None:
        assert found == expected


class WithoutNetwork(Setting):
    """A setting whose engine answers at once."""

    @cached_property
    def engine(self) -> LoadedEngine:
        return self.alone


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A drawn clip of 12 frames and a drawn still."""
    clip = save_clip(PAN[:12], tmp_path / "pan.mkv")
    still = save_still(texture(96, 160), tmp_path / "still.png")
    return WithoutNetwork(paths=[clip, still], folder=tmp_path, starts=1, quick=True)


def test_margins_are_those_of_the_figures_in_the_table(setting: Setting) -> None:
    part = bridge(setting)
    figures = {row.what: row.values["mean dB"] for row in part.rows}
    margins = {verdict.bar: verdict.value for verdict in part.verdicts}

    assert list(figures) == ["dissolve", "DIS blend", "classical", "ours"]
    ours, mixed = figures["ours"], figures["dissolve"]
    assert isinstance(ours, float) and isinstance(mixed, float)
    assert margins["dB above the dissolve"] == pytest.approx(ours - mixed)
    assert margins["dB above its classical part"] == 0, "here, ours is the classical part"


def test_every_camera_move_on_a_still_is_measured_as_asked(
    setting: Setting, tmp_path: Path
) -> None:
    part = camera(setting)

    assert len([row for row in part.rows if row.clip == "still"]) == 6
    states = {(v.clip, v.state) for v in part.verdicts}
    assert ("still", "PASS") in states and ("still", "MISS") not in states
    path = next(draw(tmp_path) for draw in part.plots)
    drawn = cv2.imread(str(path))
    assert drawn is not None and drawn.mean() > 200, "light paper"


def test_a_sample_that_changes_outside_the_mask_is_counted(setting: Setting) -> None:
    shown = finished(planned(shot_of(setting, setting.stills[0], 3)), setting.engine)
    outside, inside = changed(shown)
    assert outside == 0 and inside == pytest.approx(0, abs=3)

    planes = [plane.copy() for plane in shown.pictures[2].planes]
    where = np.argwhere(shown.sources.delivered_mask() == 0)[0]
    planes[1][*where] ^= 1
    shown.pictures[2] = replace(shown.pictures[2], planes=tuple(planes))
    assert changed(shown)[0] == 1


def test_one_run_prints_its_bars_and_says_what_is_not_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = save_clip(PAN[:12], tmp_path / "pan.mkv")
    drawn = tmp_path / "plots"
    arguments = [str(clip), "--quick", "--starts", "1", "--only", "extend,ambient"]

    status = main([*arguments, "--json", "--plots", str(drawn)])
    found = {part["part"]: part for part in json.loads(capsys.readouterr().out)}

    assert list(found) == ["extend", "ambient"] and not found["ambient"]["bars"]
    states = [bar["state"] for bar in found["extend"]["bars"]]
    assert len(states) == 2 and status == int("MISS" in states)
    assert [path.name for path in drawn.iterdir()] == ["extend-pan.png"]


def test_a_part_that_nobody_knows_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "bridge,speeed"]) == 2
    said = capsys.readouterr().err
    assert "no part speeed" in said and "speed" in said
