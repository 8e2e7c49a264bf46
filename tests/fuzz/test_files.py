"""Spoilt timelines, notes and media files: read or refused in words, by a process that lives on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st
from secondunit.config import Config
from secondunit.errors import SecondUnitError
from secondunit.jobs.reader import Reader
from secondunit.plan.planned import Options

from tests.conftest import REPOSITORY
from tests.edits import bridge, clip, marker, save, span
from tests.fuzz.bounds import bounded
from tests.readers import reading_processes
from tests.timeline.clips import movie

VALUES: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, -(2**63), 1e308, 5e-324, float("nan"), float("inf"), "", "\0",
    "x" * 3000, [], {}, [[]], "file:///etc/passwd", "http://127.0.0.1/x", "gen: bridge", "NaN",
    {"OTIO_SCHEMA": "Clip.1"}, {"OTIO_SCHEMA": "Gap.9"}, {"OTIO_SCHEMA": "Track.1"}, "\ud800",
    {"OTIO_SCHEMA": "RationalTime.1", "rate": 1e-9, "value": 1e18}, "TimeRange.1", "Timeline.1",
]  # fmt: skip


def read(reader: Reader, path: Path, *, plan: bool = True) -> None:
    """It is read, or refused by name; and by no error that nobody foresaw."""
    config = Config(data=path.parent / "data")
    try:
        if plan:
            reader.read(path, Options(), config)
        else:
            reader.inspect(path, config)
    except SecondUnitError as exc:
        assert type(exc) is not SecondUnitError, exc
        assert str(exc)
        assert "ended the process" not in str(exc), exc


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in JSON, as the list or object and the key in it."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        one = pending.pop()
        keys = one.keys() if isinstance(one, dict) else range(len(one))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], (dict, list)):
                pending.append(one[key])
    return found


def spoil(record: Any, dice: random.Random) -> Any:
    """A record with some places changed, dropped, doubled or put elsewhere."""
    for _ in range(dice.randrange(1, 4)):
        places = nodes(record)
        holder, key = dice.choice(places)
        match dice.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, json.loads(json.dumps(holder[key])))
            case 2:
                other, there = dice.choice(places)
                if there in other if isinstance(other, dict) else there < len(other):
                    holder[key] = json.loads(json.dumps(other[there]))
            case _:
                holder[key] = dice.choice(VALUES)
    return record


@pytest.fixture
def alive(reader: Reader) -> Callable[[], bool]:
    """Says whether the processes are those of the start."""
    reader.start()
    reader.check(REPOSITORY / "samples" / "bridge.otio")
    before = reading_processes()
    return lambda: before <= reading_processes()


def test_a_spoilt_edit_is_read_or_refused(
    reader: Reader, tmp_path: Path, alive: Callable[[], bool]
) -> None:
    edit = bridge(tmp_path, movie(tmp_path / "take.mkv", "ffv1", frames=300), gap=12).read_text()
    path = tmp_path / "spoilt.otio"

    @bounded(120)
    @given(st.integers(0, 2**32))
    def once(seed: int) -> None:
        path.write_text(json.dumps(spoil(json.loads(edit), random.Random(seed))))
        read(reader, path)

    once()
    assert alive()


def test_a_spoilt_sample_or_real_export_is_read_or_refused(
    reader: Reader, tmp_path: Path, alive: Callable[[], bool]
) -> None:
    shared = REPOSITORY.parent / "shared" / "timelines"
    files = sorted((REPOSITORY / "samples").glob("*.otio"))
    for folder in ("resolve", "hiero", "synthetic", "raven"):
        files += sorted((shared / folder).glob("*.otio"))
    texts = [text for file in files if len(text := file.read_text()) < 200_000]
    path = tmp_path / "spoilt.otio"

    @bounded(150)
    @given(st.sampled_from(texts), st.integers(0, 2**32))
    def once(text: str, seed: int) -> None:
        path.write_text(json.dumps(spoil(json.loads(text), random.Random(seed))))
        read(reader, path, plan=False)

    once()
    assert alive()


NOTES = [
    "gen: bridge\nprompt: rain; wind\nhandles: 4\ntakes: 2",
    "gen: animate\ncamera: pan 6 tilt -2 roll 0 truck 5% dolly 10% zoom 1.2 fov 50 ease in",
    "gen: animate\nstroke: 0.20,0.55 > 0.35,0.50 > 0.60,0.52 over 0-24 strength 0.8\nambient:",
    "gen: extend; edge: tail; seconds: 0.5; seed: 7; context: 12",
    'gen: bridge\n{"prompt": "x", "handles": 3}',
    '{"gen": "bridge", "stroke": [{"points": [[0.1, 0.2], [0.3, 0.4]]}]}',
    "gen: retime\nspeed: 40%",
    "gen: loop\nframes: 6",
    "GEN bridge 24f slow push",
]  # fmt: skip
PIECES = [
    ":", ";", "\n", "{", "}", "[", "]", '"', ",", ">", "%", "-", "1e999", "nan", "inf", "0", "-1",
    "9" * 40, "\0", "\u202e", "gen:", "camera:", "stroke:", "keyframe: first x.png", "over 5-2",
    "mask: ../x", "[" * 2000, "frames: 99999999999", "1/0", "\x85", "\ud83c\udf27", "0x10", "۳",
]  # fmt: skip


def test_any_words_of_a_note_are_a_request_or_a_fault(
    reader: Reader, tmp_path: Path, alive: Callable[[], bool]
) -> None:
    take = movie(tmp_path / "take.mkv", "ffv1", frames=100)
    shot = clip(take, 10, 40)
    shot.markers.append(marker("gen: bridge", at=10))
    hole = otio.schema.Gap(source_range=span(0, 12))
    path = save(tmp_path, "note", [shot, hole, clip(take, 60, 30)])
    record = json.loads(path.read_text())

    @bounded(150)
    @given(
        st.sampled_from(NOTES),
        st.lists(st.tuples(st.integers(0, 200), st.integers(0, 6), st.sampled_from(PIECES))),
    )
    def once(note: str, changes: list[tuple[int, int, str]]) -> None:
        for at, drop, piece in changes:
            note = note[:at] + piece + note[at + drop :]
        found = json.loads(json.dumps(record))
        found["tracks"]["children"][0]["children"][0]["markers"][0]["comment"] = note
        path.write_text(json.dumps(found))
        read(reader, path)

    once()
    assert alive()


def still(path: Path) -> Path:
    """A picture, by the name's suffix."""
    codec, pixels = {".png": ("png", "rgb24"), ".jpg": ("mjpeg", "yuvj420p"),
                     ".tif": ("tiff", "rgb24"), ".bmp": ("bmp", "bgr24"),
                     ".dpx": ("dpx", "rgb24")}[path.suffix]  # fmt: skip
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(codec)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 90, np.uint8), format="rgb24")
        for packet in [*stream.encode(frame.reformat(format=pixels)), *stream.encode(None)]:
            container.mux(packet)
    return path


