"""`secondunit resolve`: the DaVinci Resolve adapter, into Resolve's menu, out of it, and run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from secondunit.commands.flags import REFUSED, SOME_FAILED, SUCCEEDED, print_json

SERVER = "127.0.0.1:50051"
PANEL = "http://127.0.0.1:50052/"


def register(add: Any) -> None:
    """Add `resolve` with its four deeds."""
    resolve = add("resolve", _resolve, "Work inside DaVinci Resolve Studio.")
    resolve.add_argument("deed", choices=("install", "uninstall", "doctor", "run"))
    resolve.add_argument(
        "--server", default=SERVER, metavar="HOST:PORT", help="default: %(default)s"
    )
    resolve.add_argument(
        "--panel", default=PANEL, metavar="URL",
        help="what the menu opens in the browser (default: %(default)s)",
    )  # fmt: skip
    for flag, text in (
        ("--token-file", "with the server's token in it, one line (or SECONDUNIT_TOKEN)"),
        ("--ca", "PEM, who signed the server's certificate (or SECONDUNIT_CA)"),
    ):
        resolve.add_argument(flag, type=Path, metavar="FILE", help=text)


def _resolve(options: argparse.Namespace) -> int:
    from secondunit_resolve.check import here
    from secondunit_resolve.faults import HostError

    deed = {"install": _install, "uninstall": _uninstall, "doctor": _doctor, "run": _run}
    try:
        return deed[options.deed](options, here())
    except HostError as error:
        if options.json:
            fault = error.fault
            words = {"code": fault.code, "message": fault.what, "remedy": fault.remedy}
            print_json({"error": words})
        else:
            print(error.fault.what, file=sys.stderr)
            print(f"What to do: {error.fault.remedy}", file=sys.stderr)
        return REFUSED


def _install(options: argparse.Namespace, system: str) -> int:
    from secondunit_resolve.install import Wanted, install

    wanted = Wanted(
        python=sys.executable, server=options.server, panel=options.panel,
        token_file=options.token_file, authority=options.ca,
    )  # fmt: skip
    path = install(system, os.environ, wanted)
    if options.json:
        print_json({"script": str(path)})
    else:
        print(f"Written: {path}")
        print("Start Resolve anew; then it is in Workspace > Scripts > Second Unit.")
        print("Resolve Studio: Preferences > General > External scripting using: Local.")
    return SUCCEEDED


def _uninstall(options: argparse.Namespace, system: str) -> int:
    from secondunit_resolve.install import uninstall

    gone = uninstall(system, os.environ)
    if options.json:
        print_json({"removed": [str(path) for path in gone]})
    else:
        print("\n".join(f"Removed: {path}" for path in gone) or "Nothing was installed.")
    return SUCCEEDED


def _doctor(options: argparse.Namespace, system: str) -> int:
    from secondunit_client.access import Access, channel
    from secondunit_resolve.check import examine

    access = Access.from_environment(token_file=options.token_file, authority=options.ca)
    with channel(options.server, access) as opened:
        found = list(examine(system, os.environ, opened, options.server))
    healthy = all(one.ok for one in found)
    if options.json:
        rows = [
            {"subject": f.subject, "ok": f.ok, "found": f.found, "mend": "" if f.ok else f.mend}
            for f in found
        ]
        print_json({"healthy": healthy, "findings": rows})
        return SUCCEEDED if healthy else SOME_FAILED
    for one in found:
        print(f"{'ok  ' if one.ok else 'MISS'}  {one.subject:20} {one.found}")
        if not one.ok:
            print(f"{'':26} mend: {one.mend}")
    return SUCCEEDED if healthy else SOME_FAILED


def _run(options: argparse.Namespace, system: str) -> int:
    from secondunit_client.access import Access, channel
    from secondunit_resolve.run import run

    access = Access.from_environment(token_file=options.token_file, authority=options.ca)
    with channel(options.server, access) as opened:
        if not run(opened, options.server):
            print("The adapter runs already.", file=sys.stderr)
    return SUCCEEDED
