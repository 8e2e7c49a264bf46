"""EngineService over the wire: listed, loaded before it is needed, let go of."""

from __future__ import annotations

import time

import grpc
import pytest
from secondunit.v1 import capabilities_pb2, capabilities_pb2_grpc, engines_pb2, engines_pb2_grpc

from tests.rpc.conftest import Unit


def service(unit: Unit) -> engines_pb2_grpc.EngineServiceStub:
    return engines_pb2_grpc.EngineServiceStub(unit.channel)


def test_an_engine_goes_from_cold_to_warm_and_back(unit: Unit) -> None:
    engines = service(unit)
    (row,) = engines.ListEngines(engines_pb2.ListEnginesRequest()).engines
    assert (row.engine, row.device, row.state) == ("motion", "cpu", engines_pb2.ENGINE_STATE_COLD)
    for _ in range(2):
        asked = engines_pb2.LoadEngineRequest(engine="motion", device="cpu")
        (row,) = engines.LoadEngine(asked, timeout=30).engines
        assert row.state == engines_pb2.ENGINE_STATE_WARM
    for _ in range(2):
        asked = engines_pb2.UnloadEngineRequest(engine="motion")
        (row,) = engines.UnloadEngine(asked, timeout=30).engines
        assert row.state == engines_pb2.ENGINE_STATE_COLD


@pytest.mark.parametrize(
    ("engine", "device", "field"), [("dream", "", "engine"), ("motion", "cuda:9", "device")]
)
def test_names_that_are_none_are_refused_with_those_that_are(
    unit: Unit, engine: str, device: str, field: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        service(unit).LoadEngine(engines_pb2.LoadEngineRequest(engine=engine, device=device))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "here are" in str(caught.value.details())


def test_the_status_tells_of_every_worker(unit: Unit) -> None:
    engines = service(unit)
    engines.LoadEngine(engines_pb2.LoadEngineRequest(engine="motion"), timeout=30)
    status = capabilities_pb2_grpc.CapabilityServiceStub(unit.channel)
    end = time.monotonic() + 20
    while True:
        (worker,) = status.GetServerStatus(
            capabilities_pb2.GetServerStatusRequest(), timeout=10
        ).workers
        if worker.memory_bytes or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert (worker.device, worker.engine, worker.job_id) == ("cpu", "motion", "")
    assert worker.alive and worker.memory_bytes > 2**20


def test_what_an_engine_can_do_is_told_with_its_licence_and_why_it_cannot_run(unit: Unit) -> None:
    stub = capabilities_pb2_grpc.CapabilityServiceStub(unit.channel)
    (row,) = stub.GetCapabilities(capabilities_pb2.GetCapabilitiesRequest()).engines
    assert (row.name, row.family, row.licence, row.licence_limits) == (
        "motion", "motion", "Apache-2.0", "",
    )  # fmt: skip
    assert list(row.tiers) == [] and row.most_pixels == 0
    assert row.available == (row.unavailable == "") == bool(row.weights)
