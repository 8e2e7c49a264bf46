"""Files in Resolve's bins: imported once, named as ours, coloured as their neighbour is."""

from __future__ import annotations

import re
from pathlib import Path

from secondunit.v1 import deliveries_pb2, units_pb2

from secondunit_resolve import clock
from secondunit_resolve.api import Folder, MediaPool, MediaPoolItem, able
from secondunit_resolve.context import OURS, span_of
from secondunit_resolve.desk import Desk
from secondunit_resolve.faults import HostError, silent

BIN = "Second Unit"
SHOT, TAKE = f"{OURS}.shot", f"{OURS}.take"
"""Third-party metadata of what we placed."""
COLOURS = ("Input Color Space", "Input Gamma", "IDT", "Data Level")
"""Clip properties that say how a clip's colour is meant; the neighbour's hold for its take."""
PROXIES = "Proxy"
"""Folder beside a clip in which Resolve, and everybody, keeps its proxy under the same name."""
_NUMBERED = re.compile(r"%0(\d)d")


def home_of(pool: MediaPool) -> Folder:
    """Our bin, made if it is not there. Raises HostError."""
    root = pool.GetRootFolder()
    if root is None:
        raise silent("show its bins")
    for folder in root.GetSubFolderList() or ():
        if folder.GetName() == BIN:
            return folder
    made = pool.AddSubFolder(root, BIN)
    if made is None:
        raise silent(f"make the bin '{BIN}'")
    return made


def imported(desk: Desk, home: Folder, file: str, proxy: str = "") -> MediaPoolItem:
    """The file in our bin, imported if it is not there, with its proxy. Raises HostError.

    `proxy`: the take's own; empty: one of the same name in the folder for such, if there is one.
    """
    for one in home.GetClipList() or ():
        if same(path_of(one), file):
            return one
    if not desk.pool.SetCurrentFolder(home):  # what is imported lands in the current one
        raise silent(f"open the bin '{BIN}'")
    found = desk.pool.ImportMedia([_wanted(file)])
    if not found:
        if not Path(file).exists() and _NUMBERED.search(file) is None:
            raise HostError(
                "HOST", f"'{file}' is not on this machine.",
                "Give the server a media folder that this machine sees under the same path.",
            )  # fmt: skip
        raise silent(f"import '{Path(file).name}'")
    small = Path(proxy) if proxy else _proxy(Path(file))
    if small is not None and able(found[0], "LinkProxyMedia"):
        found[0].LinkProxyMedia(str(small))
    return found[0]


def path_of(media: MediaPoolItem) -> str:
    """The clip's file as Resolve writes it."""
    return str(media.GetClipProperty("File Path") or "")


def same(shown: str, file: str) -> bool:
    """Whether Resolve means this file; numbered pictures it writes as `name_[1001-1048].exr`."""
    plain = re.sub(r"\[\d+-\d+\]", "#", shown)
    return shown == file or (plain != shown and plain == _NUMBERED.sub("#", file))


def first_frame(media: MediaPoolItem) -> int:
    """Number of the clip's first frame as AppendToTimeline counts: pictures keep their own."""
    try:
        return clock.whole(float(media.GetClipProperty("Start") or 0))
    except (TypeError, ValueError):
        return 0


def rate_of(media: MediaPoolItem, otherwise: units_pb2.Rate) -> units_pb2.Rate:
    """The clip's rate."""
    try:
        return clock.rate_of(media.GetClipProperty("FPS"))
    except ValueError:
        return otherwise


def label(desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement, digest: str) -> None:
    """Our hidden names, and the colour settings of the clip beside it."""
    media.SetThirdPartyMetadata({SHOT: wish.shot_id, TAKE: digest})
    beside = _neighbour(desk, wish, media)
    if beside is None:
        return
    for name in COLOURS:
        value = beside.GetClipProperty(name)
        if value and value != media.GetClipProperty(name):
            media.SetClipProperty(name, str(value))


def shot_of(media: MediaPoolItem) -> str:
    """Id of the shot whose take a clip is; empty for another's."""
    said = media.GetThirdPartyMetadata(SHOT)
    return str((said.get(SHOT) if isinstance(said, dict) else said) or "")


def _wanted(file: str) -> object:
    """A movie by its path; numbered pictures by their name and numbers."""
    path = Path(file)
    pattern = _NUMBERED.search(path.name)
    if pattern is None:
        return file
    before, after = path.name[: pattern.start()], path.name[pattern.end() :]
    numbers = sorted(
        int(digits)
        for one in (path.parent.iterdir() if path.parent.is_dir() else ())
        if one.name.startswith(before)
        and one.name.endswith(after)
        and (digits := one.name[len(before) : len(one.name) - len(after)]).isdecimal()
    )
    if not numbers:
        return file
    return {"FilePath": file, "StartIndex": numbers[0], "EndIndex": numbers[-1]}


def _proxy(file: Path) -> Path | None:
    folder = file.parent / PROXIES
    if not folder.is_dir():
        return None
    return next((one for one in sorted(folder.iterdir()) if one.stem == file.stem), None)


def _neighbour(
    desk: Desk, wish: deliveries_pb2.Placement, media: MediaPoolItem
) -> MediaPoolItem | None:
    """A clip that touches the place: of its own track before others', never one of ours."""
    end = wish.record.start + wish.record.frames
    count = desk.timeline.GetTrackCount("video") or 0
    for n in sorted(range(1, count + 1), key=lambda n: (n != wish.track + 1, n)):
        for item in desk.timeline.GetItemListInTrack("video", n) or ():
            try:
                begin, frames = span_of(item, desk.start)
            except ValueError:
                continue
            other = item.GetMediaPoolItem()
            if other is None or other.GetMediaId() == media.GetMediaId() or shot_of(other):
                continue
            if begin <= end and begin + frames >= wish.record.start:
                return other
    return None
