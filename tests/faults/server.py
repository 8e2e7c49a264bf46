"""A server as `secondunit serve` runs it, whose workers do the work that a test wants.

    python -m tests.faults.server MODULE:CALLABLE --config FILE.toml --listen HOST:PORT

Without MODULE:CALLABLE the same as `secondunit serve`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from secondunit.app import serve_forever
from secondunit.config import Config
from secondunit.jobs.desk import STAGES


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="?", default=STAGES)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    given = parser.parse_args()
    serve_forever(Config.from_environment(given.config), given.listen, stages=given.stages)


if __name__ == "__main__":
    main()
