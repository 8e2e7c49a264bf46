"""Config: what the operator decides, from a file, the environment and the command line."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from secondunit.errors import Fault, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one caller may have in hand, and the server of all; section `[limits]`."""

    open_jobs: int = 500
    """Jobs of one caller that have not ended."""
    queue: int = 20_000
    """Jobs of all callers that have not ended."""
    streams: int = 64
    """Streaming calls that one caller has open."""
    calls: int = 64
    """Other calls that one caller has open."""
    message_bytes: int = 64 * 2**20
    """Of requests that are being answered for one caller at once."""
    blob_bytes: int = 64 * 2**30
    """Of the largest blob."""
    stored_bytes: int = 0
    """Of the blobs of one tenant; 0: as the disk allows."""
    reserve_bytes: int = 2**30
    """Left free on the data folder's disk: uploads and new jobs are refused before."""
    idle_seconds: float = 60.0
    """Without a byte of an upload, before its call ends."""
    source_seconds: float = 6 * 3600.0
    """Longest source that is read."""
    source_streams: int = 64
    """Streams in a source file."""
    plan_seconds: float = 60.0
    """For planning one request; then its process is ended."""
    plan_memory_mib: int = 4096
    """Of the process that reads what callers send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What the operator asks; section `[price]`."""

    device_hour: float = 0.0
    """For an hour in which a device is busy; 0: no price is named."""
    currency: str = "USD"
    """ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Which devices work, and when; section `[schedule]`."""

    devices: tuple[str, ...] = ()
    """One worker each: `cpu`, `cuda:0`. Empty: every CUDA device, else one `cpu`."""
    off_peak: tuple[str, ...] = ()
    """Spans of the day in UTC: `20:00-06:00`. Empty: every hour is off-peak."""
    ageing_seconds: float = 900.0
    """Of waiting that lift a job by one class of priority."""
    lookahead: int = 32
    """Places in the queue over which a job may be preferred because its engine is in memory."""
    lease_seconds: float = 30.0
    """A worker that is not heard of for so long has lost its job."""
    memory_mib: int = 0
    """Of each worker; 0: what the device has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is no longer needed is kept; takes are kept for ever; section `[retention]`."""

    job_days: float = 90.0
    """After a job ended: then it is forgotten with its events. 0: never."""
    event_days: float = 30.0
    """After a job ended: then only its last event is kept. 0: never."""
    blob_days: float = 14.0
    """After an upload, or its last use by a job. 0: never."""
    bundle_days: float = 14.0
    """After an unpacked bundle was last read, where no kept job names its media. 0: never."""
    upload_hours: float = 24.0
    """Without a byte: then an unfinished upload is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Certificates, PEM files; section `[tls]`."""

    certificate: Path | None = None
    """Of this server."""
    key: Path | None = None
    """Of the certificate; readable by the server's user alone."""
    client_authority: Path | None = None
    """Who must have signed the certificates of clients; none: clients need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Who may reach the bridge, beside this machine's own browser; section `[bridge]`."""

    names: tuple[str, ...] = ()
    """Names by which browsers may call this server: `edit-bay-2`, `edit-bay-2:50052`."""
    origins: tuple[str, ...] = ()
    """Pages elsewhere that may call it: `https://panel.studio.example`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one process; every field has a safe default for one person on one machine."""

    data: Path
    """Folder of the job store, checkpoints and finished takes. Never on a network share."""
    roots: tuple[Path, ...] = ()
    """Folders that media may be read from, beside the timeline's own folder."""
    engine: str = "motion"
    """Where a request names none."""
    delivery: str = "prores_422_hq"
    """Where a request names none."""
    proxy: str = ""
    """Where a request names none: a name of docs/deliveries.md; empty: no proxy is written."""
    max_pixels: int = 8192 * 4320
    """Larger pictures are refused before they are decoded."""
    max_attempts: int = 3
    """Times a job may lose its worker before it fails."""
    threads: int = 0
    """Threads an engine may use; 0 lets torch decide."""
    metrics: str = ""
    """Where metrics are served, `host:port`; empty: nowhere."""
    log: str = "text"
    """`text` for people, `json` for machines: one object a line."""
    limits: Limits = field(default_factory=Limits)
    price: Price = field(default_factory=Price)
    schedule: Schedule = field(default_factory=Schedule)
    retention: Retention = field(default_factory=Retention)
    tls: Tls = field(default_factory=Tls)
    bridge: Panels = field(default_factory=Panels)

    @classmethod
    def from_environment(cls, file: Path | None = None) -> Config:
        """The file's settings (or SECONDUNIT_CONFIG's), and over them those of the environment.

        SECONDUNIT_DATA, SECONDUNIT_ROOTS (separated like PATH), SECONDUNIT_THREADS.
        Raises Refused with everything that is wrong in them.
        """
        home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        config = cls(data=Path(home) / "secondunit")
        named = os.environ.get("SECONDUNIT_CONFIG")
        if file or named:
            config = _read(Path(file or str(named)), config)
        if data := os.environ.get("SECONDUNIT_DATA"):
            config = replace(config, data=Path(data))
        if roots := os.environ.get("SECONDUNIT_ROOTS"):
            config = replace(config, roots=tuple(Path(r) for r in roots.split(os.pathsep) if r))
        if threads := os.environ.get("SECONDUNIT_THREADS"):
            if not threads.isdecimal():
                raise Refused.single(f"'{threads}' is no number of threads", "SECONDUNIT_THREADS")
            config = replace(config, threads=int(threads))
        return config


def _read(file: Path, base: Config) -> Config:
    """A TOML file over `base`; paths in it are relative to its folder."""
    try:
        table = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise Refused.single(f"the settings cannot be read: {exc}", str(file)) from exc
    faults: list[Fault] = []
    config = _merged(base, table, file.absolute().parent, "", faults)
    if config.log not in ("text", "json"):
        faults.append(Fault(what=f"'{config.log}' is no log: text, json", path="log"))
    if faults:
        raise Refused([dataclasses.replace(f, path=f"{file}: {f.path}") for f in faults])
    return config


def _merged(base: Any, table: Mapping[str, Any], folder: Path, at: str, faults: list[Fault]) -> Any:
    hints = get_type_hints(type(base))
    changes: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{at}{key}"
        if key not in hints:
            names = ", ".join(hints)
            faults.append(Fault(what=f"there is no such setting; here are {names}", path=path))
        elif dataclasses.is_dataclass(hints[key]):
            if isinstance(value, dict):
                changes[key] = _merged(getattr(base, key), value, folder, f"{path}.", faults)
            else:
                faults.append(Fault(what=f"[{key}] is a section", path=path))
        else:
            try:
                changes[key] = _value(hints[key], value, folder)
            except ValueError as exc:
                faults.append(Fault(what=str(exc), path=path))
    return replace(base, **changes)


def _value(kind: Any, value: Any, folder: Path) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"a list is expected, not {value!r}")
        return tuple(_value(get_args(kind)[0], one, folder) for one in value)
    if isinstance(kind, UnionType):
        kind = next(iter(_some(kind)))
    if kind is Path and isinstance(value, str) and value:
        return folder / Path(value).expanduser()
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    elif kind is int and isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif kind is str and isinstance(value, str):
        return value
    else:
        word = {Path: "path", float: "number", int: "whole number", str: "text"}[kind]
        raise ValueError(f"a {word} is expected, not {value!r}")
    if not 0 <= number < float("inf"):
        raise ValueError(f"{value!r} is no number from 0 up")
    return number


def _some(kind: UnionType) -> Iterator[Any]:
    return (one for one in get_args(kind) if one is not type(None))
