"""What this machine has for Resolve, what it lacks, and what mends it."""

from __future__ import annotations

import platform
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.hosts_pb2_grpc import HostServiceStub

from secondunit_resolve.absent import BY_FILE
from secondunit_resolve.connect import installation, probe
from secondunit_resolve.install import installed

ANSWER = 3.0
"""Seconds for the server."""
_MAC_PYTHON = Path("/usr/local/bin/python3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    found: str
    mend: str = ""


def examine(
    system: str, environment: Mapping[str, str], channel: grpc.Channel, address: str
) -> Iterator[Finding]:
    """Everything between the menu and the server."""
    bits = 8 * struct.calcsize("P")
    yield Finding(
        subject="Python", ok=bits == 64, found=f"{platform.python_version()}, {bits} bit",
        mend="install Second Unit with a 64 bit Python",
    )  # fmt: skip
    yield from _resolve(system, environment)
    script = installed(system, environment)
    yield Finding(
        subject="menu script",
        ok=script is not None,
        found=str(script or "not there"),
        mend="secondunit resolve install, then start Resolve anew",
    )
    if system == "darwin" and script is not None:
        there = _MAC_PYTHON.exists() or "PYTHON3HOME" in environment
        yield Finding(
            subject="Resolve's Python", ok=there,
            found=str(_MAC_PYTHON) if there else "none before 21.1, so its menu lists no script",
            mend="install Python of python.org, or run: secondunit resolve run",
        )  # fmt: skip
    yield from _server(channel, address)


def _resolve(system: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    found = installation(system, environment)
    there = found.library.is_file()
    yield Finding(
        subject="scripting library", ok=there, found=str(found.library) if there else "not there",
        mend="install DaVinci Resolve Studio, or set RESOLVE_SCRIPT_LIB",
    )  # fmt: skip
    if not there:
        return
    answer = probe(found)
    yield Finding(
        subject="Resolve",
        ok=not answer.wrong,
        found=answer.wrong or f"{answer.product} {answer.version}",
        mend=f"do so; {BY_FILE[0].lower()}{BY_FILE[1:]}",
    )


def _server(channel: grpc.Channel, address: str) -> Iterator[Finding]:
    try:
        hosts = HostServiceStub(channel).ListHosts(pb.ListHostsRequest(), timeout=ANSWER).hosts
    except grpc.RpcError as exc:
        words = exc.code().name if isinstance(exc, grpc.Call) else str(exc)
        yield Finding(
            subject="server", ok=False, found=f"{address}: {words}",
            mend="secondunit serve; a server that has tokens wants one of them (--token-file)",
        )  # fmt: skip
        return
    yield Finding(subject="server", ok=True, found=address)
    resolves = [one for one in hosts if one.kind == pb.HOST_KIND_RESOLVE]
    yield Finding(
        subject="adapter",
        ok=bool(resolves),
        found=", ".join(f"{one.name} {one.version}".strip() for one in resolves) or "not attached",
        mend="Workspace > Scripts > Second Unit in Resolve, or: secondunit resolve run",
    )


def here() -> str:
    """This system's name, as `places` knows it."""
    return sys.platform if sys.platform in ("darwin", "win32") else "linux"
