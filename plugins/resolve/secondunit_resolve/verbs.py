"""One thing that is asked of Resolve, done: a request of the hosts' language in, its reply out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Resolve
from secondunit_resolve.context import OURS, context_of
from secondunit_resolve.desk import as_it_was, desk_of
from secondunit_resolve.edition import edition_of
from secondunit_resolve.faults import HostError, silent
from secondunit_resolve.place import SHOT, Placer, items_of

FORMATS = {
    ".otio": "EXPORT_OTIO", ".fcpxml": "EXPORT_FCPXML_1_10", ".xml": "EXPORT_FCP_7_XML",
    ".edl": "EXPORT_EDL", ".aaf": "EXPORT_AAF",
}  # fmt: skip
_SPACES = re.compile(r"\s+")


class Verbs:
    """Does what it is asked, in the thread that owns Resolve."""

    def __init__(self, resolve: Resolve) -> None:
        """One for each connection with Resolve."""
        self._resolve = resolve
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

    def context(self) -> pb.HostContext:
        """What the editor looks at. Raises HostError."""
        return context_of(desk_of(self._resolve))

    def _get_context(self, asked: pb.GetContext) -> Mapping[str, Any]:
        return {"context": context_of(desk_of(self._resolve), asked.around)}

    def _export_frame(self, asked: pb.ExportFrame) -> Mapping[str, Any]:
        desk = desk_of(self._resolve)
        with as_it_was(desk):
            desk.seek(asked.frame)
            done = desk.project.ExportCurrentFrameAsStill(asked.path)
        if not done or not Path(asked.path).is_file():
            raise silent("write the picture")
        return {"exported_frame": pb.ExportedFrame(path=asked.path, graded=True)}

    def _place_takes(self, asked: pb.PlaceTakes) -> Mapping[str, Any]:
        desk = desk_of(self._resolve, asked.timeline_id)
        return {"placed_takes": self._placer.place(desk, asked)}

    def _switch_take(self, asked: pb.SwitchTake) -> Mapping[str, Any]:
        desk = desk_of(self._resolve)
        item = next((i for i in items_of(desk) if i.GetUniqueId() == asked.item_id), None)
        if item is None:
            raise HostError(
                "CHANGED", "That clip is not on the timeline any more.", "Place the take again."
            )
        for index in range(1, (item.GetTakesCount() or 0) + 1):
            held = (item.GetTakeByIndex(index) or {}).get("mediaPoolItem")
            path = "" if held is None else str(held.GetClipProperty("File Path") or "")
            if path == asked.file or (not asked.file and index == asked.take):
                if not item.SelectTakeByIndex(index):
                    raise silent("switch the take")
                return {"switched_take": pb.SwitchedTake(item_id=item.GetUniqueId() or "")}
        raise HostError(
            "NOT_ABLE", "The clip does not hold that take.",
            "Place the shot again: it then holds all its takes.",
        )  # fmt: skip

    def _remove_placed(self, asked: pb.RemovePlaced) -> Mapping[str, Any]:
        desk = desk_of(self._resolve, asked.timeline_id)
        wanted, gone, notices = set(asked.shot_ids), [], []
        with as_it_was(desk):
            for item in list(items_of(desk)):
                media = item.GetMediaPoolItem()
                shot = None if media is None else media.GetThirdPartyMetadata(SHOT)
                shot = shot.get(SHOT) if isinstance(shot, dict) else shot
                if shot not in wanted:
                    continue
                # It works on the Edit page alone; where the editor was is put back afterwards.
                if desk.resolve.GetCurrentPage() != "edit":
                    desk.resolve.OpenPage("edit")
                if desk.timeline.DeleteClips([item], False):
                    gone.append(str(shot))
                else:
                    notices.append(f"'{item.GetName()}' could not be removed; delete it by hand.")
            desk.manager.SaveProject()
        missing = wanted - set(gone)
        notices += [f"Nothing of {one} stands on this timeline." for one in sorted(missing)]
        return {"removed_placed": pb.RemovedPlaced(shot_ids=gone, notices=notices)}

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
        desk, path = desk_of(self._resolve), Path(asked.path)
        name = FORMATS.get(path.suffix.lower())
        kind = None if name is None else getattr(self._resolve, name, None)
        if kind is None:
            raise HostError(
                "NOT_ABLE", f"This Resolve writes no '{path.suffix}'.",
                f"Choose one of {', '.join(FORMATS)}.",
            )  # fmt: skip
        if path.exists():  # Resolve keeps what it exported open: a name serves once
            raise HostError("HOST", f"'{path}' exists already.", "Choose another name.")
        none = getattr(self._resolve, "EXPORT_NONE", None)
        done = desk.timeline.Export(str(path), kind, none)
        if not done or not path.is_file():
            raise silent("write the timeline")
        return {"exported_timeline": pb.ExportedTimeline(path=str(path))}

    def _seek(self, asked: pb.Seek) -> Mapping[str, Any]:
        desk_of(self._resolve).seek(asked.frame)
        return {"sought": pb.Sought()}
