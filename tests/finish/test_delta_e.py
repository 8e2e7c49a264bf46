"""CIEDE2000 against the pairs that its authors published to test implementations with."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.finish.delta_e import delta_e, lab
from secondunit.units import ColourTags

# Sharma, Wu and Dalal 2005, table 1: pairs 1, 4, 7, 8, 13, 17, 20, 25, 28, 32, 34.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
    ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "asked"), PAIRS)
def test_published_pairs_are_as_far_apart_as_published(
    one: tuple[float, ...], other: tuple[float, ...], asked: float
) -> None:
    assert float(delta_e(np.array(one), np.array(other))) == pytest.approx(asked, abs=1e-4)


def test_greys_have_no_colour_in_any_primaries() -> None:
    greys = np.repeat(np.linspace(0, 1, 9, dtype=np.float32)[:, None], 3, axis=1)
    for primaries in ("bt709", "bt2020", "smpte432"):
        found = lab(greys, ColourTags(primaries=primaries, transfer="iec61966-2-1"))
        assert np.abs(found[:, 1:]).max() < 0.02
        assert found[0, 0] == pytest.approx(0, abs=1e-6)
        assert found[-1, 0] == pytest.approx(100, abs=1e-3)
