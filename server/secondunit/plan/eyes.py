"""What only a look at the pictures tells an editor: how files are read, and whether a cut is hard.

Neither changes a plan. A file that is gone says nothing here: whoever reads it for the work does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from secondunit.errors import MediaError
from secondunit.plan.loop import made_of
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.likeness import other_shots
from secondunit.timeline.media import notes_of
from secondunit.timeline.shot import Media, Shot
from secondunit.units import Operation


def seen_adaptations(shot: Shot) -> Iterator[Adaptation]:
    """Adaptations that were found by looking."""
    path = shot.place.path
    for media, where in _files(shot):
        for note in _notes(media):
            yield Adaptation(
                level=Level.ROUNDED, what=f"'{media.path.name}': {note}", path=f"{path}{where}"
            )
    if _is_hard_cut(shot):
        yield Adaptation(
            level=Level.EMULATED, what=f"the two pictures that the {shot.request.operation} joins "
            "show different shots, and nothing moves from one into the other: it will look torn; "
            "a `transition` would carry the eye across such a cut", path=path,
        )  # fmt: skip


def _files(shot: Shot) -> Iterator[tuple[Media, str]]:
    """Every file that pictures come from, once, and the key that names it."""
    request = shot.request
    sides = [n.shown for n in (shot.before, shot.after) if n is not None]
    if shot.still is not None:
        sides.append(shot.still)
    found = [(side.media, "") for side in sides]
    found += [(k.image, f".keyframe[{i}]") for i, k in enumerate(request.keyframes)]
    seen: set[str] = set()
    for media, where in found:
        if media.digest not in seen:
            seen.add(media.digest)
            yield media, where


def _notes(media: Media) -> tuple[str, ...]:
    try:
        return notes_of(media)
    except MediaError:
        return ()


def _is_hard_cut(shot: Shot) -> bool:
    before, after, apart = shot.before, shot.after, shot.record.frames
    if shot.request.operation is Operation.LOOP and before is not None:  # its end and its start
        apart = made_of(shot)
        kept = before.shown.indexes[:-apart]
        before, after = replace(before, shown=replace(before.shown, indexes=kept)), before
    elif shot.request.operation is not Operation.BRIDGE:
        return False
    if before is None or after is None:
        return False
    if shot.request.keyframes:  # the editor drew the way across
        return False
    try:
        return other_shots(before, after, apart)
    except MediaError:
        return False
