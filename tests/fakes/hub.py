"""A Hub of one's own: the few calls by which huggingface_hub lists and fetches a repository."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "house/vace"


class Hub:
    """What one repository holds, and what was asked of it."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.asked: list[str] = []
        self.breaks_after = 0
        """Bytes of a larger file after which the connection is cut, once; 0: never."""
        self.withholds = ""
        """A file that it lists and does not give; empty: none."""
        self.lies = False
        """It says other hashes than its files have."""

    def files(self) -> dict[str, bytes]:
        """By path."""
        found = sorted(p for p in self.folder.rglob("*") if p.is_file())
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}

    def entry(self, path: str, data: bytes) -> dict[str, Any]:
        """A file as the API lists it."""
        said: dict[str, Any] = {"size": len(data), "oid": hashlib.sha1(data).hexdigest()}
        if path.endswith(".safetensors"):
            digest = hashlib.sha256(data + b"x" * self.lies).hexdigest()
            said["lfs"] = {"oid": digest, "sha256": digest, "size": len(data), "pointerSize": 134}
        return said


@contextmanager
def hub(folder: Path) -> Iterator[Hub]:
    """Serve a folder as the repository `REPOSITORY` at the revisions `main` and `COMMIT`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            path = urlsplit(self.path).path
            part = self.headers.get("Range", "")
            served.asked.append(f"{self.command} {path} {part}".rstrip())
            files = served.files()
            if re.fullmatch(rf"/api/models/{REPOSITORY}/revision/(main|{COMMIT})", path):
                siblings = [
                    {"rfilename": name, **served.entry(name, data)} for name, data in files.items()
                ]
                said = {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT,
                        "siblings": siblings, "private": False, "tags": []}  # fmt: skip
                return self._send(200, json.dumps(said).encode(), body=body)
            if path == f"/api/models/{REPOSITORY}/tree/{COMMIT}":
                tree = [
                    {"type": "file", "path": name, **served.entry(name, data)}
                    for name, data in files.items()
                ]
                return self._send(200, json.dumps(tree).encode(), body=body)
            found = re.fullmatch(rf"/{REPOSITORY}/resolve/{COMMIT}/(.+)", path)
            if found and found[1] in files and found[1] != served.withholds:
                return self._file(found[1], files[found[1]], body=body)
            error = "RevisionNotFound" if REPOSITORY in path else "RepoNotFound"
            error = "EntryNotFound" if found else error
            self._send(404, b"{}", body=body, more={"X-Error-Code": error})

        def _file(self, name: str, data: bytes, *, body: bool) -> None:
            entry = served.entry(name, data)
            etag = entry["lfs"]["sha256"] if "lfs" in entry else entry["oid"]
            more = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if asked:
                start = int(asked[1])
                more["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                return self._send(206, data[start:], body=body, more=more)
            if body and 0 < served.breaks_after < len(data):
                cut, served.breaks_after = served.breaks_after, 0
                return self._send(200, data, body=body, more=more, only=cut)
            self._send(200, data, body=body, more=more)

        def _send(
            self, status: int, data: bytes, *, body: bool, more: dict[str, str] | None = None,
            only: int | None = None,
        ) -> None:  # fmt: skip
            self.send_response(status)
            for name, value in ((more or {}) | {"Content-Length": str(len(data))}).items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data if only is None else data[:only])
            if only is not None:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Hub(folder, f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
