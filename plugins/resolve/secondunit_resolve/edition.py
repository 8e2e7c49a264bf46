"""Which Resolve this is, and what it can do: found by asking it, not by its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Resolve, able
from secondunit_resolve.faults import HostError

PROTOCOL = 1


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
    abilities = {
        pb.HOST_ABILITY_MARKS, pb.HOST_ABILITY_PLACE, pb.HOST_ABILITY_MARKERS,
        pb.HOST_ABILITY_REMOVE, pb.HOST_ABILITY_TAKES, pb.HOST_ABILITY_EXPORT_TIMELINE,
        pb.HOST_ABILITY_SEEK, pb.HOST_ABILITY_EVENTS, pb.HOST_ABILITY_PROXIES,
    }  # fmt: skip
    limits = [
        "Resolve cannot undo what is placed by a script: use “take back”, which removes exactly "
        "what was placed."
    ]
    if project is None or able(project, "ExportCurrentFrameAsStill"):
        abilities.add(pb.HOST_ABILITY_EXPORT_FRAME)
    else:
        limits.append("This version writes no stills: frames come from the media, ungraded.")
    if timeline is not None and able(timeline, "GetSelectedClips"):
        abilities.add(pb.HOST_ABILITY_SELECTION)
    elif timeline is not None:
        limits.append(
            "Before 21.0.4 Resolve does not tell what is selected: set in and out marks, or put "
            "the playhead on the clip."
        )
    return pb.Host(
        kind=pb.HOST_KIND_RESOLVE,
        name=f"DaVinci Resolve{' Studio' if edition.studio else ''}",
        version=edition.text,
        protocol=PROTOCOL,
        abilities=sorted(abilities),
        limits=limits,
    )
