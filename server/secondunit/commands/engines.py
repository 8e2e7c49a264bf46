"""The engines: what each can do, what runs here, and what a server has in memory."""

from __future__ import annotations

import argparse
from typing import Any

from secondunit.catalog.engines import ENGINES
from secondunit.commands.flags import SUCCEEDED, config_of, print_json, server_flags


def register(add: Any) -> None:
    """engines."""
    sub = add("engines", engines, "The engines: what each can do, what runs here or on a server.")
    sub.add_argument(
        "--load", metavar="NAME", help="have the server load it now, before a job does"
    )
    sub.add_argument("--unload", metavar="NAME", help="have the server free its memory")
    sub.add_argument("--device", default="", help="of --load and --unload: cpu, cuda:0 (all)")
    server_flags(sub)


def engines(options: argparse.Namespace) -> int:
    """List the catalogue; of a server, what its workers have in memory."""
    if options.server or options.load or options.unload:
        return _in_memory(options)
    rows = list(_rows())
    if options.json:
        print_json({"engines": rows})
        return SUCCEEDED
    for row in rows:
        here = "runs here" if row["weights"] else "runs here, without weights"
        here = f"needs {', '.join(row['missing'])}" if row["missing"] else here
        print(f"{row['name']:10} {row['title']}")
        print(
            f"{'':10} {', '.join(row['operations'])}; up to {row['longest']} frames; "
            f"{row['licence']}; {here}"
        )
    return SUCCEEDED


def _rows() -> list[dict[str, Any]]:
    from secondunit.catalog.engines import missing_packages
    from secondunit.catalog.weights import weights_digest

    return [
        {
            "name": row.name,
            "title": row.title,
            "licence": row.licence,
            "operations": sorted(row.operations),
            "longest": row.longest,
            "prompt": row.prompt,
            "mask": row.mask,
            "strokes": row.strokes,
            "camera": row.camera,
            "missing": missing_packages(row),
            "weights": weights_digest(row.name) or None,
        }
        for row in ENGINES.values()
    ]


def _in_memory(options: argparse.Namespace) -> int:
    from secondunit.errors import Refused
    from secondunit.session import connected
    from secondunit.v1.engines_pb2 import EngineState

    if not options.server:
        raise Refused.single("an engine is kept in memory by a server that runs", "--server")
    with connected(config_of(options), options) as unit:
        if options.unload:
            unit.engines.unload(options.unload, options.device)
        if options.load:
            unit.engines.load(options.load, options.device)
        found = unit.engines.list()
    rows = [
        {
            "engine": one.engine,
            "device": one.device,
            "state": EngineState.Name(one.state).removeprefix("ENGINE_STATE_").lower(),
            "what": one.what,
        }
        for one in found
    ]
    if options.json:
        print_json({"engines": rows})
    else:
        for row in rows:
            print(f"{row['engine']:10} {row['device']:8} {row['state']:8} {row['what']}".rstrip())
    return SUCCEEDED
