"""A file is what its bytes are: probed before it is trusted, refused before it is decoded."""

from __future__ import annotations

import hashlib
import resource
import socket
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from secondunit.config import Config
from secondunit.errors import MediaMissing, MediaUnreadable
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Media
from secondunit.units import ColourTags, Rate, Size

from tests.timeline.clips import frame_pixels, movie

CONFIG = Config(data=Path("unused"))


def refused(path: Path, config: Config = CONFIG) -> str:
    with pytest.raises(MediaUnreadable) as caught:
        probe(path, config)
    return str(caught.value)


def picture(path: Path, codec: str, pixels: str, data: np.ndarray) -> Path:
    """A still written by FFmpeg's own encoder."""
    form = "rgb24" if data.dtype == np.uint8 else "rgb48le"
    if data.shape[-1] == 4:
        form = "rgba"
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(codec, rate=1)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = data.shape[:2]
        stream.pix_fmt = pixels
        frame = av.VideoFrame.from_ndarray(data, form).reformat(format=pixels)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


def test_real_footage_is_described(shared: Path) -> None:
    path = shared / "media" / "train.m4v"
    assert probe(path, CONFIG) == Media(
        path=path, digest=hashlib.sha256(path.read_bytes()).hexdigest(), still=False,
        rate=Rate(num=30), frames=704, start=0, size=Size(width=320, height=180),
        format="yuv420p", reel=None,
        colour=ColourTags(primaries="smpte170m", transfer="smpte170m", matrix="smpte170m"),
    )  # fmt: skip


def test_a_movie_of_one_picture_is_a_movie_and_keeps_its_full_range(shared: Path) -> None:
    media = probe(shared / "media" / "cat.mp4", CONFIG)
    assert (media.still, media.frames, media.rate) == (False, 25, Rate(num=25))
    assert media.colour.full_range and media.colour.matrix == "bt470bg"


@pytest.mark.parametrize("name", ["scroll.jpg", "scroll_mask.jpg"])
def test_a_picture_is_a_still(shared: Path, name: str) -> None:
    media = probe(shared / "media" / name, CONFIG)
    assert (media.still, media.frames, media.rate, media.start) == (True, 1, None, 0)
    assert (media.size, media.format) == (Size(width=810, height=608), "gbrp")
    assert media.colour == ColourTags(transfer="iec61966-2-1", matrix="gbr", full_range=True)


@pytest.mark.parametrize(
    ("rate", "timecode", "start"),
    [
        (Fraction(24000, 1001), "01:00:00:00", 86400),
        (Fraction(25), "10:00:00:01", 900001),
        (Fraction(30000, 1001), "01:00:00;00", 107892),
        (Fraction(30000, 1001), "01:00:00:00", 108000),
    ],
)
def test_timecode_and_reel_are_the_files(
    tmp_path: Path, rate: Fraction, timecode: str, start: int
) -> None:
    tags = {"timecode": timecode, "reel_name": "A001C003"}
    path = movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=3, rate=rate, metadata=tags)
    media = probe(path, CONFIG)
    assert (media.start, media.reel) == (start, "A001C003")
    assert media.format == "yuv422p10le"


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.png", "png", "rgb24"), ("a.tif", "tiff", "rgb24"), ("a.bmp", "bmp", "bgr24"),
     ("wrong.name", "png", "rgb24"), ("shot%04d*.png", "png", "rgb24")],
)  # fmt: skip
def test_a_still_of_8_bits_is_kept_to_the_bit(
    tmp_path: Path, name: str, codec: str, pixels: str
) -> None:
    made = picture(tmp_path / "made.png", codec, pixels, frame_pixels(7))
    media = probe(made.rename(tmp_path / name), CONFIG)
    green, blue, red = decode(media, [0])[0].planes
    assert media.still and media.format == "gbrp"
    assert np.array_equal(np.stack([red, green, blue], axis=-1), frame_pixels(7))


def test_a_still_of_16_bits_is_kept_to_the_bit(tmp_path: Path) -> None:
    data = frame_pixels(3).astype(np.uint16) * 251 + 7
    media = probe(picture(tmp_path / "a.png", "png", "rgb48be", data), CONFIG)
    green, blue, red = decode(media, [0])[0].planes
    assert media.format == "gbrp16le"
    assert np.array_equal(np.stack([red, green, blue], axis=-1), data)


def test_a_web_picture_is_read(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.fromarray(frame_pixels(3)).save(tmp_path / "a.webp", lossless=True)
    green, blue, red = decode(probe(tmp_path / "a.webp", CONFIG), [0])[0].planes
    assert np.array_equal(np.stack([red, green, blue], axis=-1), frame_pixels(3))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"gen: bridge", "no footage that we read"),
        (b"\x76\x2f\x31\x01" + bytes(100), "damaged"),  # OpenEXR with nothing in it
        (b"PK\3\4" + bytes(100), "is an archive; numbered pictures are read from a folder"),
        (bytes(257) + b"ustar" + bytes(100), "is an archive"),
        (b"GIF89a" + bytes(100), "no footage that we read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "damaged"),
        (b"\0\0\0\x18ftypisom" + bytes(100), "cannot be decoded"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "cannot be decoded"),
    ],
)
def test_what_is_no_footage_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert says in refused(path)


def test_a_playlist_named_like_a_movie_reaches_nobody(tmp_path: Path) -> None:
    movie(tmp_path / "sibling.mp4", frames=3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/seg.ts"
        lists = {
            "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n",
            "concat.mp4": "ffconcat version 1.0\nfile sibling.mp4\n",
            "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
            "dash.mp4": f'<?xml version="1.0"?><MPD><BaseURL>{address}</BaseURL></MPD>',
        }
        for name, text in lists.items():
            (tmp_path / name).write_text(text)
            assert "no footage that we read" in refused(tmp_path / name)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_small_file_that_is_a_huge_picture_is_refused_undecoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(bytes((1 + 15000) * 15000), 1)
    header = struct.pack(">IIBBBBB", 15000, 15000, 8, 0, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    assert path.stat().st_size < 2_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "larger than the pixels allowed" in refused(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_more_pixels_than_allowed_are_refused(tmp_path: Path) -> None:
    small = Config(data=Path("unused"), max_pixels=96 * 63)
    assert "is 96x64 pixels; 6048 pixels at most" in refused(
        movie(tmp_path / "a.mp4", frames=2), small
    )
    exact = Config(data=Path("unused"), max_pixels=96 * 64)
    assert probe(tmp_path / "a.mp4", exact).frames == 2


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=2)
    path.write_bytes(path.read_bytes().replace(b"apcn", b"zzzz").replace(b"apch", b"zzzz"))
    assert "in a codec that we do not decode" in refused(path)


def test_sound_alone_is_no_picture(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mov"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert "has no picture, only sound or data" in refused(tmp_path / "a.mov")


def test_footage_that_stands_askew_is_refused(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=2)
    data = path.read_bytes()
    identity = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0xB505, 0xB505, 0, -0xB505, 0xB505, 0, 0, 0, 0x40000000)
    track = data.index(identity, data.index(b"tkhd"))
    path.write_bytes(data[:track] + turned + data[track + 36 :])
    assert "stored turned by -45 degrees" in refused(path)


def test_a_file_that_is_gone_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MediaMissing, match=r"gone\.mov"):
        probe(tmp_path / "gone.mov", CONFIG)


def test_a_file_that_changed_is_another_source(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4", frames=3)
    first = probe(path, CONFIG)
    assert probe(path, CONFIG) == first
    movie(path, frames=4)
    second = probe(path, CONFIG)
    assert (second.frames, second.digest == first.digest) == (4, False)