def footage(folder: Path) -> list[Path]:
    """One small file of each kind that is read."""
    return [
        movie(folder / "a.mov", "prores_ks", "yuv422p10le", frames=4),
        movie(folder / "a.mp4", frames=4),
        movie(folder / "a.mkv", "ffv1", frames=4),
        movie(folder / "a.avi", "mjpeg", "yuvj420p", frames=4),
        movie(folder / "a.mxf", "mpeg2video", frames=4),
        *(still(folder / f"a{suffix}") for suffix in (".png", ".jpg", ".tif", ".bmp", ".dpx")),
    ]


def test_any_spoilt_header_is_footage_or_a_fault(
    reader: Reader, tmp_path: Path, alive: Callable[[], bool]
) -> None:
    whole = {path.suffix: path.read_bytes() for path in footage(tmp_path)}
    edits: dict[str, Path] = {}
    for suffix in whole:
        shot = clip(tmp_path / f"spoilt{suffix}", 0, 2, of=4)
        shot.markers.append(marker("gen: animate", at=0))
        edits[suffix] = save(tmp_path, f"edit{suffix[1:]}", [shot])

    @bounded(250)
    @given(
        st.sampled_from(sorted(whole)),
        st.lists(
            st.tuples(st.integers(0, 4096), st.sampled_from([0, 1, 127, 128, 255, -1])),
            min_size=1, max_size=6,
        ),
        st.integers(0, 3),
    )  # fmt: skip
    def once(suffix: str, changes: list[tuple[int, int]], cut: int) -> None:
        data = bytearray(whole[suffix])
        for at, byte in changes:
            at %= len(data)
            data[at] = byte if byte >= 0 else data[at] ^ 1 << at % 8
        keep = len(data) if cut else len(data) * (1 + changes[0][0] % 9) // 10
        (tmp_path / f"spoilt{suffix}").write_bytes(data[:keep])
        read(reader, edits[suffix])

    once()
    assert alive()
