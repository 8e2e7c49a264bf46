"""The tools: plan, estimate, render, watch, takes, cancel, engines, deliveries, budgets.

An agent may spend no more than the operator's budgets allow, and sets none: work past them waits,
and its call says so. What it starts goes on when its call ends; it is stopped by `cancel` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from secondunit.v1 import jobs_pb2, plans_pb2
from secondunit_client import Connection, UnitError, options, state_name
from secondunit_client.connection import PROFILES
from secondunit_client.errors import NotReady

from secondunit_mcp import words
from secondunit_mcp.fence import Fence, Outside

P = ParamSpec("P")
T = TypeVar("T")

WATCH_SECONDS = 50.0
"""Longest that `watch` waits; agents' own calls have an end too."""
PICTURES = 4
"""Contact sheets that one answer shows."""
LARGEST_PICTURE = 4 * 2**20
PRIORITY = "batch"
"""People who wait go first."""

INSTRUCTIONS = """\
Second Unit makes the shots that an edit is missing, from requests that stand in a timeline file
(markers whose text begins with `gen:`). Always call `plan` first: it computes nothing, says what
would be made, what it costs, and every fault. `render` makes the shots and writes a new timeline
beside the original, which is never changed. Rendering again reuses what is there, free of charge.
Work that a budget does not pay for waits for the operator; budgets are not yours to set.
"""

LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
MAKES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


_THREADS = ThreadPoolExecutor(32, thread_name_prefix="unit")
"""For calls that block. The loop's own threads would keep it from ending while a shot is made."""


