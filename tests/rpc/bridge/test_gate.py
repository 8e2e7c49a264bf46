"""Abuse of the bridge: foreign pages, false names, no token, huge and slow bodies, odd paths."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.rpc.bridge.gate import LARGEST
from secondunit.rpc.bridge.pairing import TRIES, forget, new_code, panels
from secondunit.rpc.principal import Scope
from secondunit.rpc.serve import Server, serving
from secondunit.rpc.tokens import Register
from secondunit_client import Connection

from tests.rpc.bridge.conftest import Browser

STATUS = "CapabilityService/GetServerStatus"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "evil.example:50052", "127.0.0.1.evil.example", ""]
)
def test_another_name_is_not_answered_to(browser: Browser, host: str) -> None:
    assert browser.call(STATUS, {}, host=host).status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "file://", "https://{at}"])
def test_another_page_is_not_answered(browser: Browser, origin: str) -> None:
    found = browser.call(STATUS, {}, origin=origin.format(at=browser.address))
    assert found.status == 403
    assert "access-control-allow-origin" not in found.headers


def test_its_own_page_is(browser: Browser) -> None:
    assert browser.call(STATUS, {}, origin=f"http://{browser.address}").status == 200


def test_a_page_of_another_site_is_known_by_what_its_browser_says(browser: Browser) -> None:
    assert browser.call(STATUS, {}, sec_fetch_site="cross-site").status == 403


def test_no_preflight_is_ever_granted(browser: Browser) -> None:
    found = browser.ask(
        "OPTIONS", f"/secondunit.v1.{STATUS}", origin="http://evil.example",
        access_control_request_method="POST",
    )  # fmt: skip
    assert found.status == 403
    assert not [key for key in found.headers if key.startswith("access-control")]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer sup_00000000_x", "Basic abc"])
def test_no_token_or_a_wrong_one_is_refused(browser: Browser, token: str) -> None:
    found = browser.call(STATUS, {}, authorization=token)
    assert found.status == 401
    assert found.json["code"] == "unauthenticated"


def test_a_cookie_is_no_token_for_a_method(browser: Browser) -> None:
    session = browser.ask("POST", "/session", authorization=f"Bearer {browser.token}")
    assert session.status == 204
    cookie = session.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    found = browser.ask(
        "POST", f"/secondunit.v1.{STATUS}", b"{}", content_type="application/json",
        cookie=cookie.partition(";")[0],
    )  # fmt: skip
    assert found.status == 401


def test_a_code_serves_once(browser: Browser) -> None:
    body = json.dumps({"code": new_code(browser.config.data), "name": "b"}).encode()
    assert browser.ask("POST", "/pair", body).status == 200
    assert browser.ask("POST", "/pair", body).status == 401


def test_a_code_cannot_be_guessed(browser: Browser) -> None:
    code = new_code(browser.config.data)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(TRIES):
        assert browser.ask("POST", "/pair", json.dumps({"code": wrong}).encode()).status == 401
    assert browser.ask("POST", "/pair", json.dumps({"code": code}).encode()).status == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"code": 1}', b"\xff", b"x" * 9000])
def test_what_is_no_pairing_is_refused(browser: Browser, body: bytes) -> None:
    assert browser.ask("POST", "/pair", body).status == 401


def test_a_forgotten_panel_has_to_pair_again(browser: Browser) -> None:
    (panel,) = panels(browser.config.data)
    assert panel.name == "test"
    assert browser.token not in (browser.config.data / "panels.json").read_text()
    forget(browser.config.data, panel.id)
    assert browser.call(STATUS, {}).status == 401


def test_a_server_with_tokens_wants_one_of_those(browser: Browser) -> None:
    _, token = Register(browser.config.data).add("panel", scope=Scope.READ, days=1)
    deadline = time.monotonic() + 10
    while browser.call(STATUS, {}).status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert browser.call(STATUS, {}).status == 401
    assert browser.call(STATUS, {}, authorization=f"Bearer {token}").status == 200
    refused = browser.call("JobService/CancelJob", {}, authorization=f"Bearer {token}")
    assert refused.status == 403


def test_a_body_that_says_it_is_huge_is_refused_unread(browser: Browser) -> None:
    host, port = browser.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"POST /pair HTTP/1.1\r\nHost: {browser.address}\r\n"
            f"Content-Length: {LARGEST + 1}\r\n\r\n".encode()
        )
        assert b" 413 " in line.recv(1000).split(b"\r\n")[0] + b" "


def test_a_body_without_a_length_is_stopped_where_it_is_huge(browser: Browser) -> None:
    host, port = browser.address.split(":")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(
            f"POST /secondunit.v1.{STATUS} HTTP/1.1\r\nHost: {browser.address}\r\n"
            f"Authorization: Bearer {browser.token}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        with pytest.raises(OSError):
            for _ in range(64):
                line.sendall(chunk)
            if not line.recv(1000):
                raise ConnectionError
            raise ConnectionError


def test_who_sends_half_a_request_holds_up_nobody(browser: Browser) -> None:
    host, port = browser.address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        assert browser.call(STATUS, {}).status == 200  # others are served meanwhile


def test_the_headers_of_a_request_have_an_end(browser: Browser) -> None:
    assert browser.ask("GET", "/", x_long="a" * 40_000).status == 431


@pytest.mark.parametrize(
    "path",
    ["/../tokens.json", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fpyproject.toml", "//etc/passwd"],
)
def test_no_way_leads_out_of_the_panels_folder(browser: Browser, path: str) -> None:
    assert browser.ask("GET", path).status == 404


def test_a_blob_is_read_by_its_digest_and_in_parts(browser: Browser, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    file = tmp_path / "take.mov"
    file.write_bytes(data)
    with Connection(browser.grpc) as unit:
        digest = unit.blobs.file(file).blob
    path, bearer = f"/blobs/{digest.sha256}-{digest.size_bytes}", f"Bearer {browser.token}"
    whole = browser.ask("GET", path, authorization=bearer)
    assert (whole.status, whole.body) == (200, data)
    part_of_it = browser.ask("GET", path, authorization=bearer, range="bytes=1000-1999")
    assert (part_of_it.status, part_of_it.body) == (206, data[1000:2000])
    assert part_of_it.headers["content-range"] == f"bytes 1000-1999/{len(data)}"
    last = browser.ask("GET", path, authorization=bearer, range="bytes=-10")
    assert last.body == data[-10:]
    assert browser.ask("GET", path, authorization=bearer, range="bytes=9999999-").status == 416
    assert browser.ask("HEAD", path, authorization=bearer).body == b""
    assert browser.ask("GET", path).status == 401
    other = path[:-1] + str((int(path[-1]) + 1) % 10)
    assert browser.ask("GET", other, authorization=bearer).status == 404


def test_a_bridge_that_others_could_reach_needs_tls_and_tokens(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    desk = Desk(config)
    try:
        with (
            pytest.raises(Refused, match="certificate"),
            serving(desk, config, bridge="0.0.0.0:0"),
        ):
            pass
    finally:
        desk.stop(grace=0.1)


def test_a_port_that_is_taken_costs_the_panel_and_nothing_else(
    browser: Browser, tmp_path: Path
) -> None:
    config = Config(data=tmp_path / "other")

    async def begin(*, insist: bool) -> str:
        server = Server(desk, config, listen="127.0.0.1:0", bridge=browser.address, insist=insist)
        try:
            await server.start()
            return server.panel
        finally:
            await server.stop(0.1)

    desk = Desk(config)
    try:
        assert asyncio.run(begin(insist=False)) == ""
        with pytest.raises(Refused, match="is taken"):
            asyncio.run(begin(insist=True))
    finally:
        desk.stop(grace=0.1)
