"""Measurements that can be repeated: one command, one table."""

from pathlib import Path

MEDIA = Path(__file__).resolve().parent.parent.parent / "shared" / "media"
"""Real footage beside the checkout, where there is any."""
