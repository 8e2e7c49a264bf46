"""What work has cost, and the budgets that stop it before it starts: report, budget."""

from __future__ import annotations

import argparse
import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondunit.commands.flags import SUCCEEDED, config_of, print_json, server_flags
from secondunit.errors import Refused

if TYPE_CHECKING:  # rich and grpc are loaded by the commands that need them
    from secondunit.commands import Add


def register(add: Add) -> None:
    """report, budget."""
    report = add("report", _report, "What work has cost, shot by shot, takes included.")
    report.add_argument("--project", metavar="NAME", help="only this project")
    report.add_argument("--user", metavar="NAME", help="only what this user asked for")
    report.add_argument(
        "--since", type=_moment, metavar="DATE", help="only from 2026-11-01, or 2026-11-01T09:30"
    )
    report.add_argument("--until", type=_moment, metavar="DATE", help="only before this moment")
    report.add_argument("--csv", type=Path, metavar="FILE", help="write the lines there too")
    server_flags(report)
    budget = add("budget", _budget, "List budgets, set one, or remove one.")
    budget.add_argument("do", nargs="?", choices=("list", "set", "remove"), default="list")
    budget.add_argument("--project", default="", metavar="NAME", help="of this project")
    budget.add_argument("--user", default="", metavar="NAME", help="of this user")
    budget.add_argument("--cost", type=_micros, metavar="AMOUNT", help="in the operator's currency")
    budget.add_argument("--hours", type=_seconds, metavar="HOURS", help="in time of devices")
    server_flags(budget)


def _report(options: argparse.Namespace) -> int:
    from secondunit import prices
    from secondunit.looks import console
    from secondunit.session import connected

    with connected(config_of(options), options, work=False) as unit:
        found = unit.ledger.report(
            project=options.project, user=options.user, after=options.since, before=options.until
        )
    records = [prices.line_record(line) for line in found.lines]
    if options.csv:
        _write(options.csv, records)
    if options.json:
        print_json({"lines": records, "total": prices.line_record(found.total)})
    elif records:
        console().print(prices.report_table(found.lines, found.total))
    else:
        console().print("Nothing was spent.")
    return SUCCEEDED


def _budget(options: argparse.Namespace) -> int:
    from secondunit import prices
    from secondunit.looks import console
    from secondunit.session import connected

    limits = options.cost is not None or options.hours is not None
    if options.do != "set" and limits:
        raise Refused.single("only `budget set` limits anything", "--cost, --hours")
    if options.do == "list" and (options.project or options.user):
        raise Refused.single("all budgets are listed", "--project, --user")
    whose = {"project": options.project, "user": options.user}
    with connected(config_of(options), options, work=False) as unit:
        if options.do == "set":
            states = [
                unit.ledger.set_budget(
                    **whose, cost_micros=options.cost, device_seconds=options.hours
                )
            ]
        else:
            if options.do == "remove":
                unit.ledger.remove_budget(**whose)
            states = unit.ledger.budgets()
    if options.json:
        print_json({"budgets": [prices.budget_record(state) for state in states]})
    elif states:
        console().print(prices.budget_table(states))
    else:
        console().print("No budgets: work is begun whatever it costs.")
    return SUCCEEDED


def _write(file: Path, records: list[dict[str, Any]]) -> None:
    flat = [
        {k: v for k, v in record.items() if k != "cost"}
        | {
            "cost": record["cost"]["micros"] / 1e6 if record["cost"] else "",
            "currency": record["cost"]["currency"] if record["cost"] else "",
        }
        for record in records
    ]
    names = list(flat[0]) if flat else ["project", "timeline", "shot"]
    try:
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, names)
            writer.writeheader()
            writer.writerows(flat)
    except OSError as exc:
        raise Refused.single(f"it cannot be written: {exc.strerror}", str(file)) from exc


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()  # without a zone: this machine's
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"'{text}' is no date like 2026-11-01") from exc


def _micros(text: str) -> int:
    return round(_amount(text) * 1e6)


def _seconds(text: str) -> float:
    return _amount(text) * 3600


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e9:
        raise argparse.ArgumentTypeError(f"'{text}' is no amount from 0 up")
    return amount
