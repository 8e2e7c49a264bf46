"""The server of the RPC tests, and how much is thrown at it."""

from __future__ import annotations

from tests.rpc.conftest import footage, importable, mask, unit

__all__ = ["footage", "importable", "mask", "unit"]
