"""The clip that goes into an edit: its takes, its clock, its record and its visible words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import opentimelineio as otio

from secondunit.catalog.deliveries import DELIVERIES, FIRST_FRAME
from secondunit.place.links import Profile, link_to
from secondunit.place.takes import Take
from secondunit.place.words import Words
from secondunit.units import FrameRange, Rate

VERSION = 1
"""Of the shape of `metadata.secondunit`."""
CHOSEN = otio.schema.Clip.DEFAULT_MEDIA_KEY
_COLOUR = otio.schema.MarkerColor.PURPLE


def clip_of(
    take: Take, others: Sequence[Take], words: Words, folder: Path, profile: Profile
) -> otio.schema.Clip:
    """A clip that shows `take` in an edit that lies in `folder`; the other takes are with it.

    The clip is named like its file, the only way hosts find one by the other, and counts time
    in the file's own timecode. Hosts keep one media reference and drop metadata that they do not
    know, hence the marker: its name and text say what the clip is and how to ask for it again.
    """
    references = {CHOSEN: _reference(take, folder, profile)}
    if profile == "otio":
        references |= {f"take_{t.version:03d}": _reference(t, folder, profile) for t in others}
    clip = otio.schema.Clip(
        name=take.file.name,
        source_range=time_range(take.shown, take.rate),
        metadata={"secondunit": _metadata(take, others, words, profile)},
    )
    clip.set_media_references(references, CHOSEN)
    clip.markers.append(_marker(take, words, profile))
    return clip


def time_range(frames: FrameRange, rate: Rate) -> otio.opentime.TimeRange:
    """The range at the exact double of the rate: OTIO knows NTSC timecode at no other."""
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(frames.start, float(rate)),
        otio.opentime.RationalTime(frames.frames, float(rate)),
    )


def _reference(take: Take, folder: Path, profile: Profile) -> otio.core.MediaReference:
    metadata: dict[str, Any] = {}
    if profile == "otio":
        record = take.record
        metadata["secondunit"] = {
            "version": VERSION,
            "take": take.label,
            "digest": take.digest,
            # Names, for whoever links by them: the sound lies in the sequence's folder, the proxy
            # beside it. No audio clip is placed: the edit's own tracks sound already.
            **({"sound": [path.name for path in take.sound]} if take.sound else {}),
            **({"proxy": take.proxy.name} if take.proxy else {}),
            "provenance": {
                "engine": record.get("engine", {}),
                "software": record.get("software", {}),
                "sources": [source.get("sha256") for source in record.get("sources", ())],
                "sha256": record["clip"]["sha256"],
                "made": record.get("made"),
                "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
            },
        }
    available = time_range(take.range, take.rate)
    row = DELIVERIES[take.record["clip"]["delivery"]]
    if row.sequence:
        reference = otio.schema.ImageSequenceReference(
            target_url_base=f"{link_to(take.file, folder, profile)}/",
            name_prefix=f"{take.file.name}.",
            name_suffix=row.suffix,
            start_frame=FIRST_FRAME,
            frame_step=1,
            rate=float(take.rate),
            frame_zero_padding=4,
            available_range=available,
            metadata=metadata,
        )
    else:
        reference = otio.schema.ExternalReference(
            target_url=link_to(take.file, folder, profile),
            available_range=available,
            metadata=metadata,
        )
    reference.name = take.file.name
    return reference


def _metadata(
    take: Take, others: Sequence[Take], words: Words, profile: Profile
) -> dict[str, Any]:  # fmt: skip
    least = {
        "version": VERSION,
        "id": take.shot,
        "operation": take.operation.value,
        "take": take.label,
    }
    if profile == "premiere":
        return least
    return least | {
        "request": words.request,
        "takes": [_summary(t) for t in sorted((*others, take), key=lambda t: t.version)],
        "digest": take.digest,
        "report": take.record.get("report", {}),
    }


def _summary(take: Take) -> dict[str, Any]:
    return {
        "take": take.label,
        "file": take.file.name,
        "digest": take.digest,
        "seed": take.record.get("engine", {}).get("seed"),
        "draft": bool(take.record.get("draft")),
    }


def _marker(take: Take, words: Words, profile: Profile) -> otio.schema.Marker:
    marker = otio.schema.Marker(
        name=marker_name(take),
        marked_range=time_range(FrameRange(start=take.shown.start, frames=1), take.rate),
        color=words.marker.color if words.marker is not None else _COLOUR,
        comment=words.text,
    )
    if profile != "premiere":
        marker.metadata["Resolve_OTIO"] = {"Keywords": [], "Note": words.text}
        marker.metadata["fcp_xml"] = {"comment": words.text}
    return marker


def marker_name(take: Take) -> str:
    """`GEN bridge v003`: what a host shows even where it drops the marker's text."""
    return f"GEN {take.operation} {take.label}"
