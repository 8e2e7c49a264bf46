"""What no server here goes below: bytes to a disk with their digest, bytes over bare gRPC."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from secondunit.jobs.uploads import SYNCED
from secondunit.rpc.serve import keep_freed_memory

METHOD = "/bench.Bare/Send"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A rate and its price."""

    rate: float
    """GB a second."""
    processor: float
    """Seconds of it for a GB."""

    def __str__(self) -> str:
        return f"{self.rate:.2f} GB/s for {self.processor:.2f} s/GB"


def best(floors: list[Floor]) -> Floor:
    """The highest rate and the lowest price of several tries."""
    return Floor(
        rate=max(f.rate for f in floors), processor=min(f.processor for f in floors)
    )  # fmt: skip


def stored(file: Path, chunks: list[bytes]) -> Floor:
    """The chunks appended to a new file, hashed, and synced as an upload is; the file stays."""
    digest, since = hashlib.sha256(), 0
    began, before = time.monotonic(), time.process_time()
    with file.open("xb", buffering=0) as out:
        for chunk in chunks:
            out.write(chunk)
            digest.update(chunk)
            since += len(chunk)
            if since >= SYNCED:
                os.fsync(out.fileno())
                since = 0
        os.fsync(out.fileno())
    return _floor(chunks, time.monotonic() - began, time.process_time() - before)


def streamed(chunks: list[bytes]) -> Floor:
    """The chunks through grpc.aio into nothing: no message is parsed, no byte looked at."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.service.floors"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = f"127.0.0.1:{int(process.stdout.readline())}"
        with grpc.insecure_channel(address) as channel:
            send = channel.stream_unary(METHOD)
            send(iter([b""]), timeout=60)
            before, began = _processor(process.pid), time.monotonic()
            send(iter(chunks), timeout=300)
            seconds, used = time.monotonic() - began, _processor(process.pid) - before
    finally:
        process.kill()
        process.communicate()
    return _floor(chunks, seconds, used)


def _floor(chunks: list[bytes], seconds: float, processor: float) -> Floor:
    gigabytes = sum(map(len, chunks)) / 1e9
    return Floor(rate=gigabytes / seconds, processor=processor / gigabytes)


def _processor(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


class _Bare(grpc.GenericRpcHandler):
    def service(self, handler_call_details: Any) -> Any:
        async def send(requests: AsyncIterator[bytes], context: Any) -> bytes:
            async for _ in requests:
                pass
            return b""

        return grpc.stream_unary_rpc_method_handler(send)


async def _serve() -> None:
    keep_freed_memory()
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((_Bare(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


def of_upload(folder: Path, chunks: list[bytes], times: int) -> Iterator[tuple[str, Floor]]:
    """Both floors, by name, in the run that they are compared with."""
    yield "bare gRPC", best([streamed(chunks) for _ in range(times)])
    files = [folder / f"floor-{n}" for n in range(times)]
    yield "bare write, SHA-256 and sync", best([stored(file, chunks) for file in files])
    for file in files:
        file.unlink()


if __name__ == "__main__":
    asyncio.run(_serve())
