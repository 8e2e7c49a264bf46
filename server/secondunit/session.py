"""What the command line does with a server: its own, for one command, or another one."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from secondunit_client import Access, Connection, options, state_name
from secondunit_client.errors import Busy, UnitError, Unreachable
from secondunit_client.rendered import operation_name

from secondunit.compare import compared_record, compared_tables
from secondunit.config import Config
from secondunit.encode.durable import temporary_beside
from secondunit.errors import Refused, SecondUnitError
from secondunit.looks import console, remaining, stage_name
from secondunit.place.relink import check_target
from secondunit.prices import estimate_record, expected
from secondunit.timeline.read import FOLDERS, SUFFIXES
from secondunit.v1 import jobs_pb2, plans_pb2
from secondunit.watching import Watched

LOOK_SECONDS = 2.0
"""Between two looks into a watched folder: a file that is the same in both is whole."""
_SCREEN = console(error=True)  # people read standard error; standard output is for scripts


@contextmanager
def connected(
    config: Config, flags: argparse.Namespace, *, work: bool = True, read: bool = False
) -> Iterator[Connection]:
    """The server that `--server` names, else one in this process on a private port.

    Without `work` the latter begins no job: who only looks must not start what is queued. `read`:
    a timeline will be read.
    """
    if flags.server:
        access = Access.from_environment(
            token_file=flags.token_file,
            authority=flags.ca,
            certificate=flags.certificate,
            key=flags.key,
        )
        with Connection(flags.server, access=access) as unit:
            yield unit
        return
    from secondunit.app import running

    server = running(config, work=work, read=read)
    with server as address, Connection(address, access=Access()) as unit:
        yield unit


def _options(config: Config, flags: argparse.Namespace) -> plans_pb2.PlanOptions:
    return options(
        engine=flags.engine or "",
        delivery=flags.delivery or "",
        draft=flags.draft,
        shots=flags.shot,
        seed=flags.seed,
        roots=flags.root,
        rate=None if flags.rate is None else (flags.rate.num, flags.rate.den),
        sequence=flags.sequence or "",
        drop_frame=flags.drop_frame,
    )


def render(config: Config, flags: argparse.Namespace) -> dict[str, Any]:
    """Make every shot and place it; the record that `--json` prints."""
    out = flags.out
    if flags.timeline.is_file():  # else the plan says what is wrong
        out = out or flags.timeline.with_name(f"{flags.timeline.stem}.gen.otio")
        check_target(flags.timeline, out)  # before the work, not after it

    def planned(plan: plans_pb2.PlanTimelineResponse) -> None:
        flags.begun = True  # from here on nothing is a refusal before work
        bars.planned(plan)

    newest = _newest(flags.preview)
    server = connected(config, flags, read=True)
    with server as unit, _Bars(quiet=flags.json, newest=newest) as bars:
        made = unit.render(
            flags.timeline, out=out, media=flags.media, on_plan=planned, on_event=bars.event,
            **wanted(config, flags),
        )  # fmt: skip
    record = made.record()
    if not flags.json:
        _say_rendered(record)
    return record


def wanted(config: Config, flags: argparse.Namespace) -> dict[str, Any]:
    """What a render is asked for, whatever its timeline."""
    return {
        "options": _options(config, flags),
        "profile": flags.profile,
        "bundle": flags.bundle or "",
        "project": flags.project,
        "user": flags.user,
        # Somebody waits at this terminal, and an abandoned render of before must not go first.
        "priority": "normal" if flags.server or flags.watch or flags.many else "interactive",
    }


def watch(config: Config, flags: argparse.Namespace) -> None:
    """Render what lands in a folder, one line for each file, until somebody stops it."""
    watched = Watched(flags.watch.absolute(), SUFFIXES, FOLDERS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service is stopped like this
    with connected(config, flags) as unit:
        _SCREEN.print(f"Watching {watched.folder}; Ctrl-C ends it.", markup=False)
        trouble = ""
        while True:
            try:
                for timeline in watched.ready():
                    if (said := _landed(unit, watched, timeline, config, flags)) is not None:
                        print(json.dumps(said) if flags.json else line_of(said), flush=True)
                now = ""
            except (OSError, Unreachable, Busy) as exc:  # of the folder or the server, not a file
                now = exc.message if isinstance(exc, UnitError) else str(exc)
            if now and now != trouble:
                _SCREEN.print(f"{now} Trying again.", markup=False)
            trouble = now
            time.sleep(LOOK_SECONDS)


def _landed(
    unit: Connection, watched: Watched, timeline: Path, config: Config, flags: argparse.Namespace
) -> dict[str, Any] | None:
    """What came of one export; None where it is looked at again before anything is said."""
    said = outcome(unit, timeline, watched.target(timeline), wanted(config, flags))
    broken = said["error"] is not None and said["error"]["code"] == "TIMELINE_UNREADABLE"
    if broken and not watched.unreadable(timeline):
        return None
    watched.settled(timeline)
    return said


def outcome(unit: Connection, timeline: Path, out: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """The record of one timeline among others, or in `error` why there is none.

    `asked`: as `wanted` says it. Raises Unreachable and Busy, which concern the others too.
    """
    said: dict[str, Any] = {"file": str(timeline), "timeline": None, "shots": [], "error": None}
    try:
        check_target(timeline, out)
        said |= unit.render(timeline, out=out, **asked).record()
    except (Unreachable, Busy):
        raise
    except (UnitError, SecondUnitError) as error:
        message = error.message if isinstance(error, UnitError) else str(error)
        said["error"] = {"code": error.code, "message": message, "remedy": error.remedy}
    return said


def line_of(said: dict[str, Any]) -> str:
    """An `outcome` for people."""
    name = Path(said["file"]).name
    if said["error"] is not None:
        first, *more = said["error"]["message"].splitlines()
        rest = f" (and {len(more)} more)" if more else ""
        return f"{name}: not rendered: {first}{rest}"
    shots = said["shots"]
    bad = [shot for shot in shots if shot["error"] is not None]
    there = sum(shot["reused"] for shot in shots if shot["error"] is None)
    counts = [(len(shots) - len(bad) - there, "made"), (there, "there already"),
              (len(bad), "failed")]  # fmt: skip
    words = ", ".join(f"{count} {word}" for count, word in counts if count)
    why = f"; {bad[0]['error']['what']}" if bad else ""
    into = f" -> {Path(said['timeline']).name}" if said["timeline"] else ""
    return f"{name}: {words}{into}{why}"


def plan(config: Config, flags: argparse.Namespace) -> dict[str, Any]:
    """Say what a render would do."""
    with connected(config, flags, work=False, read=True) as unit:
        answer = unit.plans.timeline(
            flags.timeline, _options(config, flags), media=flags.media, compare=flags.compare
        )
    record = {
        "timeline": answer.timeline,
        "rate": [answer.rate.num, answer.rate.den],
        "shots": [_planned(p) for p in answer.plans],
        "estimate": estimate_record(answer.estimate) if answer.HasField("estimate") else None,
        "faults": [{"what": f.what, "path": f.path} for f in answer.faults],
        "notices": list(answer.notices),
    }
    if flags.compare:
        record["compared"] = compared_record(answer, _planned)
    if not flags.json:
        _say_plan(record, answer)
        if flags.compare:
            for part in compared_tables(answer):
                console().print(part)
    return record


def _planned(shot: plans_pb2.ShotPlan) -> dict[str, Any]:
    level = plans_pb2.AdaptationLevel.Name
    return {
        "id": shot.shot_id,
        "name": shot.name,
        "operation": operation_name(shot.operation),
        "engine": shot.engine,
        "tier": shot.tier or None,
        "take": shot.take,
        "seed": shot.seed,
        "frames": shot.frames,
        "handles": [shot.handles.head, shot.handles.tail],
        "width": shot.size.width,
        "height": shot.size.height,
        "start_timecode": shot.start_timecode,
        "delivery": shot.delivery,
        "track": shot.track,
        "path": shot.path,
        "digest": shot.digest,
        "estimate": estimate_record(shot.estimate) if shot.HasField("estimate") else None,
        "made": shot.made.file if shot.HasField("made") else None,
        "reasons": list(shot.reasons),
        "adaptations": [
            {
                "level": level(a.level).removeprefix("ADAPTATION_LEVEL_").lower(),
                "what": a.what,
                "path": a.path,
            }
            for a in shot.adaptations
        ],
    }


def follow(config: Config, flags: argparse.Namespace) -> jobs_pb2.Job:
    """Show one job's work until it ends; the job as it is then."""
    newest = _newest(flags.preview)
    with connected(config, flags) as unit, _Bars(quiet=flags.json, newest=newest) as bars:
        first = unit.jobs.get(flags.job)
        return unit.jobs.wait(flags.job, lambda event: bars.event(first, event))


