"""A real server with a bridge, and a browser that is only an HTTP client."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.jobs.runner import Patience
from secondunit.rpc.bridge.pairing import new_code
from secondunit.rpc.serve import serving

from tests.jobs.conftest import wish
from tests.rpc.conftest import STAGES

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Whoever calls the bridge; sends what it is told to and no more."""

    address: str
    """`127.0.0.1:PORT`."""
    config: Config
    desk: Desk
    token: str
    grpc: str

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            found = {key.lower(): value for key, value in response.getheaders()}
            return Answer(status=response.status, headers=found, body=response.read())
        finally:
            connection.close()

    def job(self) -> str:
        """The name of a new one."""
        request = f"{next(_NUMBERS)}"
        return self.desk.create(wish(), request_id=request, timeline="cut.otio").id

    def call(self, method: str, request: dict[str, Any], **headers: str) -> Answer:
        """A unary method, as JSON, with the token."""
        given = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        body = json.dumps(request).encode()
        return self.ask("POST", f"/secondunit.v1.{method}", body, **{**given, **headers})


@pytest.fixture
def browser(tmp_path: Path, footage: Path, reader: Reader) -> Iterator[Browser]:
    """Paired already."""
    config = Config(data=tmp_path / "data", roots=(footage.parent,))
    desk = Desk(config, stages=STAGES, patience=Patience(confirm=1.0))
    desk.start()
    panels: list[str] = []
    try:
        with serving(
            desk, config, reader=reader, bridge="127.0.0.1:0", panel=panels.append
        ) as address:
            at = panels[0].removeprefix("http://")
            nobody = Browser(address=at, config=config, desk=desk, token="", grpc=address)
            body = json.dumps({"code": new_code(config.data), "name": "test"}).encode()
            paired = nobody.ask("POST", "/pair", body)
            assert paired.status == 200, paired.body
            token = paired.json["token"]
            yield Browser(address=at, config=config, desk=desk, token=token, grpc=address)
    finally:
        desk.stop(grace=0.5)
