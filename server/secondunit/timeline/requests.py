"""A Note and the files it names in; a Request out, with the defaults filled in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from secondunit.config import Config
from secondunit.errors import Fault, MediaError
from secondunit.timeline.controls import Faults
from secondunit.timeline.locate import first_of_sequence, locate
from secondunit.timeline.media import probe
from secondunit.timeline.notes import Note
from secondunit.timeline.shot import Ambient, Keyframe, Media, Request, Stroke
from secondunit.units import Operation, Rate, Size


def requests_of_note(
    note: Note, *, rate: Rate, size: Size | None, folder: Path, config: Config, notices: list[str]
) -> tuple[tuple[Request, ...], tuple[Fault, ...]]:
    """The Request of a Note; two for `edge: both`, none beside faults.

    `size` is that of the shot: masks and regions must have it, unless it is None (not known).
    What an editor should know, though it stops nothing, is added to `notices`.
    """
    faults = Faults(note.faults)
    files = _Files(folder=folder, config=config, size=size, faults=faults, notices=notices)
    mask = None if note.mask is None else files.region(note.mask, f"{note.path}.mask")
    keyframes = [
        Keyframe(frame=k.frame, image=image, strength=k.strength)
        for k in note.keyframes
        if (image := files.media(k.file, f"{k.path}.file")) is not None
    ]
    strokes = [
        Stroke(
            points=s.points,
            region=None if s.file is None else files.region(s.file, f"{s.path}.in"),
            over=s.over,
            strength=s.strength,
        )
        for s in note.strokes
    ]
    ambients = [
        Ambient(
            region=None if a.file is None else files.region(a.file, f"{a.path}.in"),
            strength=a.strength,
        )
        for a in note.ambients
    ]
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
            "delivery", "place", "audio", "strength", "motion", "speed",
        )
        if (value := getattr(note, name)) is not None
    }  # fmt: skip
    request = Request(
        operation=note.operation, frames=frames, mask=mask, keyframes=tuple(keyframes),
        strokes=tuple(strokes), ambients=tuple(ambients), cameras=note.cameras,
        unknown=note.unknown, **said,
    )  # fmt: skip
    edges: tuple[Literal["head", "tail"], ...] = ("head", "tail")
    if note.edge != "both":
        edges = (note.edge or "tail",)
    return tuple(replace(request, edge=edge) for edge in edges), ()


def _check_against_operation(note: Note, frames: int | None, faults: Faults) -> None:
    if note.operation is Operation.EXTEND and frames is None:
        faults.add("an extension says how long: frames: 24, or seconds: 1", f"{note.path}.frames")
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

    def region(self, name: str, path: str) -> Media | None:
        media = self.media(name, path)
        if media is not None and self.size is not None and media.size != self.size:
            self.faults.add(
                f"'{media.path.name}' is {media.size}; the shot is {self.size}, and so is its mask",
                path,
            )
            return None
        numbered = first_of_sequence(name, self.folder, self.config) != name
        if media is not None and (media.frames > 1 or numbered):
            self.notices.append(
                f"the mask '{name}' has many frames; its first one stands for the whole shot"
            )
        return media
