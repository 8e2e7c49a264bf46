"""Second Unit from any Python: one file, nothing but the standard library, Python 3.8 or newer.

    from secondunit_light import Server

    unit = Server("http://127.0.0.1:50052")          # the bridge of `secondunit serve`
    unit.pair(input("Code of `secondunit pair`: "))   # once; the token is kept for this user
    print(unit.render("/edits/cut.otio")["timeline"])

For interpreters that take no wheels, such as those inside editing programs. Requests and answers
are the protos in their JSON form (docs: proto/secondunit/v1), so every method can be called:
`unit.call("JobService/ListJobs", {"states": ["JOB_STATE_RUNNING"]})`.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import json
import os
import socket
import ssl
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple
from urllib.parse import urlsplit

Record = Dict[str, Any]
OnEvent = Callable[[str, Record], None]

WAIT = 25
"""Seconds that one question for news may stay open."""
CALL = 300.0
"""Seconds that planning a long timeline may take."""
AGAIN = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries while no server answers."""
ENDED = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")
PART = 2**20


class UnitError(Exception):
    """What happened, what to do, and whether the same call may work later."""

    def __init__(
        self, code: str, what: str, remedy: str = "", retryable: bool = False,
        faults: Iterable[Record] = (),
    ) -> None:  # fmt: skip
        """`faults`: each with `what` and `path`; every one of a refusal."""
        self.code, self.what, self.remedy = code, what, remedy
        self.retryable, self.faults = retryable, list(faults)
        lines = [f"{f['what']} @ {f['path']}" for f in self.faults] or [what]
        super().__init__("\n".join(lines + ([remedy] if remedy else [])))


class Unreachable(UnitError):
    """No server answers at that address."""


class Unauthenticated(UnitError):
    """The server does not know this caller: `pair`, or give a token."""


class Refused(UnitError):
    """The request cannot be done as asked; `faults` has every reason."""


class NotFound(UnitError):
    """No such job, timeline, shot or file."""


class Forbidden(UnitError):
    """A file outside the folders that the server may read, or a token without the right."""


class Busy(UnitError):
    """The server's disk or queue is full; try later."""


class Failed(UnitError):
    """A shot was not made."""


_KINDS = {
    "unavailable": Unreachable, "unauthenticated": Unauthenticated, "invalid_argument": Refused,
    "out_of_range": Refused, "not_found": NotFound, "permission_denied": Forbidden,
    "resource_exhausted": Busy,
}  # fmt: skip
_PAIR = "`secondunit pair` shows a code for `pair`; a server with tokens takes `token`."
_STATUSES = {400: Refused, 401: Unauthenticated, 403: Forbidden, 404: NotFound, 503: Unreachable}
"""Of what is no method: pairing and files."""


