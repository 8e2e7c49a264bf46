"""The services over HTTP/1.1: JSON, binary, gRPC-Web, streams, errors."""

from __future__ import annotations

import base64
import http.client
import json
import struct
from pathlib import Path

from secondunit.v1 import capabilities_pb2, jobs_pb2, pictures_pb2, units_pb2
from secondunit.v1.errors_pb2 import ErrorDetail
from secondunit_client import Connection

from tests.rpc.bridge.conftest import Browser

STATUS = "CapabilityService/GetServerStatus"


def test_a_method_answers_in_json_as_it_does_over_grpc(browser: Browser) -> None:
    found = browser.call("CapabilityService/GetCapabilities", {})
    assert found.status == 200
    with Connection(browser.grpc) as unit:
        same = unit.capabilities()
    assert [e["name"] for e in found.json["engines"]] == [e.name for e in same.engines]
    assert found.json["defaultDelivery"] == same.default_delivery


def test_binary_requests_pass_through_unchanged(browser: Browser) -> None:
    request = capabilities_pb2.GetServerStatusRequest().SerializeToString()
    found = browser.ask(
        "POST", f"/secondunit.v1.{STATUS}", request,
        content_type="application/proto", authorization=f"Bearer {browser.token}",
    )  # fmt: skip
    assert capabilities_pb2.GetServerStatusResponse.FromString(found.body).healthy


def test_grpc_web_answers_with_its_trailers_in_the_body(browser: Browser) -> None:
    found = browser.ask(
        "POST", f"/secondunit.v1.{STATUS}", b"\0\0\0\0\0",
        content_type="application/grpc-web+proto", authorization=f"Bearer {browser.token}",
    )  # fmt: skip
    flag, size = struct.unpack(">BI", found.body[:5])
    assert flag == 0
    assert capabilities_pb2.GetServerStatusResponse.FromString(found.body[5 : 5 + size]).healthy
    assert b"grpc-status: 0" in found.body[5 + size :].lower()


def test_an_error_carries_its_details_and_its_remedy(browser: Browser) -> None:
    found = browser.call("JobService/GetJob", {"jobId": "nobody"})
    assert found.status == 404
    assert found.json["code"] == "not_found"
    (detail,) = [d for d in found.json["details"] if d["type"] == "secondunit.v1.ErrorDetail"]
    value = detail["value"]
    detail = ErrorDetail.FromString(base64.b64decode(value + "=" * (-len(value) % 4)))
    assert detail.code == "JOB_UNKNOWN"
    assert detail.remedy


def test_every_fault_of_a_request_is_told_at_once(browser: Browser) -> None:
    found = browser.call("JobService/CreateJob", {"priority": 99})
    assert found.status == 400
    assert found.json["code"] == "invalid_argument"
    assert "request_id" in found.body.decode()


def test_what_is_no_json_is_refused_and_so_is_what_lies_too_deep(browser: Browser) -> None:
    for body in (b"{", b"\xff", b'{"a":' * 5000 + b"1" + b"}" * 5000):
        found = browser.ask(
            "POST", f"/secondunit.v1.{STATUS}", body,
            content_type="application/json", authorization=f"Bearer {browser.token}",
        )  # fmt: skip
        assert (found.status, found.json["code"]) == (400, "invalid_argument")


def test_a_form_or_plain_text_is_no_request(browser: Browser) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        found = browser.ask("POST", f"/secondunit.v1.{STATUS}", b"{}", content_type=kind)
        assert found.status == 415


def test_a_get_calls_no_method(browser: Browser) -> None:
    path = f"/secondunit.v1.{STATUS}?connect=v1&encoding=json&message=%7B%7D"
    found = browser.ask("GET", path, authorization=f"Bearer {browser.token}")
    assert found.status == 405


def test_an_unknown_method_is_not_found(browser: Browser) -> None:
    assert browser.call("JobService/Explode", {}).status == 404


def test_a_stream_brings_the_events_of_a_job_as_they_come(browser: Browser) -> None:
    job = browser.job()
    request = json.dumps({"jobId": job}).encode()
    connection = http.client.HTTPConnection(browser.address, timeout=30)
    connection.request(
        "POST", "/secondunit.v1.JobService/WatchJob",
        struct.pack(">BI", 0, len(request)) + request,
        {
            "content-type": "application/connect+json",
            "authorization": f"Bearer {browser.token}",
        },
    )  # fmt: skip
    response = connection.getresponse()
    states: list[str] = []
    while True:
        flag, size = struct.unpack(">BI", response.read(5))
        body = json.loads(response.read(size))
        if flag & 2:
            assert "error" not in body, body
            break
        if "state" in body.get("event", {}):
            states.append(body["event"]["state"]["state"])
    connection.close()
    assert states[-1] == "JOB_STATE_SUCCEEDED"


def test_a_listener_that_goes_ends_its_call(browser: Browser) -> None:
    # More than one caller may have: only those that ended make room for the next.
    most = browser.config.limits.streams
    for _ in range(most + 8):
        job = jobs_pb2.WatchJobRequest(job_id=browser.job()).SerializeToString()
        connection = http.client.HTTPConnection(browser.address, timeout=30)
        connection.request(
            "POST", "/secondunit.v1.JobService/WatchJob", struct.pack(">BI", 0, len(job)) + job,
            {
                "content-type": "application/connect+proto",
                "authorization": f"Bearer {browser.token}",
            },
        )  # fmt: skip
        with connection.getresponse() as response:
            assert response.status == 200
            assert response.read(5)[0] == 0
        connection.close()


def test_a_frame_of_footage_comes_as_a_picture_for_screens(browser: Browser, footage: Path) -> None:
    request = pictures_pb2.GetPictureRequest(
        media=units_pb2.File(path=str(footage)), frame=199, longest_side=32
    )
    found = browser.ask(
        "POST", "/secondunit.v1.PictureService/GetPicture", request.SerializeToString(),
        content_type="application/proto", authorization=f"Bearer {browser.token}",
    )  # fmt: skip
    answer = pictures_pb2.GetPictureResponse.FromString(found.body)
    assert (answer.size.width, answer.size.height, answer.frames) == (64, 48, 300)
    assert answer.jpeg[:2] == b"\xff\xd8"
    request.frame = 300
    refused = browser.call(
        "PictureService/GetPicture", {"media": {"path": str(footage)}, "frame": 300}
    )
    assert "frames 0 to 299" in refused.json["message"]
