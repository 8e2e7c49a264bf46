"""Check a returned clip against the record beside it: bytes, frames, tags, controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from secondunit.catalog.deliveries import stem_of
from secondunit.encode import sidecar
from secondunit.encode.durable import digest_of, files_of
from secondunit.encode.verify import Content
from secondunit.encode.verify import verify as read_back
from secondunit.errors import DeliveryError, MediaMissing, MediaUnreadable


def verify(clip: Path) -> dict[str, Any]:
    """What the record promises and what the file holds, check by check.

    Of a sequence `clip` is its folder, or any of its pictures. A file that was transcoded fails
    `bytes` and may still pass `file`. Raises MediaMissing where the clip or its record is not
    there, MediaUnreadable or DeliveryError where one cannot be read.
    """
    folder = clip.parent
    if not record_of(clip).is_file() and record_of(folder).is_file() and clip in files_of(folder):
        clip = folder
    record_path = record_of(clip)
    if not clip.exists():
        raise MediaMissing(f"there is no {clip}")
    if not record_path.is_file():
        raise MediaMissing(f"there is no {record_path}")
    record = sidecar.read(record_path)
    digest = _sha256(clip)
    same = digest == record["clip"]["sha256"]
    seen = Content()
    differences = read_back(clip, sidecar.facts_of_record(record), seen=seen)
    checks: dict[str, Any] = {
        "bytes": _check(record["clip"]["sha256"], "as delivered" if same else digest, same),
        "file": _check(
            "frames, rate, timecode, reel, layout and colour tags",
            "; ".join(differences) or "as recorded",
            not differences,
        ),
    }
    try:
        for control, entry in record["report"].items():
            checks[f"control {control}"] = _check(entry["asked"], entry["measured"], entry["pass"])
            if control == "R":  # the one control that the file alone can answer again
                recorded = entry["measured"]["frames_sha256"]
                checks["control R"] = _check(
                    {"frames_sha256": recorded},
                    {"frames_sha256": seen.digest},
                    entry["pass"] and seen.digest == recorded,
                )
    except (AttributeError, KeyError, TypeError) as exc:
        raise DeliveryError(f"the control report in {record_path} makes no sense") from exc
    return {
        "file": str(clip),
        "id": record["id"],
        "operation": record["operation"],
        "checks": checks,
        "pass": all(entry["pass"] for entry in checks.values()),
    }


def _check(asked: Any, measured: Any, passed: bool) -> dict[str, Any]:
    return {"asked": asked, "measured": measured, "pass": passed}


def record_of(clip: Path) -> Path:
    """Where the record of a clip lies: beside it, by its name."""
    return clip.with_name(f"{stem_of(clip)}.json")


def _sha256(path: Path) -> str:
    try:
        return digest_of(path)[0]
    except OSError as exc:
        raise MediaUnreadable(f"'{path}' cannot be read: {exc.strerror}") from exc
