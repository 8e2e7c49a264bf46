"""What this machine has, what it lacks, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from secondunit_client import Connection

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.catalog.engines import Engine, missing_packages
from secondunit.catalog.installed import broken, cards, known, lacking, weights_of
from secondunit.catalog.weights import FOLDERS
from secondunit.config import Config
from secondunit.jobs.sandbox import achievable
from secondunit.looks import span
from secondunit.prices import seconds

LEAST_FREE = 2 * 1024**3
"""Bytes that checkpoints and takes of a few shots need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    found: str
    mend: str = ""
    """The command or step that mends it; empty where nothing is wrong."""


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything a render needs, without loading an engine."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        subject="Python",
        ok=sys.version_info >= (3, 11),
        found=version,
        mend="install Python 3.11 or newer",
    )
    for package in ("av", "grpcio", "opentimelineio", "numpy"):
        yield Finding(
            subject=package,
            ok=True,
            found=importlib.metadata.version(package),
        )
    for engine in known(config).values():
        yield from _engine(engine, config)
    for name, why in broken(config).items():
        yield Finding(
            subject=f"engine {name}",
            ok=False,
            found=why,
            mend=f"mend that, or take it out: secondunit engines remove {name}",
        )
    for row in DELIVERIES.values():
        there = row.codec in av.codecs_available
        yield Finding(
            subject=f"delivery {row.name}",
            ok=there,
            found=row.codec if there else f"this build of PyAV has no {row.codec}",
            mend="pip install --force-reinstall --only-binary :all: av",
        )
    confined = achievable()
    yield Finding(
        subject="confinement of what reads",
        ok="no network" in confined and "no writing" in confined,
        found=confined,
        mend="run on Linux 5.13 or newer, and let containers use seccomp and Landlock",
    )
    yield _folder(config.data)
    yield Finding(
        subject="accelerator",
        ok=True,
        found="NVIDIA driver found"
        if shutil.which("nvidia-smi")
        else f"none; {os.cpu_count()} CPU cores (the built-in engine needs no GPU)",
    )


def _engine(engine: Engine, config: Config) -> Iterator[Finding]:
    missing = missing_packages(engine)
    yield Finding(
        subject=f"engine {engine.name}: packages",
        ok=not missing,
        found="all there" if not missing else f"missing: {', '.join(missing)}",
        mend="pip install 'secondunit[engine]'",
    )
    digest = weights_of(engine)
    card = cards(config).get(engine.name)
    if card is None:
        yield Finding(
            subject=f"engine {engine.name}: weights",
            ok=bool(digest),
            found=digest[:12] or f"none in {FOLDERS.get(engine.name)}",
            mend="reinstall the package, or train: secondunit train-motion --out DIR --export DIR",
        )
        return
    why = "" if missing else lacking(engine, config)
    yield Finding(
        subject=f"engine {engine.name}: weights",
        ok=not why,
        found=why or f"{digest[:12]}, {card.licence}, from {card.source}",
        mend=f"put the files back; or secondunit engines remove {engine.name}, and add it again",
    )


def examine_server(unit: Connection) -> Iterator[Finding]:
    """Look at a server that runs: what it says of itself, its disk and its workers.

    Raises the client's Unreachable where none answers, Forbidden for a token that does not do.
    """
    about = unit.capabilities()
    yield Finding(
        subject="version",
        ok=about.version.split(".")[0] == __version__.split(".")[0],
        found=f"{about.version}, this program is {__version__}",
        mend="install the same version at both ends",
    )
    now = unit.status()
    yield Finding(
        subject="takes jobs",
        ok=now.healthy and not now.draining,
        found=now.trouble
        or ("it is about to stop" if now.draining else f"for {span(seconds(now.uptime))}"),
        mend="see the sentence above; the server's log tells more",
    )
    yield Finding(
        subject="queue", ok=True, found=f"{now.running} running, {now.queued} queued or held back"
    )
    yield _free(now.free_bytes, "on the data folder's disk")
    if not now.workers:
        yield Finding(
            subject="workers",
            ok=False,
            found="none",
            mend="name devices in [schedule] of the settings, and start the server again",
        )
    for worker in now.workers:
        doing = f"works on {worker.job_id}" if worker.job_id else "idle"
        held = f"{worker.engine} in memory" if worker.engine else "no engine in memory"
        peak = worker.memory_bytes / 1024**2
        # Between jobs there need be no process: it is started with the next job.
        yield Finding(
            subject=f"worker {worker.device}",
            ok=worker.alive or not worker.job_id,
            found=f"{doing}, {held}" + (f", {peak:.0f} MiB at its peak" if peak else ""),
            mend="see worker.log in the data folder",
        )


def _free(free: int, where: str) -> Finding:
    return Finding(
        subject="disk",
        ok=free >= LEAST_FREE,
        found=f"{free / 1024**3:.1f} GiB free {where}",
        mend="free some space: what is kept, and for how long, is in [retention] of the settings",
    )


def _folder(data: Path) -> Finding:
    there = next(p for p in (data, *data.parents) if p.exists())
    free = shutil.disk_usage(there).free
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            subject="data folder",
            ok=False,
            found=f"{there} is no folder that can be written in",
            mend="choose another with --data or SECONDUNIT_DATA",
        )
    return Finding(
        subject="data folder",
        ok=free >= LEAST_FREE,
        found=f"{data}, {free / 1024**3:.1f} GiB free",
        mend="free some space, or choose another disk with --data or SECONDUNIT_DATA",
    )
