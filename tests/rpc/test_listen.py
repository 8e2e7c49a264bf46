"""Where the server listens: in the clear on this machine, over TLS and with tokens elsewhere."""

from __future__ import annotations

import json
import resource
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from secondunit.cli import main
from secondunit.config import Config, Tls
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.rpc.listen import check, credentials, is_loopback
from secondunit.rpc.principal import Scope
from secondunit.rpc.serve import serving
from secondunit.rpc.tokens import Register
from secondunit_client import Access, Connection
from secondunit_client.errors import Unauthenticated, Unreachable

from tests.rpc.certificates import Authority
from tests.rpc.conftest import STAGES


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:50051", "[::1]:7", "127.8.9.1:1"])
def test_an_address_of_this_machine_alone_is_taken(listen: str, tmp_path: Path) -> None:
    assert is_loopback(listen)
    check(listen, Config(data=tmp_path), tokens=False)


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "[::]:1", "192.168.1.4:1", "render7:50051"])
def test_an_address_that_others_reach_is_refused_with_the_ways_to_it(
    listen: str, tmp_path: Path
) -> None:
    pair = Authority(tmp_path).pair("server")
    secured = Tls(certificate=pair.certificate, key=pair.key)
    for tls, tokens in ((Tls(), False), (secured, False), (Tls(), True)):
        with pytest.raises(Refused, match="ssh -L") as caught:
            check(listen, Config(data=tmp_path, tls=tls), tokens=tokens)
        for command in ("openssl req", "secondunit token add", f"serve --listen {listen}"):
            assert command in str(caught.value)
    check(listen, Config(data=tmp_path, tls=secured), tokens=True)


@pytest.mark.parametrize("listen", ["50051", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(Refused, match="host:port"):
        is_loopback(listen)


def test_the_commands_that_the_refusal_names_make_a_server_that_the_command_line_reaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    data = tmp_path / "data"
    with pytest.raises(Refused) as caught:
        check("192.168.1.4:1", Config(data=data), tokens=False)
    command = next(line for line in str(caught.value).splitlines() if "openssl" in line)
    command = command.replace("192.168.1.4", "127.0.0.1")
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True, timeout=30)
    made = Tls(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    assert main(["token", "add", "me", "--scope", "render", "--data", str(data)]) == 0
    token = tmp_path / "token"
    token.write_text(capsys.readouterr().out)
    desk = Desk(config := Config(data=data, tls=made), stages=STAGES)
    try:
        with serving(desk, config, listen="0.0.0.0:0") as address:
            near = f"127.0.0.1:{address.rpartition(':')[2]}"
            reach = ["jobs", "--json", "--server", near, "--ca", str(made.certificate)]
            assert main([*reach, "--token-file", str(token)]) == 0
            assert json.loads(capsys.readouterr().out)["jobs"] == []
            assert main(reach) == 2
            error = json.loads(capsys.readouterr().out)["error"]
            assert error["code"] == "UNAUTHENTICATED" and "--token-file" in error["remedy"]
    finally:
        desk.stop(0.1)


def test_files_that_are_no_certificate_are_named(tmp_path: Path) -> None:
    one, two = Authority(tmp_path).pair("one"), Authority(tmp_path, "b").pair("two")
    for certificate, key in (
        (one.certificate, two.key),
        (one.key, one.certificate),
        (tmp_path / "none.pem", one.key),
    ):
        with pytest.raises(Refused, match=certificate.name):
            credentials(Tls(certificate=certificate, key=key))
    with pytest.raises(Refused, match=r"none\.pem"):
        credentials(
            Tls(certificate=one.certificate, key=one.key, client_authority=tmp_path / "none.pem")
        )


def test_a_kind_of_key_that_no_client_takes_is_refused_at_the_start(tmp_path: Path) -> None:
    pair = Authority(tmp_path).pair("odd", key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(Refused, match="Ed25519"):
        credentials(Tls(certificate=pair.certificate, key=pair.key))


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"tls\.key"):
        check("127.0.0.1:1", Config(data=tmp_path, tls=Tls(certificate=tmp_path)), tokens=False)


def test_callers_with_tokens_get_no_root_that_holds_the_servers_records(tmp_path: Path) -> None:
    data = tmp_path / "disk" / "data"
    for root in (tmp_path, data, data / "takes"):
        config = Config(data=data, roots=(root,))
        check("127.0.0.1:1", config, tokens=False)
        with pytest.raises(Refused, match="own records"):
            check("127.0.0.1:1", config, tokens=True)
    check("127.0.0.1:1", Config(data=data, roots=(tmp_path / "disk" / "media",)), tokens=True)


@contextmanager
def secured(folder: Path, authority: Authority, *, clients: bool) -> Iterator[tuple[str, str]]:
    """A server on every address of the machine; its port on loopback, and a token."""
    pair = authority.pair("server")
    tls = Tls(
        certificate=pair.certificate,
        key=pair.key,
        client_authority=authority.certificate if clients else None,
    )
    config = Config(data=folder / "data", tls=tls)
    _, token = Register(config.data).add("me", scope=Scope.READ, days=1)
    desk = Desk(config, stages=STAGES)
    try:
        with serving(desk, config, listen="0.0.0.0:0") as address:
            yield f"127.0.0.1:{address.rpartition(':')[2]}", token
    finally:
        desk.stop(0.1)


def reaches(address: str, access: Access) -> bool:
    try:
        with Connection(address, patience=0.1, access=access) as unit:
            return unit.status().running == 0
    except Unreachable:
        return False


def test_over_tls_the_token_serves_and_nothing_is_said_in_the_clear(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    with secured(tmp_path, authority, clients=False) as (address, token):
        assert reaches(address, Access(token=token, authority=authority.certificate))
        assert not reaches(address, Access(token=token, authority=stranger.certificate))
        assert not reaches(address, Access(token=token))
        with pytest.raises(Unauthenticated):
            reaches(address, Access(authority=authority.certificate))


def test_where_clients_need_certificates_only_those_of_the_authority_are_taken(
    tmp_path: Path,
) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    mine, theirs = authority.pair("mine"), stranger.pair("theirs")
    trust = authority.certificate
    with secured(tmp_path, authority, clients=True) as (address, token):
        good = Access(token=token, authority=trust, certificate=mine.certificate, key=mine.key)
        assert reaches(address, good)
        assert not reaches(address, Access(token=token, authority=trust))
        assert not reaches(
            address,
            Access(token=token, authority=trust, certificate=theirs.certificate, key=theirs.key),
        )
        with pytest.raises(Unauthenticated):  # a certificate is no token
            reaches(address, Access(authority=trust, certificate=mine.certificate, key=mine.key))


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    pair, fresh = (a := Authority(tmp_path)).pair("server"), a.pair("fresh")
    tls = Tls(certificate=pair.certificate, key=pair.key)
    secure = credentials(tls, look_again=0.0)
    assert secure is not None
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", secure)
    server.start()

    def shown() -> str:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=10).strip()

    try:
        old = pair.certificate.read_text().strip()
        assert shown() == old
        shutil.copy(fresh.certificate, pair.certificate)
        assert shown() == old  # half of a pair: the old one goes on serving
        shutil.copy(fresh.key, pair.key)
        assert shown() == fresh.certificate.read_text().strip() != old
    finally:
        server.stop(None).wait()


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    code = (
        "import resource\n"
        "from secondunit.rpc.listen import raise_file_limit\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))\n"
        "raise_file_limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
