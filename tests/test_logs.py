"""The log: one line an event for people or machines, and nothing in it that a user wrote."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from secondunit import logs
from secondunit.errors import MediaMissing, Refused
from secondunit.rpc.status import unexpected

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Whatever a test sets up, the next one finds the log as it was."""
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], threading.excepthook = handlers, hook
    root.setLevel(level)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where the log goes."""
    monkeypatch.delenv(logs.VARIABLE, raising=False)
    return io.StringIO()


def test_a_line_for_machines_is_one_object_with_what_it_is_about(said: io.StringIO) -> None:
    logs.configure("json", said)
    with logs.about(job="3f2a", user="ann"):
        logging.getLogger("secondunit.jobs").info("job %s", "running", extra={"attempt": 2})
    logging.getLogger("secondunit.jobs").info("two\nlines")
    first, second = map(json.loads, said.getvalue().splitlines())
    assert first["message"] == "job running" and first["level"] == "info"
    assert (first["job"], first["user"], first["attempt"]) == ("3f2a", "ann", 2)
    assert first["time"].endswith("Z") and "T" in first["time"]
    assert "job" not in second and second["message"] == "two\nlines"


def test_a_line_for_people_is_one_line(said: io.StringIO) -> None:
    logs.configure("text", said)
    with logs.about(job="3f2a"):
        logging.getLogger("secondunit.rpc").info("two\nlines", extra={"seconds": 0.5})
    (line,) = said.getvalue().splitlines()
    assert line.endswith("INFO rpc two\\nlines [job=3f2a seconds=0.5]")


def test_the_environment_wins_and_another_style_is_refused(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logs.VARIABLE, "json")
    logs.configure("text", said)
    logging.getLogger("a").warning("b")
    assert json.loads(said.getvalue())["message"] == "b"
    monkeypatch.setenv(logs.VARIABLE, "xml")
    with pytest.raises(Refused, match="'xml' is no log"):
        logs.configure("text", said)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"no such prompt: {CANARY}"),
        MediaMissing(f"/media/{CANARY}.mov was not found"),
        FileNotFoundError(2, "No such file or directory", f"/media/{CANARY}.mov"),
        KeyError(CANARY),
    ],
)
@pytest.mark.parametrize("style", logs.STYLES)
def test_a_trace_names_the_code_it_came_through_and_nothing_that_a_user_wrote(
    error: Exception, style: str, said: io.StringIO
) -> None:
    def deep(secret: str) -> None:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError(f"for {secret}") from cause

    logs.configure(style, said)
    try:
        deep(CANARY)
    except RuntimeError:
        logging.getLogger("a").exception("it failed")
    text = said.getvalue()
    assert CANARY not in text
    assert "in deep" in text and "RuntimeError" in text and type(error).__name__ in text


def test_what_the_machine_says_is_kept(said: io.StringIO) -> None:
    logs.configure("text", said)
    try:
        raise OSError(28, "No space left on device", f"/media/{CANARY}")
    except OSError:
        logging.getLogger("a").exception("it failed")
    assert "No space left on device" in said.getvalue() and CANARY not in said.getvalue()


def test_a_thread_that_dies_is_logged_without_its_words(said: io.StringIO) -> None:
    logs.configure("json", said)

    def die() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    line = json.loads(said.getvalue())
    assert line["message"] == "a thread ended" and "in die" in line["trace"]
    assert CANARY not in said.getvalue()


def test_threads_do_not_share_what_they_are_about(said: io.StringIO) -> None:
    logs.configure("json", said)
    logs.bind()

    def other() -> None:
        logs.bind(job="theirs")
        logging.getLogger("a").info("there")

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    logging.getLogger("a").info("here")
    there, here = map(json.loads, said.getvalue().splitlines())
    assert there["job"] == "theirs" and "job" not in here


def test_an_unforeseen_failure_is_found_by_the_id_that_its_caller_saw(said: io.StringIO) -> None:
    logs.configure("json", said)
    try:
        raise ValueError(CANARY)
    except ValueError as failure:
        status = unexpected(failure)
    line = json.loads(said.getvalue())
    assert line["error_id"] in status.message and "trace" in line
    assert CANARY not in said.getvalue()
