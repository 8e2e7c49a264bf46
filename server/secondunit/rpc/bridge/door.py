"""The bridge's one door: which path goes where."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import os
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from secondunit.errors import BlobError, SecondUnitError, Unauthenticated
from secondunit.jobs.blobs import BlobStore, Digest
from secondunit.rpc.bridge.connect import Application
from secondunit.rpc.bridge.gate import Known, Receive, Scope, Send, refuse, respond
from secondunit.rpc.bridge.pairing import Pairing
from secondunit.rpc.bridge.sockets import Sockets
from secondunit.rpc.handlers import Methods
from secondunit.rpc.principal import current, enter
from secondunit.rpc.status import TABLE, detail_of

COOKIE = "secondunit"
"""Carries the token where a browser sends no header: pictures, players, sockets."""
CHUNK = 2**18
LONGEST_PAIRING = 4096
_BLOB = re.compile(r"/blobs/([0-9a-f]{64})-(\d{1,19})")
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_HTTP = {
    "NOT_FOUND": 404, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "OUT_OF_RANGE": 416,
    "INVALID_ARGUMENT": 400, "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503,
}  # fmt: skip
NO_PANEL = (
    b"<!doctype html><title>Second Unit</title><p>The panel is not built here: <code>make panel"
    b"</code> builds it. The services answer on this address all the same.</p>"
)


class Door:
    """An ASGI application: the services, blobs, sockets, pairing, and the panel itself."""

    def __init__(
        self, methods: Methods, blobs: BlobStore, known: Known, pairing: Pairing, panel: Path
    ) -> None:
        """`panel`: folder of the built panel."""
        self._services = {f"/{name}/" for name in methods.services}
        self._connect, self._sockets = Application(methods), Sockets(methods)
        self._blobs, self._known, self._pairing, self._panel = blobs, known, pairing, panel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one WebSocket."""
        if scope["type"] == "lifespan":
            return
        path: str = scope["path"]
        if scope["type"] == "websocket":
            if path not in ("/stream", "/link"):
                await refuse(scope, receive, send, 404, "no such socket")
                return
            await self._sockets(scope, receive, send, _bearer(scope))
            return
        if path[: path.rfind("/") + 1] in self._services:
            await self._connect(scope, receive, send)  # pyright: ignore[reportArgumentType]
            return
        try:
            await self._plain(scope, receive, send)
        except SecondUnitError as error:
            await _tell(send, error)

    async def _plain(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/pair" and method == "POST":
            await self._pair(receive, send)
        elif path == "/session" and method == "POST":
            await self._session(scope, send)
        elif (blob := _BLOB.fullmatch(path)) and method in ("GET", "HEAD"):
            await self._blob(scope, send, Digest(sha256=blob[1], size=int(blob[2])))
        elif method in ("GET", "HEAD"):
            await self._page(path, send)
        else:
            await refuse(scope, receive, send, 405, "this address is read only")

    async def _pair(self, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        try:
            asked = json.loads(body)
            code, name = str(asked["code"]), str(asked.get("name", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unauthenticated('pair with {"code": "...", "name": "..."}') from None
        token = await asyncio.to_thread(self._pairing.pair, code, name)
        await respond(
            send, 200, json.dumps({"token": token}).encode(), b"application/json", _no_store()
        )

    async def _session(self, scope: Scope, send: Send) -> None:
        """The header's token as a cookie: no script reads it, and no other site sends it."""
        token = _header(scope, "authorization").partition(" ")[2].strip()
        self._enter(token)
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"
        await respond(send, 204, b"", b"text/plain", (b"set-cookie", cookie.encode()), _no_store())

    def _enter(self, token: str) -> None:
        enter(self._known.caller((("authorization", f"Bearer {token}"),) if token else ()))

    async def _blob(self, scope: Scope, send: Send, digest: Digest) -> None:
        self._enter(_bearer(scope))
        span = _span(_header(scope, "range"), digest.size)
        if span is None:
            star = f"bytes */{digest.size}".encode()
            await respond(send, 416, b"", b"text/plain", (b"content-range", star))
            return
        begin, end, partial = span
        tenant = current().tenant
        descriptor = await asyncio.to_thread(self._blobs.open, tenant, digest, begin)
        try:
            headers = [
                (b"content-type", b"application/octet-stream"),
                (b"content-length", str(end - begin).encode()),
                (b"accept-ranges", b"bytes"),
                (b"etag", f'"{digest.sha256}"'.encode()),
                (b"cache-control", b"private, max-age=31536000, immutable"),
            ]
            if partial:
                where = f"bytes {begin}-{end - 1}/{digest.size}"
                headers.append((b"content-range", where.encode()))
            status = 206 if partial else 200
            await send({"type": "http.response.start", "status": status, "headers": headers})
            at = begin
            while at < end and scope["method"] == "GET":
                data = await asyncio.to_thread(_pread, descriptor, min(CHUNK, end - at), at)
                if not data:
                    raise BlobError("the blob is shorter than its name says")
                at += len(data)
                await send({"type": "http.response.body", "body": data, "more_body": at < end})
            if at == begin:
                await send({"type": "http.response.body", "body": b""})
        finally:
            os.close(descriptor)

    async def _page(self, path: str, send: Send) -> None:
        """A file of the built panel; the way to it stays inside its folder."""
        wanted = (self._panel / (path.lstrip("/") or "index.html")).resolve()
        home = self._panel.resolve()
        if path == "/" and not wanted.is_file():
            await respond(send, 200, NO_PANEL, b"text/html; charset=utf-8", _no_store())
            return
        if not wanted.is_relative_to(home) or not wanted.is_file():
            await respond(send, 404, b'{"message":"there is no such page"}', b"application/json")
            return
        data = await asyncio.to_thread(wanted.read_bytes)
        kind = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind.endswith("javascript"):
            kind += "; charset=utf-8"
        # Files below assets/ have their contents' hash in their names.
        lasting = b"public, max-age=31536000, immutable"
        fresh = lasting if wanted.parent.name == "assets" else b"no-cache"
        await respond(send, 200, data, kind.encode(), (b"cache-control", fresh))


def _pread(descriptor: int, size: int, at: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, at)
    os.lseek(descriptor, at, os.SEEK_SET)  # one reader a descriptor, so its place is its own
    return os.read(descriptor, size)


def _header(scope: Scope, name: str) -> str:
    wanted = name.encode()
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == wanted), "")


def _bearer(scope: Scope) -> str:
    """The token of the header, of a socket's protocols, or of the cookie; empty for none."""
    given = _header(scope, "authorization")
    if given:
        return given.partition(" ")[2].strip()
    for offered in scope.get("subprotocols", ()):
        if offered.startswith("bearer."):
            return offered.removeprefix("bearer.")
    try:
        cookies: Mapping[str, Any] = SimpleCookie(_header(scope, "cookie"))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _span(text: str, size: int) -> tuple[int, int, bool] | None:
    """(first byte, end, whether it is a part) of a Range header; None: it cannot be met."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:  # RFC 9110: what is not understood is ignored
        return 0, size, False
    first, last = match[1], match[2]
    if not first:
        count = int(last or 0)
        return (max(0, size - count), size, True) if count and size else None
    begin, end = int(first), min(int(last) + 1 if last else size, size)
    return (begin, end, True) if begin < end else None


async def _body(receive: Receive) -> bytes:
    data = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        data += message.get("body", b"")
        if len(data) > LONGEST_PAIRING:
            return b""
        if not message.get("more_body", False):
            return data


async def _tell(send: Send, error: SecondUnitError) -> None:
    detail = detail_of(error)
    status = _HTTP.get(TABLE[type(error)].name, 409)
    record = {"code": detail.code, "message": detail.what, "remedy": detail.remedy}
    await respond(send, status, json.dumps(record).encode(), b"application/json", _no_store())


def _no_store() -> tuple[bytes, bytes]:
    return (b"cache-control", b"no-store")
