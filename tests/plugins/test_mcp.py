"""The tools of agents, through the protocol's own client: over pipes, and inside one process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the tools for agents need the extra 'mcp'")

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import ImageContent, TextContent
from secondunit_client import Connection
from secondunit_mcp.fence import Fence, Outside
from secondunit_mcp.server import server

from tests.jobs.conftest import until
from tests.plugins.conftest import Studio
from tests.rpc.conftest import importable

__all__ = ["importable"]  # fixtures of another room

TOOLS = {
    "plan", "estimate", "render", "watch", "work", "takes", "cancel", "engines", "deliveries",
}  # fmt: skip


def said(result: Any) -> Any:
    """What a tool answered, as JSON."""
    assert not result.is_error, result.content
    (found,) = [json.loads(c.text) for c in result.content if isinstance(c, TextContent)]
    return found


def refusal(result: Any) -> str:
    """Why a tool did nothing."""
    assert result.is_error, result.content
    return "\n".join(c.text for c in result.content if isinstance(c, TextContent))


@asynccontextmanager
async def agent(studio: Studio, folder: Path, project: str = "agents") -> AsyncIterator[Client]:
    """In this process."""
    with Connection(studio.address) as unit:
        async with Client(server(unit, Fence([folder]), project=project)) as client:
            yield client


def test_an_agent_plans_renders_and_looks_over_pipes(studio: Studio, tmp_path: Path) -> None:
    cut = studio.cut(tmp_path / "edits")
    told: list[tuple[float, float | None, str | None]] = []
    made_files: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def work() -> None:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "secondunit", "mcp", "--server", studio.address, "--folder",
                  str(cut.parent)],
            env=dict(os.environ),
        )  # fmt: skip
        async with Client(command) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == TOOLS
            assert all(tool.description for tool in tools.values())
            looks = {n for n, t in tools.items() if t.annotations and t.annotations.read_only_hint}
            assert looks == TOOLS - {"render", "cancel"}
            plan = said(await client.call_tool("plan", {"timeline": cut.name}))
            assert plan["faults"] == [] and not plan["shots"][0]["there_already"]
            guess = said(await client.call_tool("estimate", {"timeline": str(cut)}))
            assert (guess["shots"], guess["to_be_made"]) == (1, 1)
            made = await client.call_tool(
                "render", {"timeline": cut.name, "draft": True}, progress_callback=heard
            )
            record = said(made)
            assert record["timeline"] == str(cut.with_name("cut.gen.otio"))
            (sheet,) = [c for c in made.content if isinstance(c, ImageContent)]
            assert sheet.mime_type == "image/png" and sheet.data.startswith("iVBORw0K")
            again = said(await client.call_tool("render", {"timeline": cut.name, "draft": True}))
            assert again["shots"][0]["reused"]
            (job,) = said(await client.call_tool("work", {"timeline": cut.name}))["work"]
            assert job["state"] == "succeeded" and job["file"]
            assert said(await client.call_tool("watch", {"job": job["job"]})) == job
            engines = said(await client.call_tool("engines"))["engines"]
            made_files.append(record["shots"][0]["file"])
            assert "motion" in {engine["name"] for engine in engines}
            deliveries = said(await client.call_tool("deliveries"))["deliveries"]
            assert {"ffv1", "prores_422_hq"} <= {one["name"] for one in deliveries}

    asyncio.run(work())
    assert [Path(file).is_file() for file in made_files] == [True]
    dones = [done for done, _, _ in told]
    assert len(dones) > 2 and dones == sorted(set(dones)) and dones[-1] == 1
    assert {of for _, of, _ in told} == {1}
    assert any("engine" in (text or "") for _, _, text in told)


def test_takes_are_listed_once_they_are_there(studio: Studio, tmp_path: Path) -> None:
    cut = studio.cut(tmp_path / "edits")

    async def work() -> None:
        async with agent(studio, cut.parent) as client:
            assert said(await client.call_tool("takes", {"timeline": cut.name})) == {"takes": []}
            made = said(await client.call_tool("render", {"timeline": cut.name}))
            (take,) = said(await client.call_tool("takes", {"timeline": cut.name}))["takes"]
            assert take["file"] == made["shots"][0]["file"] and take["missed"] == []

    asyncio.run(work())


def test_no_path_leads_out_of_the_folders(studio: Studio, tmp_path: Path) -> None:
    inside, outside = tmp_path / "edits", tmp_path / "secret"
    cut = studio.cut(outside)
    inside.mkdir()
    (inside / "link.otio").symlink_to(cut)
    (inside / "folder").symlink_to(outside)
    ways = [
        "../secret/cut.otio", str(cut), "link.otio", "folder/cut.otio", "/etc/passwd",
        "../secret/gone.otio", "a/../../secret/cut.otio", "", "cut.otio\0.txt",
    ]  # fmt: skip

    async def work() -> None:
        async with agent(studio, inside) as client:
            for way in ways:
                for tool in ("plan", "estimate", "render", "takes"):
                    why = refusal(await client.call_tool(tool, {"timeline": way}))
                    assert "lies outside the folders" in why or "a path is needed" in why, way

    asyncio.run(work())
    assert [file.name for file in outside.iterdir() if "gen" in file.name] == []


def test_nothing_is_written_through_a_link_that_leads_out(studio: Studio, tmp_path: Path) -> None:
    cut, outside = studio.cut(tmp_path / "edits"), tmp_path / "outside"
    outside.mkdir()
    cut.with_name("cut.gen").symlink_to(outside)

    async def work() -> None:
        async with agent(studio, cut.parent) as client:
            why = refusal(await client.call_tool("render", {"timeline": cut.name}))
            assert "cut.gen' lies outside" in why

    asyncio.run(work())
    assert list(outside.iterdir()) == [] and not cut.with_name("cut.gen.otio").exists()


def test_a_fence_knows_its_folders_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    fence = Fence([tmp_path / "link"])
    assert fence.path("cut.otio") == tmp_path / "real" / "cut.otio"
    assert fence.path(str(tmp_path / "link" / "cut.otio")) == tmp_path / "real" / "cut.otio"
    with pytest.raises(Outside):
        fence.path(str(tmp_path / "real2" / "cut.otio"))


def test_refusals_say_every_fault_and_the_remedy(studio: Studio, tmp_path: Path) -> None:
    cut = studio.cut(tmp_path / "edits", note="promt: fog\ngrain: much")

    async def work() -> None:
        async with agent(studio, cut.parent) as client:
            plan = said(await client.call_tool("plan", {"timeline": cut.name}))
            why = refusal(await client.call_tool("render", {"timeline": cut.name}))
            assert len(plan["faults"]) == 2
            assert all(fault in why for fault in plan["faults"])
            assert "Mend the lines" in why
            gone = refusal(await client.call_tool("render", {"timeline": "gone.otio"}))
            assert "gone.otio" in gone
            shape = {"timeline": cut.name, "profile": "avid"}
            assert "resolve" in refusal(await client.call_tool("render", shape))
            assert refusal(await client.call_tool("watch", {"job": "nobody"}))

    asyncio.run(work())


def test_work_over_a_budget_waits_for_the_operator_and_is_said_so(
    studio: Studio, tmp_path: Path
) -> None:
    cut = studio.cut(tmp_path / "edits")
    with Connection(studio.address) as unit:
        unit.ledger.set_budget(project="poor", device_seconds=0.0)

    async def work() -> None:
        async with agent(studio, cut.parent, "poor") as client:
            guess = said(await client.call_tool("estimate", {"timeline": cut.name}))
            assert [b["device_seconds"] for b in guess["budgets"]] == ["0 of 0"]
            why = refusal(await client.call_tool("render", {"timeline": cut.name}))
            assert "waits" in why and "operator" in why
            (job,) = said(await client.call_tool("work", {"timeline": cut.name}))["work"]
            assert (job["state"], job["waiting_for"]) == ("waiting", "budget")
            async with agent(studio, cut.parent, "rich") as other:
                assert "goes on" in refusal(await other.call_tool("cancel", {"job": job["job"]}))
            ended = said(await client.call_tool("cancel", {"job": job["job"]}))
            assert ended["state"] == "cancelled"

    asyncio.run(work())
    with Connection(studio.address) as unit:
        (budget,) = unit.ledger.budgets()
        assert budget.budget.device_time.seconds == 0
        unit.ledger.remove_budget(project="poor")


def test_what_an_agent_started_goes_on_without_it(studio: Studio, tmp_path: Path) -> None:
    cut = studio.cut(tmp_path / "edits", gap=4)

    async def work() -> None:
        begun = asyncio.Event()

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        async with agent(studio, cut.parent, "left") as client:
            call = asyncio.ensure_future(
                client.call_tool("render", {"timeline": cut.name}, progress_callback=heard)
            )
            await asyncio.wait_for(begun.wait(), 60)
            call.cancel()
            await asyncio.wait([call])
            (job,) = said(await client.call_tool("work", {"timeline": cut.name}))["work"]
            assert job["state"] != "cancelled"

    asyncio.run(work())
    with Connection(studio.address) as unit:
        (job,) = unit.jobs.list(project="left")
        until(lambda: bool(unit.jobs.get(job.id).result.take.file), 60)


def test_without_the_package_a_sentence_says_which() -> None:
    code = (
        "import sys; sys.modules['mcp'] = None\n"
        "from secondunit.cli import main\nsys.exit(main(['mcp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and "pip install 'secondunit[mcp]'" in done.stderr
