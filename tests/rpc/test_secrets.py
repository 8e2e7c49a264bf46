"""Secrets stay where they belong: tokens nowhere, prompts and paths in no log."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from secondunit.rpc.principal import Scope
from secondunit.rpc.tokens import Register
from secondunit_client import Access, Connection
from secondunit_client.errors import UnitError

from tests.conftest import REPOSITORY
from tests.rpc.test_drain import SERVE, handed_in
from tests.rpc.test_plans import bridge_request

PROMPT, FOLDER = "CANARY-OF-THE-PROMPT", "CANARY-OF-THE-PATH"


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a server left behind that had one job of each kind, and refused some calls."""

    data: Path
    token: str
    log: bytes
    commands: str
    """The command lines of all processes while it worked."""
    told: bytes
    """Events and jobs as a caller got them."""
    errors: str


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Iterator[Left]:
    folder = tmp_path_factory.mktemp("secrets")
    media = folder / FOLDER / "media.mkv"
    media.parent.mkdir()
    shutil.copy(footage, media)
    data = folder / "data"
    jobs = handed_in(
        data,
        [{"canary": PROMPT}, {"canary": PROMPT, "fail": "no"}, {"canary": PROMPT, "boast": True}],
        timeline=str(media.with_name("cut.otio")),
    )
    _, token = Register(data).add("ann", scope=Scope.ADMIN, days=1)

    async def live() -> Left:
        serve = SERVE.replace("data=Path(sys.argv[1])", "data=Path(sys.argv[1]), roots=ROOTS")
        serve = serve.replace("app.serve", f"ROOTS = (Path({str(media.parent)!r}),)\napp.serve")
        path = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            serve,
            str(data),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        )
        assert process.stderr is not None
        log = b""
        while b"serves on " not in log:
            log += (line := await process.stderr.readline())
            assert line, "the server did not start"
        address = log.decode().partition("serves on ")[2].partition(";")[0]
        told, commands, errors = await asyncio.to_thread(used, address, token, media, jobs)
        process.send_signal(signal.SIGTERM)
        log += await process.stderr.read()
        assert await process.wait() == 0
        return Left(data=data, token=token, log=log, commands=commands, told=told, errors=errors)

    yield asyncio.run(live())


def used(address: str, token: str, media: Path, jobs: list[str]) -> tuple[bytes, str, str]:
    """Watch jobs that go well, fail and crash, and make calls that are refused."""
    told, commands, errors = b"", "", ""
    with Connection(address, access=Access(token=token), patience=0.5) as unit:
        for job in jobs:
            for event in unit.jobs.watch(job):
                told += event.SerializeToString()
                commands += command_lines()
            told += unit.jobs.get(job).SerializeToString()
        request = bridge_request(media)
        request.prompt = PROMPT
        told += unit.plans.shot(request).SerializeToString()
        request.before.media.path = str(media.with_name("gone.mkv"))
        for call in (
            lambda: unit.jobs.create(request),
            lambda: unit.inspect(media),
            lambda: unit.jobs.get("none"),
        ):
            with pytest.raises(UnitError) as caught:
                call()
            errors += str(caught.value) + repr(caught.value)
    for bad in (token[:-3], f"{token}x", ""):
        with (
            Connection(address, access=Access(token=bad), patience=0.1) as unit,
            pytest.raises(UnitError) as caught,
        ):
            unit.status()
        errors += str(caught.value) + repr(caught.value)
    return told, commands, errors


def command_lines() -> str:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(lines)


def every_file(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file, file.read_bytes()


def test_the_token_is_nowhere_that_the_server_writes_or_says(left: Left) -> None:
    secret = left.token.rpartition("_")[2][:20]
    assert secret not in left.errors + left.commands
    assert secret.encode() not in left.log + left.told
    for file, held in every_file(left.data):
        assert secret.encode() not in held, file


def test_what_callers_ask_for_is_in_no_log_and_on_no_command_line(left: Left) -> None:
    logs = {str(f): held for f, held in every_file(left.data) if f.name == "worker.log"}
    assert logs
    for name, held in {**logs, "the server's": left.log}.items():
        assert PROMPT.encode() not in held, name
        assert FOLDER.encode() not in held, name
    assert PROMPT not in left.commands


def test_what_crashed_left_its_trace_in_a_log_and_no_word_with_the_caller(left: Left) -> None:
    assert b"secret of the house" not in left.told
    logs = left.log + b"".join(held for f, held in every_file(left.data) if f.suffix == ".log")
    assert b"secret of the house" in logs


def test_the_prompt_is_kept_where_it_is_needed_and_for_its_owner(left: Left) -> None:
    # Or the tests above would be looking for what never was.
    stored = b"".join(held for file, held in every_file(left.data) if ".db" in file.name)
    assert PROMPT.encode() in stored
