"""How a client reaches a server: its token and certificates, and where they come from."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from secondunit_client import Access, Connection
from secondunit_client.access import TOKEN, TOKEN_FILE, channel
from secondunit_client.errors import Refused, UnitError

SECRET = "su_0123abcd_canary"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No access in the environment."""
    for name in (TOKEN, TOKEN_FILE, "SECONDUNIT_CA", "SECONDUNIT_CERTIFICATE", "SECONDUNIT_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_what_is_given_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.write_text(f"{SECRET}1\n")
    other.write_text(f"{SECRET}2\n")
    monkeypatch.setenv(TOKEN_FILE, str(other))
    assert Access.from_environment().token == f"{SECRET}2"
    monkeypatch.setenv(TOKEN, f" {SECRET}3 ")
    assert Access.from_environment().token == f"{SECRET}3"
    assert Access.from_environment(token_file=mine).token == f"{SECRET}1"
    monkeypatch.setenv("SECONDUNIT_CA", "/a.pem")
    assert Access.from_environment().authority == Path("/a.pem")
    assert Access.from_environment(authority=Path("/b.pem")).authority == Path("/b.pem")


@pytest.mark.parametrize("text", ["", "\n", "two words", "a\nb\n"])
def test_a_file_without_one_token_is_refused_and_its_words_are_not_repeated(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(Refused, match="holds no token"):
        Access.from_environment(token_file=file)
    with pytest.raises(Refused, match="cannot be read"):
        Access.from_environment(token_file=tmp_path / "none")


def test_the_token_is_in_no_representation_and_no_error(tmp_path: Path) -> None:
    access = Access(token=f"{SECRET} ", authority=tmp_path / "none.pem")
    assert SECRET not in repr(access)
    with pytest.raises(Refused) as caught:
        channel("127.0.0.1:1", access)
    assert SECRET not in str(caught.value)
    with (
        Connection("127.0.0.1:1", patience=0.0, access=Access(token=SECRET)) as unit,
        pytest.raises(UnitError) as unreached,
    ):
        unit.status()
    assert SECRET not in str(unreached.value) + repr(unreached.value)


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    for access, said in (
        (Access(authority=tmp_path / "none.pem"), "--ca"),
        (Access(certificate=tmp_path / "c.pem"), "belong together"),
        (Access(certificate=tmp_path / "c.pem", key=tmp_path / "k.pem"), "--"),
    ):
        with pytest.raises(Refused, match=said):
            channel("render7:50051", access)


def test_a_token_goes_in_the_clear_to_this_machine_alone() -> None:
    # A server of plain HTTP/2 that stands in for another machine never sees the header.
    taken: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def take() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(2)
            try:
                while data := peer.recv(4096):
                    taken.append(data)
            except OSError:
                pass

    thread = threading.Thread(target=take)
    thread.start()
    # A name, not an address of loopback: so far away, for all that the client can know.
    port = listener.getsockname()[1]
    name = f"ipv4:127.0.0.1:{port}"
    with (
        Connection(name, patience=0.0, access=Access(token=SECRET)) as unit,
        pytest.raises(UnitError),
    ):
        unit.status()
    thread.join()
    listener.close()
    assert taken and taken[0][:1] == b"\x16"  # the beginning of a TLS handshake
    assert SECRET.encode() not in b"".join(taken)
