"""python -m secondunit: the command line."""

import sys

from secondunit.cli import main

if __name__ == "__main__":
    sys.exit(main())
