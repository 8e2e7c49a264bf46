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
│   ├── EngineMemory            it needs more memory than there is
│   ├── EngineBusy              a job is using it
│   ├── HubUnreachable          weights cannot be fetched
│   └── WorkerLost              its process died (again and again)
├── DeliveryError               the encoded file is not what was asked
│   └── PlacementError          it cannot be put where it was asked
├── Cancelled                   the owner of the job stopped it
├── JobUnknown                  no job of that name
├── JobOpen                     the job has not ended
├── EventsGone                  events that old are no longer kept
├── Conflict                    a request_id was used before for another request
├── BlobError                   bytes that are named by their digest
│   ├── BlobUnknown             the server has no such blob, or not for this caller
│   ├── BlobMissing             a request names a blob that was not uploaded
│   ├── BlobDamaged             the stored bytes no longer have their digest
│   ├── BlobRange               a place outside a blob
│   ├── BlobTooLarge            more bytes than a blob may have
│   ├── UploadOffset            a chunk that does not follow the committed bytes
│   ├── UploadBusy              another call is writing the same upload
│   └── UploadIdle              no byte came for too long
├── HostError                   an editing program beside the server
│   ├── HostUnknown             no such program is attached
│   └── HostGone                it went while it was asked
├── Unauthenticated             no token, or one that is not valid
├── Forbidden                   the caller may not do that
├── LimitReached                the caller, or the server, has as much in hand as it may
├── Draining                    the server is about to stop
├── StoreError                  the data folder cannot be used
│   ├── StoreDamaged            its job store is damaged, or newer than this program
│   ├── StoreFull               its disk is full
│   └── StoreBusy               another process owns it
└── ServerUnreachable           no server answers at that address
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

_JOINERS = "\u200c\u200d"
"""Of words and emoji: they turn nothing round and hide nothing."""


def one_line(text: str) -> str:
    """A stranger's words as they may stand in a message: on one line, in the order they have.

    Control characters, marks that turn the direction of writing and lone surrogates become
    `\ufffd`, line breaks and tabs spaces: a clip's name must not paint over what we say of it.
    """
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if character.isspace():
        return character if unicodedata.category(character) == "Zs" else " "
    return "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a request."""

    what: str
    """A sentence without a full stop: what is wrong, and the choices left."""
    path: str
    """Where: a dotted path from the timeline or the request down to the key."""
    ways: tuple[str, ...] = ()
    """Ways out, a line each, in words of our own alone."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", one_line(self.what))
        object.__setattr__(self, "path", one_line(self.path))

    def __str__(self) -> str:
        return "\n".join((f"{self.what} @ {self.path}", *(f"  {way}" for way in self.ways)))


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


class EngineMemory(EngineError):
    """The engine needs more memory than the device has, even at its smallest plan."""

    code = "ENGINE_MEMORY"
    remedy = "Free the device's memory, choose a smaller engine, or try it at --draft."


class EngineBusy(EngineError):
    """A job is using the engine."""

    code = "ENGINE_BUSY"
    retryable = True
    remedy = "Wait until its job has ended, or cancel it."


class HubUnreachable(EngineError):
    """Weights cannot be fetched: the Hub does not answer, or may not be asked."""

    code = "HUB_UNREACHABLE"
    retryable = True
    remedy = (
        "Give the same command again, which keeps the files that are whole; or copy the weights "
        "here, and add their folder."
    )


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


class JobOpen(SecondUnitError):
    """The job has not ended, so it cannot be forgotten."""

    code = "JOB_OPEN"
    remedy = "Cancel the job first: secondunit cancel JOB."


class EventsGone(SecondUnitError):
    """Events that old are no longer kept; `first` is the oldest that is."""

    code = "EVENTS_COMPACTED"
    remedy = "Read the job with GetJob and watch it from its `sequence`."

    def __init__(self, text: str, first: int) -> None:
        super().__init__(text)
        self.first = first


class BlobError(SecondUnitError):
    """Bytes that are named by their digest could not serve."""

    code = "BLOB"
    remedy = "Upload the blob again."


class BlobUnknown(BlobError):
    """The server has no such blob, or not for this caller."""

    code = "BLOB_UNKNOWN"


class BlobMissing(BlobError):
    """A request names a blob that was not uploaded, or not by this caller."""

    code = "BLOB_MISSING"
    remedy = "Upload the blob named above, then send the request again."

    def __init__(self, text: str, subjects: Iterable[str] = ()) -> None:
        """`subjects`: every blob that is missing, as `blobs/<sha256>/<size>`."""
        super().__init__(text)
        self.subjects: tuple[str, ...] = tuple(subjects)


class BlobDamaged(BlobError):
    """The stored bytes no longer have their digest; they were put aside."""

    code = "BLOB_DAMAGED"


class BlobRange(BlobError):
    """A place outside the blob."""

    code = "BLOB_RANGE"
    remedy = "Read from 0 up to the size that the digest says."


class BlobTooLarge(BlobError):
    """The blob has more bytes than one may have."""

    code = "BLOB_TOO_LARGE"
    remedy = "Send less: trim or transcode the clip. The limit is in GetCapabilities."


class UploadOffset(BlobError):
    """A chunk does not begin where the committed bytes end; nothing was changed."""

    code = "UPLOAD_OFFSET"
    remedy = "Ask QueryWriteStatus and go on from the committed size."


class UploadBusy(BlobError):
    """Another call is writing the same upload; what came is kept."""

    code = "UPLOAD_BUSY"
    retryable = True
    remedy = "Let the other call end, then ask QueryWriteStatus; or use an upload_id of your own."


class UploadIdle(BlobError):
    """No byte of an upload came for too long; what came before is kept."""

    code = "UPLOAD_IDLE"
    retryable = True
    remedy = "Ask QueryWriteStatus and go on from the committed size."


class HostError(SecondUnitError):
    """An editing program did not do what it was asked."""

    code = "HOST"
    remedy = "See what the program itself says, and ask again."


class HostUnknown(HostError):
    """No such program is attached to this server, or not by this caller."""

    code = "HOST_UNKNOWN"
    remedy = "Start the program's panel or adapter; it attaches by itself."


class HostGone(HostError):
    """The program's adapter went while it was asked."""

    code = "HOST_GONE"
    retryable = True
    remedy = "Look at the timeline: whether it did what was asked is not known. Then ask again."


class Unauthenticated(SecondUnitError):
    """There is no token, or one that is unknown, expired or revoked."""

    code = "UNAUTHENTICATED"
    remedy = "Call with a valid token: --token-file, SECONDUNIT_TOKEN, or ask the operator for one."


class Forbidden(SecondUnitError):
    """The caller may not do that."""

    code = "FORBIDDEN"
    remedy = "Ask the operator for a token with the scope named above."


class LimitReached(SecondUnitError):
    """The caller, or the server as a whole, has as much in hand as it may."""

    code = "LIMIT_REACHED"
    retryable = True
    remedy = "Let some of it end, then try again."


class Draining(SecondUnitError):
    """The server is about to stop; jobs go on when it is started again."""

    code = "DRAINING"
    retryable = True
    remedy = "Try again with backoff; a watch goes on from its last sequence."


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
