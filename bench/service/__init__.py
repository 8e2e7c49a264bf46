"""What the service costs beside the work it does: `python -m bench.service [--quick] [--json]`."""
