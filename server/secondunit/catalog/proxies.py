"""The table of proxies: small copies of a take for editors' machines, written beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from secondunit.catalog.deliveries import DELIVERIES, Delivery, Wanted, delivery_faults
from secondunit.errors import Fault
from secondunit.units import Size

SUFFIX = "_proxy"
"""What a proxy's name has after its take's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One row: frames, rate, timecode, reel and sound are the take's own."""

    name: str
    """Stable: requests use it."""
    title: str
    delivery: str
    """The row of `deliveries` that it is written as; one that holds sound, which hosts compare."""
    part: int
    """Of the take's width and height: 2 is a half."""

    @property
    def row(self) -> Delivery:
        """What it is written as."""
        return DELIVERIES[self.delivery]

    def size(self, whole: Size) -> Size:
        """Of the proxy's pictures: even, so that every host's decoder takes them."""
        return Size(
            width=max(2, round(whole.width / self.part / 2) * 2),
            height=max(2, round(whole.height / self.part / 2) * 2),
        )


_ROWS = tuple(
    Proxy(name=f"{word}_{size}", title=f"{DELIVERIES[delivery].title}, {size} size",
          delivery=delivery, part=part)
    for word, delivery in (
        ("h264", "h264_mov"), ("prores_422_proxy", "prores_422_proxy"), ("dnxhr_lb", "dnxhr_lb"),
    )
    for size, part in (("half", 2), ("quarter", 4))
)  # fmt: skip

PROXIES: dict[str, Proxy] = {row.name: row for row in _ROWS}
"""Every proxy by name."""


def proxy_faults(name: str, wanted: Wanted, *, light: bool, path: str) -> tuple[Fault, ...]:
    """What keeps a take that must hold `wanted` from having a proxy of this name, at `path`.

    `light`: the take is scene-linear.
    """
    proxy = PROXIES.get(name)
    if proxy is None:
        what = f"no proxy '{name}'; proxies: {', '.join(PROXIES)}"
        return (Fault(what=what, path=path),)
    if light:
        what = (
            "scene-linear pictures have no proxy: how light they are shown is a look, which no "
            "delivery gives them"
        )
        return (Fault(what=what, path=path),)
    small = replace(wanted, size=proxy.size(wanted.size), alpha=False)
    return tuple(
        replace(fault, what=f"the proxy: {fault.what}")
        for fault in delivery_faults(proxy.row, small, path=path)
    )


def _validate() -> None:
    if any(row.row.sequence or row.row.sound != "inside" for row in _ROWS):
        raise ValueError("a proxy is one file with its sound inside")


_validate()
