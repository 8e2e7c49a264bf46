"""WebSockets: the streams of any method, and the links of hosts, as JSON frames.

`/stream`: the first frame is `{"method": "secondunit.v1.JobService/WatchJob", "request": {...}}`;
each answer is a frame `{"message": {...}}`, and the last one `{"end": {}}` or `{"end": {"error":
{"code", "message", "details"}}}`, as Connect writes errors. `/link`: frames of `AttachHost`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from google.protobuf import json_format
from google.rpc import status_pb2

from secondunit.rpc.bridge.connect import as_json, input_of, methods_of, name_of, of_json, output_of
from secondunit.rpc.bridge.gate import Receive, Scope, Send
from secondunit.rpc.handlers import Methods, Refusal

PROTOCOL = "secondunit.v1"
"""Offered by whoever connects; a token may stand beside it as `bearer.TOKEN`."""
LINK = "/secondunit.v1.HostService/AttachHost"
FIRST_FRAME_SECONDS = 10.0
_INVALID, _CANCELLED = 3, 1


class Sockets:
    """Answers `/stream` and `/link`."""

    def __init__(self, methods: Methods) -> None:
        """`methods` ask each call for its token."""
        self._methods = methods
        self._known = methods_of(methods.services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, bearer: str) -> None:
        """One connection; `bearer` is the token it came with, empty for none."""
        await receive()  # websocket.connect
        offered = scope.get("subprotocols", ())
        await send(
            {"type": "websocket.accept", "subprotocol": PROTOCOL if PROTOCOL in offered else None}
        )
        frames = _Frames(receive)
        metadata = (("authorization", f"Bearer {bearer}"),) if bearer else ()
        client = scope.get("client") or ("unknown", 0)
        peer = f"ipv4:{client[0]}:{client[1]}"
        status: status_pb2.Status | None = None
        try:
            if scope["path"] == "/link":
                await self._link(frames, send, metadata, peer)
            else:
                await self._stream(frames, send, metadata, peer)
        except Refusal as refusal:
            status = refusal.status
        except (ValueError, json_format.ParseError, TimeoutError) as exc:
            status = status_pb2.Status(code=_INVALID, message=str(exc) or "no frame came")
        except ConnectionError:
            return
        end: dict[str, Any] = {} if status is None else {"error": _error(status)}
        await _say(send, {"end": end})
        await send({"type": "websocket.close", "code": 1000 if status is None else 1008})

    async def _stream(self, frames: _Frames, send: Send, metadata: Any, peer: str) -> None:
        first = json.loads(await frames.first())
        if not isinstance(first, dict) or not isinstance(first.get("method"), str):
            raise ValueError("the first frame names a method and has its request")
        path = f"/{first['method']}"
        method = self._known.get(path)
        if method is None or method.client_streaming:
            raise ValueError(f"there is no method {first['method']} to stream")
        request = of_json(json.dumps(first.get("request") or {}), input_of(method))

        async def one() -> AsyncIterator[bytes]:
            yield request

        answers = self._methods.answer(path, one(), metadata=metadata, peer=peer)
        await self._relay(answers, frames, send, output_of(method))

    async def _link(self, frames: _Frames, send: Send, metadata: Any, peer: str) -> None:
        method = self._known[LINK]
        kind = input_of(method)

        async def incoming() -> AsyncIterator[bytes]:
            async for text in frames:
                yield of_json(text, kind)

        answers = self._methods.answer(LINK, incoming(), metadata=metadata, peer=peer)
        async with aclosing(answers):
            async for data in answers:
                await send({"type": "websocket.send", "text": as_json(data, output_of(method))})

    async def _relay(
        self, answers: AsyncIterator[bytes], frames: _Frames, send: Send, kind: Any
    ) -> None:
        """Send answers until they end, or whoever listens is gone."""

        async def all_of_them() -> None:
            async for data in answers:
                await _say_text(send, f'{{"message":{as_json(data, kind)}}}')

        sending = asyncio.ensure_future(all_of_them())
        gone = asyncio.ensure_future(frames.gone())
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ConnectionError("the listener is gone")
            sending.result()
        finally:
            gone.cancel()
            if not sending.done():
                sending.cancel()
                await asyncio.wait((sending,))


class _Frames:
    """The text frames that come in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def first(self) -> str:
        """The first; it comes soon, or not at all."""
        async with asyncio.timeout(FIRST_FRAME_SECONDS):
            return await self._text()

    def __aiter__(self) -> _Frames:
        return self

    async def __anext__(self) -> str:
        try:
            return await self._text()
        except ConnectionError:
            raise StopAsyncIteration from None

    async def gone(self) -> None:
        """Return when the other side has closed; what it says meanwhile is not heard."""
        while (await self._receive())["type"] != "websocket.disconnect":
            pass

    async def _text(self) -> str:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise ConnectionError("it was closed")
        text = message.get("text")
        if text is None:
            raise ValueError("frames are text")
        return text


def _error(status: status_pb2.Status) -> dict[str, Any]:
    details = [
        {
            "type": detail.type_url.rpartition("/")[2],
            "value": base64.b64encode(detail.value).decode().rstrip("="),
        }
        for detail in status.details
    ]
    return {"code": name_of(status), "message": status.message, "details": details}


async def _say(send: Send, record: dict[str, Any]) -> None:
    await _say_text(send, json.dumps(record))


async def _say_text(send: Send, text: str) -> None:
    await send({"type": "websocket.send", "text": text})
