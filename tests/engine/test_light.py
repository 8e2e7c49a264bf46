"""Transfer curves: they are each other's opposite, and pass through the standards' own points."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.engine.grade import Grade
from secondunit.engine.light import coded, linear
from secondunit.timeline.colour import converted

CURVES = (
    "bt709", "bt2020-10", "smpte170m", "smpte240m", "iec61966-2-1", "gamma22", "gamma28", "linear",
    "smpte2084", "arib-std-b67",
)  # fmt: skip


@pytest.mark.parametrize("transfer", CURVES)
def test_light_comes_back_as_the_code_value_it_came_from(transfer: str) -> None:
    values = np.linspace(0, 1, 1025, dtype=np.float32)
    back = coded(linear(values, transfer), transfer)
    assert np.abs(back - values).max() < 2e-4
    assert np.all(np.diff(linear(values, transfer)) >= 0)


@pytest.mark.parametrize(
    ("transfer", "code", "light"),
    [
        ("bt709", 0.4090, 0.18),  # middle grey, BT.709
        ("bt709", 0.081, 0.018),  # the end of its toe
        ("iec61966-2-1", 0.5, 0.21404),
        ("smpte2084", 0.5806, 1.0),  # 203 cd/m2, BT.2408
        ("arib-std-b67", 0.75, 0.26496),  # HLG's reference white, BT.2100
    ],
)
def test_curves_pass_through_the_points_that_the_standards_name(
    transfer: str, code: float, light: float
) -> None:
    assert float(linear(np.array([code], np.float32), transfer)[0]) == pytest.approx(
        light, rel=3e-3
    )


def test_more_light_than_a_transfer_holds_is_white() -> None:
    assert coded(np.array([1.7, -0.1], np.float32), "bt709").tolist() == [1.0, 0.0]


LOGS = tuple(name for name, row in COLOUR_SPACES.items() if row.log)


@pytest.mark.parametrize("curve", LOGS)
def test_a_ramp_in_log_is_the_light_that_its_maker_says_and_comes_back(curve: str) -> None:
    codes = np.linspace(0, 1, 2049, dtype=np.float32)
    grey = np.repeat(codes[None, :, None], 3, axis=2)
    said = converted(grey.copy(), COLOUR_SPACES[curve].ocio, "ACEScg")[0, :, 1]

    light = linear(codes, curve)

    assert np.abs(light - said).max() / said.max() < 1e-5
    assert np.all(np.diff(light) > 0) and np.abs(coded(light, curve) - codes).max() < 1e-4


@pytest.mark.parametrize("curve", [*LOGS, "linear"])
def test_a_stop_is_a_stop_from_shadow_to_lamp_in_log(curve: str) -> None:
    """Not on the curve of BT.709, which the tags of most such files claim."""
    light = np.geomspace(0.02, 2, 64).astype(np.float32)

    darker = Grade(gain=(0.5, 0.5, 0.5)).on(coded(light, curve)[:, None].repeat(3, 1), curve)

    assert np.abs(np.log2(linear(darker, curve)[:, 1] / light) + 1).max() < 0.01
    if curve != "linear":
        wrong = Grade(gain=(0.5, 0.5, 0.5)).on(coded(light, curve)[:, None].repeat(3, 1), "bt709")
        assert np.abs(np.log2(np.maximum(linear(wrong, curve)[:, 1], 1e-9) / light) + 1).max() > 0.5
