"""report and budget, as an operator types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from secondunit.cli import main
from secondunit.jobs.amounts import bytes_words, money_words, seconds_words

from tests.jobs.clocks import Clock, create, lease, open_store, take
from tests.plans import shot_plan

Typed = Callable[..., str]


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """What a command prints."""
    settings = tmp_path / "unit.toml"
    settings.write_text('[price]\ndevice_hour = 3.6\ncurrency = "EUR"\n')

    def run(*words: str, code: int = 0) -> str:
        place = ["--config", str(settings), "--data", str(tmp_path / "data")]
        assert main([*words, *place]) == code
        said = capsys.readouterr()
        return said.out + said.err

    return run


def record(text: str) -> Any:
    return json.loads(text)


def worked(tmp_path: Path) -> None:
    """Two takes of a shot of a second, one of them reused; ten seconds."""
    clock = Clock()
    store = open_store(tmp_path / "data", clock)
    plan = shot_plan(frames=24)
    for request in "ab":
        create(store, plan, request, project="Coast", user="ana")
        if job := store.claim():
            clock.passes(10)
            store.finish(lease(job), take(store, plan))
    store.close()


def test_a_report_is_a_table_for_people_an_object_for_scripts_and_a_file_for_sheets(
    typed: Typed, tmp_path: Path
) -> None:
    assert typed("report") == "Nothing was spent.\n"
    worked(tmp_path)
    said = typed("report", "--project", "Coast")
    assert "Coast / cut.otio" in said and "LAD_0010" in said
    assert "10 s" in said and "0.010 EUR" in said and "0.0100" in said
    assert "A finished second cost 0.0100 EUR, takes included." in said
    found = record(typed("report", "--json"))
    assert found["total"]["takes"] == 1 and found["total"]["reused"] == 1
    assert found["lines"][0]["cost"] == {"currency": "EUR", "micros": 10_000}
    assert found["lines"][0]["cost_per_finished_second"] == pytest.approx(0.00999, rel=1e-3)
    typed("report", "--csv", str(tmp_path / "lines.csv"))
    with (tmp_path / "lines.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert (line["project"], line["cost"], line["currency"]) == ("Coast", "0.01", "EUR")
    assert typed("report", "--since", "2100-01-01") == "Nothing was spent.\n"
    assert "Coast" in typed("report", "--until", "2100-01-01T12:00")
    assert "cannot be written" in typed("report", "--csv", str(tmp_path / "no" / "x"), code=2)


def test_a_budget_is_set_listed_and_removed(typed: Typed) -> None:
    assert "No budgets" in typed("budget")
    said = typed("budget", "set", "--project", "Coast", "--cost", "50", "--hours", "3")
    assert "50.00 EUR" in said and "3 h" in said
    typed("budget", "set", "--user", "ana", "--hours", "0.5")
    found = record(typed("budget", "--json"))["budgets"]
    assert [(b["project"], b["user"], b["device_seconds"]) for b in found] == [
        ("", "ana", 1800.0), ("Coast", "", 10800.0)
    ]  # fmt: skip
    assert found[1]["cost"] == {"currency": "EUR", "micros": 50_000_000}
    typed("budget", "remove", "--project", "Coast")
    assert len(record(typed("budget", "list", "--json"))["budgets"]) == 1


def test_a_budget_without_a_limit_or_a_name_is_refused(typed: Typed) -> None:
    said = typed("budget", "set", code=2)
    assert "for a project, a user" in said and "limits money, time of devices" in said
    assert "only `budget set`" in typed("budget", "remove", "--hours", "1", code=2)
    with pytest.raises(SystemExit):
        typed("budget", "set", "--project", "Coast", "--cost", "-1")


def test_amounts_are_said_as_people_say_them() -> None:
    times = [seconds_words(s) for s in (0.04, 9.94, 35, 119.4, 125, 3600, 12_000)]
    assert times == ["0.0 s", "9.9 s", "35 s", "119 s", "2 min 5 s", "1 h", "3 h 20 min"]
    amounts = [money_words(m, "EUR") for m in (0, 12_500_000, 23_100, 4_200, 7, -29_000)]
    assert amounts == [
        "0.00 EUR", "12.50 EUR", "0.023 EUR", "0.0042 EUR", "0.000007 EUR", "-0.029 EUR"
    ]  # fmt: skip
    assert [bytes_words(b) for b in (1, 640 * 2**20, 1200 * 2**20)] == [
        "1 MiB", "640 MiB", "1.2 GiB"
    ]  # fmt: skip
