"""The engines: what each can do, what runs here, and what a server has in memory."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from secondunit.catalog.engines import Engine
from secondunit.commands import weights
from secondunit.commands.flags import SUCCEEDED, config_of, print_json, server_flags
from secondunit.config import Config


def register(add: Any) -> None:
    """engines."""
    sub = add(
        "engines",
        engines,
        "The engines: what each can do and what runs here; add, remove or check one of your own.",
    )
    sub.add_argument(
        "deed", nargs="?", default="list", choices=("list", *weights.DEEDS),
        help="list (also of a server), or add NAME SOURCE, remove NAME, check NAME",
    )  # fmt: skip
    sub.add_argument("name", nargs="?", metavar="NAME", help="of the engine, as requests say it")
    sub.add_argument(
        "source", nargs="?", metavar="FOLDER|ORG/REPO[@REVISION]",
        help="of add: a folder of a diffusers pipeline, or a repository of the Hub",
    )  # fmt: skip
    weights.flags(sub)
    sub.add_argument(
        "--load", metavar="NAME", help="have the server load it now, before a job does"
    )
    sub.add_argument("--unload", metavar="NAME", help="have the server free its memory")
    sub.add_argument("--device", default="", help="of --load and --unload: cpu, cuda:0 (all)")
    server_flags(sub)


def engines(options: argparse.Namespace) -> int:
    """List the catalogue, change it; of a server, what its workers have in memory."""
    if options.deed != "list":
        deed: Callable[[argparse.Namespace], int] = weights.DEEDS[options.deed]
        return deed(options)
    if options.server or options.load or options.unload:
        return _in_memory(options)
    config = config_of(options)
    rows = list(_rows(config))
    if options.json:
        print_json({"engines": rows})
        return SUCCEEDED
    for row in rows:
        print(f"{row['name']:10} {row['title']}")
        print(f"{'':10} {', '.join(row['operations'])}")
        print(f"{'':10} {row['licence']}; {_passes(row)}; {row['unavailable'] or 'runs here'}")
        if row["limits"]:
            print(f"{'':10} its licence: {row['limits']}")
    return SUCCEEDED


def _passes(row: dict[str, Any]) -> str:
    if row["tiers"]:
        names = ", ".join(f"{t['name']} {t['steps']} steps" for t in row["tiers"])
        return f"{row['longest']} frames a pass; {names}"
    return f"up to {row['longest']} frames"


def _rows(config: Config) -> list[dict[str, Any]]:
    from secondunit.catalog.installed import broken, known

    rows = [record_of(row, config) for row in known(config).values()]
    rows += [
        {"name": name, "title": "cannot be read any more", "operations": [], "licence": "",
         "longest": 0, "tiers": [], "limits": "", "unavailable": why, "weights": None}
        for name, why in broken(config).items()
    ]  # fmt: skip
    return rows


def record_of(row: Engine, config: Config) -> dict[str, Any]:
    """An engine as `--json` prints it."""
    from secondunit.catalog.engines import missing_packages
    from secondunit.catalog.installed import cards, lacking, weights_of

    card = cards(config).get(row.name)
    return {
        "name": row.name,
        "title": row.title,
        "family": row.family,
        "licence": row.licence,
        "limits": row.limits,
        "operations": sorted(row.operations),
        "longest": row.longest,
        "frames": [row.frame_step, row.frame_offset],
        "size_multiple": row.size_multiple,
        "most_pixels": row.most_pixels or None,
        "native_rate": row.native_rate,
        "prompt": row.prompt,
        "references": row.references,
        "mask": row.mask,
        "strokes": row.strokes,
        "camera": row.camera,
        "keyframes": row.keyframes,
        "native": sorted(row.native),
        "held": row.held,
        "tiers": [
            {"name": tier.name, "steps": tier.steps, "guidance": tier.guidance}
            for tier in row.tiers
        ],
        "memory_mib": row.memory_mib,
        "missing": missing_packages(row),
        "weights": weights_of(row) or None,
        "unavailable": lacking(row, config),
        "folder": str(row.folder) if row.folder else None,
        "source": card.source if card else None,
        "revision": card.revision or None if card else None,
        "accepted": {"when": card.added, "by": card.by} if card else None,
    }


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
        found, told = unit.engines.list(), {row.name: row for row in unit.engines.catalogue()}
    rows = [
        {
            "engine": one.engine,
            "device": one.device,
            "state": EngineState.Name(one.state).removeprefix("ENGINE_STATE_").lower(),
            "what": one.what,
            "title": told[one.engine].title,
            "licence": told[one.engine].licence,
            "limits": told[one.engine].licence_limits,
            "tiers": [tier.name for tier in told[one.engine].tiers],
        }
        for one in found
        if one.engine in told
    ]
    if options.json:
        print_json({"engines": rows})
    else:
        for row in rows:
            more = f"{row['title']}; {row['licence']}" if not row["what"] else row["what"]
            print(f"{row['engine']:10} {row['device']:8} {row['state']:8} {more}")
    return SUCCEEDED
