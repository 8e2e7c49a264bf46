"""What can go wrong on the way to the server, typed, with the server's own words.

UnitError
├── Refused          the request cannot be done as asked; `faults` lists every reason
├── NotFound         no such job, timeline or shot
├── Forbidden        a file outside the folders that the server may read, or a token that is no
│                    right to do it
├── Unauthenticated  no token, or one that is not valid
├── Conflict         the request_id was used for another request
├── NotReady         something must be done first: install an engine, wait for a job
├── Busy             the server's disk or queue is full
├── Unreachable      no server answers, or it is about to stop
├── ServerFault      a fault of the server; `error_id` names its log entry
└── JobEnded         a job ended without a take
    ├── JobFailed
    └── JobCancelled
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import grpc
from grpc_status import rpc_status
from secondunit.v1.errors_pb2 import ErrorDetail
from secondunit.v1.units_pb2 import Fault


@dataclass(eq=False)
class UnitError(Exception):
    """What happened (`what`), what to do (`remedy`), and whether the same call may work later."""

    code: str
    """Stable name of the kind of error, such as `MEDIA_MISSING`."""
    what: str
    path: str = ""
    """Where: a dotted path from the timeline or the request; empty where there is no place."""
    remedy: str = ""
    retryable: bool = False
    faults: tuple[Fault, ...] = field(default=())
    """Every fault of a refusal."""
    error_id: str = ""
    """Names the entry in the server's log."""

    faults_omitted: int = 0
    """Further faults that the status had no room for; a plan lists them all."""

    @property
    def message(self) -> str:
        """What happened and where, a line for each fault."""
        lines = [f"{fault.what} @ {fault.path}" for fault in self.faults]
        if not lines:
            lines = [f"{self.what} @ {self.path}" if self.path else self.what]
        if self.faults_omitted:
            lines.append(f"and {self.faults_omitted} more")
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class Refused(UnitError):
    """The request cannot be done as asked; nothing was computed or written."""


class NotFound(UnitError):
    """No such job, timeline or shot."""


class Forbidden(UnitError):
    """A file lies outside the folders that the server may read, or the token does not allow it."""


class Unauthenticated(UnitError):
    """The server asks for a token, and there is none, or one that is not valid."""


class Conflict(UnitError):
    """The request_id was used before for another request."""


class NotReady(UnitError):
    """Something must be done first; `remedy` says what."""


class Busy(UnitError):
    """The server's disk or queue is full; try later."""


class Unreachable(UnitError):
    """No server answers at that address, or it is about to stop."""


class ServerFault(UnitError):
    """A fault of the server; its log has the trace under `error_id`."""


class JobEnded(UnitError):
    """A job ended without a take."""


class JobFailed(JobEnded):
    """A job failed; its error says why."""


class JobCancelled(JobEnded):
    """A job was cancelled by its owner."""


_CLASSES: dict[grpc.StatusCode, type[UnitError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Refused,
    grpc.StatusCode.OUT_OF_RANGE: Refused,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: NotReady,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Busy,
    grpc.StatusCode.ABORTED: Busy,
    grpc.StatusCode.UNAVAILABLE: Unreachable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unreachable,
}


def error_of(error: grpc.RpcError, address: str) -> UnitError:
    """The typed error of a failed call; the server's details where it sent some."""
    call = cast("grpc.Call", error)
    kind = _CLASSES.get(call.code(), ServerFault)
    detail = detail_of(error)
    if detail is not None:
        return kind(
            code=detail.code,
            what=detail.what,
            path=detail.path,
            remedy=detail.remedy,
            retryable=detail.retryable,
            faults=tuple(detail.faults),
            error_id=detail.error_id,
            faults_omitted=detail.faults_omitted,
        )
    if kind is Unreachable:
        details = call.details() or call.code().name
        secured = "handshake" in details.lower()
        return Unreachable(
            code="SERVER_UNREACHABLE",
            what=f"no server answers at {address} ({details})",
            remedy="Check the certificates: --ca, and --certificate with --key."
            if secured
            else "Start one with `secondunit serve`, or check the address.",
            retryable=True,
        )
    return kind(code=call.code().name, what=call.details() or "no details")


def detail_of(error: grpc.RpcError) -> ErrorDetail | None:
    """The ErrorDetail that the server packed into the status; None from foreign servers."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    for packed in status.details if status is not None else ():
        detail = ErrorDetail()
        if packed.Unpack(detail):
            return detail
    return None
