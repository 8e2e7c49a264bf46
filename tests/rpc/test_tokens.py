"""Tokens: given once, hashed at rest, changed while a server runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from secondunit.cli import main
from secondunit.errors import Refused, StoreDamaged, Unauthenticated
from secondunit.rpc.principal import Principal, Scope
from secondunit.rpc.tokens import FILE, Keys, Register, Token


def given(data: Path, name: str = "ann", scope: Scope = Scope.READ, days: float | None = 1) -> Any:
    return Register(data).add(name, tenant="blue", scope=scope, days=days)


def changed(data: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit the first token in the file."""
    record = json.loads((data / FILE).read_text())
    change(record["tokens"][0])
    (data / FILE).write_text(json.dumps(record))


def test_a_token_stands_for_its_user_tenant_and_scope(tmp_path: Path) -> None:
    _, text = given(tmp_path, scope=Scope.RENDER)
    assert Keys(tmp_path).principal(text) == Principal(
        user="ann", tenant="blue", scope=Scope.RENDER, local=False
    )


def test_no_secret_is_kept_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    token, text = given(data)
    secret = text.removeprefix(f"su_{token.id}_")
    kept = (data / FILE).read_text()
    assert len(secret) >= 43 and secret not in kept and token.id in kept
    assert stat.S_IMODE((data / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.parametrize("spoil", ["other id", "other secret", "cut", "none", "long", "prefix"])
def test_what_is_not_the_whole_token_is_not_known(spoil: str, tmp_path: Path) -> None:
    token, text = given(tmp_path)
    wrong = {
        "other id": text.replace(token.id, "00000000"),
        "other secret": f"su_{token.id}_{'x' * 43}",
        "cut": text[:-1],
        "none": f"su_{token.id}_",
        "long": text + "x" * 300,
        "prefix": f"xu{text[2:]}",
    }[spoil]
    with pytest.raises(Unauthenticated, match="not known"):
        Keys(tmp_path).principal(wrong)


def test_an_expired_token_is_refused_and_says_so(tmp_path: Path) -> None:
    _, text = given(tmp_path)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    changed(tmp_path, lambda token: token.update(expires=past))
    with pytest.raises(Unauthenticated, match="expired"):
        Keys(tmp_path).principal(text)


def test_a_running_server_knows_of_a_revoked_token(tmp_path: Path) -> None:
    token, text = given(tmp_path)
    keys = Keys(tmp_path, look_again=0.0)
    assert keys.principal(text).user == "ann"
    Register(tmp_path).revoke(token.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        keys.principal(text)
    first = Register(tmp_path).all()[0].revoked
    assert Register(tmp_path).revoke(token.id).revoked == first


def test_the_old_secret_serves_for_the_overlap_and_no_longer(tmp_path: Path) -> None:
    token, old = given(tmp_path)
    keys = Keys(tmp_path, look_again=0.0)
    _, new = Register(tmp_path).rotate(token.id, overlap=timedelta(hours=1))
    assert old != new
    assert keys.principal(old) == keys.principal(new)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    changed(tmp_path, lambda token: token["secrets"][1].update(until=past))
    keys.principal(new)
    with pytest.raises(Unauthenticated):
        keys.principal(old)
    rotated, _ = Register(tmp_path).rotate(token.id, overlap=timedelta(0))
    assert len(rotated.secrets) == 2  # what is over is forgotten


def test_once_there_was_a_token_it_stays_needed_though_the_file_goes(tmp_path: Path) -> None:
    keys = Keys(tmp_path, look_again=0.0)
    assert not keys.exist
    given(tmp_path)
    assert keys.exist
    (tmp_path / FILE).unlink()
    assert keys.exist


def test_a_damaged_file_lets_nobody_in_until_it_is_mended(tmp_path: Path) -> None:
    _, text = given(tmp_path)
    keys = Keys(tmp_path, look_again=0.0)
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(good[:-20])
    with pytest.raises(StoreDamaged):
        keys.principal(text)
    with pytest.raises(StoreDamaged):
        Keys(tmp_path)
    with pytest.raises(StoreDamaged):
        given(tmp_path, "bob")
    assert (tmp_path / FILE).read_bytes() == good[:-20]
    (tmp_path / FILE).write_bytes(good)
    assert keys.principal(text).user == "ann"


def test_a_name_serves_once_at_a_time(tmp_path: Path) -> None:
    token, _ = given(tmp_path)
    with pytest.raises(Refused, match="rotate or revoke"):
        given(tmp_path)
    Register(tmp_path).revoke(token.id)
    assert given(tmp_path)[0].id != token.id


def test_tokens_that_are_added_at_once_are_all_kept(tmp_path: Path) -> None:
    def add(number: int) -> None:
        given(tmp_path, f"n{number}")

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(t.name for t in Register(tmp_path).all()) == [f"n{n}" for n in range(8)]


@pytest.mark.parametrize("place", ["fsync.before", "rename.before", "rename.after"])
def test_a_command_that_is_killed_leaves_the_tokens_before_or_after(
    place: str, tmp_path: Path
) -> None:
    _, first = given(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from secondunit.rpc.tokens import Register\n"
        "from secondunit.rpc.principal import Scope\n"
        "Register(Path(sys.argv[1])).add('bob', scope=Scope.READ, days=1)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "SECONDUNIT_FAILPOINTS": f"tokens.{place}=kill"},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -9
    assert Keys(tmp_path).principal(first).user == "ann"
    names = [t.name for t in Register(tmp_path).all()]
    assert names == (["ann", "bob"] if place == "rename.after" else ["ann"])
    given(tmp_path, "cat")  # and the next command is not kept out
    assert not list(tmp_path.glob(f".{FILE}.*.part"))


def test_the_command_shows_the_token_alone_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["token", "add", "resolve", "--scope", "render", *data]) == 0
    shown = capsys.readouterr()
    text = shown.out.strip()
    assert Keys(tmp_path).principal(text).scope is Scope.RENDER
    assert text not in shown.err
    assert main(["token", "list", *data]) == 0
    listed = capsys.readouterr().out
    (token,) = Register(tmp_path).all()
    assert token.id in listed and "resolve" in listed and text not in listed
    assert main(["token", "rotate", token.id, "--json", *data]) == 0
    fresh = json.loads(capsys.readouterr().out)
    assert fresh["secrets"] == 2 and Keys(tmp_path).principal(fresh["token"]).user == "resolve"
    assert main(["token", "revoke", token.id, *data]) == 0
    assert _state(Register(tmp_path).all()[0]) == "revoked"


def _state(token: Token) -> str:
    return token.state(datetime.now(UTC))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add"], "NAME"),
        (["add", "ann"], "--scope"),
        (["add", "ann", "--scope", "read", "--days", "-1"], "--days"),
        (["add", "a\nb", "--scope", "read"], "printable"),
        (["revoke", "ffffffff"], "token list"),
        (["rotate"], "ID"),
    ],
)
def test_a_command_that_cannot_be_done_says_what_is_missing(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *words, "--data", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / FILE).exists()
