"""The client of one file, by an interpreter that has nothing but the standard library."""

from __future__ import annotations

import ast
import hashlib
import http.server
import json
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
import secondunit_light
from secondunit.rpc.principal import Scope
from secondunit.rpc.tokens import Register
from secondunit_light import Forbidden, NotFound, Refused, Server, Unauthenticated, UnitError

from tests import edits
from tests.jobs.conftest import until, wish
from tests.plugins.conftest import Studio
from tests.rpc.bridge.conftest import Browser, browser
from tests.rpc.conftest import footage, importable

__all__ = ["browser", "footage", "importable"]  # fixtures of the room next door

FILE = Path(secondunit_light.__file__)


def alone(folder: Path, lines: str, *arguments: str | Path) -> Any:
    """What a script says in JSON that has the one file, and no packages at all."""
    shutil.copy(FILE, folder)
    script = folder / "script.py"
    script.write_text(f"import json, sys\nsys.path.insert(0, {str(folder)!r})\n{lines}")
    done = subprocess.run(
        [sys.executable, "-S", "-I", script, *arguments],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_written_for_python_3_8_and_imports_the_standard_library_only() -> None:
    tree = ast.parse(FILE.read_text(), feature_version=(3, 8))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_from_a_code_to_a_rendered_timeline_and_its_take(studio: Studio, tmp_path: Path) -> None:
    cut = studio.cut(tmp_path / "edit")
    said = alone(
        tmp_path,
        """
from secondunit_light import Server
_, address, code, cut, keep = sys.argv
unit = Server(address, keep=keep)
unit.pair(code)
events = []
made = unit.render(cut, on_event=lambda job, event: events.append(event), draft=True)
(job,) = made["jobs"]
clip = job["result"]["take"]["clip"]
fetched = str(Server(address, keep=keep).fetch(clip, keep + ".mkv"))
again = Server(address, keep=keep).render(cut, draft=True)
print(json.dumps({
    "timeline": made["timeline"], "sha256": clip["sha256"], "fetched": fetched,
    "sequences": [int(e["sequence"]) for e in events], "last": events[-1]["state"]["state"],
    "failed": made["failed"], "again": again["jobs"], "kept": len(again["placements"]),
    "grpc": any(m.split(".")[0] in ("grpc", "google", "numpy") for m in sys.modules),
}))
""",
        studio.bridge, studio.code(), cut, tmp_path / "keep.json",
    )  # fmt: skip
    edit = otio.adapters.read_from_file(said["timeline"])
    assert isinstance(edit, otio.schema.Timeline)
    assert said["timeline"] == str(cut.with_name("cut.gen.otio"))
    assert hashlib.sha256(Path(said["fetched"]).read_bytes()).hexdigest() == said["sha256"]
    assert said["sequences"] == list(range(1, len(said["sequences"]) + 1))
    assert (said["last"], said["failed"], said["grpc"]) == ("JOB_STATE_SUCCEEDED", [], False)
    assert (said["again"], said["kept"]) == ([], 1), "what is there is not made again"
    assert stat.S_IMODE((tmp_path / "keep.json").stat().st_mode) == 0o600


@pytest.fixture
def unit(browser: Browser, tmp_path: Path) -> Server:
    return Server(f"http://{browser.address}", token=browser.token, keep=tmp_path / "keep.json")


def test_a_refusal_says_every_fault_and_what_to_do(
    unit: Server, footage: Path, tmp_path: Path
) -> None:
    timeline = edits.bridge(tmp_path, footage, "gen: bridge\npromt: fog\nhandles: -1")
    with pytest.raises(Refused) as refused:
        unit.render(timeline)
    assert len(refused.value.faults) == 2
    assert all(f["what"] in str(refused.value) for f in refused.value.faults)
    with pytest.raises(Refused) as refused:
        unit.call("JobService/CreateJob", {"timeline": {"timeline": "relative.otio"}})
    assert {f["path"] for f in refused.value.faults} >= {"request_id"}
    assert refused.value.remedy and not refused.value.retryable
    with pytest.raises(UnitError, match=r"gone\.otio"):
        unit.plan(tmp_path / "gone.otio")


def test_errors_have_classes_and_the_servers_words(unit: Server, browser: Browser) -> None:
    with pytest.raises(NotFound) as missing:
        unit.cancel("nobody")
    assert missing.value.code == "JOB_UNKNOWN" and missing.value.remedy in str(missing.value)
    with pytest.raises(NotFound):
        unit.fetch({"sha256": "0" * 64, "sizeBytes": "5"}, browser.config.data / "take.mov")
    stranger = Server(f"http://{browser.address}", keep=browser.config.data / "none.json")
    with pytest.raises(Unauthenticated, match="secondunit pair"):
        stranger.call("JobService/ListJobs")
    with pytest.raises(Unauthenticated, match="code"):
        stranger.pair("000000x")
    keys = Register(browser.config.data)
    keys.add("ops", scope=Scope.ADMIN, days=1)
    _, token = keys.add("looker", scope=Scope.READ, days=1)
    looker = Server(f"http://{browser.address}", token=token)
    until(lambda: _refused(looker) is Forbidden)


def _refused(unit: Server) -> type[UnitError]:
    with pytest.raises(UnitError) as refused:
        unit.cancel("nobody")
    return type(refused.value)


def test_a_job_is_followed_to_its_end_and_may_be_cancelled(unit: Server, browser: Browser) -> None:
    heard: list[int] = []
    job = browser.desk.create(wish(steps=230), request_id="a", timeline="").id
    ended = unit.wait(job, lambda _, event: heard.append(int(event["sequence"])))
    assert ended["state"] == "JOB_STATE_SUCCEEDED"
    assert heard == list(range(1, int(ended["sequence"]) + 1))
    slow = browser.desk.create(wish(steps=3000, pause=0.01), request_id="s", timeline="").id
    unit.cancel(slow)
    assert unit.wait(slow)["state"] == "JOB_STATE_CANCELLED"


def test_a_token_goes_to_no_other_machine_in_the_clear() -> None:
    for address in ("http://render7:50052", "http://10.0.0.7", "http://127.0.0.1.evil.example"):
        with pytest.raises(Refused, match="clear"):
            Server(address)
    Server("https://render7:50052")
    for address in ("127.0.0.1:50052", "ftp://localhost", "http://"):
        with pytest.raises(Refused, match="no address"):
            Server(address)


class _Answers(http.server.BaseHTTPRequestHandler):
    """Says what the next of `answers` says: a body, seconds of silence, or None to hang up."""

    answers: list[Any]
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if said is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if isinstance(said, float):
            time.sleep(said)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody listens."""


@contextmanager
def answering(*answers: Any) -> Iterator[Server]:
    handler = type("Handler", (_Answers,), {"answers": list(answers)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{server.server_port}", keep=Path("/nowhere/keep"))
        finally:
            server.shutdown()
            thread.join()


def test_a_lost_connection_is_taken_up_again() -> None:
    with answering(None, None, b'{"jobs": []}') as unit:
        assert unit.call("JobService/ListJobs") == {"jobs": []}


def test_a_server_that_is_silent_is_left_after_the_time_it_had() -> None:
    with answering(1.0) as unit:
        began = time.monotonic()
        with pytest.raises(UnitError, match=r"within 0\.3 s") as slow:
            unit.call("JobService/ListJobs", timeout=0.3)
        assert slow.value.retryable and time.monotonic() - began < 0.9


def test_what_answers_but_is_no_bridge_is_called_so() -> None:
    with answering(b"<html>") as unit, pytest.raises(UnitError, match="not Second Unit"):
        unit.call("JobService/ListJobs")


def test_a_fetch_goes_on_where_it_stopped_and_keeps_nothing_that_is_spoilt(tmp_path: Path) -> None:
    data = b"0123456789"
    digest = {"sha256": hashlib.sha256(data).hexdigest(), "sizeBytes": "10"}
    (tmp_path / "take.mov.part").write_bytes(data[:6])
    with answering(data[6:]) as unit:
        assert unit.fetch(digest, tmp_path / "take.mov").read_bytes() == data
    with answering(b"9876543210") as unit, pytest.raises(UnitError, match="not what was sent"):
        unit.fetch(digest, tmp_path / "other.mov")
    assert [file.name for file in tmp_path.iterdir()] == ["take.mov"]
