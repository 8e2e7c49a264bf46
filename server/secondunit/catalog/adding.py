"""Adding an engine: a folder is looked at, hashed and kept as a card; removing it again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from secondunit.catalog.abilities import engine_of
from secondunit.catalog.cards import (
    AddedLora,
    Card,
    engines_folder,
    hashed,
    loaded_files,
    text_of,
)
from secondunit.catalog.engines import ENGINES, Engine
from secondunit.catalog.installed import broken, cards
from secondunit.catalog.loras import Lora
from secondunit.catalog.model_card import Terms, terms_of
from secondunit.catalog.pipeline_folder import Checkpoint, look
from secondunit.config import Config
from secondunit.errors import Fault, Refused, StoreError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]")
"""Of an engine: it becomes the name of a file, and stands in requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A checkpoint that may be added."""

    row: Engine
    checkpoint: Checkpoint
    loras: tuple[Lora, ...]
    terms: Terms

    @property
    def bytes(self) -> int:
        """Of everything that will be hashed."""
        files = [*loaded_files(self.checkpoint.folder), *(lora.path for lora in self.loras)]
        return sum(file.stat().st_size for file in files)


def check_name(name: str, config: Config) -> None:
    """Raises Refused for a name that none can have, or that another engine has."""
    if not NAME.fullmatch(name):
        raise Refused.single(
            f"'{name}' is no name of an engine: two to 64 lower-case letters, digits and . _ -",
            "NAME",
        )
    if name in ENGINES:
        raise Refused.single(f"'{name}' is built in", "NAME")
    if name in cards(config) or name in broken(config):
        raise Refused.single(
            f"there is an engine '{name}' already; `secondunit engines remove {name}` first", "NAME"
        )


def examine(name: str, folder: Path, loras: tuple[Lora, ...]) -> Found:
    """Look at a folder without loading it. Raises Refused with everything that is wrong with it."""
    checkpoint = look(folder, loras)
    row = engine_of(checkpoint, name, loras)
    terms = terms_of(folder, checkpoint.family.licence)
    return Found(row=row, checkpoint=checkpoint, loras=loras, terms=terms)


def card_of(
    found: Found, *, source: str, revision: str, by: str,
    seen: Callable[[int], None] = lambda _: None,
) -> Card:  # fmt: skip
    """The card, with the hash of every file; `seen` is told of every piece of so many bytes.

    Raises Refused for a file that cannot be read.
    """
    folder = found.checkpoint.folder
    try:
        files = tuple(
            hashed(path, path.relative_to(folder).as_posix(), seen) for path in loaded_files(folder)
        )
        loras = tuple(
            AddedLora(file=hashed(lora.path, str(lora.path), seen), steps=lora.steps)
            for lora in found.loras
        )
    except OSError as exc:
        raise Refused.single(f"cannot be read: {exc.strerror}", str(exc.filename)) from exc
    return Card(
        name=found.row.name, folder=folder, family=found.row.family, kind=found.checkpoint.kind,
        source=source, revision=revision, licence=found.terms.title, limits=found.terms.limits,
        licence_from=found.terms.said_by, added=datetime.now(UTC).isoformat(timespec="seconds"),
        by=by, files=files, loras=loras,
    )  # fmt: skip


def keep(card: Card, config: Config) -> Path:
    """Write a card, whole or not at all; a server that runs knows the engine from then on.

    Raises StoreError where the data folder cannot be written in.
    """
    path = engines_folder(config.data) / f"{card.name}.json"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text_of(card))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"the card {path} cannot be written: {exc.strerror}") from exc
    return path


def fetched_folder(name: str, commit: str, config: Config) -> Path:
    """Where weights from the Hub are put: of one engine and one commit."""
    return engines_folder(config.data) / f"{name}-{commit[:12]}"


def forget(name: str, config: Config) -> tuple[Path, ...]:
    """Remove an engine's card, and weights that were fetched for it; what was removed.

    A folder that somebody else made stays. Raises Refused for a name that was not added.
    """
    if name in ENGINES:
        raise Refused.single(f"'{name}' is built in, and stays", "NAME")
    home = engines_folder(config.data)
    path = home / f"{name}.json"
    if not NAME.fullmatch(name) or not path.is_file():
        names = ", ".join([*cards(config), *broken(config)]) or "none"
        raise Refused.single(f"no engine '{name}' was added; added are: {names}", "NAME")
    card = cards(config).get(name)
    path.unlink()
    gone = [path]
    if card is not None and card.revision and card.folder.parent == home.absolute():
        shutil.rmtree(card.folder, ignore_errors=True)
        gone.append(card.folder)
    return tuple(gone)


def lora_of(text: str) -> Lora:
    """`FILE`, or `FILE=STEPS` for one that was distilled to so few steps. Raises Refused."""
    file, mark, steps = text.rpartition("=")
    if not mark:
        file, steps = text, "0"
    if not steps.isdecimal() or (mark and not 1 <= int(steps) <= 64):
        raise Refused.single(f"'{steps}' is no number of steps from 1 to 64", f"--lora {text}")
    path = Path(file).absolute()
    if not path.is_file():
        raise Refused([Fault(what="there is no such file", path=f"--lora {file}")])
    return Lora(path=path, steps=int(steps))
