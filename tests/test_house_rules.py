"""The rules of the house, as tests: who imports whom, where torch lives, how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "server" / "secondunit"
FLOW = ("timeline", "plan", "engine", "finish", "encode", "place")
BASE = {"units", "errors", "config", "failpoints", "measures", "logs", "catalog", "__version__"}
MAY_IMPORT = {
    **{stage: BASE | set(FLOW[: i + 1]) for i, stage in enumerate(FLOW)},
    "catalog": {"units", "errors", "config", "catalog"},
    "jobs": BASE | set(FLOW) | {"jobs"},
    "rpc": BASE | {"rpc", "jobs", "plan", "timeline", "v1"},
}
# Planning negotiates with rows of the catalogue, never with a loaded model.
MAY_IMPORT["plan"] = BASE | {"timeline", "plan"}
HEAVY = {"torch", "diffusers", "transformers", "cv2", "safetensors", "accelerate"}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
LONGEST = 500


def modules(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        # What was generated, or installed beside the panel, is not written here.
        if not {"v1", "node_modules"} & set(path.relative_to(folder).parts):
            yield path


def imports(path: Path) -> Iterator[str]:
    """Absolute names of everything a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_stands_to_its_left(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(SERVER / room)
        for name in imports(path)
        if name.startswith("secondunit.") and name.split(".")[1] not in MAY_IMPORT[room]
    ]
    assert not wrong, "\n".join(wrong)


# The report follows points and the sheet is drawn with OpenCV; models stay in the engine.
MAY_BE_HEAVY = {"engine": HEAVY, "finish": {"cv2"}}


def test_heavy_packages_are_imported_only_where_pictures_are_made_and_measured() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(SERVER)
        for name in imports(path)
        if name.split(".")[0] in HEAVY - MAY_BE_HEAVY.get(path.relative_to(SERVER).parts[0], set())
    ]
    assert not wrong, "\n".join(wrong)


def test_plugins_import_nothing_of_the_server_but_the_protocol() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "plugins").rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == "secondunit" and not name.startswith("secondunit.v1")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "module", ["secondunit.app", "secondunit.cli", "secondunit_client", "secondunit.jobs.desk"]
)
def test_it_starts_without_torch(module: str) -> None:
    heavy = sorted(HEAVY | ({"opentimelineio", "av"} if module == "secondunit_client" else set()))
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_file_is_opened_with_ffmpeg_by_name_with_both_whitelists() -> None:
    def opens(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "av.open"
            and not any(isinstance(a, ast.Constant) and a.value == "w" for a in node.args)
        )

    readers = [
        (path, node)
        for path in modules(SERVER)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and any(map(opens, ast.walk(node)))
    ]
    assert len(readers) >= 3
    for path, function in readers:
        text = ast.unparse(function)
        assert "'format_whitelist':" in text and "'protocol_whitelist': 'file'" in text, path
        assert "av.open(str(" in text, f"{path}: a file object lets a playlist reach the network"


def written() -> list[Path]:
    folders = ("server", "plugins", "tests", "bench", "samples", "proto")
    return [path for folder in folders for path in modules(ROOT / folder)]


def test_every_module_says_what_it_is_in_one_line() -> None:
    for path in written():
        doc = ast.get_docstring(ast.parse(path.read_text()))
        assert doc, f"{path.relative_to(ROOT)} has no docstring"
        assert len(doc.splitlines()[0]) <= 100, path


def test_every_file_can_be_read_in_one_sitting() -> None:
    long = [p for p in written() if len(p.read_text().splitlines()) > LONGEST]
    assert not long, [str(p.relative_to(ROOT)) for p in long]


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    own = [path.relative_to(ROOT).with_suffix("") for path in written()]
    assert not [path for path in own if set(path.parts) & DRAWERS]


def test_tests_use_no_mock_library() -> None:
    assert not [p for p in (ROOT / "tests").rglob("*.py") if "unittest.mock" in set(imports(p))]


def test_nothing_is_left_unfinished() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    mine = Path(__file__).resolve()
    wrong = [p for p in written() if p != mine and pattern.search(p.read_text())]
    assert not wrong, wrong
