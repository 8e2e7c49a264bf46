"""Blobs on the disk: whole or not there, checked, kept for as long as somebody wants them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.config import Config, Limits, Retention
from secondunit.errors import (
    BlobDamaged,
    BlobRange,
    BlobTooLarge,
    BlobUnknown,
    LimitReached,
    Refused,
    StoreFull,
    UploadBusy,
    UploadOffset,
)
from secondunit.jobs.blobs import EMPTY, BlobStore, Digest
from secondunit.jobs.uploads import Uploads

MIB = 2**20
ONE, TWO = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def named(data: bytes) -> Digest:
    return Digest(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


class Room:
    """A data folder, as each start of a server finds it."""

    def __init__(self, data: Path, limits: Limits | None = None) -> None:
        self.config = Config(data=data, limits=limits or Limits(reserve_bytes=0))
        self.blobs = BlobStore(self.config)
        self.uploads = Uploads(self.config, self.blobs)

    def put(self, data: bytes, tenant: str = "", upload: str = ONE) -> Digest:
        part = self.uploads.begin(tenant, upload, named(data), 0)
        assert part is not None
        part.write(0, data)
        part.finish()
        return named(data)

    def read(self, digest: Digest, tenant: str = "") -> bytes:
        with os.fdopen(self.blobs.open(tenant, digest), "rb") as file:
            return file.read()

    def file(self, digest: Digest) -> Path:
        return self.blobs.use("", digest)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "data")


def parts(room: Room) -> list[Path]:
    return list(room.config.data.glob("uploads/*/*"))


def test_a_blob_is_alone_in_its_folder_and_its_tenants_own(room: Room) -> None:
    digest = room.put(b"footage", tenant="north")
    assert room.read(digest, tenant="north") == b"footage"
    path = room.blobs.use("north", digest)
    assert [p.name for p in path.parent.iterdir()] == ["blob"]
    for other in ("", "south", "../north", "north/"):
        assert room.blobs.missing(other, [digest]) == (digest,)
        with pytest.raises(BlobUnknown):
            room.blobs.open(other, digest)
        with pytest.raises(BlobUnknown):
            room.uploads.status(other, ONE, digest)


def test_nothing_is_always_there(room: Room) -> None:
    assert room.blobs.missing("", [EMPTY]) == ()
    assert room.uploads.begin("", ONE, EMPTY, 0) is None
    assert room.read(EMPTY) == b"" and room.file(EMPTY).stat().st_size == 0


def test_a_digest_with_another_size_names_no_blob(room: Room) -> None:
    digest = room.put(b"footage")
    for size in (0, 6, 8, -1, 2**63):
        wrong = replace(digest, size=size)
        with pytest.raises(BlobUnknown):
            room.blobs.open("", wrong)
    assert room.read(digest) == b"footage"


@pytest.mark.parametrize(
    "sha256", ["", "..", "a" * 63, "A" * 64, "a" * 64 + "\n", "../" + "a" * 61]
)
def test_what_is_no_digest_never_becomes_a_path(room: Room, sha256: str) -> None:
    digest = Digest(sha256=sha256, size=7)
    with pytest.raises(Refused) as caught:
        room.uploads.begin("", "../../etc", digest, 0)
    assert [fault.path for fault in caught.value.faults] == ["upload_id", "digest"]
    with pytest.raises(BlobUnknown):
        room.blobs.open("", digest)
    assert not room.config.data.exists()


def test_a_wrong_offset_is_refused_and_the_file_is_unchanged(room: Room) -> None:
    data = os.urandom(3000)
    part = room.uploads.begin("", ONE, named(data), 0)
    assert part is not None
    part.write(0, data[:1000])
    for offset in (999, 1001, 0, -1, 2**63 - 1):  # overlap, gap, again, negative, the last number
        with pytest.raises(UploadOffset, match="1000 bytes"):
            part.write(offset, b"x")
    part.leave()
    for offset in (999, 1001, 0, -1, 2**63 - 1):
        with pytest.raises(UploadOffset, match="1000 bytes"):
            room.uploads.begin("", ONE, named(data), offset)
    assert parts(room)[0].read_bytes() == data[:1000]
    again = room.uploads.begin("", ONE, named(data), 1000)
    assert again is not None
    again.write(1000, data[1000:])
    again.finish()
    assert room.read(named(data)) == data


@pytest.mark.parametrize("sent", [b"x" * 101, b"y" * 100])
def test_more_bytes_or_others_than_declared_are_dropped_and_never_seen(
    room: Room, sent: bytes
) -> None:
    digest = named(b"x" * 100)
    part = room.uploads.begin("", ONE, digest, 0)
    assert part is not None
    with pytest.raises(Refused, match="dropped"):
        part.write(0, sent)
        part.finish()
    part.leave()
    assert not parts(room)
    assert room.blobs.missing("", [digest]) == (digest,)
    with pytest.raises(BlobUnknown):
        room.uploads.status("", ONE, digest)
    room.put(b"x" * 100)


def test_an_end_that_comes_too_soon_keeps_what_came(room: Room) -> None:
    part = room.uploads.begin("", ONE, named(b"abcdef"), 0)
    assert part is not None
    part.write(0, b"abc")
    with pytest.raises(Refused, match="3 of 6"):
        part.finish()
    part.leave()
    assert room.uploads.status("", ONE, named(b"abcdef")) == (3, False)


def test_two_uploads_of_one_blob_at_once_leave_one_copy(room: Room) -> None:
    data = os.urandom(24 * MIB)
    digest, ends = named(data), list[str]()

    def send(upload: str) -> None:
        part = room.uploads.begin("", upload, digest, 0)
        for at in range(0, len(data), MIB):
            if part is None or not part.write(at, data[at : at + MIB]):
                ends.append("found")
                return
        assert part is not None
        part.finish()
        ends.append("made")

    threads = [threading.Thread(target=send, args=(upload,)) for upload in (ONE, TWO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 2 and "made" in ends
    assert not parts(room) and room.read(digest) == data
    assert len(list(room.config.data.rglob("blob"))) == 1


def test_a_second_writer_of_one_upload_waits_unless_the_first_fell_silent(room: Room) -> None:
    digest = named(b"abcdef")
    first = room.uploads.begin("", ONE, digest, 0)
    assert first is not None
    first.write(0, b"abc")
    with pytest.raises(UploadBusy):
        room.uploads.begin("", ONE, digest, 3)
    first.heard = time.monotonic() - 6
    second = room.uploads.begin("", ONE, digest, 3)
    assert second is not None
    with pytest.raises(UploadBusy):  # the first is fenced: its late bytes do no harm
        first.write(3, b"xxx")
    first.leave()
    second.write(3, b"def")
    second.finish()
    assert room.read(digest) == b"abcdef"


def test_what_does_not_fit_is_refused_before_a_byte(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path)
    reserve = free.f_bavail * free.f_frsize - 10 * MIB
    tight = Room(tmp_path / "tight", Limits(reserve_bytes=reserve))
    with pytest.raises(StoreFull, match="stay free"):
        tight.uploads.begin("", ONE, Digest(sha256="a" * 64, size=2**35), 0)
    small = Room(tmp_path / "small", Limits(reserve_bytes=0, blob_bytes=100))
    with pytest.raises(BlobTooLarge, match="101 bytes"):
        small.uploads.begin("", ONE, named(b"x" * 101), 0)
    assert not small.config.data.exists() and not tight.config.data.exists()


def test_a_tenant_has_its_share_of_the_disk_and_no_more(tmp_path: Path) -> None:
    room = Room(tmp_path / "data", Limits(reserve_bytes=0, stored_bytes=250))
    room.put(b"a" * 100)
    underway = room.uploads.begin("", ONE, named(b"b" * 100), 0)
    assert underway is not None
    with pytest.raises(LimitReached, match="limit of 250"):
        room.uploads.begin("", TWO, named(b"c" * 60), 0)
    assert room.uploads.begin("", TWO, named(b"c" * 50), 0) is not None
    room.put(b"d" * 100, tenant="other")
    again = Room(tmp_path / "data", room.config.limits)
    again.put(b"e" * 100)
    with pytest.raises(LimitReached):
        again.uploads.begin("", TWO, named(b"f" * 60), 0)


def flip(path: Path) -> None:
    """Turn one bit as a failing disk does: nobody wrote, so the time stays."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(3)
        byte = file.read(1)[0]
        file.seek(3)
        file.write(bytes([byte ^ 4]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_flipped_bit_is_found_by_the_first_read_put_aside_and_asked_for_again(
    room: Room,
) -> None:
    digest = room.put(b"footage")
    flip(room.file(digest))
    fresh = Room(room.config.data)  # the server was started anew
    with pytest.raises(BlobDamaged):
        fresh.blobs.open("", digest)
    assert fresh.blobs.missing("", [digest]) == (digest,)
    (aside,) = (room.config.data / "damaged").glob("*/blob")
    assert aside.read_bytes() != b"footage"
    assert fresh.read(fresh.put(b"footage")) == b"footage"


def test_a_blob_that_was_written_to_or_cut_is_found_while_the_server_runs(room: Room) -> None:
    for spoil in (lambda p: p.write_bytes(b"FOOTAGE"), lambda p: os.truncate(p, 3)):
        digest = room.put(b"footage")
        assert room.read(digest) == b"footage"
        spoil(room.file(digest))
        with pytest.raises(BlobDamaged):
            room.read(digest)
        assert room.blobs.missing("", [digest]) == (digest,)


def test_a_place_outside_the_blob_is_no_place_to_read_from(room: Room) -> None:
    digest = room.put(b"footage")
    for offset in (-1, 8, 2**63 - 1):
        with pytest.raises(BlobRange):
            room.blobs.open("", digest, offset)
    os.close(room.blobs.open("", digest, 7))


def test_blobs_that_nobody_wanted_for_long_go_and_the_others_stay(room: Room) -> None:
    old, needed, asked, fresh = (room.put(word) for word in (b"old", b"needed", b"asked", b"new"))
    take = room.config.data / "takes" / "clip.mov"
    take.parent.mkdir()
    take.write_bytes(b"a take")
    room.blobs.grant("", named(b"a take"), take)
    pinned = room.file(needed)
    long_ago = time.time() - 15 * 86400
    for digest in (old, needed, asked, named(b"a take")):
        os.utime(room.file(digest).parent, (long_ago, long_ago))
    room.blobs.missing("", [asked])
    assert room.blobs.collect(lambda: {pinned}) == 1
    kept = (needed, asked, fresh, named(b"a take"))
    assert room.blobs.missing("", [old, *kept]) == (old,)
    assert room.blobs.collect(lambda: {pinned}) == 0
    never = replace(room.config, retention=Retention(blob_days=0))
    assert BlobStore(never).collect(lambda: (), now=time.time() + 1e9) == 0


def test_uploads_that_got_no_byte_for_a_day_go(room: Room) -> None:
    for upload in (ONE, TWO):
        part = room.uploads.begin("", upload, named(b"abc"), 0)
        assert part is not None
        part.write(0, b"a")
        if upload == ONE:
            part.leave()
    assert room.uploads.collect() == 0
    assert room.uploads.collect(now=time.time() + 25 * 3600) == 1  # the other is being written
    assert [TWO in p.name for p in parts(room)] == [True]


def test_a_take_is_a_blob_without_a_second_copy(room: Room, tmp_path: Path) -> None:
    take = tmp_path / "clip.mov"
    take.write_bytes(b"a take")
    digest = named(b"a take")
    room.blobs.grant("north", digest, take)
    room.blobs.grant("north", digest, take)
    assert room.read(digest, "north") == b"a take" and take.stat().st_nlink == 2
    assert room.blobs.missing("", [digest]) == (digest,)


WRITER = """
import sys
from pathlib import Path
from tests.jobs.test_blobs import MIB, ONE, Room, named, numbered
room, data = Room(Path(sys.argv[1])), numbered(20)
part = room.uploads.begin("", ONE, named(data), 0)
for at in range(0, len(data), MIB):
    part.write(at, data[at : at + MIB])
part.finish()
"""


def numbered(mib: int) -> bytes:
    return b"".join(n.to_bytes(4, "big") * (MIB // 4) for n in range(mib))


@pytest.mark.parametrize(
    "place",
    ["write.before", "write.after", "fsync.before", "fsync.after", "rename.before", "rename.after"],
)
def test_a_kill_at_any_place_of_an_upload_loses_nothing_that_was_committed(
    tmp_path: Path, place: str
) -> None:
    time_ = 1 if place.startswith("rename") else 2
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "data")], timeout=60,
        env={**os.environ, "SECONDUNIT_FAILPOINTS": f"blobs.{place}=kill@{time_}"},
    )  # fmt: skip
    assert done.returncode == -9
    room, data = Room(tmp_path / "data"), numbered(20)
    if place == "rename.after":
        assert room.read(named(data)) == data
        return
    size, complete = room.uploads.status("", ONE, named(data))
    least = {"write": 1, "fsync": 16, "rename": 20}[place.partition(".")[0]]
    assert size >= least * MIB and not complete
    part = room.uploads.begin("", ONE, named(data), size)
    assert part is not None
    part.write(size, data[size:])
    part.finish()
    assert room.read(named(data)) == data and not parts(room)


@pytest.mark.parametrize(("mishap", "error"), [("full", "StoreFull"), ("raise", "StoreError")])
@pytest.mark.parametrize("place", ["write.before", "fsync.before", "rename.before"])
def test_what_the_disk_has_refused_once_is_dropped_and_begins_anew(
    tmp_path: Path, place: str, mishap: str, error: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "data")], timeout=60, capture_output=True,
        env={**os.environ, "SECONDUNIT_FAILPOINTS": f"blobs.{place}={mishap}@1"},
    )  # fmt: skip
    assert done.returncode == 1 and error in done.stderr.decode()
    room = Room(tmp_path / "data")
    assert not parts(room) and not list(room.config.data.rglob("blob"))
    with pytest.raises(BlobUnknown):
        room.uploads.status("", ONE, named(numbered(20)))
