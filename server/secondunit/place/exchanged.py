"""The exchange files of a profile: the placed edit once more, in what its host relinks best by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import opentimelineio as otio

from secondunit.encode.durable import replacing, unwritten
from secondunit.errors import PlacementError, Refused
from secondunit.place import exchange
from secondunit.place.exchange import Asset, Exchange
from secondunit.place.fcp7 import MARK, fcp7, uneven
from secondunit.place.fcpxml import fcpxml
from secondunit.place.links import Profile
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import CuttingRoom

Spell = Callable[[exchange.Sequence], bytes]
FORMATS: dict[Profile, tuple[tuple[str, Spell], ...]] = {
    "otio": (),
    "resolve": ((".fcpxml", fcpxml), (".xml", fcp7)),
    "premiere": ((".xml", fcp7),),
}
"""(suffix, writer) of what goes beside the new timeline. Resolve relinks footage that was moved by
both of these and not by .otio; Premiere took .xml long before it took .otio."""
_HEAD = 400
"""Bytes in which the mark stands."""


def check_beside(out: Path, profile: Profile) -> None:
    """Raises Refused where an exchange file would overwrite what is not ours to replace."""
    for suffix, _ in FORMATS[profile]:
        file = out.with_suffix(suffix)
        try:
            with file.open("rb") as there:
                ours = MARK.encode() in there.read(_HEAD)
        except FileNotFoundError:
            continue
        except OSError:
            ours = False
        if not ours:
            raise Refused.single(
                f"'{file.name}' exists and was not made by Second Unit; choose another name", "out"
            )


def exchanged(
    timeline: otio.schema.Timeline,
    out: Path,
    profile: Profile,
    room: CuttingRoom,
    plan: ShotPlan,
    assets: Sequence[Asset],
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """(files written beside `out`, what they cannot say).

    The sequence has the size of `plan`, a shot of it; `assets` are our own takes, all that is known
    of their files. Raises PlacementError, StoreFull.
    """
    if not FORMATS[profile]:
        return (), ()
    reading = Exchange(
        room, size=plan.size, pixel_aspect=plan.pixel_aspect, drop_frame=plan.drop_frame,
        known={asset.path: asset for asset in assets}, brackets=profile == "resolve",
    )  # fmt: skip
    sequence = reading.sequence(timeline, timeline.name or out.stem)
    files: list[Path] = []
    for suffix, spell in FORMATS[profile]:
        file = out.with_suffix(suffix)
        try:
            with replacing(file) as temporary:
                temporary.write_bytes(spell(sequence))
        except OSError as exc:
            raise unwritten(f"{file} cannot be written", exc, PlacementError) from exc
        files.append(file)
    return tuple(files), (*reading.notices, *uneven(sequence))
