"""A copy of a data folder, taken while its server runs, and checked file by file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from secondunit.encode.durable import sync, sync_folder
from secondunit.errors import Refused, StoreDamaged, StoreError
from secondunit.failpoints import failpoint
from secondunit.jobs import kept, rows
from secondunit.jobs.book import read_only, translated

FOLDERS = ("takes", "blobs")
"""Whose files are never changed once they have their names."""
ENGINES = "engines"
PAGES = 256
"""Of the store that are copied at a time: its writer goes on between two portions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a copy holds."""

    folder: Path
    """It is a data folder: put in the place of the lost one, a server starts on it."""
    jobs: int
    takes: int
    """That are recorded and whole."""
    bytes: int
    """Of all files; those that share their bytes with the data folder are counted too."""
    damaged: tuple[str, ...]
    """Takes whose files are gone or changed, and how; they are made again when they are asked."""


def backup(data: Path, target: Path) -> Backup:
    """Copy the store, the takes and the blobs of `data` into `target`, from any process.

    The store is read by a connection that only reads, so the server may go on. Files are second
    names of the same bytes where the file system has that, else copies. The copy appears under its
    name once it is whole. Raises Refused (a target that is there already, or no data folder) and
    StoreError, StoreFull, StoreDamaged; then there is no target.
    """
    if not (data / "jobs.db").is_file():
        raise Refused.single(f"{data} holds no jobs.db: it is no data folder", "--data")
    if target.exists():
        raise Refused.single(f"{target} is there already; name a folder that is not", "target")
    if target.absolute().is_relative_to(data.absolute()):
        raise Refused.single(f"{target} lies in the data folder itself", "target")
    new = target.with_name(f".{target.name}.part")
    try:
        with translated(data):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            _copy_store(data / "jobs.db", new / "jobs.db")
            _copy_files(data, new)
            found = _checked(new, target)
            sync_folder(new)
            failpoint("backup.rename.before")
            new.rename(target)
            sync_folder(target.parent)
            failpoint("backup.rename.after")
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return found


def _copy_store(source: Path, copy: Path) -> None:
    reader, writer = read_only(source), sqlite3.connect(copy)
    try:
        reader.backup(writer, pages=PAGES)
        if (found := writer.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise StoreDamaged(f"the copy of the job store {source} is damaged ({found})")
    finally:
        reader.close()
        writer.close()
    sync(copy)


def _copy_files(data: Path, new: Path) -> None:
    for name in FOLDERS:
        for folder, folders, files in os.walk(data / name):
            folders[:] = [f for f in folders if not f.startswith(".")]  # not published yet
            copy = new / Path(folder).relative_to(data)
            copy.mkdir(parents=True, exist_ok=True)
            for file in files:
                _link(Path(folder) / file, copy / file)
    for file in data.glob("*.json"):  # what the operator's commands keep: tokens
        shutil.copy2(file, new / file.name)
    for file in (data / ENGINES).glob("*.json"):  # which engines were added; weights stay apart
        (new / ENGINES).mkdir(exist_ok=True)
        shutil.copy2(file, new / ENGINES / file.name)


def _link(source: Path, copy: Path) -> None:
    try:
        os.link(source, copy)
    except FileNotFoundError:  # a blob was let go meanwhile
        return
    except OSError:  # another file system
        shutil.copy2(source, copy)
        sync(copy)


def _checked(new: Path, target: Path) -> Backup:
    db = read_only(new / "jobs.db")
    try:
        jobs = db.execute("SELECT count(*) FROM job").fetchone()[0]
        records = db.execute("SELECT digest, record FROM result ORDER BY digest").fetchall()
    except sqlite3.DatabaseError as exc:
        raise StoreError(f"the store copied to {target} cannot be read: {exc}") from exc
    finally:
        db.close()
    damaged: list[str] = []
    for row in records:
        try:
            wrong = kept.damage(rows.result(row["record"], new))
        except Refused:
            wrong = "another version recorded it"
        if wrong:
            damaged.append(f"{row['digest']}: {wrong}")
    return Backup(
        folder=target, jobs=jobs, takes=len(records) - len(damaged),
        bytes=sum(path.stat().st_size for path in _files(new)), damaged=tuple(damaged),
    )  # fmt: skip


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
