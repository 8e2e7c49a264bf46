"""The server that the tests of rpc talk to."""

from tests.rpc.conftest import footage, importable, unit

__all__ = ["footage", "importable", "unit"]
