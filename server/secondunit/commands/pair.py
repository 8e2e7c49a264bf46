"""`secondunit pair`: let a panel on this machine in, or have one pair again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def register(add: Any) -> None:
    """Add `pair`."""
    pair = add("pair", _pair, "Show a code that lets a panel reach the server of this folder.")
    pair.add_argument("--list", action="store_true", help="the panels that were paired")
    pair.add_argument("--forget", metavar="ID", help="have that panel pair again")
    pair.add_argument("--config", type=Path, metavar="FILE.toml", help="the operator's settings")
    pair.add_argument(
        "--data", type=Path, metavar="DIR", help="the server's folder (or SECONDUNIT_DATA)"
    )


def _pair(options: argparse.Namespace) -> int:
    from secondunit.config import Config
    from secondunit.errors import Refused
    from secondunit.rpc.bridge.pairing import LASTS, forget, new_code, panels
    from secondunit.rpc.tokens import Keys

    config = Config.from_environment(options.config)
    data = (options.data or config.data).absolute()
    if options.forget:
        forget(data, options.forget)
        print(f"{options.forget} has to pair again.")
        return 0
    if options.list:
        return _list(panels(data), as_json=options.json)
    if Keys(data).exist:
        raise Refused.single(
            "this server has tokens, and its panel takes one of those: `secondunit token add NAME "
            "--scope render`", "pair",
        )  # fmt: skip
    code = new_code(data)
    if options.json:
        print(json.dumps({"code": code, "seconds": LASTS.total_seconds()}))
    else:
        minutes = round(LASTS.total_seconds() / 60)
        print(f"{code}   (type it into the panel; it serves once, for {minutes} minutes)")
    return 0


def _list(found: Any, *, as_json: bool) -> int:
    rows = [{"id": one.id, "name": one.name, "paired": one.paired} for one in found]
    if as_json:
        print(json.dumps({"panels": rows}))
    else:
        for row in rows:
            print(f"{row['id']}  {row['paired']}  {row['name']}")
    return 0
