"""The table of deliveries, and what it refuses before any work."""

from __future__ import annotations

import pytest
from secondunit.catalog.deliveries import DEFAULT, DELIVERIES, delivery_faults
from secondunit.units import Size


@pytest.mark.parametrize("size", [Size(width=641, height=360), Size(width=640, height=361)])
@pytest.mark.parametrize("name", ["h264", "hevc_main10"])
def test_an_odd_size_is_refused_where_chroma_is_thinned_both_ways(name: str, size: Size) -> None:
    (fault,) = delivery_faults(DELIVERIES[name], size, path="markers[0].delivery")

    assert fault.path == "markers[0].delivery"
    assert str(size) in fault.what
    assert DEFAULT in fault.what, "it names what would do"


def test_every_reason_is_given_at_once() -> None:
    faults = delivery_faults(DELIVERIES["h264"], Size(width=15, height=11), path="p")

    assert len(faults) == 2


def test_a_picture_too_small_for_dnxhr_is_refused() -> None:
    row = DELIVERIES["dnxhr_hqx"]

    assert delivery_faults(row, Size(width=254, height=120), path="p")
    assert not delivery_faults(row, Size(width=256, height=120), path="p")


def test_odd_sizes_pass_where_the_codec_takes_them() -> None:
    odd = Size(width=643, height=361)

    for name in ("prores_422_hq", "prores_4444", "dnxhr_hqx", "ffv1"):
        assert not delivery_faults(DELIVERIES[name], odd, path="p")


def test_a_width_at_which_prores_loses_the_last_columns_colour_is_refused() -> None:
    bare = Size(width=641, height=361)

    (fault,) = delivery_faults(DELIVERIES[DEFAULT], bare, path="p")
    assert "width of 640" in fault.what and "prores_4444, dnxhr_hqx, ffv1" in fault.what
    for name in ("prores_4444", "dnxhr_hqx", "ffv1"):
        assert not delivery_faults(DELIVERIES[name], bare, path="p")
