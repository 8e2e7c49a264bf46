"""What Resolve does not do, in words with a remedy; the one kind of error that verbs raise."""

from __future__ import annotations

from secondunit.v1 import hosts_pb2 as pb


class HostError(Exception):
    """What happened, what the editor can do, and whether the same request may succeed later."""

    def __init__(self, code: str, what: str, remedy: str, *, retryable: bool = False) -> None:
        """`code`: a stable word of hosts.proto's HostFault."""
        super().__init__(what)
        self.fault = pb.HostFault(code=code, what=what, remedy=remedy, retryable=retryable)


def no_timeline() -> HostError:
    """There is nothing to look at."""
    return HostError(
        "NO_TIMELINE", "No timeline is open in Resolve.", "Open one on the Edit page.",
        retryable=True,
    )  # fmt: skip


def silent(what: str) -> HostError:
    """Resolve said no, and not why."""
    return HostError(
        "MODAL", f"Resolve did not {what}, and gives no reason.",
        "Close any dialogue that is open in Resolve, go to the Edit page, and try again.",
        retryable=True,
    )  # fmt: skip
