"""Files and paths of an enemy, in every carrier: refused with words, nobody reached, all alive."""

from __future__ import annotations

import json
import resource
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import opentimelineio as otio
import pytest
from av.video.stream import VideoStream
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.serve import serving
from secondunit.v1 import plans_pb2, shots_pb2, units_pb2
from secondunit_client import Connection
from secondunit_client.errors import Refused

from tests.edits import clip as cut
from tests.edits import marker, save, span
from tests.readers import forget_peak, peak_mib, reading_processes
from tests.rpc.conftest import STAGES, Unit
from tests.rpc.test_plans import bridge_request
from tests.timeline.clips import movie

SECRET = "k3y-of-nobody"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who would hear it if anything were fetched."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.settimeout(0.2)
        yield found


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A picture that no caller may see, beside the folders that are allowed."""
    return picture(tmp_path / f"{SECRET}.png", 64, 48)


def heard(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


def picture(path: Path, width: int, height: int) -> Path:
    """A black PNG; of a large one the rows are a thousandth of their size in the file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data)
        )  # fmt: skip

    rows = zlib.compressobj(1)
    data = b"".join(rows.compress(bytes(1 + width)) for _ in range(height)) + rows.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


def paths(listener: socket.socket, outside: Path) -> dict[str, str]:
    """What no reference may lead to, by what it is."""
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    up = "%2e%2e/" * 12
    return {
        "file": f"file://{outside}",
        "absolute": str(outside),
        "web": f"{web}/a.png",
        "metadata": "http://169.254.169.254/latest/meta-data/a.png",
        "concat": f"concat:{outside}|{outside}",
        "subfile": f"subfile,,start,0,end,99,,:{outside}",
        "async": f"async:{web}/a.png",
        "share": "\\\\127.0.0.1\\share\\a.png",
        "dots": f"{up.rstrip('/')}{outside}",
        "device": "NUL.png",
        "pipe": "pipe:0",
        "data": "data:image/png;base64,AAAA",
        "proc": "/proc/self/environ",
        "fd": "/dev/fd/0",
    }


def timelines(folder: Path, footage: Path) -> dict[str, Callable[[str], Path]]:
    """Ways to put a path into a timeline."""

    def note(key: str) -> Callable[[str], Path]:
        def written(path: str) -> Path:
            shot = cut(footage, 10, 30)
            shot.markers.append(marker(f"gen: animate\n{key.format(path)}", at=10))
            return save(folder, "note", [shot])

        return written

    def reference(path: str) -> Path:
        hole = otio.schema.Gap(source_range=span(0, 12))
        hole.markers.append(marker("gen: bridge"))
        after = cut(footage, 60, 30)
        after.media_reference.target_url = path
        return save(folder, "reference", [cut(footage, 0, 30), hole, after])

    def metadata(path: str) -> Path:
        shot = cut(footage, 10, 30)
        shot.metadata["secondunit"] = {
            "version": 1, "request": {"operation": "animate", "mask": path},
        }  # fmt: skip
        return save(folder, "metadata", [shot])

    return {
        "reference": reference,
        "mask": note("mask: {}"),
        "keyframe": note("keyframe: first {}"),
        "stroke": note("stroke: 0.2,0.5 > 0.4,0.5 in {}"),
        "metadata": metadata,
    }


def requests(footage: Path) -> dict[str, Callable[[str], shots_pb2.ShotRequest]]:
    """Fields of a request that carry a path."""

    def field(place: Callable[[shots_pb2.ShotRequest, units_pb2.File], object]) -> Any:
        def made(path: str) -> shots_pb2.ShotRequest:
            request = bridge_request(footage)
            place(request, units_pb2.File(path=path))
            return request

        return made

    region = shots_pb2.Mask
    return {
        "media": field(lambda r, f: r.after.media.CopyFrom(f)),
        "mask": field(lambda r, f: r.mask.file.CopyFrom(f)),
        "keyframe": field(lambda r, f: r.keyframes.add(first=True, image=f)),
        "stroke": field(
            lambda r, f: r.strokes.add(region=region(file=f), points=[{"x": 0.1}, {"x": 0.4}])
        ),
        "ambient": field(lambda r, f: r.ambients.add(region=region(file=f))),
    }


