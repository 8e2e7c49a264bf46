"""BlobService over the wire: what it takes, what it refuses, and with which word."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from secondunit import measures
from secondunit.config import Config, Limits
from secondunit.jobs.blobs import BlobStore, tenant_key
from secondunit.jobs.desk import Desk
from secondunit.jobs.uploads import Uploads
from secondunit.rpc.blobs import Blobs
from secondunit.rpc.principal import LOCAL
from secondunit.rpc.serve import serving
from secondunit.v1 import blobs_pb2 as pb
from secondunit.v1.blobs_pb2_grpc import BlobServiceStub
from secondunit.v1.units_pb2 import Digest

from tests.jobs.conftest import ended, wish
from tests.rpc.acting import acting
from tests.rpc.conftest import STAGES, Unit

MIB = 2**20
ONE, TWO = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
Code = grpc.StatusCode


def named(data: bytes) -> Digest:
    return Digest(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def messages(
    data: bytes, upload: str = ONE, *, start: int = 0, chunk: int = MIB, finish: bool = True
) -> Iterator[pb.WriteBlobRequest]:
    """An upload of `data` from `start` on."""
    first = True
    for at in range(start, len(data), chunk):
        part = data[at : at + chunk]
        message = pb.WriteBlobRequest(
            offset=at, data=part, finish=finish and at + len(part) == len(data)
        )
        if first:
            message.upload_id = upload
            message.digest.CopyFrom(named(data))
            first = False
        yield message


def refusal(call: Callable[[], Any]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return cast("grpc.Call", caught.value).code()


@pytest.fixture
def stub(unit: Unit) -> BlobServiceStub:
    return BlobServiceStub(unit.channel)


def status(stub: BlobServiceStub, data: bytes, upload: str = ONE) -> tuple[int, bool]:
    found = stub.QueryWriteStatus(pb.QueryWriteStatusRequest(upload_id=upload, digest=named(data)))
    return found.committed_size, found.complete


def missing(stub: BlobServiceStub, *blobs: bytes) -> int:
    request = pb.FindMissingBlobsRequest(digests=[named(data) for data in blobs])
    return len(stub.FindMissingBlobs(request).missing)


def read(stub: BlobServiceStub, data: bytes, offset: int = 0, limit: int = 0) -> bytes:
    request = pb.ReadBlobRequest(digest=named(data), offset=offset, limit=limit)
    return b"".join(answer.data for answer in stub.ReadBlob(request))


def test_a_blob_goes_up_and_comes_down_whole_and_in_parts(stub: BlobServiceStub) -> None:
    data = os.urandom(5 * MIB + 7)
    assert missing(stub, data) == 1
    assert stub.WriteBlob(messages(data)).committed_size == len(data)
    assert missing(stub, data) == 0 and status(stub, data) == (len(data), True)
    assert read(stub, data) == data
    assert read(stub, data, MIB - 3, 2 * MIB) == data[MIB - 3 : 3 * MIB - 3]
    assert read(stub, data, len(data) - 1, 99) == data[-1:]
    assert read(stub, data, len(data)) == b""
    assert read(stub, b"") == b"" and missing(stub, b"") == 0
    sizes = [len(a.data) for a in stub.ReadBlob(pb.ReadBlobRequest(digest=named(data)))]
    assert max(sizes) == MIB


def test_the_unary_twins_do_what_the_streams_do(stub: BlobServiceStub) -> None:
    data = os.urandom(2 * MIB + 5)
    for at in range(0, len(data), MIB):
        part = data[at : at + MIB]
        answer = stub.WriteBlobChunk(
            pb.WriteBlobChunkRequest(
                upload_id=ONE, digest=named(data), offset=at, data=part,
                finish=at + len(part) == len(data),
            )
        )  # fmt: skip
        assert answer.committed_size == at + len(part)
        assert answer.complete == (answer.committed_size == len(data))
    got, at = b"", 0
    while True:
        answer = stub.ReadBlobRange(pb.ReadBlobRangeRequest(digest=named(data), offset=at))
        got, at = got + answer.data, at + len(answer.data)
        if answer.end:
            break
    assert got == data
    some = pb.ReadBlobRangeRequest(digest=named(data), offset=5, limit=7)
    assert stub.ReadBlobRange(some).data == data[5:12]


def test_bytes_are_counted_both_ways(stub: BlobServiceStub) -> None:
    data = os.urandom(MIB + 5)
    with measures.measuring() as made:
        stub.WriteBlob(messages(data))
        read(stub, data)
        stub.ReadBlobRange(pb.ReadBlobRangeRequest(digest=named(data), limit=3))
    name = "secondunit_blob_bytes_total"
    assert made.registry.get_sample_value(name, {"direction": "in"}) == len(data)
    assert made.registry.get_sample_value(name, {"direction": "out"}) == len(data) + 3


def test_an_upload_that_breaks_goes_on_from_the_committed_size(stub: BlobServiceStub) -> None:
    data = os.urandom(3 * MIB)
    half = list(messages(data, finish=False))[:2]
    assert stub.WriteBlob(iter(half)).committed_size == 2 * MIB
    assert status(stub, data) == (2 * MIB, False)
    assert refusal(lambda: status(stub, data, TWO)) is Code.NOT_FOUND
    assert stub.WriteBlob(messages(data, start=2 * MIB)).committed_size == len(data)
    assert read(stub, data) == data


@pytest.mark.parametrize("offset", [2 * MIB, MIB - 1, 0, -1, 2**63 - 1])
def test_a_wrong_offset_is_out_of_range_and_changes_nothing(
    stub: BlobServiceStub, offset: int
) -> None:
    data = os.urandom(3 * MIB)
    stub.WriteBlob(iter(list(messages(data, finish=False))[:1]))
    wrong = pb.WriteBlobRequest(upload_id=ONE, digest=named(data), offset=offset, data=b"x")
    assert refusal(lambda: stub.WriteBlob(iter([wrong]))) is Code.OUT_OF_RANGE
    twin = pb.WriteBlobChunkRequest(upload_id=ONE, digest=named(data), offset=offset, data=b"x")
    assert refusal(lambda: stub.WriteBlobChunk(twin)) is Code.OUT_OF_RANGE
    inside = [*messages(data[: 2 * MIB], start=MIB), pb.WriteBlobRequest(offset=offset, data=b"x")]
    inside[0].digest.CopyFrom(named(data))
    if offset != 2 * MIB:
        inside[0].finish = False
        assert refusal(lambda: stub.WriteBlob(iter(inside))) is Code.OUT_OF_RANGE
        assert status(stub, data) == (2 * MIB, False)
    else:
        assert status(stub, data) == (MIB, False)


def test_more_bytes_or_a_wrong_digest_are_refused_dropped_and_never_visible(
    stub: BlobServiceStub, unit: Unit
) -> None:
    data = b"x" * 1000
    for sent in (b"x" * 1001, b"y" * 1000):
        message = pb.WriteBlobRequest(upload_id=ONE, digest=named(data), data=sent, finish=True)
        assert refusal(lambda m=message: stub.WriteBlob(iter([m]))) is Code.INVALID_ARGUMENT
        assert refusal(lambda: status(stub, data)) is Code.NOT_FOUND
        assert missing(stub, data) == 1
        assert refusal(lambda: read(stub, data)) is Code.NOT_FOUND
    assert not list(unit.config.data.glob("uploads/*/*"))


def test_two_clients_upload_the_same_blob_at_once_and_both_succeed(
    stub: BlobServiceStub, unit: Unit
) -> None:
    data = os.urandom(32 * MIB)
    sizes: list[int] = []

    def send(upload: str) -> None:
        sizes.append(stub.WriteBlob(messages(data, upload)).committed_size)

    threads = [threading.Thread(target=send, args=(upload,)) for upload in (ONE, TWO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [len(data)] * 2 and read(stub, data) == data
    assert len(list(unit.config.data.rglob("blob"))) == 1
    assert not list(unit.config.data.glob("uploads/*/*"))


def test_one_upload_has_one_writer(stub: BlobServiceStub) -> None:
    data = os.urandom(2 * MIB)
    first, go_on = list(messages(data)), threading.Event()

    def slowly() -> Iterator[pb.WriteBlobRequest]:
        yield first[0]
        go_on.wait(20)
        yield first[1]

    sent = stub.WriteBlob.future(slowly())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if status(stub, data)[0] == MIB:
                break
        except grpc.RpcError:
            time.sleep(0.01)
    assert refusal(lambda: stub.WriteBlob(messages(data, start=MIB))) is Code.ABORTED
    go_on.set()
    assert sent.result(20).committed_size == len(data)


def test_a_trickle_and_a_silence_are_aborted_and_may_go_on(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data", limits=Limits(idle_seconds=0.5))
    desk = Desk(config, stages=STAGES)
    data = os.urandom(1000)
    over = threading.Event()

    def trickle(upload: str, pause: float) -> Iterator[pb.WriteBlobRequest]:
        for at in range(1000):
            yield pb.WriteBlobRequest(
                upload_id=upload, digest=named(data), offset=at, data=data[at : at + 1]
            )
            if over.wait(pause):
                return

    try:
        with serving(desk, config) as address, grpc.insecure_channel(address) as channel:
            stub = BlobServiceStub(channel)
            began = time.monotonic()
            assert refusal(lambda: stub.WriteBlob(trickle(ONE, 0.02))) is Code.ABORTED
            assert refusal(lambda: stub.WriteBlob(trickle(TWO, 30))) is Code.ABORTED
            assert time.monotonic() - began < 10
            over.set()
            size, _ = status(stub, data)
            assert 1 < size < 1000 and status(stub, data, TWO) == (1, False)
            stub.WriteBlob(messages(data, start=size))
            assert read(stub, data) == data
            assert len(desk.uploads._writing) == 0
    finally:
        desk.stop(0.2)


def test_a_full_disk_is_said_before_a_byte_is_written(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data", limits=Limits(reserve_bytes=2**60, blob_bytes=10 * MIB))
    desk = Desk(config, stages=STAGES)
    try:
        with serving(desk, config) as address, grpc.insecure_channel(address) as channel:
            stub = BlobServiceStub(channel)
            data = os.urandom(MIB)
            assert refusal(lambda: stub.WriteBlob(messages(data))) is Code.RESOURCE_EXHAUSTED
            large = pb.WriteBlobChunkRequest(upload_id=ONE, data=b"x", digest=named(data))
            large.digest.size_bytes = 11 * MIB
            assert refusal(lambda: stub.WriteBlobChunk(large)) is Code.RESOURCE_EXHAUSTED
            assert not (config.data / "uploads").exists()
    finally:
        desk.stop(0.2)


def test_a_flipped_bit_is_data_loss_and_the_blob_is_asked_for_again(
    stub: BlobServiceStub, unit: Unit
) -> None:
    data = os.urandom(3 * MIB)
    stub.WriteBlob(messages(data))
    (path,) = unit.config.data.rglob("blob")
    with path.open("r+b") as file:
        file.seek(2 * MIB)
        file.write(bytes([data[2 * MIB] ^ 1]))
    assert refusal(lambda: read(stub, data)) is Code.DATA_LOSS
    assert missing(stub, data) == 1
    stub.WriteBlob(messages(data))
    assert read(stub, data) == data


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda s: s.WriteBlob(iter([])), Code.INVALID_ARGUMENT),
        (lambda s: s.WriteBlob(iter([pb.WriteBlobRequest(data=b"x")])), Code.INVALID_ARGUMENT),
        (lambda s: s.WriteBlob(messages(bytes(2 * MIB), chunk=MIB + 1)), Code.INVALID_ARGUMENT),
        (lambda s: s.WriteBlob(messages(b"x", "../../x")), Code.INVALID_ARGUMENT),
        (lambda s: s.WriteBlobChunk(pb.WriteBlobChunkRequest()), Code.INVALID_ARGUMENT),
        (lambda s: s.QueryWriteStatus(pb.QueryWriteStatusRequest()), Code.INVALID_ARGUMENT),
        (lambda s: s.FindMissingBlobs(pb.FindMissingBlobsRequest(digests=[Digest()] * 1001)),
         Code.INVALID_ARGUMENT),
        (lambda s: s.FindMissingBlobs(pb.FindMissingBlobsRequest(digests=[Digest()])),
         Code.INVALID_ARGUMENT),
        (lambda s: list(s.ReadBlob(pb.ReadBlobRequest())), Code.INVALID_ARGUMENT),
        (lambda s: s.ReadBlobRange(pb.ReadBlobRangeRequest(digest=named(b""), limit=-1)),
         Code.INVALID_ARGUMENT),
        (lambda s: s.ReadBlobRange(pb.ReadBlobRangeRequest(digest=named(b""), offset=1)),
         Code.OUT_OF_RANGE),
        (lambda s: list(s.ReadBlob(pb.ReadBlobRequest(digest=named(b""), offset=-1))),
         Code.OUT_OF_RANGE),
        (lambda s: list(s.ReadBlob(pb.ReadBlobRequest(digest=named(b"never sent")))),
         Code.NOT_FOUND),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(
    stub: BlobServiceStub, call: Callable[[BlobServiceStub], Any], code: grpc.StatusCode
) -> None:
    assert refusal(lambda: call(stub)) is code


def test_another_tenant_finds_neither_blob_nor_upload(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    store = BlobStore(config)
    service = Blobs(store, Uploads(config, store), config)
    data, context = b"the cut nobody may see", cast("Any", None)
    chunk = pb.WriteBlobChunkRequest(upload_id=ONE, digest=named(data), data=data, finish=True)
    ask = pb.FindMissingBlobsRequest(digests=[named(data)])

    async def answers(tenant: str) -> list[int]:
        with acting(replace(LOCAL, user=tenant, tenant=tenant, local=False)):
            if tenant == "north":
                await service.WriteBlobChunk(chunk, context)
            return [len((await service.FindMissingBlobs(ask, context)).missing)]

    assert [asyncio.run(answers(tenant)) for tenant in ("north", "south", "")] == [[0], [1], [1]]
    assert tenant_key("north") != tenant_key("south")


def test_the_limits_are_among_the_capabilities(unit: Unit) -> None:
    assert unit.client.capabilities().limits.blob_bytes == unit.config.limits.blob_bytes > 0


def test_a_take_is_fetched_by_the_digests_that_its_job_shows(
    stub: BlobServiceStub, unit: Unit
) -> None:
    job = unit.desk.create(wish(), request_id="a", timeline="")
    ended(unit.desk, job.id)
    take = unit.client.jobs.get(job.id).result.take
    clip = Path(take.file).read_bytes()
    assert take.clip == named(clip) and take.record == named(Path(take.sidecar).read_bytes())
    assert read(stub, clip) == clip
    assert Path(take.file).stat().st_nlink == 2  # a name more, no copy
