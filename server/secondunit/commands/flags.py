"""Flags that several commands have, and what they mean."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from secondunit.config import Config

SUCCEEDED, SOME_FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


def place_flags(sub: argparse.ArgumentParser) -> None:
    """Which data folder, and which settings."""
    sub.add_argument(
        "--config",
        type=Path,
        metavar="FILE.toml",
        help="the operator's settings (or SECONDUNIT_CONFIG); flags win over it",
    )
    sub.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of jobs and finished takes (or SECONDUNIT_DATA)",
    )
    sub.add_argument(
        "--root",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder that media may be read from; may be repeated",
    )


def server_flags(sub: argparse.ArgumentParser) -> None:
    """Which server: one that runs, or one in this process on a data folder."""
    sub.add_argument(
        "--server",
        metavar="HOST:PORT",
        help="use this server instead of starting one in this process",
    )
    for flag, text in (
        ("--token-file", "with its token in it, one line (or SECONDUNIT_TOKEN)"),
        ("--ca", "PEM, who signed the server's certificate (or SECONDUNIT_CA)"),
        ("--certificate", "PEM, this client's own, where the server asks for one"),
        ("--key", "PEM, of --certificate"),
    ):
        sub.add_argument(flag, type=Path, metavar="FILE", help=text)
    place_flags(sub)


def preview_flag(sub: argparse.ArgumentParser) -> None:
    """A picture of the work."""
    sub.add_argument(
        "--preview",
        type=Path,
        metavar="FILE.jpg",
        help="keep the newest picture of the work in this file while a shot renders",
    )


def config_of(options: argparse.Namespace) -> Config:
    """The settings under the flags. Raises Refused with everything that is wrong in them."""
    config = Config.from_environment(getattr(options, "config", None))
    return replace(
        config,
        data=(options.data or config.data).absolute(),
        roots=tuple(r.absolute() for r in (*config.roots, *options.root)),
    )


def print_json(record: Any) -> None:
    """One object on standard output."""
    json.dump(record, sys.stdout, indent=2, default=str)
    print()
