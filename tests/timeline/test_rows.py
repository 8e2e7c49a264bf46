"""Every kind of movie in docs/media.md: asked in any order, each frame is that of its number."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from pathlib import Path

import pytest
from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.config import Config
from secondunit.timeline.frames import decode
from secondunit.timeline.media import frame_at, probe
from secondunit.units import Rate

from tests.timeline.rows import FRAMES, ROWS, Row, made, number_in

CONFIG = Config(data=Path("unused"))
DOCS = Path(__file__).parents[2] / "docs" / "media.md"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_frame_of_every_kind_of_movie_is_the_one_of_its_number(
    tmp_path: Path, row: Row
) -> None:
    media = probe(made(tmp_path, row), CONFIG)
    assert media.frames == FRAMES
    assert media.format == (row.kept or row.pixels)
    if not row.steps:
        assert media.rate == Rate(num=row.rate.numerator, den=row.rate.denominator)
    together = decode(media, range(FRAMES))
    assert [number_in(together[n]) for n in range(FRAMES)] == list(range(FRAMES))
    order = list(range(FRAMES))
    random.Random(row.name).shuffle(order)
    for number in order[:14]:
        assert number_in(decode(media, [number])[number]) == number
    if row.tags is not None:
        transfers = {1: "bt709", 16: "smpte2084", 18: "arib-std-b67"}
        assert media.colour.transfer == transfers[row.tags[1]]
        assert media.colour.full_range == (row.tags[3] == 2)
    if row.steps:
        at = [sum(row.steps[k % len(row.steps)] for k in range(n)) for n in range(FRAMES)]
        assert [frame_at(media, Fraction(ms, 1000)) for ms in at] == list(range(FRAMES))


def test_the_table_names_every_kind_of_movie_that_is_tried() -> None:
    text = DOCS.read_text(encoding="utf-8")
    table = text[text.index("## Movies") : text.index("## Pictures")]
    named = re.findall(r"^\| ([^|]+?) \| (\w+) \| (\w+)", table, re.MULTILINE)
    tried = [(r.name, r.file.partition(".")[2], r.kept or r.pixels) for r in ROWS]
    assert named == tried


def test_the_tables_name_tests_and_spaces_that_are_there() -> None:
    text = DOCS.read_text(encoding="utf-8")
    here = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in here, name
    table = text[text.index("| `colour:` |") : text.index("Any other name")]
    named = re.findall(r"`([\w-]+)`(?=,| \|)", table)
    assert sorted(set(named) & set(COLOUR_SPACES)) == sorted(COLOUR_SPACES)
