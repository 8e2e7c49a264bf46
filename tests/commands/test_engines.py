"""engines: the catalogue, and what a server has in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest
from secondunit.cli import main

from tests.rpc.conftest import Unit


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)["engines"]


def test_the_catalogue_says_what_runs_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", "--json"]) == 0
    (motion,) = [row for row in printed(capsys) if row["name"] == "motion"]
    assert "bridge" in motion["operations"] and motion["licence"]


def test_an_engine_is_loaded_before_it_is_needed_and_its_memory_freed(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags, state in (
        ((), "cold"),
        (("--load", "motion"), "warm"),
        (("--unload", "motion"), "cold"),
    ):
        assert main(["engines", *flags, "--server", unit.address, "--json"]) == 0
        (row,) = [row for row in printed(capsys) if row["engine"] == "motion"]
        assert (row["device"], row["state"]) == ("cpu", state)


def test_names_that_are_none_are_refused_with_those_that_are(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engines", "--load", "dream", "--server", unit.address]) == 2
    assert "here are" in capsys.readouterr().err
    assert main(["engines", "--load", "motion"]) == 2
    assert "--server" in capsys.readouterr().err
