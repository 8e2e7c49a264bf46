"""Cards: what is kept of an engine that was added: where its weights lie, licence, hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit.catalog.loras import Lora
from secondunit.catalog.weight_files import json_of

VERSION = 1
"""Of a card's shape. Fields may be added; a field never changes its meaning."""
_READ = 8 * 2**20
_NOT_LOADED = (".md", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".pdf", ".gitattributes")
"""Files of a checkpoint for people: they may change, and the engine is still the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One file, as it was when the engine was added."""

    path: str
    """Below the checkpoint's folder, with forward slashes; of a LoRA absolute."""
    bytes: int
    mtime_ns: int
    """Of its last change: equal stamps are taken for equal files until `check` reads them all."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLora:
    """A LoRA, and what it was distilled for."""

    file: WeightFile
    steps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One engine that was added: `<data>/engines/NAME.json`."""

    name: str
    folder: Path
    family: str
    kind: str
    """The pipeline's class."""
    source: str
    """`ORG/REPO` of the Hub, or the folder as it was given."""
    revision: str
    """Commit of the Hub; empty for a folder."""
    licence: str
    """Its title, as the card of the model or its text says."""
    limits: str
    """What that forbids, in plain words; empty: nothing beyond its text."""
    licence_from: str
    """Which file said so; empty: none did, and the family's own was taken."""
    added: str
    """When, ISO 8601."""
    by: str
    """The command that accepted the licence."""
    files: tuple[WeightFile, ...]
    loras: tuple[AddedLora, ...] = ()

    @property
    def identity(self) -> str:
        """SHA-256 over everything that is loaded: new weights mean a new result."""
        total = hashlib.sha256()
        for file in sorted(self.files, key=lambda f: f.path):
            total.update(f"{file.path}\0{file.sha256}\0".encode())
        for lora in self.loras:  # in the order in which they are laid over
            total.update(f"{lora.file.sha256}\0{lora.steps}\0".encode())
        return total.hexdigest()

    @property
    def overlays(self) -> tuple[Lora, ...]:
        """Its LoRAs, as the catalogue takes them."""
        return tuple(Lora(path=Path(lora.file.path), steps=lora.steps) for lora in self.loras)


def engines_folder(data: Path) -> Path:
    """Where cards are kept, and the weights that were fetched."""
    return data / "engines"


def loaded_files(folder: Path) -> Iterator[Path]:
    """Every file of a checkpoint that loading it may read, in a stable order."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts):
            continue
        if path.is_file() and path.suffix.lower() not in _NOT_LOADED:
            yield path


def hashed(path: Path, name: str, seen: Callable[[int], None] = lambda _: None) -> WeightFile:
    """A file with its hash; `seen` is told of every piece of so many bytes. Raises OSError."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        while piece := file.read(_READ):
            total.update(piece)
            seen(len(piece))
    return WeightFile(
        path=name, bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=total.hexdigest()
    )


def changed(card: Card) -> tuple[str, ...]:
    """Files that are no longer as they were, by their stamps; nothing is read."""
    wrong: list[str] = []
    for path, file in _places(card):
        try:
            status = path.stat()
        except OSError:
            wrong.append(f"'{file.path}' is gone")
            continue
        if (status.st_size, status.st_mtime_ns) != (file.bytes, file.mtime_ns):
            wrong.append(f"'{file.path}' was changed")
    there = {p.relative_to(card.folder).as_posix() for p in loaded_files(card.folder)}
    wrong += [f"'{name}' is new" for name in sorted(there - {f.path for f in card.files})]
    return tuple(wrong)


def damaged(card: Card, seen: Callable[[int], None] = lambda _: None) -> tuple[str, ...]:
    """The same by their bytes: all are read. A touched file that is equal is as it was."""
    wrong = [what for what in changed(card) if not what.endswith("was changed")]
    for path, file in _places(card):
        try:
            if path.is_file() and hashed(path, file.path, seen).sha256 != file.sha256:
                wrong.append(f"'{file.path}' has other bytes than when it was added")
        except OSError as exc:
            wrong.append(f"'{file.path}' cannot be read: {exc.strerror}")
    return tuple(wrong)


def _places(card: Card) -> Iterator[tuple[Path, WeightFile]]:
    for file in card.files:
        yield card.folder / file.path, file
    for lora in card.loras:
        yield Path(lora.file.path), lora.file


def text_of(card: Card) -> str:
    """As it stands in its file."""
    record = {"version": VERSION} | dataclasses.asdict(card)
    return json.dumps(record, indent=1, default=str) + "\n"


def read_card(path: Path) -> Card:
    """A card as written. Raises ValueError with what is wrong with it."""
    record = dict(json_of(path))
    if record.pop("version", None) != VERSION:
        raise ValueError(f"is no card of version {VERSION}")
    try:
        files = tuple(WeightFile(**f) for f in record.pop("files"))
        loras = tuple(_lora(one) for one in record.pop("loras", ()))
        record["folder"] = Path(record["folder"])
        card = Card(**record, files=files, loras=loras)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"is no card: {exc}") from exc
    texts = [f.name for f in dataclasses.fields(Card) if f.type == "str"]
    whole = all(isinstance(getattr(card, name), str) for name in texts) and all(
        isinstance(f.path, str) and isinstance(f.sha256, str)
        for f in (*files, *(lora.file for lora in loras))
    )
    if not whole or card.name != path.stem or not files:
        raise ValueError("is no card of that name")
    return card


def _lora(record: Mapping[str, Any]) -> AddedLora:
    return AddedLora(file=WeightFile(**record["file"]), steps=int(record["steps"]))
