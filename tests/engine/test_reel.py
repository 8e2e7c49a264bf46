"""The reel: any order in, the right frames out, a bounded number of them in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.engine.reel import FEWEST, Reel
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe

from tests.timeline.clips import movie


def test_frames_come_in_whatever_order_they_are_asked(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "take.mp4"), Config(data=tmp_path))
    whole, found = decode(media, range(48)), Reel(media, range(4, 44))
    for number in (4, 5, 6, 30, 29, 28, 5, 43, 4, 20, 21):
        assert found.picture(number).same_as(whole[number])


def test_a_frame_nobody_announced_is_an_error(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "take.mp4"), Config(data=tmp_path))
    with pytest.raises(KeyError):
        Reel(media, [1, 3, 5]).picture(2)


def test_large_pictures_are_let_go_of(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "take.mp4", frames=30), Config(data=tmp_path))
    found = Reel(media, range(30), memory=1)
    for number in range(30):
        found.picture(number)
    assert len(found) <= FEWEST
    assert found.picture(2).same_as(decode(media, [2])[2])
