"""`python -m secondunit_resolve`: what the menu script starts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from secondunit_client.access import Access, channel
from secondunit_client.errors import UnitError

from secondunit_resolve.run import run

SERVER = "127.0.0.1:50051"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when it ended as it should, 2 for a token or certificate that cannot be read."""
    parser = argparse.ArgumentParser(prog="secondunit_resolve", description=__doc__)
    parser.add_argument("--server", default=SERVER, metavar="HOST:PORT")
    parser.add_argument("--token-file", type=Path, metavar="FILE")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="PEM, of the server's certificate")
    options = parser.parse_args(arguments)
    try:
        access = Access.from_environment(token_file=options.token_file, authority=options.ca)
        opened = channel(options.server, access)
    except UnitError as error:
        sys.stderr.write(f"{error.message} {error.remedy}\n")
        return 2
    with opened:
        run(opened, options.server)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
