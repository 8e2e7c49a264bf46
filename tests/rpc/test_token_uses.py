"""When a token was used last: known within a minute, in nobody's way."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from secondunit.cli import main
from secondunit.config import Config
from secondunit.errors import Unauthenticated
from secondunit.jobs.desk import Desk
from secondunit.rpc.principal import Scope
from secondunit.rpc.serve import serving
from secondunit.rpc.token_uses import FILE, Uses, last_uses
from secondunit.rpc.tokens import Keys, Register
from secondunit_client import Access, Connection

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_a_use_is_remembered_and_written_when_it_is_time(tmp_path: Path) -> None:
    uses = Uses(tmp_path)
    uses.seen("ann", NOON)
    assert not (tmp_path / FILE).exists()  # no call waits for a disk
    uses.write()
    assert last_uses(tmp_path) == {"ann": NOON}
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    later = Uses(tmp_path)
    later.seen("bob", NOON + timedelta(hours=1))
    later.write()
    assert last_uses(tmp_path) == {"ann": NOON, "bob": NOON + timedelta(hours=1)}


def test_nothing_is_written_when_nobody_called(tmp_path: Path) -> None:
    uses = Uses(tmp_path)
    uses.seen("ann", NOON)
    uses.write()
    (tmp_path / FILE).unlink()
    uses.write()
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"used": {"ann": "noon"}}', "\0"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert last_uses(tmp_path) == {}


def test_a_folder_that_cannot_be_written_keeps_nobody_out(tmp_path: Path) -> None:
    uses = Uses(tmp_path / "gone")
    uses.seen("ann", NOON)
    uses.write()
    assert not (tmp_path / "gone").exists()


def test_only_what_let_somebody_in_is_a_use(tmp_path: Path) -> None:
    token, text = Register(tmp_path).add("ann", scope=Scope.READ, days=1)
    keys = Keys(tmp_path)
    with pytest.raises(Unauthenticated):
        keys.principal(text[:-1])
    keys.uses.write()
    assert last_uses(tmp_path) == {}
    keys.principal(text)
    keys.uses.write()
    assert list(last_uses(tmp_path)) == [token.id]


def test_the_list_shows_when_each_token_was_used_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(data=tmp_path / "data")
    register = Register(config.data)
    ann, text = register.add("ann", scope=Scope.READ, days=1)
    bob, _ = register.add("bob", scope=Scope.READ, days=1)
    desk = Desk(config, stages="tests.fakes.engine:stages")
    began = datetime.now(UTC) - timedelta(seconds=1)
    try:
        with (
            serving(desk, config) as address,
            Connection(address, access=Access(token=text)) as unit,
        ):
            assert list(unit.jobs.list()) == []
    finally:
        desk.stop(0.1)  # the server writes what it knows when it ends, too
    assert main(["token", "list", "--data", str(config.data), "--json"]) == 0
    found = {row["id"]: row["last_used"] for row in json.loads(capsys.readouterr().out)["tokens"]}
    assert found[bob.id] is None
    assert began <= datetime.fromisoformat(found[ann.id]) <= datetime.now(UTC)
    assert main(["token", "list", "--data", str(config.data)]) == 0
    shown = capsys.readouterr().out
    assert "last used" in shown and f"{datetime.fromisoformat(found[ann.id]):%Y-%m-%d}" in shown
