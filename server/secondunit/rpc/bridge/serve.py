"""The bridge's listener: uvicorn in the server's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import uvicorn

from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.rpc.bridge.door import Door
from secondunit.rpc.bridge.gate import Gate

log = logging.getLogger(__name__)

PANEL = Path(__file__).resolve().parents[2] / "panel"
"""Of the package: the built panel, where the package was built with it."""
LARGEST_FRAME = 4 * 2**20
"""Bytes of a WebSocket's frame; pictures go by path, not by frame."""
CONNECTIONS = 512


class Bridge:
    """HTTP/1.1 and WebSocket on one port, until it is stopped."""

    def __init__(self, door: Door, config: Config, listen: str) -> None:
        """`listen`: `host:port`; whether others may reach it is the caller's to check."""
        self._door, self._config, self._listen = door, config, listen

    async def start(self) -> str:
        """Listen; returns the address of the panel. Raises Refused when the port is taken."""
        host, _, port = self._listen.rpartition(":")
        host = host.strip("[]")
        bound = _bound(host, int(port))
        number = bound.getsockname()[1]
        secure = self._config.tls.certificate is not None and not _near(host)
        scheme = "https" if secure else "http"
        names = _names(host, number, self._config.bridge.names)
        origins = {f"{scheme}://{name}" for name in names} | set(self._config.bridge.origins)
        app = Gate(
            self._door, frozenset(names), frozenset(o.lower() for o in origins),
            self._config.limits.idle_seconds,
        )  # fmt: skip
        settings = uvicorn.Config(
            app,  # pyright: ignore[reportArgumentType]
            http="h11",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=15,
            h11_max_incomplete_event_size=64 * 1024,
            ssl_certfile=self._config.tls.certificate if secure else None,
            ssl_keyfile=self._config.tls.key if secure else None,
            timeout_graceful_shutdown=5,
        )
        self._server = _Quiet(settings)
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[bound]))
        begun = asyncio.ensure_future(self._server.begun.wait())
        await asyncio.wait((begun, self._serving), return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if self._serving.done():
            self._serving.result()
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{number}"

    async def stop(self, grace: float) -> None:
        """Let answers end within `grace` seconds, and close."""
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            _, left = await asyncio.wait((self._serving,), timeout=grace)
            if left:
                self._server.force_exit = True
                await self._serving


class _Quiet(uvicorn.Server):
    """uvicorn without hands on signals, since the process has an owner; it says when it listens."""

    def __init__(self, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
    except OSError as exc:
        one.close()
        raise Refused.single(
            f"{host}:{port} is taken, or no address of this machine; choose another port, or 0 "
            "for any", "--bridge",
        ) from exc  # fmt: skip
    one.setblocking(False)
    return one


def _near(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(host: str, port: int, more: Iterable[str]) -> set[str]:
    """What browsers may call this server."""
    names = {f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    if _near(host):
        names |= {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
    for name in more:
        names |= {name.lower(), f"{name.lower()}:{port}"}
    return names
