"""Every case of fault and abuse has its tests, or a reason why it has none."""

from __future__ import annotations

import ast

from tests.conftest import REPOSITORY
from tests.faults.cases import CASES


def test_the_cases_are_thirty() -> None:
    assert [case.number for case in CASES] == list(range(1, 31))


def test_a_case_without_a_test_says_why() -> None:
    assert not [case.number for case in CASES if not case.tests and not case.why_not]


def test_every_test_that_a_case_names_exists() -> None:
    missing: list[str] = []
    for case in CASES:
        for test in case.tests:
            file, _, name = test.partition("::")
            path = REPOSITORY / "tests" / file
            tree = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
            there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            if name not in there:
                missing.append(f"case {case.number}: tests/{test}")
    assert not missing, "\n".join(missing)
