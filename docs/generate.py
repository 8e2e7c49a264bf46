"""Writes what comes from the code: errors, deliveries, settings, and the tables of `engines.md`.

    python docs/generate.py

A test compares what stands there with what this would write.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secondunit import errors
from secondunit.catalog.deliveries import DEFAULT, DELIVERIES, Delivery
from secondunit.catalog.families import FAMILIES, Family
from secondunit.catalog.licences import LICENCES
from secondunit.catalog.proxies import PROXIES
from secondunit.config import Config
from secondunit.rpc.status import TABLE

FOLDER = Path(__file__).parent
ERRORS = FOLDER / "errors.md"
DELIVERIES_PAGE = FOLDER / "deliveries.md"
ENGINES_PAGE = FOLDER / "engines.md"
SETTINGS = FOLDER / "deploy" / "secondunit.toml"

ERRORS_HEAD = """# What each error means, and what to do

The code of an error stands in `--json` output, in `ErrorInfo.reason` and `ErrorDetail.code` of a
status, in a job's `error`, and in the log. The sentence beside it names the thing, the place and
the choices left; this table tells what kind of thing it was. *Again* says whether the same request
may work later as it is. This page is written by `python docs/generate.py`.

| code | gRPC status | what happened | again | what to do |
|---|---|---|---|---|
"""

DELIVERIES_HEAD = f"""# Deliveries: what comes back, and what each can hold

Say `delivery: NAME` in a request, `--delivery NAME` for all of them, or set another default than
`{DEFAULT}`. This page is written by `python docs/generate.py`.

| name | file | codec, layout | size | rates | colour | timecode | reel | `audio: keep` | alpha | keeps |
|---|---|---|---|---|---|---|---|---|---|---|
"""
DELIVERIES_TAIL = """
*keeps*: the least PSNR of RGB in dB that a pinned frame has in the file, against itself in the
file's own layout; *exact* returns every sample of the source, *lossless* every sample of the layout
that is named. It is measured on every take, and the control report says what came out.

@PROXIES@
## What every file is

- **Frames**: `handles + frames + handles`, pts from 0, constant rate as a fraction, progressive, no
  B-frames, closed groups; the movie's clock counts in its rate, so that the edit list is exact.
  The index stands first in mov and mp4.
- **Timecode** of the timeline, drop frame where the timeline has it. A picture's header counts at
  most 30 frames per second (ST 12-1): in faster sequences it is left out.
- **Colour**: YUV is of limited range, with the source's own primaries, transfer and matrix in the
  stream and in the container. RGB becomes BT.709, sRGB keeps its code values under that name.
  Chroma is sited left. What YUV holds above white and below black stays. One place converts between
  YUV and RGB (`timeline/picture.py`): black, grey and white are 64, 502 and 940.
- **EXR**: half floats, ZIP, scene-linear: the transfer's inverse (ITU-T H.273) and a Bradford
  adaptation to ACES primaries. It is no grade: `prores_422_hq` and `exr_half` of one shot are one
  picture. PQ counts 100 cd/m2 as 1; HLG is scene light, 0 to 12.
- **HDR10**: MaxCLL and MaxFALL (CTA-861.3) are measured on the finished pictures, rounded up, and
  stand in every group of frames; the mastering display is declared as P3 D65 at 1000, 4000 or
  10,000 cd/m2, the first that reaches MaxCLL. They are read back from every frame. The stream has
  them, the container has not: PyAV offers no way to write `clli` and `mdcv` boxes, and players
  read the stream. Pictures are not graded into HDR: a source that is none is refused.
- **Sequences** are a folder `SHOT_operation_id_v003` of `SHOT_operation_id_v003.1001.exr` and so on,
  with the sound as `.wav` (`.a1.wav`, `.a2.wav` for several tracks; Broadcast Wave with the time of
  day) among them, and one record beside the folder. On a timeline it is an
  `ImageSequenceReference`. The digest is of the files' digests in the order of their names, so
  that it stays when the folder gets another name.
- **Sound** (`audio: keep`): 24-bit PCM at 48 kHz, each track of the source as it is laid out there,
  cut to the sample (sample `round(n * 48000 / rate)` begins frame `n`: 2002 to a frame at 23.976).
  Frames that a source shows sound like it, a transition fades from one clip to the other, what was
  made is silent; a retime and a loop come without, which the plan says.
- **Alpha** (the rows named `_alpha`): 1 where the picture may have changed, 0 where it is the
  source's own; laid over the source, straight, it gives the finished picture. Colours are not
  multiplied by it, in OpenEXR neither (tell the host: straight). With `alpha: made` a request
  insists on it. What a source itself has of alpha is left away, and said so.
- **Proxies** (`proxy: NAME` in a request, or a default in the settings): a small copy beside the
  take, `NAME_proxy.mov`, with its frames, rate, timecode, reel and sound, verified like the take.
  It is named in the record, in `render --json` and over gRPC, and goes into bundles. The
  edit refers to the take; a host is told to link the proxy.

## What is refused, before any work

