"""Where the server listens and over what: its own machine in the clear, all else over TLS alone."""

from __future__ import annotations

import ipaddress
import logging
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

import grpc

from secondunit.config import Config, Tls
from secondunit.errors import Fault, Refused, SecondUnitError

log = logging.getLogger(__name__)

LOOK_AGAIN = 5.0
"""Seconds after which a handshake looks whether the certificate was renewed."""


def is_loopback(listen: str) -> bool:
    """Only this machine reaches `host:port`. Raises Refused for what is no address."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise Refused.single(f"'{listen}' is no address of the form host:port", "--listen")
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check(listen: str, config: Config, *, tokens: bool, flag: str = "--listen") -> None:
    """Raises Refused, with everything that lacks, for a server that others could use freely.

    `tokens`: at least one was given. Where callers are not this machine's, the folder with the
    server's own records may lie below no folder that they may read, nor the other way round.
    """
    near, tls = is_loopback(listen), config.tls
    faults: list[Fault] = []
    if not near and (tls.certificate is None or not tokens):
        have = config.data
        faults.append(
            Fault(
                what=f"'{listen}' can be reached from other machines, so it needs a certificate "
                "and a token for every caller, or stays on 127.0.0.1",
                path=flag,
                ways=(
                    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                    "-days 365 -keyout key.pem "
                    f"-out cert.pem -subj /CN={_host(listen)} "
                    f"-addext subjectAltName={_name(listen)}",
                    f"secondunit token add NAME --scope render --data {have}",
                    f"secondunit serve {flag} {listen} --data {have} --config FILE.toml    "
                    "(with `certificate` and `key` under [tls])",
                    "or through a tunnel: ssh -L 50051:127.0.0.1:50051 this-machine",
                ),
            )
        )
    if (tls.certificate is None) != (tls.key is None):
        lacking = "key" if tls.key is None else "certificate"
        faults.append(Fault(what="certificate and key belong together", path=f"tls.{lacking}"))
    if tls.client_authority is not None and tls.certificate is None:
        faults.append(
            Fault(what="clients are asked for theirs over TLS only", path="tls.certificate")
        )
    if tokens:
        data = config.data.resolve()
        for root in config.roots:
            folder = root.resolve()
            if data.is_relative_to(folder) or folder.is_relative_to(data):
                what = f"callers may read below '{root}', and the server's own records are there"
                faults.append(Fault(what=what, path="roots"))
    if faults:
        raise Refused(faults)


def credentials(tls: Tls, *, look_again: float = LOOK_AGAIN) -> grpc.ServerCredentials | None:
    """What the port is secured with; None without a certificate. Raises Refused for bad files.

    Files that are replaced later are taken up by the next connections; new ones that are no pair
    are not, and the log says so. `look_again`: seconds between two looks at them.
    """
    if tls.certificate is None:
        return None
    first = _material(tls)
    renewed = _Renewed(tls, first, look_again)
    return grpc.dynamic_ssl_server_credentials(
        _configuration(first), renewed, tls.client_authority is not None
    )


def raise_file_limit() -> None:
    """Allow this process all the open files that the system lets it have.

    Every connection is one, and the usual limit of 1024 is less than a busy day may bring.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # some systems allow less than they say
        log.info("this process may have %s files open, and the system gives it no more", soft)


_ED25519 = b"\x06\x03\x2b\x65\x70"
"""The name of that algorithm in a certificate (RFC 8410)."""
_Material = tuple[bytes, bytes, bytes | None]
"""Key, chain, and the authority of clients: PEM."""


class _Renewed:
    """Asked by gRPC at each handshake, from its own threads: the new certificate, if there is one.

    A class, because gRPC wants a callable, and this one remembers what it gave.
    """

    def __init__(self, tls: Tls, first: _Material, look_again: float) -> None:
        self._tls, self._given, self._look_again = tls, first, look_again
        self._lock = threading.Lock()
        self._looked = time.monotonic()

    def __call__(self) -> Any:
        with self._lock:
            if time.monotonic() - self._looked < self._look_again:
                return None
            self._looked = time.monotonic()
            try:
                found = _material(self._tls)
            except SecondUnitError as error:
                log.warning("the certificate was not renewed: %s", error)
                return None
            if found == self._given:
                return None
            self._given = found
        log.info("the certificate was renewed from %s", self._tls.certificate)
        return _configuration(found)


def _material(tls: Tls) -> _Material:
    assert tls.certificate is not None
    assert tls.key is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # OpenSSL reads them here so that a bad file is named; gRPC would say nothing of use.
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
        if _ED25519 in _first_of(pair[1]):
            raise ValueError("gRPC's clients take no Ed25519; make an EC (P-256) or RSA key")
    except (OSError, ValueError) as exc:
        raise _unusable(exc, tls.certificate, tls.key) from exc
    if tls.client_authority is None:
        return (*pair, None)
    try:
        context.load_verify_locations(tls.client_authority)
        return (*pair, tls.client_authority.read_bytes())
    except (OSError, ValueError) as exc:
        raise _unusable(exc, tls.client_authority) from exc


def _first_of(chain: bytes) -> bytes:
    """The first certificate of a PEM file, as DER."""
    text = chain.decode("ascii", errors="replace")
    head, foot = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(head + text.partition(head)[2].partition(foot)[0] + foot)


def _no_password() -> str:
    raise ValueError("the key has a password, and a server that starts alone has nobody to ask")


def _unusable(exc: Exception, *files: Path) -> Refused:
    names = " and ".join(f"'{file}'" for file in files)
    said = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
    return Refused.single(f"{names} cannot be used: {said}", "tls")


def _configuration(material: _Material) -> grpc.ServerCertificateConfiguration:
    key, chain, authority = material
    return grpc.ssl_server_certificate_configuration([(key, chain)], authority)


def _host(listen: str) -> str:
    host = listen.rpartition(":")[0].strip("[]")
    return "SERVER" if host in ("0.0.0.0", "::", "*") else host


def _name(listen: str) -> str:
    host = _host(listen)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"DNS:{host}"
    return f"IP:{host}"
