"""The interceptor: every call is counted with its status, streams while they are open, bytes."""

from __future__ import annotations

import logging
from typing import Any

import grpc
import pytest
from secondunit import measures
from secondunit.rpc.measured import _known
from secondunit.v1 import jobs_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub

from tests.jobs.conftest import until, wish
from tests.rpc.conftest import Unit

JOBS = "secondunit.v1.JobService"


def count(made: measures.Measures, name: str, **labels: str) -> float:
    return made.registry.get_sample_value(name, labels) or 0.0


def test_calls_are_counted_with_their_status_and_a_refusal_is_logged(
    unit: Unit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stub = JobServiceStub(unit.channel)
    with measures.measuring() as made:
        stub.ListJobs(jobs_pb2.ListJobsRequest(), timeout=10)
        with pytest.raises(grpc.RpcError):
            stub.GetJob(jobs_pb2.GetJobRequest(job_id="canary"), timeout=10)
        calls = "secondunit_rpc_seconds_count"
        until(lambda: count(made, calls, method=f"{JOBS}/GetJob", code="NOT_FOUND") == 1)
        assert count(made, calls, method=f"{JOBS}/ListJobs", code="OK") == 1
        with pytest.raises(grpc.RpcError):
            unit.channel.unary_unary("/canary.Service/Deed")(b"", timeout=10)
        from prometheus_client import generate_latest

        assert "canary" not in generate_latest(made.registry).decode()
    refused: list[Any] = [r for r in caplog.records if r.getMessage() == "call refused"]
    assert [r.status for r in refused] == ["NOT_FOUND"]
    assert "canary" not in caplog.text


def test_a_stream_is_open_until_its_client_leaves(unit: Unit) -> None:
    job = unit.desk.create(wish(steps=60, pause=0.05), request_id="a", timeline="t")
    open_streams = "secondunit_rpc_streams_open"
    with measures.measuring() as made:
        stream = JobServiceStub(unit.channel).WatchJob(jobs_pb2.WatchJobRequest(job_id=job.id))
        next(stream)
        assert count(made, open_streams, method=f"{JOBS}/WatchJob") == 1
        stream.cancel()
        until(lambda: count(made, open_streams, method=f"{JOBS}/WatchJob") == 0)
        ended = "secondunit_rpc_seconds_count"
        assert count(made, ended, method=f"{JOBS}/WatchJob", code="CANCELLED") == 1
    unit.desk.cancel(job.id)


@pytest.mark.parametrize(
    ("asked", "series"),
    [
        (f"{JOBS}/GetJob", f"{JOBS}/GetJob"),
        ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Check"),
        (f"{JOBS}/canary", "unknown"),
        ("canary.Service/GetJob", "unknown"),
        ("", "unknown"),
    ],
)
def test_only_methods_that_there_are_make_a_series(asked: str, series: str) -> None:
    assert _known(asked) == series