@pytest.mark.parametrize("carrier", ["reference", "mask", "keyframe", "stroke", "metadata"])
def test_no_path_in_a_timeline_leads_outside(
    unit: Unit, footage: Path, listener: socket.socket, outside: Path, carrier: str
) -> None:
    folder = footage.parent / carrier
    folder.mkdir(exist_ok=True)
    (folder / "link.png").unlink(missing_ok=True)
    (folder / "link.png").symlink_to(outside)
    for kind, path in {**paths(listener, outside), "link": "link.png"}.items():
        asked = timelines(folder, footage)[carrier](path)
        answer = unit.client.plans.timeline(asked)
        assert answer.faults and not answer.plans, kind
        with pytest.raises(Refused):
            unit.client.jobs.create(asked, "abcd2345")
    assert not heard(listener)


@pytest.mark.parametrize("carrier", ["media", "mask", "keyframe", "stroke", "ambient"])
def test_no_path_in_a_request_leads_outside(
    unit: Unit, footage: Path, listener: socket.socket, outside: Path, carrier: str
) -> None:
    link = footage.with_name("link.png")
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    everything = {**paths(listener, outside), "link": str(link), "nul": f"{footage}\0.png"}
    for kind, path in everything.items():
        try:
            answer = unit.client.plans.shot(requests(footage)[carrier](path))
        except Refused:
            continue
        assert answer.faults and not answer.plans, kind
    assert not heard(listener)


def disguised(folder: Path, listener: socket.socket) -> dict[str, bytes]:
    """What FFmpeg would follow to other files or hosts, as the bytes of a movie."""
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    real = movie(folder / "real.mov", frames=8).read_bytes()
    # A data reference that is an alias to another file, instead of 'url ' with the flag "in here".
    old = b"\0\0\0\x0curl \0\0\0\x01"
    assert old in real
    dref = real.replace(old, b"\0\0\0\x0calis\0\0\0\0")
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{web}/s.ts\n".encode(),
        "hls_sibling": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsibling.mp4\n",
        "ffconcat": b"ffconcat version 1.0\nfile sibling.mp4\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        b"m=video 5004 RTP/AVP 96\n",
        "dash": f'<?xml version="1.0"?><MPD><BaseURL>{web}/</BaseURL></MPD>'.encode(),
        "hls_behind_a_movie": b"\0\0\0\x08free" + f"#EXTM3U\n#EXTINF:1,\n{web}/s.ts\n".encode(),
        "dref": dref,
    }  # fmt: skip


def test_no_list_disguised_as_a_movie_leads_anywhere(
    unit: Unit, footage: Path, listener: socket.socket
) -> None:
    folder = footage.parent / "disguised"
    folder.mkdir(exist_ok=True)
    movie(folder / "sibling.mp4", frames=8)
    for kind, data in disguised(folder, listener).items():
        path = folder / f"{kind}.mp4"
        path.write_bytes(data)
        request = bridge_request(footage)
        request.after.media.path = str(path)
        request.after.source.CopyFrom(units_pb2.FrameRange(start=0, frames=8))
        request.after.ClearField("rate")
        answer = unit.client.plans.shot(request)
        if kind == "dref":  # an alias is not followed: what is in the file itself is read
            assert answer.plans and not answer.faults, answer.faults
            continue
        assert answer.faults and not answer.plans, kind
        assert path.name in answer.faults[0].what, answer.faults
    assert not heard(listener)


def clips(number: int) -> str:
    """So many clips, as small as they can be."""
    one = '{"OTIO_SCHEMA":"Clip.1"}'
    row = f'{{"OTIO_SCHEMA":"Track.1","kind":"Video","children":[{",".join([one] * number)}]}}'
    return f'{{"OTIO_SCHEMA":"Timeline.1","tracks":{{"OTIO_SCHEMA":"Stack.1","children":[{row}]}}}}'


def timed(rate: str, start: str, length: str) -> str:
    """One clip with such numbers in its range."""

    def time_(value: str) -> str:
        return f'{{"OTIO_SCHEMA":"RationalTime.1","rate":{rate},"value":{value}}}'

    shown = (
        f'{{"OTIO_SCHEMA":"TimeRange.1","start_time":{time_(start)},"duration":{time_(length)}}}'
    )
    return clips(1).replace('"Clip.1"', f'"Clip.1","source_range":{shown}')


