"""The one writer: all or nothing for each, one wait for the disk for all who come at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from secondunit.jobs.writer import MOST, Writer

SCHEMA = """PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
  CREATE TABLE owner (name TEXT PRIMARY KEY) STRICT;
  CREATE TABLE word (word TEXT PRIMARY KEY,
    owner TEXT REFERENCES owner DEFERRABLE INITIALLY DEFERRED) STRICT;"""


class Desk:
    """A writer whose first transaction is held open, so that those who come meanwhile wait."""

    def __init__(self, file: Path) -> None:
        self.file = file
        db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        db.executescript(SCHEMA)
        self.told: list[str] = []
        db.set_trace_callback(self.told.append)
        self.writer = Writer(db)
        self.errors: dict[str, BaseException] = {}
        self._threads: list[threading.Thread] = []

    def add(self, word: str, owner: str | None = None) -> None:
        self.writer.db.execute("INSERT INTO word VALUES (?, ?)", (word, owner))

    def together(self, *moves: tuple[str, Callable[[], None]]) -> None:
        """Run all, the second and later ones while the first is under way."""
        inside, go_on = threading.Event(), threading.Event()

        def run(name: str, move: Callable[[], None], *, first: bool) -> None:
            try:
                with self.writer.transaction():
                    if first:
                        inside.set()
                        assert go_on.wait(10)
                    move()
            except Exception as exc:
                self.errors[name] = exc

        for n, (name, move) in enumerate(moves):
            thread = threading.Thread(target=run, args=(name, move), kwargs={"first": n == 0})
            self._threads.append(thread)
            thread.start()
            if n == 0:
                assert inside.wait(10)
        until = time.monotonic() + 10
        while len(self.writer._coming) < len(moves) - 1 and time.monotonic() < until:
            time.sleep(0.001)
        go_on.set()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def words(self) -> set[str]:
        """As another process would read them."""
        with sqlite3.connect(self.file) as db:
            found = {row[0] for row in db.execute("SELECT word FROM word")}
        db.close()
        return found

    @property
    def commits(self) -> int:
        return self.told.count("COMMIT")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "words.db")
    yield desk
    desk.writer.close()


def test_one_that_is_alone_is_on_disk_when_it_returns(desk: Desk) -> None:
    for word in "abc":
        with desk.writer.transaction():
            desk.add(word)
        assert word in desk.words()
    assert desk.commits == 3


def test_those_who_come_at_once_wait_for_the_disk_once(desk: Desk) -> None:
    desk.together(*((word, lambda word=word: desk.add(word)) for word in "abcdef"))
    assert desk.words() == set("abcdef") and not desk.errors
    assert desk.commits == 1


def test_no_more_than_so_many_wait_for_each_other(desk: Desk) -> None:
    words = [str(n) for n in range(MOST + 3)]
    desk.together(*((word, lambda word=word: desk.add(word)) for word in words))
    assert desk.words() == set(words) and desk.commits == 2


@pytest.mark.parametrize("place", [0, 1, 3])
def test_what_goes_wrong_in_one_undoes_that_one_alone(desk: Desk, place: int) -> None:
    def wrong() -> None:
        desk.add("wrong")
        raise ValueError("not this one")

    moves: list[tuple[str, Callable[[], None]]] = [
        (word, lambda word=word: desk.add(word)) for word in "abc"
    ]
    moves.insert(place, ("wrong", wrong))
    desk.together(*moves)
    assert desk.words() == set("abc")
    assert list(desk.errors) == ["wrong"] and isinstance(desk.errors["wrong"], ValueError)


def test_what_cannot_be_committed_is_told_to_everyone_who_waits_for_it(desk: Desk) -> None:
    desk.together(
        ("a", lambda: desk.add("a")),
        ("b", lambda: desk.add("b", owner="nobody")),  # which is looked at when it is committed
        ("c", lambda: desk.add("c")),
    )
    assert set(desk.errors) == {"a", "b", "c"} and not desk.words()
    assert {type(exc) for exc in desk.errors.values()} == {sqlite3.IntegrityError}
    assert len({id(exc) for exc in desk.errors.values()}) == 3
    with desk.writer.transaction():  # and the next begins anew
        desk.add("d")
    assert desk.words() == {"d"}


def test_when_sqlite_has_undone_everything_nobody_is_told_that_it_was_kept(desk: Desk) -> None:
    def undone() -> None:  # as it does by itself when the disk is full in the midst of a statement
        desk.writer.db.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    desk.together(("a", lambda: desk.add("a")), ("full", undone), ("c", lambda: desk.add("c")))
    kept = desk.words()
    assert "full" in desk.errors
    assert kept == {"a", "c"} - set(desk.errors)  # the order in which they came decides


def test_many_threads_lose_nothing_and_see_what_they_wrote(desk: Desk) -> None:
    def work(who: int) -> None:
        for n in range(40):
            with desk.writer.transaction():
                desk.add(f"{who}-{n}")
            assert f"{who}-{n}" in desk.words()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(desk.words()) == 160
    assert desk.commits <= 160
