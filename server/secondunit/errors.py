"""Everything that can go wrong, in one tree: what happened, whether to retry, what to do.

SecondUnitError
├── Refused                     the request cannot be done as asked; all faults at once
│   └── TimelineUnreadable      the file is no timeline we can read
├── MediaError                  a source file, before or during work
│   ├── MediaMissing            not where the timeline says, nor where we looked
│   ├── MediaForbidden          outside the allowed roots, or reached by a protocol
│   └── MediaUnreadable         a container, codec or size that we do not decode
├── EngineError                 an engine could not do its part
│   ├── EngineMissing           its packages or weights are not on this machine
│   ├── EngineFailed            it ran and failed
│   └── WorkerLost              its process died (again and again)
├── DeliveryError               the encoded file is not what was asked
│   └── PlacementError          it cannot be put where it was asked
├── Cancelled                   the owner of the job stopped it
├── JobUnknown                  no job of that name
├── Conflict                    a request_id was used before for another request
├── StoreError                  the data folder cannot be used
│   ├── StoreDamaged            its job store is damaged, or newer than this program
│   ├── StoreFull               its disk is full
│   └── StoreBusy               another process owns it
└── ServerUnreachable           no server answers at that address
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a request."""

    what: str
    """A sentence without a full stop: what is wrong, and the choices left."""
    path: str
    """Where: a dotted path from the timeline or the request down to the key."""

    def __str__(self) -> str:
        return f"{self.what} @ {self.path}"


class SecondUnitError(Exception):
    """Root of the tree; `code` is stable and goes over the wire as ErrorInfo.reason."""

    code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False
    remedy: ClassVar[str] = "Report this with the job id; the log has the trace."


class Refused(SecondUnitError):
    """The request cannot be done as asked; nothing was computed or written."""

    code = "REFUSED"
    remedy = "Mend the lines named above and send the request again."

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

    @classmethod
    def single(cls, what: str, path: str) -> Refused:
        """A refusal with one fault."""
        return cls((Fault(what=what, path=path),))


class TimelineUnreadable(Refused):
    """The file is no timeline we can read; it was not changed."""

    code = "TIMELINE_UNREADABLE"
    remedy = "Export the timeline again as .otio and check that the file is complete."


class MediaError(SecondUnitError):
    """A source file could not serve."""

    code = "MEDIA"
    remedy = "Check the file named above."


class MediaMissing(MediaError):
    """A source file is not where the timeline says."""

    code = "MEDIA_MISSING"
    remedy = "Put the file back, relink it in the edit, or pass the folder it is in as --root."


class MediaForbidden(MediaError):
    """A reference points outside the allowed roots, or to something that is no local file."""

    code = "MEDIA_FORBIDDEN"
    remedy = "Move the file below an allowed root, or allow its folder with --root."


class MediaUnreadable(MediaError):
    """The file is there, but is not footage that we decode."""

    code = "MEDIA_UNREADABLE"
    remedy = "Transcode the file to ProRes, DNxHR, H.264 or FFV1 and relink it."


class EngineError(SecondUnitError):
    """An engine could not do its part."""

    code = "ENGINE"
    remedy = "See `secondunit engines` for what can run here."


class EngineMissing(EngineError):
    """The engine's packages or weights are not on this machine."""

    code = "ENGINE_MISSING"
    remedy = "Install the engine packages: pip install 'secondunit[engine]'."


class EngineFailed(EngineError):
    """The engine ran and failed."""

    code = "ENGINE_FAILED"
    retryable = True
    remedy = "Try again; if it fails the same way, try another seed or engine."


class WorkerLost(EngineError):
    """The engine's process died each time it was tried."""

    code = "WORKER_LOST"
    remedy = "The shot kills its worker (memory?). Try it at --draft or in shorter pieces."


class DeliveryError(SecondUnitError):
    """The encoded file is not what was asked; it was removed."""

    code = "DELIVERY"
    remedy = "Choose another delivery with `delivery:`; see `secondunit deliveries`."


class PlacementError(DeliveryError):
    """A finished clip or the new timeline cannot be put where it was asked."""

    code = "PLACEMENT"
    remedy = "Mend what is named above, or choose another place with --out and --media."


class Cancelled(SecondUnitError):
    """The owner of the job stopped it."""

    code = "CANCELLED"
    remedy = "Start the shot again when you want it."


class JobUnknown(SecondUnitError):
    """No job of that name."""

    code = "JOB_UNKNOWN"
    remedy = "List jobs with `secondunit jobs`."


class Conflict(SecondUnitError):
    """A request_id was used before for another request."""

    code = "REQUEST_ID_REUSED"
    remedy = "Use a new request_id for a new request."


class StoreError(SecondUnitError):
    """The job store cannot be used."""

    code = "STORE"
    remedy = "Check the data folder named above, or choose another with --data."


class StoreDamaged(StoreError):
    """The job store is damaged, or was written by a newer version; it was not changed."""

    code = "STORE_DAMAGED"
    remedy = "Put a copy of jobs.db back, or move the data folder away and start anew."


class StoreFull(StoreError):
    """The disk of the data folder, or of the clips, is full; nothing was half-written."""

    code = "STORE_FULL"
    retryable = True
    remedy = "Free some space on that disk, or choose another: --data for jobs, --media for clips."


class StoreBusy(StoreError):
    """Another process owns this data folder."""

    code = "STORE_BUSY"
    retryable = True
    remedy = "Use that server with --server, wait for it to end, or choose another --data."


class ServerUnreachable(SecondUnitError):
    """No server answers at that address."""

    code = "SERVER_UNREACHABLE"
    retryable = True
    remedy = "Start one with `secondunit serve`, or leave --server out."