class _Newest:
    """The file that holds the newest picture of the work, whole at any moment."""

    def __init__(self, file: Path) -> None:
        """Raises Refused for a file that cannot hold a JPEG, or whose folder is not there."""
        if file.suffix.lower() not in (".jpg", ".jpeg"):
            raise Refused.single(f"'{file}' is no name of a JPEG file (.jpg)", "--preview")
        if not file.absolute().parent.is_dir():
            raise Refused.single(f"the folder of '{file}' is not there", "--preview")
        if file.is_dir():
            raise Refused.single(f"'{file}' is a folder", "--preview")
        self.file = file.absolute()
        self._kept = False

    def keep(self, preview: jobs_pb2.Preview) -> bool:
        """Replace the picture; True for the first one. A full disk keeps no shot from its end."""
        temporary = temporary_beside(self.file)
        try:
            temporary.write_bytes(preview.data)
            temporary.replace(self.file)
        except OSError as exc:
            _SCREEN.print(f"note: the preview {self.file} cannot be written: {exc}")
            temporary.unlink(missing_ok=True)
            return False
        first, self._kept = not self._kept, True
        return first


def _newest(file: Path | None) -> _Newest | None:
    return None if file is None else _Newest(file)


class _Bars:
    """Progress of every shot on a terminal; nothing where nobody looks."""

    def __init__(self, *, quiet: bool, newest: _Newest | None) -> None:
        self._newest = newest
        self._progress = Progress(
            TextColumn("{task.description:28}", markup=False),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[doing]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False, style="bright_black"),
            console=_SCREEN,
            disable=quiet,
        )
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, jobs_pb2.Job] = {}
        self._quiet = quiet

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def planned(self, plan: plans_pb2.PlanTimelineResponse) -> None:
        """Say what was changed to fit, before the work starts."""
        if self._quiet:
            return
        for notice in plan.notices:
            _SCREEN.print(f"note: {notice}")
        for shot in plan.plans:
            for a in shot.adaptations:
                level = plans_pb2.AdaptationLevel.Name(a.level)
                word = level.removeprefix("ADAPTATION_LEVEL_").lower()
                _SCREEN.print(f"{word}: {a.what} @ {a.path}")
        if plan.HasField("estimate"):
            takes = "One take" if len(plan.plans) == 1 else f"{len(plan.plans)} takes"
            _SCREEN.print(f"{takes}: {expected(plan.estimate)}")

    def event(self, job: jobs_pb2.Job, event: jobs_pb2.JobEvent) -> None:
        """Move the bar of a job, or keep its picture."""
        if event.HasField("preview"):
            if self._newest is not None and self._newest.keep(event.preview) and not self._quiet:
                _SCREEN.print(f"Newest picture: {self._newest.file}")
            return
        if job.id not in self._tasks:
            title = f"{operation_name(job.operation)} {job.name}"[:28]
            self._tasks[job.id] = self._progress.add_task(
                title, total=None, doing="queued", left=""
            )
            self._begun[job.id] = jobs_pb2.Job()
            self._begun[job.id].CopyFrom(job)
        task = self._tasks[job.id]
        if event.HasField("progress"):
            at = event.progress
            doing = f"{stage_name(at.stage)} {at.doing}".strip()
            self._progress.update(
                task, completed=at.step, total=at.steps or None, doing=doing,
                left=remaining(self._begun[job.id], datetime.now(UTC)),
            )  # fmt: skip
        elif event.HasField("state"):
            state = event.state.state
            self._progress.update(task, doing=state_name(state), left="")
            if state == jobs_pb2.JOB_STATE_WAITING and event.state.reason and not self._quiet:
                _SCREEN.print(f"{job.name} waits: {event.state.reason}")
            if state == jobs_pb2.JOB_STATE_RUNNING:
                self._begun[job.id].timings.started.CopyFrom(event.time)
            if state == jobs_pb2.JOB_STATE_SUCCEEDED:
                self._progress.update(task, completed=1, total=1)