Odd sizes in 4:2:0, pictures under a codec's least, rates that MXF does not know, sound in mp4, alpha
where there is none, pixels that are not square in a file that cannot say so, SDR as HDR: each
sentence names the deliveries that hold all that was asked.

## What was verified, and by what

Every file, at work: decoded whole by FFmpeg before it gets its name, and compared with what was
asked: number, time and size of frames, layout, tags, timecode, reel, pixel aspect, every sample
where the row is exact or lossless, the mean of every plane elsewhere; every sample of the sound;
of a sequence every header. `secondunit verify` does it again.

| property | by | where |
|---|---|---|
| frames, rate, DF and NDF timecode, start, duration, tags, reel | PyAV | `tests/encode/test_writer.py` |
| QuickTime atoms: nclc, fiel, pasp, tmcd, movie clock, edit list | own reader | `tests/encode/test_writer.py` |
| MaxCLL, MaxFALL, mastering display | PyAV, MediaInfo | `tests/encode/test_levels_of_hdr.py` |
| format, profile, tag, depth, colour, HDR10, timecode, reel, siting, OP1a, scan | MediaInfo | `tests/encode/test_another_reader.py` |
| levels 64, 502, 940, primaries, ramps, beyond white and black | PyAV | `tests/encode/test_levels.py` |
| EXR and DPX written here, headers and samples | FFmpeg's decoders | `tests/encode/test_sequence.py` |
| alpha, pixel by pixel | FFmpeg's decoders | `tests/encode/test_sequence.py`, `tests/jobs/test_stages.py` |
| proxies | PyAV | `tests/encode/test_proxy.py` |
| sound, to the sample | PyAV | `tests/encode/test_sound.py` |
| *keeps* | PyAV | `python -m bench.deliveries` |
| speed beside a plain loop and the ffmpeg command line | PyAV, ffmpeg | `python -m bench.media` |

Row by row, each cell a test: **F** FFmpeg's demuxers and decoders (PyAV), **M** MediaInfo, **o** a
reader of our own, by the format's book; a dash where the row has no place for it.

@READ@
Nobody has opened these files in Resolve, Premiere or Media Composer for this table. H.264 says
nothing of its chroma where it is sited left, which its standard takes for granted; QuickTime has no
place for it. FFmpeg's MXF calls every DNxHR 444 full-range RGB, so in MXF that is what it is.
"""

READ_HEAD = """| row | frames, rate | samples | colour | timecode | reel | siting | sound | alpha | light |
|---|---|---|---|---|---|---|---|---|---|
"""
PROXIES_HEAD = """| proxy | written as | file | of width and height |
|---|---|---|---|
"""

SETTINGS_HEAD = """\
# Every setting of Second Unit with its default; written by `python docs/generate.py`.
# Copy it, keep the lines that you change, and name the file: secondunit serve --config FILE.toml
# (or SECONDUNIT_CONFIG). Paths are relative to the file's folder.
"""

PLACES = {
    "data": '"/var/lib/secondunit"',
    "tls.certificate": '"server.crt"',
    "tls.key": '"server.key"',
    "tls.client_authority": '"clients.crt"',
}
"""What an example says where the default is a place of this machine, or none."""


def errors_page() -> str:
    """The table of every class of the tree, in the tree's order."""
    lines: list[str] = []
    for kind in _tree(errors.SecondUnitError):
        what = _sentence(inspect.getdoc(kind))
        if kind is errors.SecondUnitError:
            what = "A fault of the server; the message carries an error id."
        cells = (
            f"`{kind.code}`",
            TABLE[kind].name,
            what,
            "yes" if kind.retryable else "no",
            kind.remedy,
        )
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return ERRORS_HEAD + "\n".join(lines) + "\n"


def deliveries_page() -> str:
    """The catalogue as a table, and what holds for every row."""
    lines = ["| " + " | ".join(_cells(row)) + " |" for row in DELIVERIES.values()]
    small = [
        f"| `{p.name}` | `{p.row.name}` | {p.row.suffix} | 1/{p.part} |" for p in PROXIES.values()
    ]
    proxies = PROXIES_HEAD + "\n".join(small) + "\n"
    read = READ_HEAD + "".join(
        "| " + " | ".join(_read_back(row)) + " |\n" for row in DELIVERIES.values()
    )
    tail = DELIVERIES_TAIL.replace("@PROXIES@", proxies).replace("@READ@", read)
    return DELIVERIES_HEAD + "\n".join(lines) + "\n" + tail


def _cells(row: Delivery) -> Iterator[str]:
    yield f"`{row.name}`"
    yield f"folder of `{row.suffix}`" if row.sequence else f"`{row.suffix}`"
    yield f"{row.codec}, {row.format or 'as the source'}"
    sizes = ["even"] if row.even else []
    sizes += ["not 16 n + 1 wide"] if row.pales else []
    sizes += [f"from {row.smallest}"] if row.smallest.width > 16 else []
    yield ", ".join(sizes) or "any"
    yield ", ".join(map(str, row.rates)) or "any"
    yield row.light or row.transfer or "the source's"
    yield "yes" if row.clock else "no"
    yield "yes" if row.reel else "no"
    yield row.sound or "refused"
    yield "what was made" if row.alpha else "no"
    yield "exact" if row.exact else f"lossless, {row.holds:g}" if row.lossless else f"{row.holds:g}"


