"""What stands for a Resolve that cannot be reached: it does nothing, and says what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.edition import PROTOCOL

BY_FILE = (
    "Without Resolve's scripting, as in its free edition, shots go by file: put markers such as "
    "“GEN bridge 24f”, export the timeline (File > Export > Timeline, .otio or .fcpxml) into a "
    "folder that `secondunit render --watch FOLDER --profile resolve` watches, and import the "
    "rendered timeline that appears beside it."
)


@dataclass(frozen=True, slots=True)
class Absent:
    """Answers with the reason."""

    fault: pb.HostFault

    def hello(self) -> pb.Host:
        """A host without abilities; its limits say why, and the way round."""
        return pb.Host(
            kind=pb.HOST_KIND_RESOLVE,
            name="DaVinci Resolve",
            protocol=PROTOCOL,
            limits=[f"{self.fault.what} {self.fault.remedy}", BY_FILE],
        )

    def do(self, request: pb.HostRequest) -> pb.HostReply:
        """The same fault to whatever is asked."""
        return pb.HostReply(id=request.id, fault=self.fault)