async def _apart(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await a blocking call; what goes wrong is told with its remedy."""
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_THREADS, partial(call, *args, **kwargs))
    except UnitError as error:
        raise ToolError(str(error)) from error


class Tools:
    """One server and one fence."""

    def __init__(self, unit: Connection, fence: Fence, project: str) -> None:
        """`project`: on which the work is booked."""
        self._unit, self._fence, self._project = unit, fence, project

    async def plan(
        self, timeline: str, engine: str = "", delivery: str = "", draft: bool = False
    ) -> dict[str, Any]:
        """What rendering a timeline would make, with adaptations, faults, time and cost.

        Computes nothing. `timeline` is a path of a .otio, .otioz, .edl, .xml, .fcpxml or .aaf.
        """
        return words.plan(await self._planned(timeline, _options(engine, delivery, draft)))

    async def estimate(
        self, timeline: str, engine: str = "", delivery: str = "", draft: bool = False
    ) -> dict[str, Any]:
        """How long a timeline would take and what it would cost, and what budgets are left."""
        found = await self._planned(timeline, _options(engine, delivery, draft))
        budgets = await _apart(self._unit.ledger.budgets)
        return {
            "shots": len({one.shot_id for one in found.plans}),
            "to_be_made": sum(not one.HasField("made") for one in found.plans),
            "estimate": words.estimate(found.estimate),
            "budgets": [words.budget(one) for one in budgets],
        }

    async def render(
        self,
        timeline: str,
        context: Context,
        shots: list[str] | None = None,
        engine: str = "",
        delivery: str = "",
        draft: bool = False,
        profile: str = "otio",
    ) -> list[Any]:
        """Make the shots that a timeline asks for, and write the new timeline beside it.

        `shots`: ids of `plan`, all where left out. `draft`: the same motion in seconds, small
        inside. `profile`: otio, resolve or premiere. Answers with the new timeline's path, each
        take's file, what its control report measured, and contact sheets to look at. A call that
        ends early leaves the work going on: `work` lists it, `cancel` stops it.
        """
        if profile not in PROFILES:
            raise ToolError(f"'{profile}' is no profile; there are {', '.join(PROFILES)}")
        path = self._inside(timeline)
        for target in (f"{path.stem}.gen.otio", f"{path.stem}.gen"):  # links are followed
            self._inside(str(path.with_name(target)))
        told = _Progress(context)
        result = await told.through(
            lambda: self._unit.render(
                path,
                options=_options(engine, delivery, draft, shots),
                profile=profile,
                priority=PRIORITY,
                project=self._project,
                on_plan=told.on_plan,
                on_event=told.on_event,
            )
        )
        record = result.record()
        sheets = [
            Path(name)
            for job in result.jobs
            for name in job.result.take.thumbnails
            if Path(name).name == "sheet.png"
        ]
        return [record, *_pictures(sheets)]

    async def watch(self, job: str) -> dict[str, Any]:
        """How far one piece of work is; waits a little for its end."""
        found = await _apart(self._unit.jobs.get, job)
        ended = (
            jobs_pb2.JOB_STATE_SUCCEEDED, jobs_pb2.JOB_STATE_FAILED, jobs_pb2.JOB_STATE_CANCELLED,
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        end = loop.time() + WATCH_SECONDS
        while found.state not in ended and loop.time() < end:
            await asyncio.sleep(0.5)
            found = await _apart(self._unit.jobs.get, job)
        return words.job(found)

    async def work(self, timeline: str = "") -> dict[str, Any]:
        """The work of this project, newest first; of one timeline where it is named."""
        path = self._inside(timeline) if timeline else None

        def listed() -> list[dict[str, Any]]:
            found: Iterator[jobs_pb2.Job] = self._unit.jobs.list(
                project=self._project or None, timeline=path
            )
            return [words.job(one) for one, _ in zip(found, range(100), strict=False)]

        return {"work": await _apart(listed)}

    async def takes(self, timeline: str) -> dict[str, Any]:
        """The takes that lie beside a timeline, per shot: the chosen one and whether it is good."""
        found = await self._planned(timeline, None)
        made = [
            {
                "shot": one.shot_id,
                "name": one.name,
                "take": one.take,
                "file": one.made.file,
                "missed": [r.control for r in one.made.report if not getattr(r, "pass")],
            }
            for one in found.plans
            if one.HasField("made")
        ]
        return {"takes": made}

    async def cancel(self, job: str) -> dict[str, Any]:
        """Stop one piece of work of this project."""
        found = await _apart(self._unit.jobs.get, job)
        if self._project and found.project != self._project:
            raise ToolError(f"'{job}' is not of the project '{self._project}', and goes on")
        return words.job(await _apart(self._unit.jobs.cancel, job))

    async def engines(self) -> dict[str, Any]:
        """The engines of the server: what each can be asked for, under which licence."""
        found = await _apart(self._unit.capabilities)
        rows = [
            {
                "name": one.name, "title": one.title, "licence": one.licence,
                "available": one.available, "reads_words": one.prompt, "default": one.default,
            }
            for one in found.engines
        ]  # fmt: skip
        return {"engines": rows}

    async def deliveries(self) -> dict[str, Any]:
        """What can come back: codecs, containers, whether samples are exact."""
        found = await _apart(self._unit.capabilities)
        rows = [
            {"name": one.name, "title": one.title, "exact": one.exact, "available": one.available}
            for one in found.deliveries
        ]
        return {"deliveries": rows}

    async def _planned(
        self, timeline: str, wanted: plans_pb2.PlanOptions | None
    ) -> plans_pb2.PlanTimelineResponse:
        return await _apart(self._unit.plans.timeline, self._inside(timeline), wanted)

    def _inside(self, text: str) -> Path:
        try:
            return self._fence.path(text)
        except Outside as exc:
            raise ToolError(str(exc)) from exc


def server(unit: Connection, fence: Fence, *, project: str = "", version: str = "") -> MCPServer:
    """The MCP server over a connection that is the caller's to close."""
    made = MCPServer("second-unit", instructions=INSTRUCTIONS, version=version, log_level="ERROR")
    tools = Tools(unit, fence, project)
    for look in (
        tools.plan, tools.estimate, tools.watch, tools.work, tools.takes, tools.engines,
        tools.deliveries,
    ):  # fmt: skip
        made.tool(annotations=LOOKS, structured_output=False)(look)
    made.tool(annotations=MAKES, structured_output=False)(tools.render)
    made.tool(annotations=MAKES, structured_output=False)(tools.cancel)
    return made


def _options(
    engine: str, delivery: str, draft: bool, shots: list[str] | None = None
) -> plans_pb2.PlanOptions:
    return options(engine=engine, delivery=delivery, draft=draft, shots=shots or ())


class _Progress:
    """Carries news from the thread that renders to the agent."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._news: asyncio.Queue[tuple[float, float, str]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._shots, self._ended, self._last, self._heard = 1, 0, -1.0, True

    def on_plan(self, found: plans_pb2.PlanTimelineResponse) -> None:
        self._shots = max(1, sum(not one.HasField("made") for one in found.plans))

    def on_event(self, job: jobs_pb2.Job, event: jobs_pb2.JobEvent) -> None:
        """Raises NotReady for work that waits until somebody else allows it."""
        share = 0.0
        if event.HasField("progress"):
            text = f"{job.name}: {words.doing(event.progress)}"
            # Stages are told, not timed: a sixth of a shot for each that is behind it.
            share = min(0.99, max(0, event.progress.stage - 1) / 6)
        elif event.HasField("state"):
            text = f"{job.name}: {state_name(event.state.state)}"
            if event.state.state == jobs_pb2.JOB_STATE_SUCCEEDED:
                self._ended += 1
            if event.state.state == jobs_pb2.JOB_STATE_WAITING and not event.state.waits_for_job:
                raise NotReady(
                    code="HELD",
                    what=f"the work '{job.id}' ({job.name}) waits: {event.state.reason}",
                    remedy="It begins when the operator allows it, and `watch` tells. `cancel` ends"
                    " it; `render` again takes it up.",
                    retryable=True,
                )
        else:
            return
        done = max(self._last, self._ended + share)
        if done > self._last and self._heard:  # the protocol wants it to grow
            self._last = done
            self._loop.call_soon_threadsafe(self._news.put_nowait, (done, float(self._shots), text))

    async def through(self, call: Callable[[], T]) -> T:
        """Await a call in a thread, telling what is heard meanwhile."""
        async with self._telling():
            return await _apart(call)

    @asynccontextmanager
    async def _telling(self) -> AsyncIterator[None]:
        async def tell() -> None:
            while True:
                await self._context.report_progress(*await self._news.get())
                self._news.task_done()

        telling = asyncio.ensure_future(tell())
        told: asyncio.Future[None] = self._loop.create_future()
        try:
            yield
            told = asyncio.ensure_future(self._news.join())
            await asyncio.wait((telling, told), return_when=asyncio.FIRST_COMPLETED)
        finally:  # the thread may go on for an agent that has left
            self._heard = False
            telling.cancel()
            told.cancel()


def _pictures(files: list[Path]) -> Iterator[Image]:
    for file in files[:PICTURES]:
        if file.is_file() and file.stat().st_size <= LARGEST_PICTURE:
            yield Image(path=file)
