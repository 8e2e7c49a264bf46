"""The engines of this machine: the built-in rows and those whose checkpoints were added."""

from __future__ import annotations

from collections.abc import Mapping

from secondunit.catalog.engines import ENGINES, Engine
from secondunit.config import Config


def known(config: Config) -> Mapping[str, Engine]:
    """Every engine by name; the built-in ones first."""
    return ENGINES