ENGINES_HEAD = """| family | pipelines it drives | weights in bf16 | frames of a pass | pictures | its weights obey | besides | words, references | licence of the published weights |
|---|---|---|---|---|---|---|---|---|
"""


def engines_page() -> str:
    """The page as it stands, with its tables written anew from the catalogue."""
    table = "".join("| " + " | ".join(_abilities(row)) + " |\n" for row in FAMILIES.values())
    traps = "".join(
        f"- **{row.title}**: {'; '.join(row.ignores)}.\n"
        for row in FAMILIES.values()
        if row.ignores
    )
    text = ENGINES_PAGE.read_text()
    for name, made in (("families", ENGINES_HEAD + table), ("traps", traps)):
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        assert start and end, f"{ENGINES_PAGE} has no place for '{name}'"
        text = before + start + made + end + after
    return text


def _abilities(row: Family) -> Iterator[str]:
    yield f"{row.title} (`{row.name}`)"
    yield ", ".join(f"`{name}`" for name in row.classes) or "any other with a known autoencoder"
    yield (
        ", ".join(
            f"{name}: {2e9 * (network + rest) / 2**30:.0f} GiB" for name, network, rest in row.sizes
        )
        or "read from its files"
    )
    rule = f"{row.frame_step}k+{row.frame_offset}" if row.frame_offset else f"{row.frame_step}k"
    if row.frame_step == 1:
        rule = "any count"
    rate = f"at {row.native_rate:g} fps" if row.native_rate else "at the shot's rate"
    yield f"{rule}, {row.longest} {rate}"
    yield f"sides {row.multiple}k, up to {row.most_pixels / 1e6:.2f} MP"
    yield ", ".join(sorted(row.native)) or "nothing but words"
    yield "held: all keyframes, masks, strokes, camera" if row.held else "composite only"
    yield f"{row.words or 'no'} tokens, {row.references or 'no'} references"
    licence = LICENCES[row.licence]
    yield licence.title + (f": {licence.limits}" if licence.limits else "")


def _read_back(row: Delivery) -> Iterator[str]:
    """By whom each property of a row was read."""
    picture = "o" if row.codec in ("exr", "dpx") else "-"
    yield f"`{row.name}`"
    yield "F" if row.sequence else "F M"
    yield "F, each" if row.exact or row.lossless else "F, means; *keeps*"
    yield {"exr": "o", "dpx": "M", "png": "M"}[row.codec] if row.sequence else "F M"
    yield picture if row.sequence else "F M"
    yield (picture if row.sequence else "F M") if row.reel else "-"
    if row.container == "mxf" and row.name != "dnxhr_444_mxf":
        yield "o"
    else:
        yield "M" if row.codec == "libx265" else "-"
    yield "F" if row.sound else "-"
    yield "F" if row.alpha else "-"
    yield "F M" if row.mastered else "-"


def settings_file() -> str:
    """Every field of Config with what its docstring says and its default."""
    base = Config(data=Path("/nowhere"))
    top, sections = [SETTINGS_HEAD], []
    for field in dataclasses.fields(Config):
        value = getattr(base, field.name)
        if dataclasses.is_dataclass(value):
            title = _sentence(inspect.getdoc(type(value))).partition(";")[0]
            sections.append(f"\n# {title}.\n[{field.name}]\n")
            for inner in dataclasses.fields(value):
                sections += _setting(type(value), inner.name, getattr(value, inner.name), field)
        else:
            top += _setting(Config, field.name, value)
    return "".join(top + sections)


def _tree(kind: type[errors.SecondUnitError]) -> Iterator[type[errors.SecondUnitError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def _sentence(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())


def _setting(owner: type, name: str, value: Any, section: Any = None) -> Iterator[str]:
    path = f"{section.name}.{name}" if section else name
    told = textwrap.wrap(_docstrings(owner).get(name, ""), 96)
    yield "".join(f"# {line}\n" for line in told)
    if path in PLACES:
        yield f"#{name} = {PLACES[path]}\n"
    else:
        yield f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int) and value >= 2**20:
        return f"{value:_}"
    return json.dumps(value)


def _docstrings(owner: type) -> dict[str, str]:
    """The string below each attribute."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    told: dict[str, str] = {}
    for attribute, below in itertools.pairwise(body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            told[attribute.target.id] = " ".join(str(below.value.value).split())
    return told


def main() -> None:
    """Write them all."""
    SETTINGS.parent.mkdir(exist_ok=True)
    ERRORS.write_text(errors_page())
    DELIVERIES_PAGE.write_text(deliveries_page())
    ENGINES_PAGE.write_text(engines_page())
    SETTINGS.write_text(settings_file())


if __name__ == "__main__":
    main()
