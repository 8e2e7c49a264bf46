"""`secondunit engines add | remove | check`: weights of one's own, shown before they are used."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondunit.commands.flags import SOME_FAILED, SUCCEEDED, config_of, print_json
from secondunit.config import Config
from secondunit.errors import Refused

if TYPE_CHECKING:
    from secondunit.catalog.adding import Found
    from secondunit.catalog.cards import Card
    from secondunit.catalog.hub import Offer
    from secondunit.catalog.loras import Lora
    from secondunit.catalog.model_card import Terms


def flags(sub: Any) -> None:
    """Of `add` and `check`."""
    sub.add_argument(
        "--lora", action="append", default=[], metavar="FILE[=STEPS]",
        help="of add: weights to lay over it; with STEPS, distilled to so few steps, for the "
        "presets draft and fast; may be repeated",
    )  # fmt: skip
    sub.add_argument(
        "--accept-licence", action="store_true",
        help="of add: the licence was read and its limits are accepted",
    )  # fmt: skip
    sub.add_argument("--yes", action="store_true", help="of add: do not ask")
    sub.add_argument(
        "--out", type=Path, metavar="DIR",
        help="of check: folder for the rendered suite (default: in the data folder)",
    )  # fmt: skip
    sub.add_argument(
        "--hashes", action="store_true", help="of check: read the files again, and render nothing"
    )


def add(options: argparse.Namespace) -> int:
    """Show what an engine is and whose, and keep it. Raises Refused."""
    from secondunit.catalog import adding, hub

    config = config_of(options)
    if not options.name or not options.source:
        raise Refused.single("an engine has a name and a source: add NAME FOLDER", "engines add")
    adding.check_name(options.name, config)
    loras = tuple(adding.lora_of(text) for text in options.lora)
    folder = Path(options.source).expanduser()
    if folder.is_dir() or hub.REPOSITORY.fullmatch(options.source) is None:
        card, found = _from_folder(options, config, folder.absolute(), loras)
    else:
        card, found = _from_hub(options, config, loras)
    path = adding.keep(card, config)
    if options.json:
        from secondunit.catalog.installed import known
        from secondunit.commands.engines import record_of

        print_json({"engine": record_of(known(config)[card.name], config), "card": str(path)})
    else:
        print(f"Added {card.name}: {found.row.title}, weights {card.identity[:12]}, card {path}")
        print(f"See whether it does what it should: secondunit engines check {card.name}")
    return SUCCEEDED


def remove(options: argparse.Namespace) -> int:
    """Take an engine out; weights that were fetched for it go, a folder of one's own stays."""
    from secondunit.catalog.adding import forget

    if not options.name:
        raise Refused.single("which engine? remove NAME", "engines remove")
    gone = forget(options.name, config_of(options))
    if options.json:
        print_json({"removed": [str(path) for path in gone]})
    else:
        for path in gone:
            print(f"Removed {path}")
    return SUCCEEDED


def check(options: argparse.Namespace) -> int:
    """Read every byte again; render a small suite through the whole service and say what came."""
    from secondunit.catalog.cards import damaged
    from secondunit.catalog.installed import cards, known, no_engine

    config = config_of(options)
    name = options.name or config.engine
    if name not in known(config):
        raise Refused.single(no_engine(name, config), "NAME")
    card = cards(config).get(name)
    wrong: tuple[str, ...] = ()
    if card is not None:
        with _reading(card_bytes(card), "reading", options) as seen:
            wrong = damaged(card, seen)
    record: dict[str, Any] = {"engine": name, "damaged": list(wrong), "suite": None}
    if not wrong and not options.hashes:
        from secondunit.suite import run

        record["suite"] = run(name, config, options)
    passed = not wrong and (record["suite"] is None or record["suite"]["pass"])
    record["pass"] = passed
    if options.json:
        print_json(record)
    else:
        _say(record)
    return SUCCEEDED if passed else SOME_FAILED


DEEDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "add": add, "remove": remove, "check": check,
}  # fmt: skip


def _from_folder(
    options: argparse.Namespace, config: Config, folder: Path, loras: tuple[Lora, ...]
) -> tuple[Card, Found]:
    from secondunit.catalog import adding

    found = adding.examine(options.name, folder, loras)
    _accepted(options, found.terms, _about(found))
    return _hashed(options, found, source=str(folder), revision=""), found


