"""Second Unit: makes the shots an edit is missing, inside the edit."""

import os

# gRPC reads this when it is loaded. Without it every port scan leaves lines of its own in the log,
# and every call to a server that is not there yet one on the terminal.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

__version__ = "0.1.0"
