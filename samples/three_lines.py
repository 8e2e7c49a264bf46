"""From a timeline to a rendered timeline, in three lines of Python, against `secondunit serve`.

python samples/three_lines.py cut.otio [HOST:PORT]
"""

import sys
from pathlib import Path

from secondunit_client import Connection

cut, server = [*sys.argv[1:], "127.0.0.1:50051"][:2]

with Connection(server) as unit:
    edit = unit.render(Path(cut))
print(edit.timeline)
