"""Requests whose files were uploaded: the same shots, though the server sees no folder of ours."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import av
import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.serve import serving
from secondunit.v1 import jobs_pb2, plans_pb2, units_pb2
from secondunit.v1.plans_pb2_grpc import PlanServiceStub
from secondunit_client import Connection
from secondunit_client.errors import NotReady

from tests.rpc.conftest import STAGES, Unit
from tests.rpc.test_plans import bridge_request


@pytest.fixture
def far(tmp_path: Path, reader: Reader) -> Iterator[Unit]:
    """A server that may read no folder of the caller's."""
    config = Config(data=tmp_path / "far")
    desk = Desk(config, stages=STAGES)  # not started: jobs wait
    try:
        with (
            serving(desk, config, reader=reader) as address,
            Connection(address) as client,
            grpc.insecure_channel(address) as channel,
        ):
            yield Unit(desk=desk, config=config, address=address, client=client, channel=channel)
    finally:
        desk.stop(0.5)


def digest(path: Path) -> units_pb2.Digest:
    data = path.read_bytes()
    return units_pb2.Digest(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def test_a_shot_of_blobs_is_the_shot_of_the_same_files(
    unit: Unit, far: Unit, footage: Path, mask: Path
) -> None:
    by_path = bridge_request(footage)
    by_path.keyframes.add(frame=3).image.path = str(mask)
    by_blob = bridge_request(footage)
    by_blob.keyframes.add(frame=3).image.CopyFrom(far.client.blobs.file(mask))
    by_blob.before.media.CopyFrom(far.client.blobs.file(footage))
    by_blob.after.media.CopyFrom(far.client.blobs.file(footage))
    here, there = unit.client.plans.shot(by_path), far.client.plans.shot(by_blob)
    assert not there.faults and there.plans[0].digest == here.plans[0].digest
    assert there.plans[0].name == here.plans[0].name and there.notices == here.notices


def test_every_blob_that_is_missing_is_named_in_googles_words(far: Unit, footage: Path) -> None:
    request = bridge_request(footage)
    wanted = [units_pb2.Digest(sha256=c * 64, size_bytes=9) for c in "ab"]
    request.before.media.blob.CopyFrom(wanted[0])
    request.after.media.blob.CopyFrom(wanted[1])
    with pytest.raises(grpc.RpcError) as caught:
        PlanServiceStub(far.channel).PlanShot(plans_pb2.PlanShotRequest(request=request))
    assert cast("grpc.Call", caught.value).code() is grpc.StatusCode.FAILED_PRECONDITION
    status = rpc_status.from_call(cast("grpc.Call", caught.value))
    failure = error_details_pb2.PreconditionFailure()
    assert status is not None and any(packed.Unpack(failure) for packed in status.details)
    assert [(v.type, v.subject) for v in failure.violations] == [
        ("MISSING", f"blobs/{d.sha256}/9") for d in wanted
    ]
    with pytest.raises(NotReady, match=r"request\.after\.media") as typed:
        far.client.jobs.create(request)
    assert typed.value.code == "BLOB_MISSING"


def test_a_blob_that_was_spoilt_on_the_servers_disk_is_missing(far: Unit, footage: Path) -> None:
    request = bridge_request(footage)
    request.before.media.CopyFrom(far.client.blobs.file(footage))
    request.after.media.CopyFrom(request.before.media)
    (path,) = far.config.data.rglob("blob")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(NotReady) as caught:
        far.client.plans.shot(request)
    assert caught.value.code == "BLOB_MISSING"


def test_what_a_blob_is_shows_in_its_bytes_and_the_words_hide_where_it_lies(
    far: Unit, footage: Path, tmp_path: Path
) -> None:
    playlist = tmp_path / "clip.mp4"
    playlist.write_text("ffconcat version 1.0\nfile blob\n")
    request = bridge_request(footage)
    request.before.media.CopyFrom(far.client.blobs.file(playlist))
    request.after.media.CopyFrom(far.client.blobs.file(footage))
    answer = far.client.plans.shot(request)
    assert not answer.plans
    words = " ".join(fault.what for fault in answer.faults)
    assert f"blobs/{digest(playlist).sha256}" in words and str(far.config.data) not in words
    assert {fault.path for fault in answer.faults} == {"request.before.media_reference"}


def test_an_open_job_keeps_its_blobs(far: Unit, footage: Path) -> None:
    request = bridge_request(footage)
    request.before.media.CopyFrom(far.client.blobs.file(footage))
    request.after.media.CopyFrom(request.before.media)
    job = far.client.jobs.create(request)
    (path,) = far.config.data.rglob("blob")
    long_ago = time.time() - 30 * 86400
    os.utime(path.parent, (long_ago, long_ago))
    assert far.desk.collect() == 0 and path.is_file()
    far.client.jobs.cancel(job.id)
    os.utime(path.parent, (long_ago, long_ago))
    assert far.desk.collect() == 1 and not path.exists()


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


def test_two_clips_go_up_and_the_bridge_between_them_comes_down(
    footage: Path, tmp_path: Path
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    shutil.copyfile(footage, mine / "A.mkv")
    shutil.copyfile(footage, mine / "B.mkv")
    with (mine / "B.mkv").open("ab") as file:
        file.write(bytes(64))  # other bytes, the same pictures
    config = Config(data=theirs, threads=1)
    desk = Desk(config)
    desk.start()
    try:
        with serving(desk, config) as address, Connection(address) as client:
            request = bridge_request(footage)
            request.name, request.delivery = "LAD_0020", "ffv1"
            request.record.frames = 4
            request.before.media.CopyFrom(client.blobs.file(mine / "A.mkv"))
            request.after.media.CopyFrom(client.blobs.file(mine / "B.mkv"))
            job = client.jobs.create(request)
            assert job.name == "LAD_0020"
            ended = client.jobs.wait(job.id)
            assert ended.state == jobs_pb2.JOB_STATE_SUCCEEDED, ended.error
            take = ended.result.take
            clip = client.blobs.download(take.clip, mine / "made.mkv")
            record = client.blobs.download(take.record, mine / "made.json")
    finally:
        desk.stop(1)
    source, made = frames_of(footage), frames_of(clip)
    assert len(made) == take.frames == 20
    for i in range(8):
        assert np.array_equal(made[i], source[152 + i])
        assert np.array_equal(made[12 + i], source[200 + i])
    assert digest(clip).sha256 in record.read_text()
