"""`secondunit mcp`: the tools of an agent, over standard input and output."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Any

from secondunit.commands.flags import SUCCEEDED, config_of, server_flags


def register(add: Any) -> None:
    """Add `mcp`."""
    mcp = add("mcp", _mcp, "Serve an agent over standard input and output (MCP).")
    mcp.add_argument(
        "--folder",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="where its timelines may lie; may be repeated (default: the current folder)",
    )
    mcp.add_argument("--project", default="agents", help="on which its work is booked")
    server_flags(mcp)


def _mcp(options: argparse.Namespace) -> int:
    from secondunit import __version__
    from secondunit.errors import Refused
    from secondunit.session import connected

    if importlib.util.find_spec("mcp") is None:
        raise Refused.single("it needs the package 'mcp': pip install 'secondunit[mcp]'", "mcp")
    from secondunit_mcp.fence import Fence
    from secondunit_mcp.server import server

    fence = Fence(options.folder or [Path.cwd()])
    with connected(config_of(options), options) as unit:
        server(unit, fence, project=options.project, version=__version__).run("stdio")
    return SUCCEEDED
