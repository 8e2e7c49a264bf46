"""EngineService: which engines are in memory, and having one there before it is needed."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import grpc

from secondunit.errors import Draining, WorkerLost
from secondunit.jobs.desk import Desk
from secondunit.jobs.workers import EngineOnDevice, Warmth
from secondunit.v1 import engines_pb2 as pb
from secondunit.v1.engines_pb2_grpc import EngineServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]
Work = Callable[[str, str], Sequence[Future[None]]]

STATES = {
    Warmth.COLD: pb.ENGINE_STATE_COLD,
    Warmth.LOADING: pb.ENGINE_STATE_LOADING,
    Warmth.WARM: pb.ENGINE_STATE_WARM,
    Warmth.MISSING: pb.ENGINE_STATE_MISSING,
}


class Engines(EngineServiceServicer):
    """See proto/secondunit/v1/engines.proto."""

    def __init__(self, desk: Desk, draining: asyncio.Event) -> None:
        self._workers, self._draining = desk.workers, draining

    async def ListEngines(self, request: pb.ListEnginesRequest, context: Context) -> Any:
        """Every engine, once per device."""
        return pb.ListEnginesResponse(engines=await self._rows())

    async def LoadEngine(self, request: pb.LoadEngineRequest, context: Context) -> Any:
        """Returns when the engine is in memory, after the work that runs."""
        await self._done(self._workers.load, request.engine, request.device)
        return pb.LoadEngineResponse(engines=await self._rows(request.engine, request.device))

    async def UnloadEngine(self, request: pb.UnloadEngineRequest, context: Context) -> Any:
        """Returns when the memory is free."""
        await self._done(self._workers.unload, request.engine, request.device)
        return pb.UnloadEngineResponse(engines=await self._rows(request.engine, request.device))

    async def _done(self, work: Work, engine: str, device: str) -> None:
        if self._draining.is_set():
            raise Draining("the server is about to stop, and its workers with it")
        # Reads weights to see whether they are there: not for the loop that everybody shares.
        asked = await asyncio.to_thread(work, engine, device)
        try:
            await asyncio.gather(*map(asyncio.wrap_future, asked))
        except WorkerLost as exc:
            if self._draining.is_set():
                raise Draining("the server is about to stop, and its workers with it") from exc
            raise

    async def _rows(self, engine: str = "", device: str = "") -> list[pb.EngineOnDevice]:
        rows = await asyncio.to_thread(self._workers.engines, engine, device)
        return [_row(row) for row in rows]


def _row(row: EngineOnDevice) -> pb.EngineOnDevice:
    return pb.EngineOnDevice(
        engine=row.engine, device=row.device, state=STATES[row.warmth], what=row.what
    )
