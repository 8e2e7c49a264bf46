"""What a process gave up it has no more: sockets, files to write, programs, memory."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CODE = """
import json, mmap, os, socket, subprocess, sys, threading
from pathlib import Path
from secondunit.jobs.sandbox import allow_cpu, confine
folder, port, asked = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
got = confine(**asked)
def connect(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family) as s:
        s.settimeout(2)
        s.connect((host, port))
def in_a_thread(call):
    found = []
    def run():
        try:
            found.append(call())
        except OSError as exc:
            found.append(exc)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], OSError):
        raise found[0]
tries = {
    "connect": connect,
    "connect_in_a_thread": lambda: in_a_thread(connect),
    "connect_6": lambda: connect(socket.AF_INET6, "::1"),
    "send": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
    "create": lambda: (folder / "new").write_text("x"),
    "overwrite": lambda: (folder / "old").write_text("x"),
    "append": lambda: (folder / "old").open("a").write("x"),
    "truncate": lambda: os.truncate(folder / "old", 0),
    "remove": lambda: (folder / "old").unlink(),
    "rename": lambda: (folder / "old").rename(folder / "other"),
    "make_folder": lambda: (folder / "deep").mkdir(),
    "link": lambda: (folder / "link").symlink_to("old"),
    "program": lambda: subprocess.run(["true"], check=True),
    "read": lambda: (folder / "kept").read_text(),
    "memory": lambda: mmap.mmap(-1, 3 * 2**30),
    "files": lambda: [open(os.devnull) for _ in range(200)],
}
done = {}
for name, call in tries.items():
    try:
        call()
    except (OSError, MemoryError) as exc:
        done[name] = type(exc).__name__
    else:
        done[name] = "done"
print(json.dumps({"got": str(got), "done": done}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").write_text("here")
    (tmp_path / "kept").write_text("kept")
    return tmp_path


def tried(folder: Path, port: int = 9, **asked: Any) -> dict[str, Any]:
    """What a process could do after it was confined so."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE, str(folder), str(port), json.dumps(asked)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(found.stdout)


def test_nothing_gets_out_of_a_confined_process(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        found = tried(
            folder, port, memory_mib=2048, files=64, network=False, writing=False, programs=False
        )
        if "no network" not in found["got"]:
            pytest.skip(f"this system only gives: {found['got']}")
        with pytest.raises(TimeoutError):
            listener.accept()
    done = found["done"]
    assert {done.pop("read")} == {"done"}
    refused = {name for name, how in done.items() if how == "PermissionError"}
    if "no writing" in found["got"]:
        assert refused == done.keys() - {"memory", "files"}
        assert sorted(p.name for p in folder.iterdir()) == ["kept", "old"]
        assert (folder / "old").read_text() == "here"
    assert refused >= {"connect", "connect_in_a_thread", "connect_6", "send", "program"}
    assert done["memory"] == done["files"] == "OSError"


def test_a_worker_may_write_and_start_programs_without_a_network(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = tried(folder, listener.getsockname()[1], network=False)
    if "no network" not in found["got"]:
        pytest.skip(f"this system only gives: {found['got']}")
    done = found["done"]
    assert done["connect"] == "PermissionError"
    assert {done[name] for name in ("create", "append", "make_folder", "program")} == {"done"}


def test_who_gives_up_nothing_keeps_all(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = tried(folder, listener.getsockname()[1], network=True)
    assert found["got"] == "limits"
    assert {found["done"][name] for name in ("connect", "create", "program")} == {"done"}


def test_processor_time_ends_who_runs_on_alone() -> None:
    code = "from secondunit.jobs.sandbox import allow_cpu\nallow_cpu(0.2)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], timeout=30, check=False)
    assert done.returncode < 0
