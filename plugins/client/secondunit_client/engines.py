"""Engines in memory: which a server has loaded, and loading one before it is needed."""

from __future__ import annotations

from secondunit.v1 import capabilities_pb2
from secondunit.v1 import engines_pb2 as pb
from secondunit.v1.capabilities_pb2_grpc import CapabilityServiceStub
from secondunit.v1.engines_pb2_grpc import EngineServiceStub

from secondunit_client.calls import Caller

LOADING_SECONDS = 600.0
"""Work that runs goes first, and large weights take minutes."""


class Engines:
    """EngineService."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = EngineServiceStub(caller.channel)
        self._abilities = CapabilityServiceStub(caller.channel)

    def list(self) -> list[pb.EngineOnDevice]:
        """Every engine on every device, and whether it is in memory."""
        return list(self._caller.call(self._stub.ListEngines, pb.ListEnginesRequest()).engines)

    def catalogue(self) -> list[capabilities_pb2.Engine]:
        """What each engine can do, under which licence, and why it cannot run where it cannot."""
        request = capabilities_pb2.GetCapabilitiesRequest()
        return list(self._caller.call(self._abilities.GetCapabilities, request).engines)

    def load(self, engine: str, device: str = "") -> list[pb.EngineOnDevice]:
        """Have an engine in memory, so that the next job need not wait for it; "": every device.

        Raises Refused for names that are none, and NotReady where it cannot be loaded.
        """
        request = pb.LoadEngineRequest(engine=engine, device=device)
        answer = self._caller.call(self._stub.LoadEngine, request, timeout=LOADING_SECONDS)
        return list(answer.engines)

    def unload(self, engine: str, device: str = "") -> list[pb.EngineOnDevice]:
        """Free an engine's memory. Raises NotReady while a job uses it, and Forbidden."""
        request = pb.UnloadEngineRequest(engine=engine, device=device)
        return list(self._caller.call(self._stub.UnloadEngine, request, timeout=60).engines)