def _say_rendered(record: dict[str, Any]) -> None:
    for shot in record["shots"]:
        if shot["error"] is not None:
            print(
                f"{shot['operation']} {shot['name']}: {shot['state']}: {shot['error']['what']}",
                file=sys.stderr,
            )
            print(f"What to do: {shot['error']['remedy']}", file=sys.stderr)
        if shot["file"] is None:
            continue
        num, den = shot["rate"]
        rate = f"{num}/{den}" if den != 1 else str(num)
        missed = ", ".join(shot["missed"])
        verdict = f"controls missed: {missed}" if missed else "all controls held"
        again = "  (made before, not again)" if shot["reused"] else ""
        print(
            f"{shot['operation']} {shot['name']}: {shot['frames']} frames at {rate}, "
            f"from {shot['start_timecode']}, {verdict}{again}"
        )
        print(f"  {shot['file']}")
    if record["timeline"]:
        print(f"Timeline: {record['timeline']}")
    for file in record["files"]:
        print(f"  {file}")


def _say_plan(record: dict[str, Any], plan: plans_pb2.PlanTimelineResponse) -> None:
    for shot, planned in zip(record["shots"], plan.plans, strict=True):
        head, tail = shot["handles"]
        print(
            f"{shot['operation']} {shot['name']} [{shot['id']}]: {shot['frames']} frames and "
            f"handles {head}+{tail}, {shot['width']}x{shot['height']}, "
            f"engine {' '.join(filter(None, (shot['engine'], shot['tier'])))}, "
            f"{shot['delivery']}, seed {shot['seed']}"
        )
        if shot["made"]:
            print(f"  nothing to do: {shot['made']}")
        for reason in shot["reasons"]:
            print(f"  {'note' if shot['made'] else 'to be made'}: {reason}")
        if planned.HasField("estimate") and not shot["made"]:
            print(f"  {expected(planned.estimate)}")
        for a in shot["adaptations"]:
            print(f"  {a['level']}: {a['what']} @ {a['path']}")
    if len(plan.plans) > 1 and plan.HasField("estimate"):
        print(f"All {len(plan.plans)} takes: {expected(plan.estimate)}")
    for notice in record["notices"]:
        print(f"note: {notice}")
    for fault in record["faults"]:
        print(f"refused: {fault['what']} @ {fault['path']}", file=sys.stderr)
