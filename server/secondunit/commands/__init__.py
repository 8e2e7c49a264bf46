"""Commands of the operator: a module a subject, whose `register(add)` is listed here.

`add(name, command, text)` gives the command's parser; `command(options)` returns the exit code.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from secondunit.commands import engines, jobs, keep, mcp, money, pair, resolve, tokens

Add = Callable[[str, Callable[[argparse.Namespace], int], str], Any]
"""Adds a command with its text, and returns its parser."""

REGISTERED: tuple[Callable[[Add], None], ...] = (
    jobs.register,
    money.register,
    tokens.register,
    pair.register,
    keep.register,
    engines.register,
    resolve.register,
    mcp.register,
)
"""What cli.py calls, in the order in which the help lists them."""
