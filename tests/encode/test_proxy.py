"""Proxies: smaller, and otherwise the take, frame by frame and sample by sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.catalog.deliveries import DELIVERIES, Wanted
from secondunit.catalog.proxies import PROXIES, proxy_faults
from secondunit.encode.proxy import plan_of_proxy, write_proxy
from secondunit.encode.verify import verify
from secondunit.timeline.picture import picture_of_frame
from secondunit.units import Rate, Size

from tests.plans import number_in, numbered_pictures, shot_plan, silent

HD = Wanted(size=Size(width=1920, height=1080), rate=Rate(num=24000, den=1001), sound=True)


@pytest.mark.parametrize("name", sorted(PROXIES))
def test_a_proxy_has_the_frames_the_timecode_and_the_reel_of_its_take(
    tmp_path: Path, name: str
) -> None:
    big = "dnxhr" in name
    size = Size(width=1026, height=578) if big else Size(width=130, height=74)
    plan = shot_plan(size=size, proxy=name, delivery="exr_half", timecode=86400 + 17)
    target = tmp_path / "clip_proxy.mov"

    made = write_proxy(numbered_pictures(plan), plan, target, progress=silent)

    part = PROXIES[name].part
    assert abs(made.facts.size.width * part - size.width) <= part
    assert made.facts.size.width % 2 == made.facts.size.height % 2 == 0
    with av.open(str(target)) as container:
        video = container.streams.video[0]
        tags = {k.lower(): v for s in container.streams for k, v in s.metadata.items()}
        assert tags["timecode"] == "01:00:00:17" and tags["reel_name"] == plan.reel
        assert Rate.snap(float(video.average_rate or 0)) == plan.rate
        found = [picture_of_frame(frame) for frame in container.decode(video)]
    assert [number_in(picture) for picture in found] == list(range(10))
    whole = next(numbered_pictures(plan)).rgb().mean((0, 1))
    assert np.abs(found[0].rgb().mean((0, 1)) - whole).max() < 0.02, "it has the take's colours"
    assert verify(target, made.facts) == []


def test_a_take_with_a_proxy_is_another_take() -> None:
    plan = shot_plan()

    digests = {replace(plan, proxy=name).digest for name in ("", "h264_half", "h264_quarter")}

    assert len(digests) == 3 and plan.digest in digests
    assert plan_of_proxy(replace(plan, proxy="h264_half")).proxy == ""


def test_every_proxy_holds_what_hosts_compare_with_the_take() -> None:
    for proxy in PROXIES.values():
        row = DELIVERIES[proxy.delivery]
        assert (row.container, row.sound, row.reel, row.clock) == ("mov", "inside", True, True)
        assert proxy_faults(proxy.name, HD, light=False, path="p") == ()


@pytest.mark.parametrize(
    ("name", "size", "light", "words"),
    [
        ("h264_third", HD.size, False, "no proxy 'h264_third'; proxies: h264_half"),
        ("h264_half", HD.size, True, "scene-linear pictures have no proxy"),
        ("dnxhr_lb_quarter", Size(width=640, height=360), False, "'dnxhr_lb' starts at 256x120"),
    ],
)
def test_what_cannot_be_a_proxy_is_refused_in_words(
    name: str, size: Size, light: bool, words: str
) -> None:
    (fault,) = proxy_faults(name, replace(HD, size=size), light=light, path="p.proxy")

    assert words in fault.what and fault.path == "p.proxy"
