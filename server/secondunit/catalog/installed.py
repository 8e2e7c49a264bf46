"""The engines of this machine: the built-in rows and those whose checkpoints were added."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from secondunit.catalog.cards import Card, changed, engines_folder, read_card
from secondunit.catalog.checkpoint import read
from secondunit.catalog.engines import ENGINES, Engine, missing_packages
from secondunit.catalog.weights import weights_digest
from secondunit.config import Config
from secondunit.errors import Refused

Stamp = tuple[tuple[str, int, int], ...]
"""(name, time of the last change, size) of every card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    stamp: Stamp
    engines: Mapping[str, Engine]
    cards: Mapping[str, Card]
    broken: Mapping[str, str]
    """Why an engine that was added is none, by its name."""


_KEPT: dict[Path, _Found] = {}
_LOCK = threading.Lock()


def known(config: Config) -> Mapping[str, Engine]:
    """Every engine by name; the built-in ones first."""
    return _found(config).engines


def cards(config: Config) -> Mapping[str, Card]:
    """What is kept of each engine that was added, by name."""
    return _found(config).cards


def broken(config: Config) -> Mapping[str, str]:
    """Engines that were added and cannot be read any more: why, by name."""
    return _found(config).broken


def stamp(config: Config) -> Hashable:
    """Changes whenever an engine is added or removed."""
    return _stamp(config)


def no_engine(name: str, config: Config) -> str:
    """What to say of an engine that there is no row of."""
    if why := broken(config).get(name):
        return f"engine '{name}' was added, but {why}: mend it, or `secondunit engines remove`"
    return f"no engine '{name}'; engines: {', '.join(known(config))}"


def lacking(row: Engine, config: Config) -> str:
    """Why an engine cannot be loaded here, in words; empty where it can. Nothing is loaded."""
    if packages := missing_packages(row):
        return f"the packages {', '.join(packages)} are missing"
    if row.folder is None:
        return "" if weights_digest(row.name) else "its weights are missing"
    card = cards(config).get(row.name)
    if card is None:
        return "it was removed"
    wrong = "; ".join(changed(card)[:3])
    look = f"look at them with `secondunit engines check {row.name}`"
    return f"its weights are not those that were added ({wrong}): {look}" if wrong else ""


def weights_of(row: Engine) -> str:
    """Identity of an engine's weights (SHA-256); empty if it has none."""
    return row.weights if row.folder is not None else weights_digest(row.name)


def _found(config: Config) -> _Found:
    now = _stamp(config)
    key = config.data.absolute()
    with _LOCK:
        kept = _KEPT.get(key)
    if kept is not None and kept.stamp == now and not kept.broken:
        return kept
    found = _read(config, now)
    with _LOCK:
        _KEPT[key] = found
    return found


def _stamp(config: Config) -> Stamp:
    try:
        entries = sorted(engines_folder(config.data).glob("*.json"))
        return tuple((e.name, s.st_mtime_ns, s.st_size) for e in entries for s in (e.stat(),))
    except OSError:  # it is not there, or a card went this very moment
        return ()


def _read(config: Config, stamp: Stamp) -> _Found:
    engines = dict(ENGINES)
    whole: dict[str, Card] = {}
    broken: dict[str, str] = {}
    for file, _, _ in stamp:
        path = engines_folder(config.data) / file
        try:
            card = read_card(path)
            row = read(card.folder, card.name, card.overlays)
        except ValueError as exc:
            broken[path.stem] = f"its card {path} {exc}"
        except Refused as exc:
            broken[path.stem] = str(exc.faults[0])
        else:
            whole[card.name] = card
            engines[card.name] = replace(
                row, licence=card.licence, limits=card.limits, weights=card.identity
            )
    return _Found(stamp=stamp, engines=engines, cards=whole, broken=broken)
