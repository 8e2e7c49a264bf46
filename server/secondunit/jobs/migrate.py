"""Open the store's file and bring its tables to the version that this code knows."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path

from secondunit.errors import StoreDamaged

SCHEMA = Path(__file__).with_name("schema.sql")
VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied REAL)"
VERSION = "SELECT coalesce(max(version), 0) FROM schema_version"
APPLIED = "INSERT INTO schema_version (version, applied) VALUES (?, ?)"
CHECK = "PRAGMA quick_check(1)"
LEFT_BY_JOBS = ("takes", "jobs", "blobs")
LOG_PAGES = 4000
"""Of 4 KiB, between two times that the log is written into the file: a page that changed often
meanwhile is written once."""
CACHE_KIB = 16 * 1024
"""Of the file that the writer has in memory."""


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) in order."""
    parts = re.split(r"^-- migration (\d+)$", SCHEMA.read_text(), flags=re.MULTILINE)
    return [(int(n), sql) for n, sql in zip(parts[1::2], parts[2::2], strict=True)]


def migrate(file: Path) -> sqlite3.Connection:
    """The one writer connection, with every migration applied.

    A damaged file is never replaced by an empty one, and one that newer code wrote is left
    alone: both raise StoreDamaged, and nothing is written into the file.
    """
    _examine(file)
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        db.execute(VERSIONS)
        version = db.execute(VERSION).fetchone()[0]
        known = migrations()
        for number, sql in known:
            if number > version:
                _apply(db, number, sql)
        db.execute("PRAGMA foreign_keys = ON")  # not before: a migration may replace a table
    except BaseException:
        db.close()
        raise
    return db


def _examine(file: Path) -> None:
    # By a connection that only reads: one that writes would empty the log into the file on leaving.
    if not file.exists():
        return
    if not file.stat().st_size:
        if any((file.parent / name).exists() for name in LEFT_BY_JOBS):
            raise StoreDamaged(f"the job store {file} is empty, and jobs were done beside it")
        return  # a first start was interrupted before anything was written
    db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        if (found := db.execute(CHECK).fetchone()[0]) != "ok":
            raise StoreDamaged(f"the job store {file} is damaged ({found})")
        named = "SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'"
        version = db.execute(VERSION).fetchone()[0] if db.execute(named).fetchone() else 0
    finally:
        db.close()
    if version > (known := migrations()[-1][0]):
        raise StoreDamaged(
            f"the job store {file} is of version {version}; this program knows {known} and must "
            "be updated"
        )


def _apply(db: sqlite3.Connection, number: int, sql: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        statement = ""
        for line in sql.splitlines(keepends=True):  # executescript would commit half-way
            statement += line
            if sqlite3.complete_statement(statement):
                db.execute(statement)
                statement = ""
        if wrong := db.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreDamaged(f"a row of '{wrong[0]}' in the job store belongs to no job")
        db.execute(APPLIED, (number, time.time()))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
