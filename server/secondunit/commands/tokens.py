"""`secondunit token`: who may call the server that has this data folder; it may run meanwhile."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondunit.errors import Refused

if TYPE_CHECKING:
    from secondunit.rpc.tokens import Register, Token

SCOPES = ("read", "render", "admin")


def register(add: Any) -> None:
    """Add `token` with its four deeds."""
    token = add("token", _token, "Give, list, renew and end the tokens that callers need.")
    token.add_argument("deed", choices=("add", "list", "revoke", "rotate"))
    token.add_argument("subject", nargs="?", metavar="NAME|ID", help="a name to add, else an id")
    token.add_argument("--user", help="on whom jobs are booked (default: NAME)")
    token.add_argument("--tenant", default="", help="whose jobs and blobs it sees (default: '')")
    token.add_argument(
        "--scope", choices=SCOPES, help="what it allows; each includes the ones before"
    )
    token.add_argument("--days", type=float, default=90.0, help="until it expires; 0: never")
    token.add_argument(
        "--overlap-hours",
        type=float,
        default=24.0,
        metavar="HOURS",
        help="how long the old secret still serves after `rotate`",
    )
    token.add_argument("--config", type=Path, metavar="FILE.toml", help="the operator's settings")
    token.add_argument(
        "--data", type=Path, metavar="DIR", help="the server's folder (or SECONDUNIT_DATA)"
    )


def _token(options: argparse.Namespace) -> int:
    from secondunit.config import Config
    from secondunit.rpc.tokens import Register

    config = Config.from_environment(options.config)
    data = (options.data or config.data).absolute()
    kept = Register(data)
    if options.deed == "list":
        return _list(kept, data, options)
    if not options.subject:
        what = "a NAME is needed" if options.deed == "add" else "the ID of a token is needed"
        raise Refused.single(what, f"token {options.deed}")
    deed = {"add": _add, "revoke": _revoke, "rotate": _rotate}[options.deed]
    return deed(kept, options)


def _add(register: Register, options: argparse.Namespace) -> int:
    from secondunit.rpc.principal import Scope

    if options.scope is None:
        raise Refused.single(f"choose a scope: {', '.join(SCOPES)}", "--scope")
    if not 0 <= options.days <= 36500:
        raise Refused.single("from 0 (never) to 36500 days", "--days")
    token, text = register.add(
        options.subject,
        user=options.user or "",
        tenant=options.tenant,
        scope=Scope(options.scope),
        days=options.days or None,
    )
    return _shown_once(token, text, options)


def _rotate(register: Register, options: argparse.Namespace) -> int:
    if not 0 <= options.overlap_hours <= 24 * 365:
        raise Refused.single("from 0 hours to a year", "--overlap-hours")
    overlap = timedelta(hours=options.overlap_hours)
    token, text = register.rotate(options.subject, overlap=overlap)
    return _shown_once(token, text, options)


def _revoke(register: Register, options: argparse.Namespace) -> int:
    token = register.revoke(options.subject)
    if options.json:
        print(json.dumps(_record(token), indent=2))
    else:
        print(f"Token {token.id} ({token.name}) is revoked; a running server knows in a second.")
    return 0


def _shown_once(token: Token, text: str, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({**_record(token), "token": text}, indent=2))
        return 0
    # The token alone on standard output, so that it can go into a file without being seen.
    print(text)
    until = f"until {token.expires:%Y-%m-%d %H:%M} UTC" if token.expires else "for ever"
    print(f"Token {token.id} ({token.name}): {token.scope}, {until}.", file=sys.stderr)
    print("It is shown this once. Keep it in a file that you alone can read.", file=sys.stderr)
    return 0


def _list(register: Register, data: Path, options: argparse.Namespace) -> int:
    from secondunit.rpc.token_uses import last_uses, words

    uses = last_uses(data)
    rows = [_record(token, uses.get(token.id)) for token in register.all()]
    if options.json:
        print(json.dumps({"tokens": rows}, indent=2))
        return 0
    from rich.console import Console
    from rich.table import Table

    names = ("id", "name", "user", "tenant", "scope", "state", "expires")
    table = Table(*names, "last used", box=None, pad_edge=False)
    for row in rows:
        cells = (str(row[name] or "-")[:32] for name in names)
        table.add_row(*cells, words(uses.get(row["id"])))
    screen = Console(highlight=False, markup=False, emoji=False)
    empty = "No tokens: a server on this machine's own address asks nobody for one."
    screen.print(table if rows else empty)
    return 0


def _record(token: Token, used: datetime | None = None) -> dict[str, Any]:
    now = datetime.now(UTC)
    serving = [s for s in token.secrets if s.until is None or s.until > now]
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user,
        "tenant": token.tenant,
        "scope": str(token.scope),
        "state": token.state(now),
        "created": token.created.isoformat(timespec="seconds"),
        "expires": token.expires.isoformat(timespec="seconds") if token.expires else None,
        "revoked": token.revoked.isoformat(timespec="seconds") if token.revoked else None,
        "secrets": len(serving),
        "last_used": used.isoformat(timespec="seconds") if used else None,
    }
