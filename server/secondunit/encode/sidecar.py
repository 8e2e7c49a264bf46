"""Sidecar: the record beside a clip that says where it comes from, since hosts drop metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.durable import replacing, unwritten
from secondunit.encode.verify import Facts
from secondunit.encode.writer import Encoded
from secondunit.errors import DeliveryError, Refused
from secondunit.plan.shot_plan import ShotPlan, canonical, media_uses, record_of_json
from secondunit.timeline.picture import colour_numbers
from secondunit.timeline.shot import Media
from secondunit.units import frame_of_timecode

VERSION = 1
"""Of the record's shape. Fields may be added; a field never changes its meaning."""

Record = dict[str, Any]
"""Plain JSON values."""


def compose(
    plan: ShotPlan,
    encoded: Encoded,
    *,
    request: Mapping[str, Any],
    report: Mapping[str, Any],
    timings: Mapping[str, float],
    versions: Mapping[str, str],
    ran: Mapping[str, Any] | None = None,
    proxy: Encoded | None = None,
) -> Record:
    """The record of one result.

    `request` is as the editor wrote it, `timings` are seconds by stage, `versions` are those of
    the engine's packages, `ran` is what the engine really ran on, `proxy` the small copy beside
    the clip. `take` is None until the clip is published. `missed` names the controls of the
    report that were not held.
    """
    facts = encoded.facts
    return {
        "version": VERSION,
        "id": plan.shot,
        "name": plan.name,
        "operation": plan.operation.value,
        "take": None,
        "digest": plan.digest,
        "draft": plan.draft,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "clip": {
            "file": encoded.path.name,
            "sha256": encoded.digest,
            "bytes": encoded.bytes,
            "handles": list(plan.handles),
            "start_frame": frame_of_timecode(facts.timecode, facts.rate),
            **canonical(facts),
        },
        "proxy": None if proxy is None else proxy_record(proxy),
        "request": dict(request),
        "plan": canonical(plan),
        "engine": {
            "name": plan.engine,
            "weights": plan.weights,
            "seed": plan.seed,
            "steps": plan.steps,
            "ran": dict(ran or {}),
        },
        "software": {"secondunit": __version__, "av": av.__version__, **versions},
        "sources": _sources(plan),
        "report": dict(report),
        "missed": [control for control, entry in report.items() if not entry["pass"]],
        "adaptations": canonical(plan.adaptations),
        "timings": {stage: round(seconds, 3) for stage, seconds in timings.items()},
    }


def proxy_record(proxy: Encoded) -> Record:
    """What a record says of the proxy: frames, rate, timecode and reel are the clip's own."""
    return {
        "file": proxy.path.name, "sha256": proxy.digest, "bytes": proxy.bytes,
        "delivery": proxy.facts.delivery, "size": canonical(proxy.facts.size),
    }  # fmt: skip


def write(record: Record, path: Path) -> None:
    """Write a record, whole or not at all. Raises DeliveryError or StoreFull when it cannot be."""
    try:
        text = text_of(record)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except (OSError, TypeError, ValueError) as exc:
        raise unwritten(f"the record {path.name} cannot be written", exc) from exc


def text_of(record: Record) -> str:
    """A record as it stands in its file. Raises ValueError for what JSON does not know."""
    parts = [
        f" {json.dumps(key)}: "
        # A plan names its files once for every frame: nobody reads that, and it takes long.
        + json.dumps(
            value, indent=None if key == "plan" else 1, ensure_ascii=False, allow_nan=False
        ).replace("\n", "\n ")
        for key, value in record.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


_LARGEST = 64 * 2**20
"""Bytes; the longest shots with thousands of masks have a tenth."""
_RECORD = {"id": str, "name": str, "operation": str, "digest": str, "clip": dict, "report": dict}
_CLIP = {"file": str, "sha256": str, "frames": int, "start_frame": int, "handles": list}


def read(path: Path) -> Record:
    """A record as written. Raises DeliveryError for a file that is none of ours."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DeliveryError(f"the record {path} is larger than any that we write")
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise DeliveryError(f"the record {path} cannot be read: {exc}") from exc
    if not (
        isinstance(record, dict)
        and record.get("version") == VERSION
        and all(isinstance(record.get(key), kind) for key, kind in _RECORD.items())
        and all(isinstance(record["clip"].get(key), kind) for key, kind in _CLIP.items())
    ):
        raise DeliveryError(f"{path} is no record of a clip that this version can read")
    return record


def facts_of_record(record: Record) -> Facts:
    """What the clip of a record must be, to `verify` it again. Raises DeliveryError."""
    clip = record["clip"]
    try:
        known = {f.name: clip[f.name] for f in fields(Facts) if f.name in clip}
        facts = record_of_json(Facts, known, "clip")
        colour_numbers(facts.colour)
        DELIVERIES[facts.delivery]
    except Refused as exc:
        raise DeliveryError(f"the record of {clip['file']} makes no sense: {exc}") from exc
    except KeyError as exc:
        raise DeliveryError(f"the record of {clip['file']} makes no sense: no {exc}") from exc
    return facts


def _sources(plan: ShotPlan) -> list[Record]:
    """Every file the picture depends on, once, with the runs of frames that were used."""
    used: dict[str, tuple[Media, set[int]]] = {}
    for media, indexes in media_uses(plan):
        used.setdefault(media.digest, (media, set()))[1].update(indexes)
    return [
        {
            "path": str(media.path),
            "sha256": media.digest,
            "reel": media.reel,
            "frames": [list(run) for run in _runs(sorted(indexes))],
        }
        for media, indexes in used.values()
    ]


def _runs(frames: list[int]) -> Iterator[tuple[int, int]]:
    """(start, count) of each run of frames."""
    start = 0
    for i in range(1, len(frames) + 1):
        if i == len(frames) or frames[i] != frames[i - 1] + 1:
            yield frames[start], i - start
            start = i
