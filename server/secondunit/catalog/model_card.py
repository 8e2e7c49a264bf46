"""The licence that weights come under: from the model's card (README.md), or from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from secondunit.catalog.licences import LICENCES, Licence, licence_called, licence_of_text, warns

_LONGEST = 2**20
_FRONT = re.compile(r"\A\ufeff?---\s*\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)
_LINE = re.compile(r"([A-Za-z_][\w-]*)\s*:\s*(.*?)\s*")
_TEXTS = ("LICENSE*", "LICENCE*", "license*", "licence*", "COPYING*")
_KEYS = ("license_name", "license", "license_link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is allowed with weights."""

    title: str
    limits: str
    """In plain words; empty: nothing beyond its text."""
    said_by: str
    """The file that says so; empty: none, it is what the family is usually published under."""


def terms_of(folder: Path, usual: str) -> Terms:
    """The terms of a checkpoint's folder; `usual`: a name of `catalog.licences` for the family."""
    card = _text(folder / "README.md")
    if card is not None and (found := terms_of_card(front_matter(card))) is not None:
        return found
    for path in _licence_files(folder):
        text = _text(path)
        if text is None:
            continue
        row = licence_of_text(text)
        if row is not None:
            return Terms(title=row.title, limits=row.limits, said_by=path.name)
        what = warns(text) or LICENCES["unknown"].limits
        return Terms(title=f"as in {path.name}", limits=what, said_by=path.name)
    return usual_terms(LICENCES[usual])


def usual_terms(row: Licence) -> Terms:
    """Of a family, where nothing in the folder says more."""
    return Terms(title=row.title, limits=row.limits, said_by="")


def terms_of_card(said: Mapping[str, str]) -> Terms | None:
    """The terms that the head of a model's card names; None where it names none."""
    names = [said[key] for key in _KEYS if said.get(key)]
    if not names:
        return None
    row = licence_called(*names[:2])
    if row is not None:
        return Terms(title=row.title, limits=row.limits, said_by="README.md")
    limits = LICENCES["unknown"].limits
    if link := said.get("license_link"):
        limits += f" ({link[:200]})"
    return Terms(title=names[0][:120], limits=limits, said_by="README.md")


def front_matter(text: str) -> Mapping[str, str]:
    """The plain `key: value` lines at the head of a card (YAML between two lines of `---`).

    Only texts at the first level are read: that is how the Hub writes licences.
    """
    match = _FRONT.match(text)
    found: dict[str, str] = {}
    for line in match[1].splitlines() if match else ():
        pair = _LINE.fullmatch(line)
        if pair and pair[2]:
            found.setdefault(pair[1], pair[2].strip("\"'"))
    return found


def _licence_files(folder: Path) -> Iterator[Path]:
    for pattern in _TEXTS:
        yield from sorted(p for p in folder.glob(pattern) if p.is_file())


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode("utf-8", "replace")
    except OSError:
        return None
