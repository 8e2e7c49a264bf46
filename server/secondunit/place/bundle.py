"""An edit and every file it uses as one thing to hand over: .otioz (a zip) or .otiod (a folder).

OpenTimelineIO's own writer leaves out numbered pictures and all takes but one, and looks for
relative files in the folder of the process; the layout is its own, so that its readers open these.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote

import opentimelineio as otio

from secondunit.catalog.proxies import SUFFIX
from secondunit.config import Config
from secondunit.encode.durable import replacing, temporary_beside, unwritten
from secondunit.errors import MediaError, PlacementError, Refused
from secondunit.timeline.locate import locate

Kind = Literal["otioz", "otiod"]
VERSION = "1.0.0"
"""Of the layout, as OpenTimelineIO numbers it: content.otio, version.txt, media/."""
_MARK = b"made by Second Unit"
"""By this a bundle is known that may be replaced."""
_MOST_PICTURES = 1_000_000
_BESIDE = (".json", ".png", f"{SUFFIX}.mov")
"""What lies beside a take and belongs to it: its record, its contact sheet, its proxy."""


class _Packed:
    """Files by the name they have in the bundle; each single file once."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self._lower: dict[str, Path] = {}  # some systems take upper and lower case for one
        self._names: dict[Path, str] = {}

    def name(self, file: Path, wanted: str) -> str:
        """Where a file goes: `wanted`, or with a number where that name is another file's."""
        if file in self._names:
            return self._names[file]
        path, name, number = PurePosixPath(wanted), wanted, 1
        while not self.free(name, file):
            number += 1
            name = str(path.with_name(f"{path.stem}_{number}{path.suffix}"))
        self._names[file] = name
        self.put(name, file)
        return name

    def free(self, name: str, file: Path) -> bool:
        """Whether a name is nobody's, or this file's."""
        return self._lower.get(name.lower(), file) == file

    def put(self, name: str, file: Path) -> None:
        """Give a file a name that is free."""
        self.files[name] = self._lower[name.lower()] = file


def bundle(timeline: Path, kind: Kind, *, config: Config) -> tuple[Path, tuple[str, ...]]:
    """Write the placed edit at `timeline` and its files beside it; the bundle, and notices.

    Takes come with their records. What is not to be found below the timeline's folder and
    `config.roots` keeps the reference it has. What had the name is replaced: see `check_bundle`.

    Raises PlacementError and StoreFull; then nothing is left.
    """
    out = timeline.with_suffix(f".{kind}")
    edit = otio.core.deserialize_json_from_string(timeline.read_text(encoding="utf-8"))
    packed, notices = _Packed(), list[str]()
    for clip in edit.find_clips():
        for reference in clip.media_references().values():
            try:
                _pack(reference, timeline.parent, config, packed)
            except MediaError as exc:
                notices.append(f"'{clip.name}' is not in the bundle: {exc}")
    text = edit.to_json_string(indent=4) + "\n"
    try:
        if kind == "otioz":
            with replacing(out) as temporary:
                _zip(temporary, text, packed)
        else:
            with _replacing_folder(out) as temporary:
                _folder(temporary, text, packed)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile) as exc:
        raise unwritten(f"{out} cannot be written", exc, PlacementError) from exc
    return out, tuple(dict.fromkeys(notices))


def check_bundle(original: Path, timeline: Path, kind: Kind) -> None:
    """Raises Refused where the bundle of `timeline` would overwrite what is not ours to replace."""
    out = timeline.with_suffix(f".{kind}")
    if not out.exists():
        return
    ours = False
    if not (original.exists() and out.samefile(original)):
        try:
            if kind == "otioz":
                with zipfile.ZipFile(out) as archive:
                    ours = archive.comment == _MARK
            else:
                ours = (out / "version.txt").read_bytes().endswith(b"\n" + _MARK)
        except (OSError, zipfile.BadZipFile):
            pass
    if not ours:
        raise Refused.single(
            f"'{out.name}' exists and was not made by Second Unit; choose another --out",
            "--bundle",
        )


def _pack(
    reference: otio.core.MediaReference, folder: Path, config: Config, packed: _Packed
) -> None:
    """Take a reference's files in and make it point at them. Raises MediaError."""
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        file = locate(reference.target_url, folder, config).path
        name = packed.name(file, f"media/{file.name}")
        reference.target_url = quote(name)
        _pack_beside(file, file.stem, str(PurePosixPath(name).with_suffix("")), packed)
    elif isinstance(reference, otio.schema.ImageSequenceReference):
        _pack_sequence(reference, folder, config, packed)


def _pack_sequence(
    reference: otio.schema.ImageSequenceReference, folder: Path, config: Config, packed: _Packed
) -> None:
    base = reference.target_url_base
    join: Callable[[str], str] = base.__add__ if base.endswith(("/", "\\")) else f"{base}/".__add__
    last, numbers = reference.end_frame(), range(0)
    if reference.frame_step > 0:
        numbers = range(reference.start_frame, last + 1, reference.frame_step)
    if len(numbers) > _MOST_PICTURES:
        raise MediaError(f"it has {len(numbers)} pictures; {_MOST_PICTURES} at most")
    digits = reference.frame_zero_padding
    names = [
        f"{reference.name_prefix}{number:0{digits}d}{reference.name_suffix}" for number in numbers
    ]
    files = [locate(join(name), folder, config).path for name in names]
    if not files:
        raise MediaError("it has no pictures")
    parent = files[0].parent.name or "sequence"
    into, number = f"media/{parent}", 1
    while not all(
        packed.free(f"{into}/{n}", f) for n, f in zip(names, files, strict=True)
    ):  # another folder of the same name
        number += 1
        into = f"media/{parent}_{number}"
    for name, file in zip(names, files, strict=True):
        packed.put(f"{into}/{name}", file)
    _pack_beside(files[0].parent, parent, into, packed)
    if files[0].parent.with_name(f"{parent}.json").is_file():  # a take's sound lies in its folder
        for sound in sorted(files[0].parent.glob("*.wav")):
            packed.name(sound, f"{into}/{sound.name}")
    reference.target_url_base = f"{quote(into)}/"


def _pack_beside(take: Path, stem: str, name: str, packed: _Packed) -> None:
    """What lies beside a take, which has a record; `name` is the take's without its suffix."""
    if not take.with_name(f"{stem}.json").is_file():
        return
    for end in _BESIDE:
        beside = take.with_name(f"{stem}{end}")
        if beside != take and beside.is_file():
            packed.name(beside, f"{name}{end}")


def _zip(target: Path, text: str, packed: _Packed) -> None:
    # Stored, as OpenTimelineIO does: footage is compressed already, and readers seek in it.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        archive.comment = _MARK
        archive.writestr("version.txt", VERSION, zipfile.ZIP_DEFLATED)
        archive.writestr("content.otio", text, zipfile.ZIP_DEFLATED)
        for name, file in sorted(packed.files.items()):
            archive.write(file, name)


def _folder(target: Path, text: str, packed: _Packed) -> None:
    (target / "media").mkdir()
    (target / "version.txt").write_bytes(VERSION.encode() + b"\n" + _MARK)
    (target / "content.otio").write_text(text, encoding="utf-8")
    for name, file in sorted(packed.files.items()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / name)


@contextmanager
def _replacing_folder(target: Path) -> Iterator[Path]:
    """A new folder that gets its name when the block ends without error."""
    temporary, old = temporary_beside(target), temporary_beside(target)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if target.exists():
            target.rename(old)
        os.replace(temporary, target)  # noqa: PTH105 - over an empty folder too
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
