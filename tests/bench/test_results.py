"""Verdicts and tables: what was not measured does not pass, and what is not built is no miss."""

from __future__ import annotations

import json

import pytest
from secondunit.finish.thresholds import Limit

from bench.motion.results import Part, Row, Verdict, absent, printed, record, summary

LEAST = Limit(low=1.0)


@pytest.mark.parametrize(
    ("value", "state"), [(1.2, "PASS"), (1.0, "PASS"), (0.99, "MISS"), (None, "MISS")]
)
def test_a_figure_is_held_against_its_bar(value: float | None, state: str) -> None:
    assert Verdict(clip="train", bar="dB", value=value, limit=LEAST).state == state


def test_a_figure_that_is_no_number_misses() -> None:
    nothing = float("nan")
    for limit in (LEAST, Limit(high=1.0), Limit(low=0.0, high=1.0)):
        assert Verdict(clip="train", bar="dB", value=nothing, limit=limit).state == "MISS"


def test_what_is_not_built_is_said_and_is_no_miss() -> None:
    verdict = absent("train", "step", LEAST, "no engine does 'loop'")
    part = Part(name="loop", title="steps", verdicts=[verdict])

    assert verdict.state == "not built"
    assert "not built train: step: (no engine does 'loop')" in printed(part)
    assert summary([part]).startswith("0 bars hold, 0 do not, 1 are of what is not built")


def test_a_table_has_a_column_for_every_figure_and_a_dash_where_there_is_none() -> None:
    rows = [
        Row(clip="train", what="freeze", values={"mean dB": 20.169, "why": None}),
        Row(clip="a clip with a long name", what="ours", values={"mean dB": 25.294}),
    ]
    lines = printed(Part(name="extend", title="dB", rows=rows)).splitlines()

    assert lines[1].split() == ["clip", "mean", "dB", "why"]
    assert lines[2].split() == ["train", "freeze", "20.17", "-"]
    assert lines[3].split()[-2:] == ["25.29", "-"]
    assert len({len(line) for line in lines[1:]}) == 1, "columns stand below their heads"


def test_the_record_is_json_and_says_the_same() -> None:
    part = Part(
        name="bridge", title="dB",
        rows=[Row(clip="train", what="ours", values={"mean dB": 28.8})],
        verdicts=[Verdict(clip="train", bar="dB above", value=2.0, limit=LEAST)],
    )  # fmt: skip
    (found,) = json.loads(json.dumps(record([part])))

    assert found["rows"] == [{"clip": "train", "what": "ours", "mean dB": 28.8}]
    assert found["bars"][0]["state"] == "PASS" and found["bars"][0]["low"] == 1.0
