"""Which Resolve this is, and what it can do: found by asking it, not by its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Resolve, able
from secondunit_resolve.faults import HostError

PROTOCOL = 1
TELLS_SELECTION = (21, 0, 4)
_NO_UNDO = (
    "Resolve cannot undo what is placed by a script: use “take back”, which removes exactly what "
    "was placed."
)
_NO_SELECTION = (
    "Before 21.0.4 Resolve does not tell what is selected: set in and out marks, or put the "
    "playhead on the clip."
)
_NO_STILLS = "This version writes no stills: frames come from the media, ungraded."
_NO_MARKS = "This version tells no marks: put a marker such as “GEN bridge 24f”."
_NO_PLACE = "This version places nothing by script: import the rendered timeline."
_NO_REMOVE = "This version deletes nothing by script: delete what was placed by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Of a running Resolve."""

    studio: bool
    version: tuple[int, int, int]
    text: str
    """As Resolve writes it."""

    @property
    def end_is_exclusive(self) -> bool:
        """What `endFrame` of AppendToTimeline means, unless this Resolve shows otherwise."""
        return self.version >= (19, 0, 0)

    @property
    def closed(self) -> bool:
        """The free edition from 21.1 on lets no Python in."""
        return not self.studio and self.version >= (21, 1, 0)


def edition_of(resolve: Resolve) -> Edition:
    """Raises HostError where Resolve does not say."""
    product, text = resolve.GetProductName(), resolve.GetVersionString()
    if not product or not text:
        raise HostError(
            "HOST", "Resolve does not say what it is.",
            "Wait until it has started, and close any dialogue on its screen.",
            retryable=True,
        )  # fmt: skip
    numbers = [int(part) for part in re.findall(r"\d+", text)[:3]] + [0, 0, 0]
    return Edition(
        studio="studio" in product.lower(),
        version=(numbers[0], numbers[1], numbers[2]),
        text=text,
    )


def hello(resolve: Resolve) -> pb.Host:
    """How the adapter presents this Resolve."""
    edition = edition_of(resolve)
    if edition.closed:
        raise HostError(
            "NOT_ABLE", f"The free edition of Resolve {edition.text} lets no script in.",
            "Work by file, as below; or use DaVinci Resolve Studio.",
        )  # fmt: skip
    manager = resolve.GetProjectManager()
    project = manager.GetCurrentProject() if manager is not None else None
    timeline = project.GetCurrentTimeline() if project is not None else None
    pool = project.GetMediaPool() if project is not None else None
    # What is not open cannot be asked; it is what every version since 19 has.
    calls: tuple[tuple[pb.HostAbility, object, str, str], ...] = (
        (pb.HOST_ABILITY_MARKS, timeline, "GetMarkInOut", _NO_MARKS),
        (pb.HOST_ABILITY_PLACE, pool, "AppendToTimeline", _NO_PLACE),
        (pb.HOST_ABILITY_REMOVE, timeline, "DeleteClips", _NO_REMOVE),
        (pb.HOST_ABILITY_EXPORT_FRAME, project, "ExportCurrentFrameAsStill", _NO_STILLS),
        (pb.HOST_ABILITY_EXPORT_TIMELINE, timeline, "Export", ""),
        (pb.HOST_ABILITY_MARKERS, timeline, "AddMarker", ""),
        (pb.HOST_ABILITY_SEEK, timeline, "SetCurrentTimecode", ""),
    )
    abilities = {pb.HOST_ABILITY_TAKES, pb.HOST_ABILITY_EVENTS, pb.HOST_ABILITY_PROXIES}
    limits = [_NO_UNDO]
    for ability, thing, call, without in calls:
        if thing is None or able(thing, call):
            abilities.add(ability)
        elif without:
            limits.append(without)
    new = edition.version >= TELLS_SELECTION
    if new if timeline is None else able(timeline, "GetSelectedClips"):
        abilities.add(pb.HOST_ABILITY_SELECTION)
    else:
        limits.append(_NO_SELECTION)
    return pb.Host(
        kind=pb.HOST_KIND_RESOLVE,
        name=f"DaVinci Resolve{' Studio' if edition.studio else ''}",
        version=edition.text,
        protocol=PROTOCOL,
        abilities=sorted(abilities),
        limits=limits,
    )
