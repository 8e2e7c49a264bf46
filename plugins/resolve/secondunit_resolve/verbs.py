"""One thing that is asked of Resolve, done: a request of the hosts' language in, its reply out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Resolve
from secondunit_resolve.context import OURS, context_of
from secondunit_resolve.desk import desk_of
from secondunit_resolve.edition import edition_of
from secondunit_resolve.faults import HostError, silent
from secondunit_resolve.frames import SETTLE, still
from secondunit_resolve.place import Placer
from secondunit_resolve.remove import items_of, remove
from secondunit_resolve.takes import switch

FORMATS = {
    ".otio": "EXPORT_OTIO", ".fcpxml": "EXPORT_FCPXML_1_10", ".xml": "EXPORT_FCP_7_XML",
    ".edl": "EXPORT_EDL", ".aaf": "EXPORT_AAF",
}  # fmt: skip
_SPACES = re.compile(r"\s+")


class Verbs:
    """Does what it is asked, in the thread that owns Resolve."""

    def __init__(self, resolve: Resolve, settle: float = SETTLE) -> None:
        """One for each connection with Resolve. `settle`: seconds that its viewer has."""
        self._resolve, self._settle = resolve, settle
        self._placer = Placer(edition_of(resolve))
        self._verbs: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
            "get_context": self._get_context,
            "export_frame": self._export_frame,
            "place_takes": self._place_takes,
            "switch_take": self._switch_take,
            "remove_placed": self._remove_placed,
            "add_marker": self._add_marker,
            "export_timeline": self._export_timeline,
            "seek": self._seek,
        }

    def do(self, request: pb.HostRequest) -> pb.HostReply:
        """The reply to a request; what Resolve does not do is in it as a fault."""
        asked = request.WhichOneof("ask")
        verb = self._verbs.get(asked or "")
        try:
            if verb is None:
                raise HostError(
                    "NOT_ABLE", f"Resolve cannot do that ({asked or 'nothing was asked'}).",
                    "See what the host says it can do.",
                )  # fmt: skip
            return pb.HostReply(id=request.id, **verb(getattr(request, asked or "")))
        except HostError as error:
            return pb.HostReply(id=request.id, fault=error.fault)
        except Exception as exc:  # of a foreign interface: anything may come
            words = _SPACES.sub(" ", str(exc))[:300]
            fault = pb.HostFault(
                code="HOST", what=f"Resolve failed: {words or type(exc).__name__}.",
                remedy="See whether Resolve still runs, then try again.", retryable=True,
            )  # fmt: skip
            return pb.HostReply(id=request.id, fault=fault)

    def alive(self) -> bool:
        """Resolve is still there: what was connected answers nothing once the program has ended."""
        return bool(self._resolve.GetVersionString())

    def context(self) -> pb.HostContext:
        """What the editor looks at. Raises HostError."""
        return context_of(desk_of(self._resolve))

    def _get_context(self, asked: pb.GetContext) -> Mapping[str, Any]:
        return {"context": context_of(desk_of(self._resolve), asked.around)}

    def _export_frame(self, asked: pb.ExportFrame) -> Mapping[str, Any]:
        path = _new_file(asked.path)
        still(desk_of(self._resolve), asked.frame, path, self._settle)
        return {"exported_frame": pb.ExportedFrame(path=str(path), graded=True)}

    def _place_takes(self, asked: pb.PlaceTakes) -> Mapping[str, Any]:
        desk = desk_of(self._resolve, asked.timeline_id)
        return {"placed_takes": self._placer.place(desk, asked)}

    def _switch_take(self, asked: pb.SwitchTake) -> Mapping[str, Any]:
        desk = desk_of(self._resolve)
        item = next((i for _, i in items_of(desk) if i.GetUniqueId() == asked.item_id), None)
        if item is None:
            raise HostError(
                "CHANGED", "That clip is not on the timeline any more.", "Place the take again."
            )
        switch(item, asked)
        return {"switched_take": pb.SwitchedTake(item_id=item.GetUniqueId() or "")}

    def _remove_placed(self, asked: pb.RemovePlaced) -> Mapping[str, Any]:
        desk = desk_of(self._resolve, asked.timeline_id)
        return {"removed_placed": remove(desk, asked.shot_ids)}

    def _add_marker(self, asked: pb.AddMarker) -> Mapping[str, Any]:
        desk, mark = desk_of(self._resolve), asked.marker
        custom = mark.custom or OURS
        frames = max(1, mark.record.frames)
        done = desk.timeline.AddMarker(
            mark.record.start, "Sand", mark.name or "GEN", mark.note, frames, custom
        )
        if not done:
            raise HostError(
                "HOST", "Resolve did not set the marker: one may stand on that frame already.",
                "Move the playhead by a frame, and try again.", retryable=True,
            )  # fmt: skip
        return {"added_marker": pb.AddedMarker()}

    def _export_timeline(self, asked: pb.ExportTimeline) -> Mapping[str, Any]:
        desk, path = desk_of(self._resolve), _new_file(asked.path)
        name = FORMATS.get(path.suffix.lower())
        kind = None if name is None else getattr(self._resolve, name, None)
        if kind is None or callable(kind):  # of a name that is not there Resolve makes a call
            raise HostError(
                "NOT_ABLE", f"This Resolve writes no '{path.suffix}'.",
                f"Choose one of {', '.join(FORMATS)}.",
            )  # fmt: skip
        none = getattr(self._resolve, "EXPORT_NONE", None)  # 21.1 wants one, others ignore it
        done = desk.timeline.Export(str(path), kind, none)
        if not done or not path.is_file():
            raise silent("write the timeline")
        return {"exported_timeline": pb.ExportedTimeline(path=str(path))}

    def _seek(self, asked: pb.Seek) -> Mapping[str, Any]:
        desk_of(self._resolve).seek(asked.frame)
        return {"sought": pb.Sought()}


def _new_file(path: str) -> Path:
    """Where nothing is yet: nothing is written over, and Resolve keeps what it exported open."""
    file = Path(path)
    if not file.is_absolute() or file.exists():
        what = "exists already" if file.exists() else "is no absolute path"
        raise HostError("HOST", f"'{path}' {what}.", "Choose another name.")
    return file
