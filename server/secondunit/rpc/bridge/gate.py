"""The gate: from which pages a request may come, to which name, and who its caller is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from secondunit.errors import Unauthenticated
from secondunit.rpc.auth import Authenticate, bearer_of
from secondunit.rpc.bridge.pairing import Pairing
from secondunit.rpc.principal import LOCAL, Principal
from secondunit.rpc.tokens import Keys

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MISDIRECTED = 421
"""RFC 9110, 15.5.20: this server does not answer for that name."""
LONGEST_HEADERS = 16 * 2**10
"""Bytes of names and values."""
LARGEST = 8 * 2**20
"""Bytes of a request's body; larger things are uploaded in chunks."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        b"style-src 'self' 'unsafe-inline'; connect-src 'self'; base-uri 'none'; "
        b"form-action 'none'; object-src 'none'",
    ),
)
"""Of every response."""


class Known(Authenticate):
    """Guards the methods as gRPC's door does; the callers are paired panels, or have tokens."""

    def __init__(self, keys: Keys, pairing: Pairing) -> None:
        """Panels are paired as long as no token was given."""
        super().__init__(keys, near=False)
        self._pairing = pairing

    def caller(self, metadata: Any) -> Principal:
        """Whom a call comes from. Raises Unauthenticated."""
        if self._keys.exist:
            return super().caller(metadata)
        if not self._pairing.knows(bearer_of(metadata)):
            raise Unauthenticated("this panel is not paired; `secondunit pair` shows a code")
        return LOCAL


class Gate:
    """Asks of every request where it comes from, before anything of it is read.

    A page that was opened elsewhere can make a browser send requests here, and a name that
    is made to point here can make it believe that they go home (DNS rebinding): so the name and
    the page are looked at, whatever the request is. No other page is ever let in by CORS.
    """

    def __init__(
        self, app: App, hosts: frozenset[str], origins: frozenset[str], idle: float
    ) -> None:
        """`hosts`: `name:port` as browsers say it. `idle`: seconds without a byte of a request."""
        self._app, self._hosts, self._origins, self._idle = app, hosts, origins, idle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if sum(len(key) + len(value) for key, value in scope["headers"]) > LONGEST_HEADERS:
            await refuse(scope, receive, send, 431, "the headers are too long")
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        refusal = self._refusal(headers)
        if refusal is not None:
            await refuse(scope, receive, send, *refusal)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._app(scope, self._patient(receive), _with_headers(send))

    def _refusal(self, headers: dict[str, str]) -> tuple[int, str] | None:
        if headers.get("host", "").lower() not in self._hosts:
            return MISDIRECTED, "this server does not go by that name"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in self._origins:
            return 403, "requests of that page are not answered here"
        if headers.get("sec-fetch-site") == "cross-site":
            return 403, "requests of other sites are not answered here"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST:
            return 413, f"a request has {LARGEST} bytes at most; upload in chunks"
        return None

    def _patient(self, receive: Receive) -> Receive:
        """Bounded in bytes and in waiting, as long as the body comes."""
        size, whole = 0, False

        async def part() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._idle)
            except TimeoutError:
                return {"type": "http.disconnect"}
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            return {"type": "http.disconnect"} if size > LARGEST else message

        return part


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, what: str) -> None:
    """Answer with a status and a sentence; a WebSocket is not accepted."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": what[:120]})
        return
    await respond(send, status, json.dumps({"message": what}).encode(), b"application/json")


async def respond(
    send: Send, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> None:
    """Send a whole answer."""
    headers = [
        (b"content-type", kind), (b"content-length", str(len(body)).encode()), *more,
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return sending
