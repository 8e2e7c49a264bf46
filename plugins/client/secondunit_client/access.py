"""How to reach a server: in the clear on this machine, over TLS elsewhere, with or without a token.

access = Access(token=Path("token").read_text().strip(), authority=Path("cert.pem"))
with Connection("render7:50051", access=access) as unit:
    print(unit.status().queued)
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from secondunit_client.errors import Refused

OPTIONS: list[tuple[str, int]] = [
    # A pair with the server's: pings it allows, and a limit on waiting for the answer, so that a
    # peer that hangs is noticed in 20 s; without ping_timeout it would be a minute.
    ("grpc.keepalive_time_ms", 12_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_http_proxy", 0),  # a proxy in the environment is not meant for this machine
    ("grpc.max_metadata_size", 64 * 1024),  # a refusal lists its faults in the trailers
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),  # the plan of a feature film
]

TOKEN, TOKEN_FILE = "SECONDUNIT_TOKEN", "SECONDUNIT_TOKEN_FILE"
AUTHORITY = "SECONDUNIT_CA"
CERTIFICATE, KEY = "SECONDUNIT_CERTIFICATE", "SECONDUNIT_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A token and certificates; none of them for a server of this machine that knows no tokens."""

    token: str = field(default="", repr=False)
    """As `secondunit token add` gave it."""
    authority: Path | None = None
    """PEM: who must have signed the server's certificate. None: those that the system trusts, and
    no TLS at all to this machine itself."""
    certificate: Path | None = None
    """PEM: this client's own, for a server that asks for one."""
    key: Path | None = None
    """PEM, of `certificate`."""

    @classmethod
    def from_environment(
        cls,
        *,
        token_file: Path | None = None,
        authority: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> Access:
        """What is given, and for the rest SECONDUNIT_TOKEN, _TOKEN_FILE, _CA, _CERTIFICATE, _KEY.

        Raises Refused for a file of a token that cannot be read.
        """
        file = token_file or _path(TOKEN_FILE)
        token = os.environ.get(TOKEN, "").strip()
        if token_file is not None or (file is not None and not token):
            lines = _read(file or Path(), "--token-file").decode(errors="replace").split()
            token = lines[0] if len(lines) == 1 else ""
            if not token:
                raise _refused(f"'{file}' holds no token: one line is expected", "--token-file")
        return cls(
            token=token,
            authority=authority or _path(AUTHORITY),
            certificate=certificate or _path(CERTIFICATE),
            key=key or _path(KEY),
        )


def channel(address: str, access: Access) -> grpc.Channel:
    """A channel that brings the token to every call.

    Raises Refused for files that cannot be read, for a certificate without its key, and for a
    token that is no plain word.
    """
    if not access.token.isascii() or not access.token.isprintable() or " " in access.token:
        raise _refused("the token has characters that no token has", "token")
    if (access.certificate is None) != (access.key is None):
        raise _refused("a client's certificate and its key belong together", "--certificate")
    # Elsewhere a server listens over TLS alone; so a token never leaves this machine in the clear.
    if access.authority is None and access.certificate is None and _near(address):
        made = grpc.insecure_channel(address, options=OPTIONS)
    else:
        pair = {
            "root_certificates": _optional(access.authority, "--ca"),
            "private_key": _optional(access.key, "--key"),
            "certificate_chain": _optional(access.certificate, "--certificate"),
        }
        made = grpc.secure_channel(address, grpc.ssl_channel_credentials(**pair), options=OPTIONS)
    return grpc.intercept_channel(made, _Bearer(access.token)) if access.token else made


class _Bearer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds the token; gRPC's own call credentials go over TLS alone, and loopback has none."""

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def _with(self, details: Any) -> _Details:
        return _Details(details, (*(details.metadata or ()), self._header))

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """With the token."""
        return continuation(self._with(client_call_details), request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """With the token."""
        return continuation(self._with(client_call_details), request)

    def intercept_stream_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """With the token."""
        return continuation(self._with(client_call_details), request_iterator)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """With the token."""
        return continuation(self._with(client_call_details), request_iterator)


class _Details(grpc.ClientCallDetails):
    """The details of a call, with other metadata."""

    def __init__(self, details: Any, metadata: tuple[Any, ...]) -> None:
        self.method = details.method
        self.timeout = details.timeout
        self.metadata = metadata
        self.credentials = details.credentials
        self.wait_for_ready = details.wait_for_ready
        self.compression = details.compression


def _near(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _path(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named) if named else None


def _optional(file: Path | None, path: str) -> bytes | None:
    return None if file is None else _read(file, path)


def _read(file: Path, path: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise _refused(f"'{file}' cannot be read: {exc.strerror}", path) from exc


def _refused(what: str, path: str) -> Refused:
    remedy = "Mend what is named above and try again."
    return Refused(code="REFUSED", what=what, path=path, remedy=remedy)
