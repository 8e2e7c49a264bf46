"""A light client of Second Unit: no torch, no OTIO, nothing of the server but its protocol.

with Connection("127.0.0.1:50051") as unit:
    edit = unit.render(Path("cut.otio"))
print(edit.timeline)
"""

from secondunit_client.access import Access
from secondunit_client.connection import Connection
from secondunit_client.errors import UnitError
from secondunit_client.jobs import state_name
from secondunit_client.plans import options
from secondunit_client.rendered import Rendered

__all__ = ["Access", "Connection", "Rendered", "UnitError", "options", "state_name"]
