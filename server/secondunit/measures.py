"""Measures: what Prometheus reads from a running server; nothing at all unless it is asked for.

Labels hold names of ours only (states, stages, engines, methods), never what a user wrote: so there
are few series, and nothing to hide in them.
"""

from __future__ import annotations

import ipaddress
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondunit import __version__
from secondunit.errors import Refused

if TYPE_CHECKING:  # loaded when the operator asks for measures, not before
    from prometheus_client import Metric
    from prometheus_client.registry import CollectorRegistry

log = logging.getLogger(__name__)

SHORT = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0, 120.0)
LONG = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 14400.0)
"""Bounds of the histograms, in seconds: of calls, of work and of waiting."""

Counts = Callable[[], Mapping[Any, int]]
"""Jobs by state; a state is a word."""


class Measures:
    """The series of one server."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            Info,
            ProcessCollector,
        )

        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)
        about = Info("secondunit_server", "The program.", registry=made)
        about.info({"version": __version__})
        self.transitions = Counter(
            "secondunit_job_transitions", "Changes of state of jobs.",
            ("state", "engine", "operation"), registry=made,
        )  # fmt: skip
        self.reused = Counter(
            "secondunit_jobs_reused", "Jobs whose take was there.", registry=made
        )  # fmt: skip
        self.waits = Histogram(
            "secondunit_job_queue_seconds", "From the queue to a worker.", ("priority",),
            buckets=LONG, registry=made,
        )  # fmt: skip
        self.stages = Histogram(
            "secondunit_stage_seconds", "Time of a stage that was done.", ("stage", "engine"),
            buckets=LONG, registry=made,
        )  # fmt: skip
        self.busy = Counter(
            "secondunit_device_busy_seconds", "Time in which jobs held a device.", ("device",),
            registry=made,
        )  # fmt: skip
        self.lost = Counter(
            "secondunit_workers_lost", "Workers that died or went silent with a job.",
            registry=made,
        )  # fmt: skip
        self.calls = Histogram(
            "secondunit_rpc_seconds", "Calls, from the first byte to the status.",
            ("method", "code"), buckets=SHORT, registry=made,
        )  # fmt: skip
        self.streams = Gauge(
            "secondunit_rpc_streams_open", "Streaming calls that are open.", ("method",),
            registry=made,
        )  # fmt: skip
        self.blob_bytes = Counter(
            "secondunit_blob_bytes", "Bytes of blobs.", ("direction",), registry=made
        )  # fmt: skip

    def look_at(self, counts: Counts, data: Path) -> None:
        """Read jobs by state and the disk's free bytes whenever somebody asks for the measures."""
        self.registry.register(_Standing(counts, data))


class _Standing:
    """What is read at the moment it is asked for."""

    def __init__(self, counts: Counts, data: Path) -> None:
        self._counts, self._data = counts, data

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the store is not asked when this is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Jobs by state in one query, and the disk."""
        from prometheus_client.core import GaugeMetricFamily

        jobs = GaugeMetricFamily("secondunit_jobs", "Jobs by state.", labels=("state",))
        for state, count in self._counts().items():
            jobs.add_metric((str(state),), count)
        yield jobs
        free = shutil.disk_usage(self._data).free
        yield GaugeMetricFamily(
            "secondunit_data_free_bytes", "Free on the disk of the data folder.", value=free
        )


_CURRENT: Measures | None = None


def current() -> Measures | None:
    """The series to count in; None while nobody measures."""
    return _CURRENT


@contextmanager
def measuring() -> Iterator[Measures]:
    """Count what happens inside, in every thread of this process."""
    global _CURRENT
    made = _CURRENT = Measures()
    try:
        yield made
    finally:
        _CURRENT = None


@contextmanager
def served(listen: str, measures: Measures) -> Iterator[str]:
    """Serve the series over HTTP at `host:port`; gives the address as bound.

    A port alone, or `:port`, is of this machine. They hold no secret, but there is no token on
    them either: another host is listened on only if it is named. Raises Refused for what is no
    address, or is taken.
    """
    from prometheus_client import start_http_server

    host, port = address_of(listen)
    registry: CollectorRegistry = measures.registry
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as exc:
        raise Refused.single(
            f"{listen} cannot be listened on: {exc.strerror}", "--metrics"
        ) from exc
    bound = f"[{host}]" if ":" in host else host
    bound = f"{bound}:{server.server_port}"
    if not _near(host):
        log.warning("other machines can read the measures at %s", bound)
    try:
        yield bound
    finally:
        server.shutdown()
        server.server_close()
        if thread is not threading.current_thread():
            thread.join()


def address_of(listen: str) -> tuple[str, int]:
    """Host and port of `--metrics`. Raises Refused."""
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise Refused.single(f"'{listen}' is no address of the form host:port", "--metrics")
    return host.strip("[]") or "127.0.0.1", int(port)


def _near(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
