"""Writes the pages that come from the code: `docs/errors.md` and `docs/deploy/secondunit.toml`.

    python docs/generate.py

A test compares what stands there with what this would write.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secondunit import errors
from secondunit.config import Config
from secondunit.rpc.status import TABLE

FOLDER = Path(__file__).parent
ERRORS = FOLDER / "errors.md"
SETTINGS = FOLDER / "deploy" / "secondunit.toml"

ERRORS_HEAD = """# What each error means, and what to do

The code of an error stands in `--json` output, in `ErrorInfo.reason` and `ErrorDetail.code` of a
status, in a job's `error`, and in the log. The sentence beside it names the thing, the place and
the choices left; this table tells what kind of thing it was. *Again* says whether the same request
may work later as it is. This page is written by `python docs/generate.py`.

| code | gRPC status | what happened | again | what to do |
|---|---|---|---|---|
"""

SETTINGS_HEAD = """\
# Every setting of Second Unit with its default; written by `python docs/generate.py`.
# Copy it, keep the lines that you change, and name the file: secondunit serve --config FILE.toml
# (or SECONDUNIT_CONFIG). Paths are relative to the file's folder.
"""

PLACES = {
    "data": '"/var/lib/secondunit"',
    "tls.certificate": '"server.crt"',
    "tls.key": '"server.key"',
    "tls.client_authority": '"clients.crt"',
}
"""What an example says where the default is a place of this machine, or none."""


def errors_page() -> str:
    """The table of every class of the tree, in the tree's order."""
    lines: list[str] = []
    for kind in _tree(errors.SecondUnitError):
        what = _sentence(inspect.getdoc(kind))
        if kind is errors.SecondUnitError:
            what = "A fault of the server; the message carries an error id."
        cells = (
            f"`{kind.code}`",
            TABLE[kind].name,
            what,
            "yes" if kind.retryable else "no",
            kind.remedy,
        )
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return ERRORS_HEAD + "\n".join(lines) + "\n"


def settings_file() -> str:
    """Every field of Config with what its docstring says and its default."""
    base = Config(data=Path("/nowhere"))
    top, sections = [SETTINGS_HEAD], []
    for field in dataclasses.fields(Config):
        value = getattr(base, field.name)
        if dataclasses.is_dataclass(value):
            title = _sentence(inspect.getdoc(type(value))).partition(";")[0]
            sections.append(f"\n# {title}.\n[{field.name}]\n")
            for inner in dataclasses.fields(value):
                sections += _setting(type(value), inner.name, getattr(value, inner.name), field)
        else:
            top += _setting(Config, field.name, value)
    return "".join(top + sections)


def _tree(kind: type[errors.SecondUnitError]) -> Iterator[type[errors.SecondUnitError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def _sentence(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())


def _setting(owner: type, name: str, value: Any, section: Any = None) -> Iterator[str]:
    path = f"{section.name}.{name}" if section else name
    told = textwrap.wrap(_docstrings(owner).get(name, ""), 96)
    yield "".join(f"# {line}\n" for line in told)
    if path in PLACES:
        yield f"#{name} = {PLACES[path]}\n"
    else:
        yield f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int) and value >= 2**20:
        return f"{value:_}"
    return json.dumps(value)


def _docstrings(owner: type) -> dict[str, str]:
    """The string below each attribute."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    told: dict[str, str] = {}
    for attribute, below in itertools.pairwise(body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            told[attribute.target.id] = " ".join(str(below.value.value).split())
    return told


def main() -> None:
    """Write both."""
    SETTINGS.parent.mkdir(exist_ok=True)
    ERRORS.write_text(errors_page())
    SETTINGS.write_text(settings_file())


if __name__ == "__main__":
    main()
