"""Jobs as their owner and the operator see them: list, show, watch, cancel, retry, forget."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from secondunit.commands.flags import (
    SOME_FAILED,
    SUCCEEDED,
    config_of,
    preview_flag,
    print_json,
    server_flags,
)
from secondunit.errors import Refused

if TYPE_CHECKING:  # rich and grpc are loaded by the commands that need them
    from collections.abc import Iterable

    from secondunit_client import Connection

    from secondunit.v1 import jobs_pb2 as pb

STATES = ("queued", "running", "waiting", "succeeded", "failed", "cancelled")
SHOWN = 50
"""Jobs in a list, unless all are asked for."""
REFRESH_SECONDS = 1.0


def register(add: Any) -> None:
    """jobs, watch, cancel, retry, delete."""
    jobs = add("jobs", list_jobs, "List jobs, newest first, or show one.")
    jobs.add_argument("job", nargs="?", help="show this job: attempts, timings, error, remedy")
    jobs.add_argument(
        "--state", action="append", choices=STATES, default=[], help="may be repeated"
    )
    jobs.add_argument("--project", metavar="NAME", help="only jobs of this project")
    jobs.add_argument("--user", metavar="NAME", help="only jobs that this user asked for")
    jobs.add_argument("--all", action="store_true", help=f"all of them, not the newest {SHOWN}")
    jobs.add_argument("--watch", action="store_true", help="go on showing them until Ctrl-C")
    server_flags(jobs)
    watch_job = add("watch", watch, "Follow a job until it ends.")
    watch_job.add_argument("job")
    preview_flag(watch_job)
    server_flags(watch_job)
    for name, command, text in (
        ("cancel", cancel, "Stop a job; it stops within one step."),
        ("retry", retry, "Try a job again that failed or was cancelled, as a new job."),
        ("delete", delete, "Forget a job that has ended; its take stays."),
    ):
        sub = add(name, command, text)
        sub.add_argument("job")
        server_flags(sub)


def list_jobs(options: argparse.Namespace) -> int:
    """The newest jobs, or one; with `--watch` again and again."""
    from secondunit.session import connected

    if options.watch and (options.json or options.job):
        raise Refused.single("it shows a list to people, until Ctrl-C", "--watch")
    with connected(config_of(options), options, work=False) as unit:
        if options.job:
            return _show(unit, options)
        if options.watch:
            return _keep_showing(unit, options)
        found, more = _some(unit, options, None if options.all else SHOWN)
    from secondunit import looks

    if options.json:
        print_json({"jobs": [looks.record(job) for job in found], "more": more})
        return SUCCEEDED
    screen = looks.console()
    screen.print(looks.table(found, datetime.now(UTC), screen.width) if found else _none(options))
    if more:
        screen.print(f"The newest {SHOWN}; all of them: --all")
    return SUCCEEDED


def _some(
    unit: Connection, options: argparse.Namespace, limit: int | None
) -> tuple[list[pb.Job], bool]:
    from secondunit.v1 import jobs_pb2

    states: list[pb.JobState] = [
        getattr(jobs_pb2, f"JOB_STATE_{name.upper()}") for name in options.state
    ]
    found: Iterable[pb.Job] = unit.jobs.list(states, project=options.project, user=options.user)
    jobs = list(found if limit is None else itertools.islice(found, limit + 1))
    return jobs[:limit], limit is not None and len(jobs) > limit


def _none(options: argparse.Namespace) -> str:
    filtered = options.state or options.project is not None or options.user is not None
    return "No such jobs." if filtered else "No jobs yet."


def _show(unit: Connection, options: argparse.Namespace) -> int:
    from secondunit import looks

    job = unit.jobs.get(options.job)
    if options.json:
        print_json(looks.record(job))
    else:
        plan = unit.jobs.plan(options.job)
        looks.console().print(looks.details(job, plan, datetime.now(UTC)))
    return SUCCEEDED


def _keep_showing(unit: Connection, options: argparse.Namespace) -> int:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from secondunit import looks

    screen = looks.console()

    def picture() -> Group:
        room = max(screen.height - 4, 3)
        jobs, more = _some(unit, options, room)
        now = unit.status()
        line = f"{now.running} running, {now.queued} queued, {now.free_bytes / 2**30:.0f} GiB free"
        if now.trouble:
            line += f"; takes no jobs: {now.trouble}"
        shown = looks.table(jobs, datetime.now(UTC), screen.width) if jobs else Text(_none(options))
        return Group(Text(line, "bold"), Text(), shown, Text("..." if more else ""))

    with Live(picture(), console=screen, auto_refresh=False) as live:
        while sys.stdout.isatty():  # in a file one picture is enough
            time.sleep(REFRESH_SECONDS)
            live.update(picture(), refresh=True)
    return SUCCEEDED


def watch(options: argparse.Namespace) -> int:
    """Follow one job to its end."""
    from secondunit import looks
    from secondunit.session import follow

    ended = follow(config_of(options), options)
    record = looks.record(ended)
    if options.json:
        print_json(record)
    else:
        print(f"{record['id']}  {record['state']}  {record['file'] or record['error'] or ''}")
        screen = looks.console(error=True)
        if record["remedy"]:
            screen.print(f"What to do: {record['remedy']}")
        if ended.timings.stages:
            screen.print(looks.timings(ended.timings.stages))
    return SUCCEEDED if record["state"] == "succeeded" else SOME_FAILED


def cancel(options: argparse.Namespace) -> int:
    """Stop one job and wait until it has stopped."""
    from secondunit.session import connected

    with connected(config_of(options), options, work=False) as unit:
        unit.jobs.cancel(options.job)
        return _told(unit.jobs.wait(options.job), options)


def retry(options: argparse.Namespace) -> int:
    """Ask for the same again; does not wait for it."""
    from secondunit.session import connected

    with connected(config_of(options), options, work=False) as unit:
        return _told(unit.jobs.retry(options.job), options)


def delete(options: argparse.Namespace) -> int:
    """Forget a job."""
    from secondunit.session import connected

    with connected(config_of(options), options, work=False) as unit:
        unit.jobs.delete(options.job)
    if options.json:
        print_json({"id": options.job, "deleted": True})
    else:
        print(f"{options.job}  forgotten; its take stays")
    return SUCCEEDED


def _told(job: pb.Job, options: argparse.Namespace) -> int:
    from secondunit import looks

    record = looks.record(job)
    if options.json:
        print_json(record)
    else:
        print(f"{record['id']}  {record['state']}")
    return SUCCEEDED