def _from_hub(
    options: argparse.Namespace, config: Config, loras: tuple[Lora, ...]
) -> tuple[Card, Found]:
    from secondunit.catalog import adding, hub

    repository, revision = hub.parted(options.source)
    wanted: Offer | None = None
    if hub.offline():
        cache, commit = hub.cached(repository, revision)
        folder = adding.fetched_folder(options.name, commit, config)
        hub.brought(cache, folder)
    else:
        if options.json:
            _without_bars()
        home = adding.engines_folder(config.data) / f".{options.name}"
        wanted = hub.offer(repository, revision, home)
        commit = wanted.commit
        _accepted(options, wanted.terms, [
            f"{repository} at {commit}",
            f"{len(wanted.files)} files, {wanted.bytes / 2**30:.2f} GiB to fetch",
        ])  # fmt: skip
        folder = adding.fetched_folder(options.name, commit, config)
        hub.fetch(wanted, folder)
    found = adding.examine(options.name, folder, loras)
    if wanted is None or found.terms.title != wanted.terms.title:
        _accepted(options, found.terms, _about(found))
    card = _hashed(options, found, source=repository, revision=commit)
    if wanted is not None and (other := hub.differing(card, wanted)):
        raise Refused.single(
            "its bytes are not those that the Hub has a hash of: remove the folder, add it again",
            str(folder / other[0]),
        )
    return card, found


def _hashed(options: argparse.Namespace, found: Found, *, source: str, revision: str) -> Card:
    from secondunit.catalog import adding

    by = shlex.join(["secondunit", *sys.argv[1:]]) if sys.argv[1:] else "secondunit engines add"
    with _reading(found.bytes, "hashing", options) as seen:
        return adding.card_of(found, source=source, revision=revision, by=by, seen=seen)


def _about(found: Found) -> list[str]:
    row = found.row
    lines = [
        f"{row.title}: {found.checkpoint.kind} in {found.checkpoint.folder}",
        f"{found.bytes / 2**30:.2f} GiB of files; about {row.memory_mib / 1024:.1f} GiB of memory",
        f"can do: {', '.join(sorted(row.operations))}",
        f"its weights obey: {', '.join(sorted(row.native)) or 'words alone'}"
        + ("; the rest is held" if row.held else "; the rest is composite only"),
    ]
    return lines + [f"with {lora.path.name}" for lora in found.loras]


def _accepted(options: argparse.Namespace, terms: Terms, lines: list[str]) -> None:
    """Show whose weights those are; raises Refused where that is not accepted."""
    where = f" (says {terms.said_by})" if terms.said_by else " (as the family is published)"
    lines = [*lines, f"licence: {terms.title}{where}"]
    if terms.limits:
        lines.append(f"the licence {terms.limits}")
    for line in lines:
        print(line, file=sys.stderr)
    needs = bool(terms.limits) and not options.accept_licence
    if options.yes and not needs:
        return
    if options.json or not sys.stdin.isatty():
        if needs:
            raise Refused.single(
                f"its licence ({terms.title}) {terms.limits}; say --accept-licence if that suits "
                "your purpose", "--accept-licence",
            )  # fmt: skip
        if not options.yes:
            raise Refused.single("nobody can be asked here: say --yes", "--yes")
        return
    question = "Accept the licence and go on? [y/N] " if needs else "Go on? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused.single("not accepted", "--accept-licence" if needs else "--yes")


@contextmanager
def _reading(
    total: int, doing: str, options: argparse.Namespace
) -> Iterator[Callable[[int], None]]:  # fmt: skip
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from secondunit.looks import console

    columns = (TextColumn(doing), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), disable=options.json) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda count: progress.advance(task, count)


def card_bytes(card: Card) -> int:
    """Of everything that a card has a hash of."""
    return sum(f.bytes for f in (*card.files, *(lora.file for lora in card.loras)))


def _without_bars() -> None:
    try:
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:  # told when it is needed
        return
    disable_progress_bars()


def _say(record: dict[str, Any]) -> None:
    name, suite = record["engine"], record["suite"]
    for what in record["damaged"]:
        print(f"FAIL  {what}")
    if record["damaged"]:
        print(f"Put the files back, or: secondunit engines remove {name}, and add it again")
        return
    print("ok    every file has the bytes with which it was added")
    if suite is None:
        return
    for shot in suite["shots"]:
        missed = ", ".join(shot["missed"])
        what = shot["error"] or (f"missed {missed}" if missed else "all controls held")
        print(f"{'ok  ' if shot['pass'] else 'FAIL'}  {shot['name']}: {what}")
        for file in shot["sheets"]:
            print(f"      {file}")
    print(f"Look at the sheets in {suite['folder']}; the report is {suite['report']}")
