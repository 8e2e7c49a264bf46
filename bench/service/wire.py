"""The server over its wire: start, first event, watchers, blobs, and its cost beside a shot."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import grpc.aio
from secondunit.v1 import blobs_pb2, jobs_pb2, shots_pb2, units_pb2
from secondunit.v1.blobs_pb2_grpc import BlobServiceStub
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit_client import Connection

from bench.service.floors import of_upload as floors_of_upload
from bench.service.house import House, serving
from bench.service.row import Row

CHUNK = 2**20
RATE = 24
SENDER = """
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
chunk = bytes(2**20)
for _ in range(int(sys.argv[2])):
    peer.sendall(chunk)
"""


def request(movie: Path, seed: int, frames: int) -> shots_pb2.ShotRequest:
    """The clip is too short: `frames` more at its tail."""
    clip = shots_pb2.Clip(
        name=movie.stem, media=units_pb2.File(path=str(movie)),
        source=units_pb2.FrameRange(start=0, frames=24), rate=units_pb2.Rate(num=RATE, den=1),
    )  # fmt: skip
    return shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_EXTEND, edge=units_pb2.EDGE_TAIL, before=clip, seed=seed,
        rate=units_pb2.Rate(num=RATE, den=1),
        record=units_pb2.FrameRange(start=100, frames=frames),
    )  # fmt: skip


def started(house: House) -> list[Row]:
    """How long until it answered, and what was loaded for it."""
    torch = "with" if "libtorch" in house.libraries() else "without"
    return [
        Row(what="start to first answer", figure=house.seconds, unit="s", must="<", bar=1.5,
            beside=f"{torch} torch"),
        Row(what="torch in the server", figure=float(torch == "with"), unit="", must="<=", bar=0,
            beside=f"{house.resident():.0f} MiB resident"),
    ]  # fmt: skip


def overhead(house: House, movie: Path, frames: int, size: str) -> Row:
    """The server's processor time for a real shot, against the engine's."""
    with Connection(house.address) as unit:
        unit.jobs.wait(unit.jobs.create(request(movie, 1, frames)).id)  # the engine is loaded
        before = house.processor()
        job = unit.jobs.wait(unit.jobs.create(request(movie, 2, frames)).id)
        used = house.processor() - before
    stages = {jobs_pb2.Stage.Name(t.stage): t.time.ToTimedelta() for t in job.timings.stages}
    if "STAGE_ENGINE" not in stages:
        raise SystemExit(f"the shot was not made: {job.error}")
    engine = stages["STAGE_ENGINE"].total_seconds()
    return Row(
        what="server beside a real shot", figure=100 * used / engine, unit="%", must="<=", bar=1,
        beside=f"{used:.2f} s of processor for {engine:.1f} s of engine; {frames} frames, {size}",
    )  # fmt: skip


def first_event(house: House, movie: Path, times: int) -> Row:
    """From the call of CreateJob to the first event of a watch, on a server that is at work."""
    spans: list[float] = []
    ids: list[str] = []
    with grpc.insecure_channel(house.address) as channel, Connection(house.address) as unit:
        stub = JobServiceStub(channel)
        take = jobs_pb2.RequestTake(request=request(movie, 99, 8))
        unit.jobs.create(take.request)  # planned once, and the worker has something to do
        for n in range(times):
            take.request.seed = 100 + n
            asked = jobs_pb2.CreateJobRequest(request_id=str(uuid.uuid4()), shot=take)
            began = time.perf_counter()
            id = stub.CreateJob(asked, timeout=60).job.id
            watch = stub.WatchJob(jobs_pb2.WatchJobRequest(job_id=id), timeout=60)
            next(update for update in watch if update.event.sequence)
            spans.append(time.perf_counter() - began)
            watch.cancel()
            ids.append(id)
        for id in reversed(ids):
            unit.jobs.cancel(id)
    spans.sort()
    return Row(
        what="submit to first event, median", figure=1000 * statistics.median(spans), unit="ms",
        must="<", bar=50, beside=f"{times} times; slowest {1000 * spans[-1]:.0f} ms",
    )  # fmt: skip


def watchers(house: House, movie: Path, many: int) -> Row:
    """What a thousand watches of one job cost while nothing happens."""
    with Connection(house.address) as unit:
        waiting = jobs_pb2.CreateJobRequest(
            request_id=str(uuid.uuid4()), off_peak=True,
            shot=jobs_pb2.RequestTake(request=request(movie, 7, 8)),
        )  # fmt: skip
        with grpc.insecure_channel(house.address) as channel:
            id = JobServiceStub(channel).CreateJob(waiting, timeout=60).job.id
        before = house.resident()
        after = asyncio.run(_watched(house, id, many))
        unit.jobs.cancel(id)
    return Row(
        what=f"{many} idle watchers", figure=after - before, unit="MiB", must="<", bar=60,
        beside=f"{1024 * (after - before) / many:.0f} KiB each",
    )  # fmt: skip


async def _watched(house: House, id: str, many: int) -> float:
    channels = [
        grpc.aio.insecure_channel(house.address, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(max(many // 50, 1))
    ]

    async def watch(number: int) -> object:
        stub = JobServiceStub(channels[number % len(channels)])
        stream = stub.WatchJob(jobs_pb2.WatchJobRequest(job_id=id))
        async for update in stream:
            if update.event.sequence:
                break
        return stream

    open_streams = await asyncio.gather(*(watch(n) for n in range(many)))
    await asyncio.sleep(1)
    found = house.resident()
    for channel in channels:
        await channel.close()
    del open_streams
    return found


def blobs(house: House, folder: Path, mebibytes: int, times: int) -> list[Row]:
    """Upload and download of one blob, with a raw socket measured before each, and floors after."""
    chunk = os.urandom(CHUNK)
    whole = [chunk[:-8] + n.to_bytes(8, "big") for n in range(mebibytes)]
    best = {"raw": 0.0, "upload": 0.0, "download": 0.0}
    used = {"upload": 1e9, "download": 1e9}
    gigabytes = mebibytes * CHUNK / 1e9
    with grpc.insecure_channel(
        house.address, options=[("grpc.max_receive_message_length", -1)]
    ) as (channel):
        stub = BlobServiceStub(channel)
        for _ in range(times):
            whole[0] = os.urandom(CHUNK)  # another blob, so that no upload is spared
            digest = units_pb2.Digest(sha256=_sha256(whole), size_bytes=len(whole) * CHUNK)
            best["raw"] = max(best["raw"], _raw(mebibytes))
            for name in ("upload", "download"):
                before, began = house.processor(), time.monotonic()
                if name == "upload":
                    stub.WriteBlob(_writes(whole, digest), timeout=300)
                else:
                    read = blobs_pb2.ReadBlobRequest(digest=digest)
                    got = sum(len(part.data) for part in stub.ReadBlob(read, timeout=300))
                    if got != digest.size_bytes:
                        raise SystemExit(f"{got} of {digest.size_bytes} bytes came back")
                seconds = time.monotonic() - began
                best[name] = max(best[name], gigabytes / seconds)
                used[name] = min(used[name], (house.processor() - before) / gigabytes)
    floors = [f"{name} {floor}" for name, floor in floors_of_upload(folder, whole, times)]
    beside = {"download": "", "upload": f"; beside {', '.join(floors)}"}
    return [
        row
        for name in ("download", "upload")
        for row in (
            Row(
                what=f"{name} against a raw socket", figure=100 * best[name] / best["raw"],
                unit="%", must=">=", bar=35,
                beside=f"{best[name]:.2f} of {best['raw']:.2f} GB/s, chunks of 1 MiB",
            ),
            Row(
                what=f"processor of the server for a {name}", figure=used[name], unit="s/GB",
                must="<=", bar=0.6, beside=f"{mebibytes} MiB, best of {times}{beside[name]}",
            ),
        )
    ]  # fmt: skip


def _sha256(parts: list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _writes(whole: list[bytes], digest: units_pb2.Digest) -> Iterator[blobs_pb2.WriteBlobRequest]:
    upload = str(uuid.uuid4())
    for n, data in enumerate(whole):
        yield blobs_pb2.WriteBlobRequest(
            upload_id=upload, digest=digest, offset=n * CHUNK, data=data,
            finish=n == len(whole) - 1,
        )  # fmt: skip


def _raw(mebibytes: int) -> float:
    """GB a second of a plain socket between two processes."""
    buffer = memoryview(bytearray(CHUNK))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        sender = subprocess.Popen([sys.executable, "-S", "-c", SENDER, port, str(mebibytes)])
        peer, _ = server.accept()
        began, got = time.monotonic(), 0
        with peer:
            while count := peer.recv_into(buffer):
                got += count
        sender.wait()
    return got / 1e9 / (time.monotonic() - began)


def rows(folder: Path, movie: Path, size: str, *, quick: bool) -> Iterator[Row]:
    """Every figure of a server that runs; one at a time, so that they come as they are found."""
    with serving(folder, movie.parent) as house:
        yield from started(house)
        yield watchers(house, movie, 200 if quick else 1000)
        yield from blobs(house, folder, 64 if quick else 512, 2 if quick else 3)
        yield first_event(house, movie, 10 if quick else 30)
        yield overhead(house, movie, 8 if quick else 24, size)