class Server:
    """A server's bridge."""

    def __init__(
        self, address: str = "http://127.0.0.1:50052", token: str = "", keep: Optional[Path] = None
    ) -> None:
        """`token`: of `secondunit token add`, or of a pairing; else what SECONDUNIT_TOKEN says, or
        the file `keep`, where `pair` leaves it (default: secondunit/light.json of the user).

        Another machine is reached over https alone; SECONDUNIT_CA names who signed for it.
        """
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("REFUSED", f"'{address}' is no address like http://127.0.0.1:50052")
        if parts.scheme == "http" and not _near(parts.hostname):
            raise Refused("REFUSED", f"'{address}' would send the token in the clear",
                          "Use its https address.")  # fmt: skip
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self._keep = Path(keep) if keep else home / "secondunit" / "light.json"
        self._address = f"{parts.scheme}://{parts.netloc}"
        self._token = token or os.environ.get("SECONDUNIT_TOKEN", "") or self._kept()

    def pair(self, code: str, name: str = "a script") -> None:
        """Take a short code of `secondunit pair`, and keep the token that it brings."""
        asked = {"code": str(code).strip(), "name": name}
        self._token = _json(self._send("POST", "/pair", asked), self._address)["token"]
        tokens = self._tokens()
        tokens[self._address] = self._token
        self._keep.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(str(self._keep), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(tokens, out)

    def call(self, method: str, request: Optional[Record] = None, timeout: float = CALL) -> Any:
        """Any method that answers once, `Service/Method`, with its request and answer as JSON."""
        data = self._send("POST", "/secondunit.v1." + method, request or {}, timeout)
        return _json(data, self._address)

    def plan(self, timeline: Any, **options: Any) -> Record:
        """What a render would do: shots, adaptations, faults, estimate. `options`: of PlanOptions,
        in lower camel case: engine, delivery, draft, shots, seed, roots."""
        return self._plan(_absolute(timeline), "", options)

    def _plan(self, path: str, media: str, options: Record) -> Record:
        asked = {"timeline": path, "mediaFolder": media, "options": options}
        return self.call("PlanService/PlanTimeline", asked)

    def render(
        self, timeline: Any, out: Any = "", profile: str = "otio",
        on_event: Optional[OnEvent] = None, priority: str = "normal", project: str = "",
        user: str = "", **options: Any,
    ) -> Record:  # fmt: skip
        """Make every shot that a timeline asks for, and write the new timeline beside it.

        Takes that exist are not made again. `profile`: otio, resolve or premiere. `priority`:
        interactive, normal or batch. `on_event(job, event)` hears of the work. Interrupting leaves
        the jobs on the server; the same call goes on. Raises Refused with every fault before any
        work, Failed where no shot could be made; shots that failed beside others are in `failed`
        of the answer.
        """
        path, target = _absolute(timeline), _absolute(out) if out else ""
        plan = self._plan(path, str(Path(target).with_suffix("")) if out else "", options)
        if plan.get("faults"):
            raise Refused("REFUSED", "the timeline is refused", "Mend what is named.", False,
                          plan["faults"])  # fmt: skip
        jobs, kept, failed = [], [], []
        for shot in plan.get("plans", ()):
            if "made" in shot:
                kept.append(shot["digest"])
            else:
                take = {"timeline": path, "shotId": shot["shotId"], "options": options,
                        "take": shot.get("take", 1)}  # fmt: skip
                asked = {"requestId": str(uuid.uuid4()), "timeline": take, "project": project,
                         "priority": "PRIORITY_" + priority.upper(), "user": user}  # fmt: skip
                jobs.append(self.call("JobService/CreateJob", asked)["job"])
        for n, job in enumerate(jobs):
            jobs[n] = self.wait(job["id"], on_event)
            if jobs[n]["state"] != "JOB_STATE_SUCCEEDED":
                failed.append(jobs[n])
        done = [job["id"] for job in jobs if job["state"] == "JOB_STATE_SUCCEEDED"]
        if not done and not kept:
            error = (failed[0] if failed else {}).get("error", {})
            what = error.get("what", "there was nothing to make")
            raise Failed(error.get("code", "FAILED"), what, error.get("remedy", ""))
        request = {
            "timeline": path, "out": target, "jobIds": done, "kept": kept, "options": options,
            "profile": "PROFILE_" + profile.upper(),
        }  # fmt: skip
        placed = self.call("TimelineService/PlaceTimeline", request, 600.0)
        return {**placed, "jobs": jobs, "failed": failed}

    def wait(self, job: str, on_event: Optional[OnEvent] = None) -> Record:
        """Follow a job to its end, through lost connections, and return it.

        A job's last event is heard before it is returned.
        """
        after = 0
        while True:
            asked = {"jobId": job, "afterSequence": str(after), "wait": f"{WAIT}s"}
            try:
                news = self.call("JobService/ListJobEvents", asked, WAIT + 30.0)
            except UnitError as error:
                if error.code != "EVENTS_COMPACTED":
                    raise
                news = {"job": self.call("JobService/GetJob", {"jobId": job})["job"]}
                after = int(news["job"].get("sequence", 0))  # those between are no longer kept
            for event in news.get("events", ()):
                after = max(after, int(event.get("sequence", 0)))
                if on_event is not None:
                    on_event(job, event)
            if news["job"]["state"] in ENDED and not news.get("events"):
                return news["job"]

    def cancel(self, job: str) -> Record:
        """Stop a job; it may still be running when this returns."""
        return self.call("JobService/CancelJob", {"jobId": job})["job"]

    def fetch(self, digest: Record, target: Any) -> Path:
        """Bring a take's file (`clip` of a take: sha256, sizeBytes) to a path of this machine.

        Goes on where an earlier try was cut off. Returns the path, once every byte is what the
        digest says.
        """
        size, target = int(digest["sizeBytes"]), Path(target)
        part = target.with_name(target.name + ".part")
        path = f"/blobs/{digest['sha256']}-{size}"
        with part.open("ab") as out:
            while out.tell() < size:
                end = min(out.tell() + PART, size) - 1
                span = {"Range": f"bytes={out.tell()}-{end}"}
                out.write(self._send("GET", path, None, CALL, span))
        if _sha256(part) != digest["sha256"]:
            part.unlink()
            raise UnitError("BLOB_DAMAGED", f"what came of '{target.name}' is not what was sent",
                            "Fetch it again.", True)  # fmt: skip
        part.replace(target)
        return target

    def _send(
        self, verb: str, path: str, request: Optional[Record], timeout: float = 60.0,
        more: Optional[Dict[str, str]] = None,
    ) -> bytes:  # fmt: skip
        body = None if request is None else json.dumps(request).encode()
        headers = {"Content-Type": "application/json", **(more or {})}
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        last: Any = None
        for pause in (0.0, *AGAIN):
            time.sleep(pause)
            line = self._line(timeout)
            try:
                line.request(verb, path, body, headers)
                answer = line.getresponse()
                data = answer.read()
            except socket.timeout as exc:  # asking again would only make it slower
                what = f"{self._address} did not answer within {timeout:g} s"
                raise Unreachable("SERVER_SLOW", what, "Try again later.", True) from exc
            except (OSError, http.client.HTTPException) as exc:
                last = exc
                continue
            finally:
                line.close()
            if answer.status in (200, 206):
                return data
            error = _error(answer.status, data)
            if isinstance(error, Unauthenticated) and not self._token:
                raise Unauthenticated(error.code, "this script is not paired", _PAIR)
            if not isinstance(error, Unreachable):
                raise error
            last = error.what
        what = f"no server answers at {self._address} ({last})"
        raise Unreachable("SERVER_UNREACHABLE", what, "Start it with `secondunit serve`.", True)

    def _line(self, timeout: float) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context(cafile=os.environ.get("SECONDUNIT_CA") or None)
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _kept(self) -> str:
        return self._tokens().get(self._address, "")

    def _tokens(self) -> Dict[str, str]:
        try:
            return dict(json.loads(self._keep.read_text()))
        except (OSError, ValueError, TypeError):
            return {}


def _absolute(path: Any) -> str:
    return str(Path(str(path)).absolute())


def _near(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(PART), b""):
            found.update(part)
    return found.hexdigest()


def _json(data: bytes, address: str) -> Any:
    try:
        return json.loads(data or b"{}")
    except ValueError:
        raise UnitError("NO_BRIDGE", f"what answers at {address} is not Second Unit",
                        "Check the address: `secondunit serve` says it.") from None  # fmt: skip


def _error(status: int, data: bytes) -> UnitError:
    try:
        said = json.loads(data)
        code, what = str(said.get("code", status)), str(said.get("message", ""))
    except (ValueError, AttributeError):
        said, code, what = {}, str(status), f"HTTP status {status}"
    kind = _KINDS.get(code.lower()) or _STATUSES.get(status, UnitError)
    for detail in said.get("details", ()):
        if detail.get("type") == "secondunit.v1.ErrorDetail":
            fields = _fields(base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4)))
            faults = [_fields(raw) for raw in fields.get(6, ())]
            return kind(
                _text(fields, 1), _text(fields, 2) or what, _text(fields, 4),
                bool(fields.get(5, [0])[-1]),
                [{"what": _text(one, 1), "path": _text(one, 2)} for one in faults],
            )  # fmt: skip
    return kind(code.upper(), what, str(said.get("remedy", "")))


def _fields(data: bytes) -> Dict[int, List[Any]]:
    """The fields of a protobuf message by number: whole numbers, and bytes."""
    fields: Dict[int, List[Any]] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value: Any
        value, at = _varint(data, at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        elif key & 7 != 0:
            break
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _text(fields: Dict[int, List[Any]], number: int) -> str:
    return fields.get(number, [b""])[-1].decode("utf-8", "replace")
