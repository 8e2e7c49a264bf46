"""Requests whose files are blobs: the same by path, and the answer without paths of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from secondunit.errors import BlobDamaged, BlobMissing, BlobUnknown
from secondunit.jobs.blobs import BlobStore
from secondunit.plan.planned import Options, TimelinePlan
from secondunit.rpc import convert
from secondunit.rpc.carrier import files_of
from secondunit.rpc.principal import current
from secondunit.v1 import shots_pb2 as pb

Planner = Callable[[pb.ShotRequest, Options], TimelinePlan]
"""Plans a request whose files are all paths."""


def plan_by_blob(
    plan: Planner, request: pb.ShotRequest, options: Options, blobs: BlobStore
) -> TimelinePlan:
    """Plan a request of the caller's, some of whose files may be blobs of its tenant.

    Each blob is a folder of its own that this request alone may read beside the allowed roots.
    Raises BlobMissing with every blob that is not there.
    """
    if not any(file.HasField("blob") for file, _ in files_of(request)):
        return plan(request, options)
    by_path = pb.ShotRequest()
    by_path.CopyFrom(request)
    malformed = False
    missing: dict[str, str] = {}
    names: dict[str, str] = {}
    folders = dict.fromkeys(options.roots)
    for file, field in files_of(by_path):
        if not file.HasField("blob"):
            continue
        digest = convert.digest(file.blob)
        if not digest.well_formed:
            malformed = True  # the carrier refuses it, with whatever else is wrong
            continue
        try:
            path = blobs.use(current().tenant, digest)
        except (BlobUnknown, BlobDamaged):  # a damaged one was put aside, so it is missing now
            missing[str(digest)] = f"request.{field}"
            continue
        names[str(path)] = str(digest)
        folders[path.parent] = None
        file.path = str(path)
    if missing and not malformed:
        listed = ", ".join(f"{name} @ {field}" for name, field in missing.items())
        raise BlobMissing(f"not uploaded, or not by this caller: {listed}", missing)
    return _renamed(plan(by_path, replace(options, roots=tuple(folders))), names)


def _renamed(found: TimelinePlan, names: dict[str, str]) -> TimelinePlan:
    """The answer without paths of the server's: where a blob lies is not the caller's business."""

    def told(text: str) -> str:
        for path, name in names.items():
            text = text.replace(path, name)
        return text

    return replace(
        found,
        faults=tuple(replace(f, what=told(f.what)) for f in found.faults),
        notices=tuple(told(notice) for notice in found.notices),
        shots=tuple(
            replace(
                shot, adaptations=tuple(replace(a, what=told(a.what)) for a in shot.adaptations)
            )
            for shot in found.shots
        ),
    )
