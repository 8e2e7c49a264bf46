"""Which files a caller with a token may name: those below the roots, and no word of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from secondunit.config import Config
from secondunit.errors import MediaForbidden, Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.principal import Principal, Scope
from secondunit.rpc.reach import absolute, file_within, within
from secondunit.rpc.serve import serving
from secondunit.rpc.tokens import Register
from secondunit.v1 import plans_pb2, shots_pb2
from secondunit_client import Access, Connection
from secondunit_client.errors import Forbidden, UnitError

from tests.rpc.acting import acting
from tests.rpc.conftest import STAGES
from tests.rpc.test_plans import bridge_request

ANN = Principal(user="ann", tenant="", scope=Scope.RENDER)


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Folders: `media` is a root, `private` is not, and the data folder lies below `media`."""

    media: Path
    private: Path
    config: Config


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    media, private = tmp_path / "media", tmp_path / "private"
    for folder in (media / "reel", private, media / "data"):
        folder.mkdir(parents=True)
        (folder / "there.mov").write_bytes(b"")
    (media / "out").symlink_to(private)
    (media / "loop").symlink_to(media / "loop")
    (private / "in").symlink_to(media / "reel")
    (tmp_path / "alias").symlink_to(media)
    config = Config(data=media / "data", roots=(tmp_path / "alias",))
    return Disk(media=media, private=private, config=config)


def outside(disk: Disk) -> list[str]:
    """Paths that are not for callers, there and not there."""
    return [
        f"{disk.private}/there.mov", f"{disk.private}/none.mov", f"{disk.private}/in/there.mov",
        f"{disk.media}/out/there.mov", f"{disk.media}/out/none.mov", f"{disk.media}/loop",
        f"{disk.media}/../private/there.mov", f"{disk.media}x/there.mov", "/", "/etc/passwd",
        f"{disk.media}/data/tokens.json", f"{disk.media}/reel/../data/there.mov",
        f"{disk.media}/out/../private/none.mov",
    ]  # fmt: skip


def test_what_lies_below_a_root_may_be_named_by_every_name_that_it_has(disk: Disk) -> None:
    with acting(ANN):
        for path in (
            disk.media / "reel" / "there.mov",
            disk.media / "reel" / "none.mov",
            disk.media.with_name("alias") / "reel" / "there.mov",
            disk.media / "reel" / ".." / "reel" / "there.mov",
        ):
            assert file_within(str(path), "timeline", disk.config) == path


def test_all_else_is_forbidden_in_the_same_words_whether_it_is_there_or_not(disk: Disk) -> None:
    with acting(ANN):
        for text in outside(disk):
            with pytest.raises(MediaForbidden) as caught:
                within(text, "timeline", disk.config)
            said = str(caught.value).replace(text, "PATH")
            assert said == "timeline: 'PATH' lies outside the folders that callers may use"


def test_a_program_of_this_machine_may_name_any_file(disk: Disk) -> None:
    for text in outside(disk)[:-1]:
        assert within(text, "timeline", disk.config) == Path(text)


@pytest.mark.parametrize("text", ["", "cut.otio", "./cut.otio", "/a\0b.otio", "~/cut.otio"])
def test_a_path_that_means_another_place_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        absolute(text, "timeline")


@pytest.mark.parametrize("text", ["/", "/edit/.."])
def test_a_folder_that_has_no_name_is_no_file(text: str, disk: Disk) -> None:
    with pytest.raises(Refused):
        file_within(text, "out", disk.config)


@dataclass(frozen=True, kw_only=True)
class Far:
    """A server with a root, and a client with a token."""

    client: Connection
    media: Path
    private: Path


@pytest.fixture(scope="module")
def far(footage: Path, reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("far")
    private = folder / "private"
    private.mkdir()
    (private / "there.mkv").write_bytes(footage.read_bytes())
    (private / "there.otio").write_text("{}")
    config = Config(data=folder / "data", roots=(footage.parent,))
    _, token = Register(config.data).add("ann", scope=Scope.RENDER, days=1)
    desk = Desk(config, stages=STAGES)
    try:
        with (
            serving(desk, config, reader=reader) as address,
            Connection(address, access=Access(token=token), patience=0.1) as client,
        ):
            yield Far(client=client, media=footage, private=private)
    finally:
        desk.stop(0.1)


def rooted(path: Path) -> plans_pb2.PlanOptions:
    return plans_pb2.PlanOptions(roots=[str(path)])


TIMELINES: dict[str, Callable[[Far, Path], Any]] = {
    "PlanTimeline.timeline": lambda far, path: far.client.plans.timeline(path),
    "PlanTimeline.options.roots": lambda far, path: far.client.plans.timeline(
        far.media, rooted(path)
    ),
    "InspectTimeline.timeline": lambda far, path: far.client.inspect(path),
    "CreateJob.timeline": lambda far, path: far.client.jobs.create(path, "a"),
    "CreateJob.timeline.options.roots": lambda far, path: far.client.jobs.create(
        far.media, "a", options=rooted(path)
    ),
    "PlaceTimeline.timeline": lambda far, path: far.client.place(path, []),
    "PlaceTimeline.out": lambda far, path: far.client.place(far.media, [], out=path),
    "PlaceTimeline.media_folder": lambda far, path: far.client.place(far.media, [], media=path),
    "PlanShot.options.roots": lambda far, path: far.client.plans.shot(
        bridge_request(far.media), rooted(path)
    ),
}
"""Every field that carries a path, but for the files of a shot."""


def spoiled(field: str, far: Far, path: Path) -> shots_pb2.ShotRequest:
    """A request that is well but for one file."""
    request = bridge_request(far.media)
    file: Any = {
        "before.media": lambda: request.before.media,
        "after.media": lambda: request.after.media,
        "mask": lambda: request.mask.file,
        "keyframes[0].image": lambda: request.keyframes.add(first=True).image,
        "strokes[0].region": lambda: request.strokes.add().region.file,
        "ambients[0].region": lambda: request.ambients.add().region.file,
    }[field]()
    file.path = str(path)
    return request


FIELDS = (
    "before.media", "after.media", "mask", "keyframes[0].image", "strokes[0].region",
    "ambients[0].region",
)  # fmt: skip


def said(call: Callable[[], Any], path: Path) -> str:
    """How a call was refused, without the path."""
    with pytest.raises(Forbidden) as caught:
        call()
    assert isinstance(caught.value, UnitError) and caught.value.code == "MEDIA_FORBIDDEN"
    return str(caught.value).replace(str(path), "PATH")


@pytest.mark.parametrize("call", TIMELINES.values(), ids=TIMELINES.keys())
def test_no_field_reaches_out_of_the_roots(call: Callable[[Far, Path], Any], far: Far) -> None:
    there, none = far.private / "there.otio", far.private / "none.otio"
    assert said(lambda: call(far, there), there) == said(lambda: call(far, none), none)


@pytest.mark.parametrize("field", FIELDS)
def test_no_file_of_a_shot_reaches_out_of_the_roots(field: str, far: Far) -> None:
    there, none = far.private / "there.mkv", far.private / "none.mkv"
    words = {
        said(lambda p=p: far.client.plans.shot(spoiled(field, far, p)), p) for p in (there, none)
    }
    (word,) = words
    assert f"request.{field}" in word


def test_what_lies_below_the_roots_is_planned_for_a_caller_with_a_token(far: Far) -> None:
    plan = far.client.plans.shot(bridge_request(far.media), rooted(far.media.parent))
    assert not plan.faults and plan.plans
