"""The proxy of a take: the same frames at the same times, smaller, in a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from secondunit.catalog.proxies import PROXIES
from secondunit.encode.writer import Encoded, write
from secondunit.engine.engine import Progress
from secondunit.engine.parallel import in_order
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture


def plan_of_proxy(plan: ShotPlan) -> ShotPlan:
    """What the file of a plan's proxy must be, as a plan. The plan must name one."""
    proxy = PROXIES[plan.proxy]
    return replace(plan, delivery=proxy.delivery, size=proxy.size(plan.size), proxy="")


def write_proxy(
    pictures: Iterable[Picture], plan: ShotPlan, target: Path, *, progress: Progress
) -> Encoded:
    """Write the proxy of a take whose finished `pictures` these are; `writer.write` says how."""
    small = plan_of_proxy(plan)
    fitted = in_order(lambda picture: picture.fitted(small.size), pictures)
    return write(fitted, small, target, progress=progress)