EDITS = {
    "nested_lists": lambda: clips(1).replace('"Clip.1"', f'"Clip.1","x":{"[" * 100_000}'),
    "nested_objects": lambda: clips(1).replace('"Clip.1"', '"Clip.1","x":' + '{"x":' * 100_000),
    "nested_closed": lambda: f'{{"OTIO_SCHEMA":"Timeline.1","x":{"[" * 100_000}{"]" * 100_000}}}',
    "nested_stacks": lambda: '{"OTIO_SCHEMA":"Stack.1","children":[' * 100_000
    + "]}" * 100_000,
    "nan": lambda: timed("25", "NaN", "1"),
    "infinite": lambda: timed("Infinity", "0", "1"),
    "negative": lambda: timed("25", "0", "-1"),
    "negative_rate": lambda: timed("-25", "0", "1"),
    "rate_0": lambda: timed("0", "0", "1"),
    "2_63": lambda: timed("25", str(2**63), "1"),
    "digits": lambda: timed("25", "9" * 5000, "1"),
    "tiny_rate": lambda: timed("5e-324", "0", "1"),
    "long": lambda: timed("25", "0", "1e300"),
    "million": lambda: clips(1_000_000),
    "million_escaped": lambda: clips(1_000_000).replace("OTIO_S", "\\u004fTIO_S"),
    "commas": lambda: f'{{"OTIO_SCHEMA":"Timeline.1","x":[{"0," * 13_000_000}0]}}',
}  # fmt: skip


def laughs(root: str) -> str:
    """A thousand million laughs, each entity ten of the one before it."""
    one = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY l0 "ha">{one}]><{root}>&l9;</{root}>'


OTHERS = {
    "laughs.xml": lambda: laughs("xmeml"),
    "laughs.fcpxml": lambda: laughs("fcpxml"),
    "external.xml": lambda: (
        '<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xmeml>&x;</xmeml>'
    ),
    "nested.xml": lambda: "<a>" * 100_000,
    "nested.fcpxml": lambda: "<fcpxml>" + "<spine>" * 100_000,
    "million.xml": lambda: f"<xmeml><sequence>{'<clipitem/>' * 5_000_000}</sequence></xmeml>",
    "million.fcpxml": lambda: f"<fcpxml><spine>{'<gap/>' * 5_000_000}</spine></fcpxml>",
    "million.edl": lambda: (
        "TITLE: t\n" + "1  A  V  C  01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01\n" * 1_000_000
    ),
    "long_line.edl": lambda: "TITLE: " + "t" * 50_000_000,
    "rubbish.aaf": lambda: "\x00" * 5_000_000,
    "million.ale": lambda: "Heading\nFPS\t24\nColumn\nName\nData\n" + "a\n" * 1_000_000,
}
MOST_MIB = 256
"""Of memory that reading any of these takes; of a good edit it takes 90."""


