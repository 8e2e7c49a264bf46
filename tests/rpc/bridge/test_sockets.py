"""WebSockets: streams of events, and hosts on their links."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.rpc.bridge.conftest import Browser

HELLO = {
    "kind": "HOST_KIND_OTHER", "name": "Test NLE", "version": "1", "protocol": 1,
    "abilities": ["HOST_ABILITY_PLACE"],
}  # fmt: skip


def opened(browser: Browser, path: str, **more: Any) -> ClientConnection:
    protocols = ["secondunit.v1", f"bearer.{browser.token}"]
    given: dict[str, Any] = {"subprotocols": protocols, "origin": f"http://{browser.address}"}
    return connect(f"ws://{browser.address}{path}", **{**given, **more})


def said(line: ClientConnection) -> Any:
    return json.loads(line.recv(timeout=20))


def test_a_stream_ends_with_the_job(browser: Browser) -> None:
    job = browser.job()
    with opened(browser, "/stream") as line:
        line.send(
            json.dumps({"method": "secondunit.v1.JobService/WatchJob", "request": {"jobId": job}})
        )
        frames = []
        while "end" not in (frame := said(line)):
            frames.append(frame["message"])
    assert frame == {"end": {}}
    states = [f["event"]["state"]["state"] for f in frames if "state" in f.get("event", {})]
    assert states[-1] == "JOB_STATE_SUCCEEDED"


@pytest.mark.parametrize(
    "first",
    ["", "[]", "{}", '{"method": "x"}', '{"method": "secondunit.v1.BlobService/WriteBlob"}'],
)
def test_what_is_no_stream_is_refused_in_words(browser: Browser, first: str) -> None:
    with opened(browser, "/stream") as line:
        line.send(first)
        error = said(line)["end"]["error"]
    assert error["code"] == "invalid_argument"
    assert error["message"]


def test_a_socket_without_a_token_hears_nothing(browser: Browser) -> None:
    with opened(browser, "/stream", subprotocols=["secondunit.v1"]) as line:
        line.send(json.dumps({"method": "secondunit.v1.HostService/WatchHosts"}))
        assert said(line)["end"]["error"]["code"] == "unauthenticated"


def test_a_socket_of_another_page_is_not_opened(browser: Browser) -> None:
    with pytest.raises(InvalidStatus):
        opened(browser, "/link", origin="http://evil.example").close()


def test_a_host_is_asked_through_the_server_and_answers(browser: Browser) -> None:
    with opened(browser, "/link") as line:
        line.send(json.dumps({"hello": HELLO}))
        welcome = said(line)["welcome"]
        listed = browser.call("HostService/ListHosts", {}).json["hosts"]
        assert [host["id"] for host in listed] == [welcome["id"]]

        def answer() -> None:
            request = said(line)["request"]
            assert request["getContext"] == {}
            line.send(
                json.dumps({"reply": {"id": request["id"], "context": {"timeline": "Reel 1"}}})
            )

        thread = threading.Thread(target=answer)
        thread.start()
        request = {"hostId": welcome["id"], "request": {"id": "mine", "getContext": {}}}
        reply = browser.call("HostService/CallHost", request).json["reply"]
        thread.join()
    assert reply == {"id": "mine", "context": {"timeline": "Reel 1"}}


def test_a_host_that_goes_is_gone_for_who_asked(browser: Browser) -> None:
    with opened(browser, "/link") as line:
        line.send(json.dumps({"hello": HELLO}))
        welcome = said(line)["welcome"]
        closing = threading.Thread(target=lambda: (said(line), line.close()))
        closing.start()
        request = {"hostId": welcome["id"], "request": {"seek": {"frame": 3}}}
        found = browser.call("HostService/CallHost", request)
        closing.join()
    assert found.status == 503
    assert "went while it was asked" in found.json["message"]
    assert browser.call("HostService/CallHost", request).status == 404


def test_watchers_hear_of_hosts_and_of_what_changes(browser: Browser) -> None:
    with opened(browser, "/stream") as watcher:
        watcher.send(json.dumps({"method": "secondunit.v1.HostService/WatchHosts"}))
        assert said(watcher) == {"message": {}}
        with opened(browser, "/link") as line:
            line.send(json.dumps({"hello": HELLO}))
            host = said(line)["welcome"]["id"]
            assert said(watcher)["message"]["hosts"][0]["id"] == host
            line.send(json.dumps({"event": {"contextChanged": {"playhead": 12}}}))
            event = said(watcher)["message"]
            assert event == {"hostId": host, "event": {"contextChanged": {"playhead": 12}}}
        assert said(watcher) == {"message": {}}


def test_a_host_of_another_version_is_told_so(browser: Browser) -> None:
    with opened(browser, "/link") as line:
        line.send(json.dumps({"hello": HELLO | {"protocol": 2}}))
        assert "update the older" in said(line)["end"]["error"]["message"]


def test_frames_are_bounded(browser: Browser) -> None:
    with opened(browser, "/link", max_size=None) as line, pytest.raises(ConnectionClosed):
        line.send("x" * (5 * 2**20))
        while True:
            line.recv(timeout=20)
