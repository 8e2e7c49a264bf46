"""One call: its deadline, its retries while the server is away, its typed errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import grpc

from secondunit_client.access import Access, channel
from secondunit_client.errors import error_of

STRETCH = 300.0
"""Seconds that a stream lasts before it is asked for anew: pings tell a peer that is away, and this
one whose program hangs."""

Request = TypeVar("Request", contravariant=True)
Response = TypeVar("Response", covariant=True)


class _Unary(Protocol[Request, Response]):
    def __call__(self, request: Request, /, *, timeout: float | None) -> Response: ...


class Caller:
    """Sends calls on one channel."""

    def __init__(self, address: str, *, patience: float, access: Access | None = None) -> None:
        """`patience`: seconds to go on trying while no server answers. Raises Refused."""
        self.address = address
        self.patience = patience
        self.channel = channel(address, access or Access())

    def call(
        self, method: _Unary[Request, Response], request: Request, *, timeout: float = 30.0
    ) -> Response:
        """One unary call within `timeout` seconds; every call of the API is safe to repeat."""
        for pause in self.pauses():
            try:
                return method(request, timeout=timeout)
            except grpc.RpcError as exc:
                if pause is None or _code(exc) is not grpc.StatusCode.UNAVAILABLE:
                    raise error_of(exc, self.address) from exc
            time.sleep(pause)
        raise AssertionError("the last pause is None")

    def pauses(self, patience: float | None = None) -> Iterator[float | None]:
        """Seconds to wait before each further try, growing with jitter; None: give up."""
        end = time.monotonic() + (self.patience if patience is None else patience)
        pause = 0.05
        while time.monotonic() + pause < end:
            yield pause * random.uniform(0.5, 1.0)
            pause = min(2.0, pause * 2)
        yield None


def _code(error: grpc.RpcError) -> grpc.StatusCode | None:
    code: Callable[[], grpc.StatusCode] | None = getattr(error, "code", None)
    return code() if code is not None else None