@pytest.mark.parametrize("kind", [*(f"{name}.otio" for name in sorted(EDITS)), *sorted(OTHERS)])
def test_no_timeline_takes_more_than_a_moment(unit: Unit, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    path.write_text({**{f"{name}.otio": made for name, made in EDITS.items()}, **OTHERS}[kind]())
    unit.client.plans.shot(bridge_request(unit.config.roots[0] / "LAD_0010.mkv"))  # started, warm
    readers = reading_processes()
    for pid in readers:
        forget_peak(pid)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        unit.client.plans.timeline(path)
    seconds = time.monotonic() - began
    assert caught.value.faults
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_maxrss - before.ru_maxrss < 64 * 1024  # the server's own, in KiB
    # The machine may be busy: the second that is meant is of its processor.
    assert seconds < 5, f"{seconds:.1f} s"
    assert readers and reading_processes() >= readers  # nobody died of it
    assert max(peak_mib(pid) for pid in readers) < MOST_MIB


def test_a_timeline_of_hundreds_of_megabytes_is_refused_unread(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "large.otio"
    with path.open("wb") as file:
        file.write(b'{"OTIO_SCHEMA":"Timeline.1",')
        file.truncate(300 * 2**20)
    began = time.monotonic()
    with pytest.raises(Refused, match="134217728 at most"):
        unit.client.plans.timeline(path)
    assert time.monotonic() - began < 5


def planned(unit: Unit, footage: Path, path: Path) -> plans_pb2.PlanShotResponse:
    request = bridge_request(footage)
    request.after.media.path = str(path)
    return unit.client.plans.shot(request)


def headed(path: Path, **changes: bytes) -> Path:
    """A Matroska movie whose header says something else: EBML ids and their new values."""
    data = movie(path, "ffv1", frames=8).read_bytes()
    for id_, value in changes.items():
        mark = bytes.fromhex(id_) + bytes([0x80 | len(value)])
        assert data.count(mark) == 1, id_
        at = data.index(mark) + len(mark)
        data = data[:at] + value + data[at + len(value) :]
    path.write_bytes(data)
    return path


def test_bombs_are_refused_by_their_headers(unit: Unit, footage: Path) -> None:
    folder = footage.parent / "bombs"
    folder.mkdir(exist_ok=True)
    day = struct.pack(">d", 36_000_000.0)  # ten hours in ms
    bombs = {
        "15000 x 15000": (picture(folder / "wide.png", 15000, 15000), "pixels"),
        "ten hours": (headed(folder / "long.mkv", **{"4489": day}), "36000 s by its header"),
        "25 million fps": (headed(folder / "fast.mkv", **{"2ad7b1": b"\0\0\1"}), "a rate is"),
        "65 streams": (streams(folder / "streams.mkv", 65), "65 streams; 64 at most"),
        "900 streams": (tracks(folder / "tracks.mov", 899), "900 streams; 64 at most"),
        # FFmpeg itself gives up at 1000 of them.
        "100000 streams": (tracks(folder / "endless.mov", 99_999), "cannot be"),
    }
    for kind, (path, says) in bombs.items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        readers = reading_processes()
        for pid in readers:
            forget_peak(pid)
        began = time.monotonic()
        answer = planned(unit, footage, path)
        assert answer.faults and not answer.plans, kind
        assert says in answer.faults[0].what, answer.faults
        assert time.monotonic() - began < 5, kind
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, kind
        assert readers and max(peak_mib(pid) for pid in readers) < MOST_MIB, kind


def streams(path: Path, number: int) -> Path:
    """A movie with so many sound tracks and one picture."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=25)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for _ in range(number - 1):
            container.add_stream("pcm_s16le", rate=48000)
        for packet in [*video.encode(av.VideoFrame(64, 48, "yuv420p")), *video.encode(None)]:
            container.mux(packet)
    return path


def tracks(path: Path, number: int) -> Path:
    """A movie with so many empty tracks more: eight bytes of its header each."""
    data = movie(path, frames=8).read_bytes()
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4])
    assert at + size == len(data)  # the header stands at the end, so that no offset changes
    more = (8).to_bytes(4) + b"trak"
    head = (size + number * len(more)).to_bytes(4)
    path.write_bytes(data[:at] + head + data[at + 4 :] + more * number)
    return path


def test_what_kills_its_reader_is_not_read_by_the_server_to_be_placed(
    tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(data=tmp_path / "data", roots=(footage.parent,))
    monkeypatch.setenv("SECONDUNIT_FAILPOINTS", "reader.order.before=abort")
    edit = timelines(footage.parent, footage)["reference"](str(footage))
    desk, reader = Desk(config, stages=STAGES), Reader(config)
    out = tmp_path / "out.otio"
    try:
        with serving(desk, config, reader=reader) as address, Connection(address) as client:
            for call in (
                lambda: client.place(edit, [], out=out),
                lambda: client.plans.timeline(edit),
                lambda: client.inspect(edit),
                lambda: client.jobs.create(edit, "abcd2345"),
            ):
                with pytest.raises(Refused, match="it ended the process"):
                    call()
            assert client.status().uptime is not None
        assert not out.exists()
    finally:
        desk.stop(0.5)
        reader.stop()


def test_the_server_lives_after_all_of_it(unit: Unit, footage: Path) -> None:
    assert unit.client.plans.shot(bridge_request(footage)).plans
    assert json.dumps(unit.client.status().uptime.seconds)
