"""What Prometheus reads: off unless asked for, on this machine unless said otherwise."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from secondunit import measures
from secondunit.errors import Refused


def read(address: str) -> dict[str, float]:
    """Every series by its name and labels."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_what_is_counted_is_read_over_http(tmp_path: Path) -> None:
    with measures.measuring() as made:
        made.look_at(lambda: {"queued": 3, "running": 1}, tmp_path)
        assert measures.current() is made
        with measures.served("127.0.0.1:0", made) as address:
            made.stages.labels("engine", "motion").observe(4.0)
            found = read(address)
    assert measures.current() is None
    assert found['secondunit_jobs{state="queued"}'] == 3
    assert found['secondunit_stage_seconds_sum{engine="motion",stage="engine"}'] == 4.0
    assert found["secondunit_data_free_bytes"] > 0
    assert found["process_resident_memory_bytes"] > 0
    with pytest.raises(urllib.error.URLError):
        read(address)  # let go with the server


def test_nothing_is_loaded_while_nobody_measures() -> None:
    code = (
        "import sys, secondunit.app; from secondunit import measures; "
        "print(measures.current(), 'prometheus_client' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["None", "False"]


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
    ],
)
def test_a_port_alone_is_of_this_machine(listen: str, address: tuple[str, int]) -> None:
    assert measures.address_of(listen) == address


@pytest.mark.parametrize("listen", ["", "localhost", "127.0.0.1:http", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(Refused, match="no address"):
        measures.address_of(listen)


def test_a_port_that_is_taken_is_refused() -> None:
    with (
        measures.measuring() as made,
        measures.served("0", made) as address,
        pytest.raises(Refused, match="in use"),
        measures.served(address, made),
    ):
        pass
