"""XML from strangers: nothing is expanded, fetched or nested without end."""

from __future__ import annotations

from pathlib import Path

import pytest
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read

LAUGHS = '<!DOCTYPE xmeml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xmeml>&b;</xmeml>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LAUGHS, "declares the entity 'a'"),
        ('<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xmeml>&x;</xmeml>',
         "declares the entity 'x'"),
        ('<!DOCTYPE xmeml [<!ENTITY % p SYSTEM "http://h/p"> %p;]><xmeml/>',
         "declares the entity 'p'"),
        ('<!DOCTYPE xmeml SYSTEM "http://h/x.dtd"><xmeml>&x;</xmeml>', "undefined entity"),
        ("<a>" * 300 + "</a>" * 300, "nested deeper than 200 levels"),
        ("<xmeml><sequence>", "no XML that can be read, or breaks off"),
        ("gen: bridge", "no XML that can be read"),
        ("<html/>", "holds <html>"),
        ("<xmeml/>", "holds no sequence and no clip"),
        ("<fcpxml/>", "holds no project and no clip"),
        ('<?xml version="1.0" encoding="utf-7"?><xmeml/>', "no XML that can be read"),
    ],
)  # fmt: skip
def test_a_hostile_or_damaged_tree_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cut.xml"
    path.write_text(text)
    with pytest.raises(TimelineUnreadable) as caught:
        read(path)
    assert says in str(caught.value)


def test_what_is_called_aaf_and_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.aaf"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
    pytest.importorskip("otio_aaf_adapter", reason="AAF is an extra: secondunit[aaf]")
    with pytest.raises(TimelineUnreadable, match="cannot be read"):
        read(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Heading\nFPS\t24\n", "lists no clip"),
        ("Column\nName\tStart\tEnd\n\nData\na\t01:00:00:00\t01:00:01:00\n", "does not say its FPS"),
        ("Heading\nFPS\tfast\nColumn\nName\nData\na\n", "an FPS of 'fast'"),
        ("Heading\nFPS\t24\nColumn\nScene\nData\na\n", "no column Name"),
        ("Heading\nFPS\t24\nColumn\nName\tStart\tEnd\nData\na\t01:00:00:00\n", "has no End"),
        ("Heading\nFPS\t24\nColumn\nName\tStart\tEnd\nData\na\t01:00:01:00\t01:00:00:00\n",
         "before it begins @ line 6"),
    ],
)  # fmt: skip
def test_a_bin_that_says_too_little_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bin.ale"
    path.write_text(text)
    with pytest.raises(TimelineUnreadable) as caught:
        read(path)
    assert says in str(caught.value)
