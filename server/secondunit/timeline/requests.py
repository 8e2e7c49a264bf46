"""A Note and the files it names in; a Request out, with the defaults filled in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondunit.config import Config
from secondunit.errors import Fault, MediaError
from secondunit.timeline.controls import Faults, MaskWords
from secondunit.timeline.locate import first_of_sequence, locate, sequence_of
from secondunit.timeline.masks import reach, same_shape
from secondunit.timeline.media import has_cutout, probe
from secondunit.timeline.notes import Note
from secondunit.timeline.shot import (
    Ambient,
    Keyframe,
    Mask,
    MaskTrack,
    Media,
    Request,
    Stroke,
    mask_frames,
)
from secondunit.units import Operation, Rate, Size

MOST_MASKS = 2000
"""Numbered pictures of one mask; no shot is longer than a few passes of 240 frames."""


def requests_of_note(
    note: Note, *, rate: Rate, size: Size | None, folder: Path, config: Config, notices: list[str]
) -> tuple[tuple[Request, ...], tuple[Fault, ...]]:
    """The Request of a Note; two for `edge: both`, none beside faults.

    `size` is that of the shot: masks and regions must have its shape, unless it is None (not
    known).
    What an editor should know, though it stops nothing, is added to `notices`.
    """
    faults = Faults(note.faults)
    files = _Files(folder=folder, config=config, size=size, faults=faults, notices=notices)
    mask = None if note.mask is None else files.region(note.mask, f"{note.path}.mask")
    keyframes = [
        Keyframe(frame=k.frame, image=image, strength=k.strength)
        for k in note.keyframes
        if (image := files.keyframe(k.file, f"{k.path}.file")) is not None
    ]
    references = [
        image
        for file, path in note.references
        if (image := files.keyframe(file, path, "reference")) is not None
    ]
    strokes = [
        Stroke(
            points=s.points,
            region=None if s.region is None else files.region(s.region, f"{s.path}.in"),
            over=s.over,
            strength=s.strength,
        )
        for s in note.strokes
    ]
    ambients = [
        Ambient(
            region=None if a.region is None else files.region(a.region, f"{a.path}.in"),
            strength=a.strength,
        )
        for a in note.ambients
    ]
    for kind, regions in (
        ("stroke", [(s.region, w.path) for s, w in zip(strokes, note.strokes, strict=True)]),
        ("ambient", [(a.region, w.path) for a, w in zip(ambients, note.ambients, strict=True)]),
    ):
        for region, path in regions:
            files.check_within(region, mask, f"{path}.in", kind)
    frames = note.frames
    if frames is None and note.seconds is not None:
        frames = round(note.seconds * rate.fraction)
        if not frames:
            faults.add(f"less than one frame at {rate} frames per second", f"{note.path}.seconds")
    _check_against_operation(note, frames, faults)
    if faults or note.operation is None:
        return (), tuple(faults)
    said = {
        name: value
        for name in (
            "context", "handles", "takes", "seed", "prompt", "negative", "engine", "preset",
            "delivery", "place", "audio", "alpha", "strength", "motion", "speed", "colour",
            "grain", "proxy", "required",
        )
        if (value := getattr(note, name)) is not None
    }  # fmt: skip
    request = Request(
        operation=note.operation, frames=frames, mask=mask, keyframes=tuple(keyframes),
        references=tuple(references), strokes=tuple(strokes), ambients=tuple(ambients),
        cameras=note.cameras, unknown=note.unknown, **said,
    )  # fmt: skip
    edges: tuple[Literal["head", "tail"], ...] = ("head", "tail")
    if note.edge != "both":
        edges = (note.edge or "tail",)
    return tuple(replace(request, edge=edge) for edge in edges), ()


def _check_against_operation(note: Note, frames: int | None, faults: Faults) -> None:
    if note.operation is Operation.EXTEND and frames is None:
        faults.add("an extension says how long: frames: 24, or seconds: 1", f"{note.path}.frames")
    if note.operation in (Operation.TRANSITION, Operation.LOOP) and frames == 1:
        faults.add(f"a {note.operation} has at least 2 frames", f"{note.path}.frames")
    if note.edge is not None and note.operation not in (Operation.EXTEND, None):
        faults.add(f"'edge' belongs to extend, not to {note.operation}", f"{note.path}.edge")
    for key, owner in (("motion", Operation.REPLACE), ("speed", Operation.RETIME)):
        if getattr(note, key) is not None and note.operation not in (owner, None):
            faults.add(f"'{key}' belongs to {owner}, not to {note.operation}", f"{note.path}.{key}")


class _Files:
    """Looks for the files that a request names, and checks that masks fit."""

    def __init__(
        self, *, folder: Path, config: Config, size: Size | None, faults: Faults,
        notices: list[str],
    ) -> None:  # fmt: skip
        self.folder, self.config, self.size = folder, config, size
        self.faults, self.notices = faults, notices

    def media(self, name: str, path: str) -> Media | None:
        try:
            first = first_of_sequence(name, self.folder, self.config)
            return probe(locate(first, self.folder, self.config).path, self.config)
        except MediaError as exc:
            self.faults.add(str(exc), path)
            return None

    def region(self, words: MaskWords, path: str) -> Mask | None:
        name = words.file
        try:
            numbered = sequence_of(name, self.folder, self.config)
        except MediaError as exc:
            self.faults.add(str(exc), path)
            return None
        if len(numbered) > MOST_MASKS:
            self.faults.add(
                f"'{name}' has {len(numbered)} pictures; a mask has at most {MOST_MASKS}", path
            )
            return None
        files = self._sequence(numbered, name) if numbered else [name]
        found: dict[str, Media] = {}
        for file in dict.fromkeys(files):
            media = self.media(file, path)
            if media is None or not self._fits(media, file, path):
                return None
            found[file] = media
        pictures = tuple(found[file] for file in files)
        self._check_cover(name, pictures, path)
        if len(pictures) == 1 and not words.follow:
            return pictures[0]
        mask = MaskTrack(files=pictures, follow=words.follow)
        if words.follow and mask_frames(mask) is not None:
            self.faults.add(
                f"'{name}' has a picture for each frame; only a still mask can follow", path
            )
        return mask

    def _fits(self, media: Media, name: str, path: str) -> bool:
        size = self.size or media.size
        if not same_shape(media.size, size):
            self.faults.add(
                f"'{media.path.name}' is {media.size}; the shot is {size}, and its mask has the "
                "same shape",
                path,
            )
            return False
        if media.size != size:
            self.notices.append(f"the mask '{name}' is {media.size} and is scaled to {size}")
        return True

    def _sequence(self, numbered: dict[int, str], name: str) -> list[str]:
        """A file for each frame from the first number on; a gap repeats the file before it."""
        first, last = min(numbered), max(numbered)
        if last - first >= MOST_MASKS:
            last = first + MOST_MASKS - 1
        files: list[str] = []
        missing = 0
        for number in range(first, last + 1):
            missing += number not in numbered
            files.append(numbered.get(number) or files[-1])
        if missing:
            self.notices.append(
                f"the mask '{name}' lacks {missing} of its numbers from {first} to {last}; the "
                "picture before a gap stands for it"
            )
        return files

    def keyframe(self, name: str, path: str, kind: str = "keyframe") -> Media | None:
        media = self.media(name, path)
        if media is not None and media.frames > 1:
            self.notices.append(
                f"the {kind} '{name}' has {media.frames} frames; its first one is "
                f"{'pinned' if kind == 'keyframe' else 'taken'}"
            )
        return media

    def _check_cover(self, name: str, pictures: tuple[Media, ...], path: str) -> None:
        cover = self._reach(pictures, path)
        if cover is None:
            return
        if not cover.any():
            self.faults.add(
                f"the mask '{name}' covers nothing: white may change, and none of it is white",
                path,
            )
        elif cover.min() == 1:
            self.notices.append(
                f"the mask '{name}' is white all over: it keeps nothing as it is, and means the "
                "whole picture"
            )
        if has_cutout(pictures[0]):
            self.notices.append(
                f"the mask '{name}' is of one colour and transparent: its alpha is taken, and "
                "what is opaque may change"
            )

    def check_within(self, region: Mask | None, mask: Mask | None, path: str, kind: str) -> None:
        """A region may move only where the mask lets pixels change."""
        if region is None or mask is None or _follows(region) or _follows(mask):
            return
        inside, allowed = self._reach(_files(region), path), self._reach(_files(mask), path)
        if inside is not None and allowed is not None and not (inside * allowed).any():
            self.faults.add(
                f"the {kind}'s region '{_files(region)[0].path.name}' lies where the mask "
                f"'{_files(mask)[0].path.name}' lets nothing change",
                path,
            )

    def _reach(self, pictures: tuple[Media, ...], path: str) -> NDArray[np.floating] | None:
        """How far each pixel may change at any time, by a few of the pictures."""
        size = self.size or pictures[0].size
        looked_at = {pictures[n] for n in (0, len(pictures) // 2, -1)}
        try:
            return np.max([reach(media, size) for media in looked_at], axis=0)
        except MediaError as exc:
            self.faults.add(str(exc), path)
            return None


def _files(mask: Mask) -> tuple[Media, ...]:
    return mask.files if isinstance(mask, MaskTrack) else (mask,)


def _follows(mask: Mask) -> bool:
    return isinstance(mask, MaskTrack) and mask.follow
