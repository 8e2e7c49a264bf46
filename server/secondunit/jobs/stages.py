"""The six stages as they are done for real: each calls its room and keeps what comes out."""

from __future__ import annotations

import gc
import json
import queue
import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.catalog.installed import cards, known, lacking
from secondunit.catalog.proxies import PROXIES
from secondunit.config import Config
from secondunit.encode import sidecar, thumbnails
from secondunit.encode.durable import link_or_copy, replacing, sync_folder
from secondunit.encode.levels import measured
from secondunit.encode.proxy import write_proxy
from secondunit.encode.verify import Content
from secondunit.encode.writer import Encoded, facts_of, write
from secondunit.engine.engine import RGB, LoadedEngine, Ran
from secondunit.engine.sources import PlanSources
from secondunit.errors import Cancelled, EngineMissing, MediaError
from secondunit.failpoints import failpoint
from secondunit.finish.contact_sheet import contact_sheet, frames_wanted
from secondunit.finish.finish import finish, look
from secondunit.finish.report import Report, control_report
from secondunit.jobs import kept, spool
from secondunit.jobs.job import SHEET, Result, Stage
from secondunit.jobs.work import Work
from secondunit.plan.shot_plan import ShotPlan, canonical, media_uses, record_of_json
from secondunit.timeline.media import index_of
from secondunit.timeline.picture import Picture
from secondunit.units import ColourTags

RELAYED = 4
"""Pictures that wait between the one who reads the file and the one who measures."""


class Loader(Protocol):
    """How an engine comes into memory."""

    def __call__(
        self, name: str, config: Config, *, device: str, later: bool, memory_plan: int = 0
    ) -> LoadedEngine:
        """`device` is `cpu` or `cuda`; `later`: return at once, and load while sources are read.

        `memory_plan`: see `memory`.
        """
        ...


PACKAGES = ("torch", "diffusers", "opencv-python-headless")
"""Whose versions a take is remembered with."""


def stages(config: Config) -> Rooms:
    """What the worker is started with."""
    return Rooms(config)


def load_engine(
    name: str, config: Config, *, device: str, later: bool, memory_plan: int = 0
) -> LoadedEngine:
    """Load an engine. Raises EngineMissing for one that this version cannot load."""
    row = known(config).get(name)
    if row is None:
        raise EngineMissing(f"There is no engine '{name}' here any more.")
    if why := lacking(row, config):
        raise EngineMissing(f"The engine '{name}' cannot be loaded: {why}.")
    if row.folder is not None:
        from secondunit.engine.diffusion.engine import load as load_checkpoint

        return load_checkpoint(
            row, threads=config.threads or None, device=device, memory_plan=memory_plan
        )
    from secondunit.engine.motion.engine import load

    return load(threads=config.threads or None, device=device, later=later)


class Rooms:
    """Implements `work.Stages`; keeps the engine and the last plan's source pictures in memory."""

    def __init__(self, config: Config, load: Loader = load_engine) -> None:
        self._config = config
        self._load = load
        self._engines: dict[str, LoadedEngine] = {}
        self._loaded_for = 0
        """Memory plan of the engine in memory."""
        self._sources: tuple[tuple[str, int], PlanSources] | None = None

    @property
    def engines(self) -> tuple[str, ...]:
        """Names of the engines in memory: one, or none."""
        return tuple(self._engines)

    def load(self, engine: str, device: str) -> None:
        """Have an engine in memory, in the place of any other. Raises EngineMissing and others."""
        if engine not in self._engines:
            self._free()
            self._engines[engine] = self._load(engine, self._config, device=device, later=False)
            self._loaded_for = 0

    def unload(self, engine: str) -> None:
        """Free an engine's memory."""
        if engine in self._engines:
            self._free()

    def timeline(self, work: Work) -> Mapping[str, Any]:
        """Every source file is there and has the bytes it was planned with."""
        files = {media.path: media for media, _ in media_uses(work.plan)}
        for n, media in enumerate(files.values()):
            work.progress("check the sources", n, len(files))
            pixels = media.size.width * media.size.height
            if index_of(media.path, pixels).digest != media.digest:
                raise MediaError(
                    f"'{media.path}' is not the file it was when the shot was planned; "
                    "plan it again."
                )
        return {"files": len(files)}

    def plan(self, work: Work) -> Mapping[str, Any]:
        """plan.json, for people who look into the folder."""
        with spool.kept_in(work.folder), replacing(work.folder / "plan.json") as temporary:
            temporary.write_text(json.dumps(canonical(work.plan), indent=1))
        return {"digest": work.plan.digest}

    def engine(self, work: Work) -> Mapping[str, Any]:
        """Every generated frame, kept as it comes; what earlier attempts kept is not made again."""
        plan = work.plan
        spool.begin(work.folder, work.earlier, self._stamp(work))
        frames = spool.Kept(work.folder, work.kept)
        cold = plan.engine not in self._engines
        wanted = {n for made in plan.generate for n in range(made.start, made.end)}
        ran: Mapping[str, Any] = {}
        if not wanted.issubset(frames.frames):
            work.progress("load the engine", 0, 1)
            try:
                ran = self._make(work, frames)
            except Cancelled:
                raise
            except Exception:
                self._free()  # what failed is not trusted with the next job
                raise
        sync_folder(work.folder)
        return {
            "ran": dict(ran),
            "frames": len(wanted), "cold": cold and plan.engine in self._engines,
            "taken_over": frames.taken_over, "resumed": frames.resumed,
            "attempt": work.attempt, "device": work.device, "memory_plan": work.memory_plan,
            "threads": self._config.threads,
        }  # fmt: skip

    def _make(self, work: Work, frames: spool.Kept) -> Mapping[str, Any]:
        engine, sources = self._engine(work), self._pictures(work)
        for frame, rgb in engine.run(work.plan, sources, work.progress, work.show, frames):
            work.show(frame, rgb)
            frames.add(frame, rgb)
        return engine.ran if isinstance(engine, Ran) else {}

    def finish(self, work: Work) -> Mapping[str, Any]:
        """Every picture of the file; those that earlier attempts made are not made again."""
        plan, folder = work.plan, work.left_by(Stage.ENGINE)
        total = plan.file_range.frames
        spool.begin(work.folder, work.earlier, self._stamp(work))
        # The last one says how they are laid out, and is made in any case.
        there = spool.numbers(work.folder, ".npz") - {total - 1}
        left = [number for number in range(total) if number not in there]
        layout: tuple[str, ColourTags] = (plan.format, plan.colour)
        sources = self._pictures(work)

        def generated(frame: int) -> RGB:
            return spool.load_rgb(folder, frame)

        match = look(plan, generated, sources)
        pictures = finish(plan, generated, sources, left, match)
        for done, (number, picture) in enumerate(zip(left, pictures, strict=True), len(there) + 1):
            layout = (picture.format, picture.colour)
            with spool.kept_in(work.folder):
                spool.save_picture(work.folder, number, picture)
            work.kept()
            work.progress("finish", done, total)
        sync_folder(work.folder)
        return {"frames": total, "format": layout[0], "colour": canonical(layout[1]),
                "match": match.before}  # fmt: skip

    def encode(self, work: Work) -> Mapping[str, Any]:
        """The clip, read back and measured; its record and its thumbnails."""
        plan, row = work.plan, DELIVERIES[work.plan.delivery]
        clip = work.folder / row.name_of("clip")
        sources = self._pictures(work)
        encoded, report = _written_and_measured(work, clip, sources)
        proxy = None
        if plan.proxy:
            small = work.folder / PROXIES[plan.proxy].row.name_of("proxy")
            proxy = write_proxy(_finished(work), plan, small, progress=work.progress)
        record = sidecar.compose(
            plan, encoded, request={}, report=report, versions=_versions(), proxy=proxy,
            timings={str(c.stage): c.seconds for c in work.done.values()},
            ran=_ran(work) | _whose(work.plan.engine, self._config),
        )  # fmt: skip
        sidecar.write(record, work.folder / "clip.json")
        total = plan.file_range.frames
        shown = plan.handles[0] + plan.frames // 2
        thumbnails.poster(
            clip, work.folder / "poster.png", frame=shown, draft=plan.draft, facts=encoded.facts
        )
        thumbnails.strip(
            clip,
            work.folder / "strip.png",
            frames=thumbnails.spread(total, min(total, 6)),
            draft=plan.draft,
            facts=encoded.facts,
        )
        _sheet(plan, sources, report, encoded, work.folder / SHEET)
        return {
            "clip": clip.name, "sidecar": "clip.json",
            "thumbnails": ["poster.png", "strip.png", SHEET], "timecode": encoded.facts.timecode,
            "report": report, "proxy": proxy and proxy.path.name,
        }  # fmt: skip

    def place(self, work: Work) -> Result:
        """The take, published under its digest; the edit itself is changed when its owner asks."""
        made, plan = work.done[Stage.ENCODE].payload, work.plan
        names = [made["clip"], made["sidecar"], *made["thumbnails"]]
        proxy = made.get("proxy")
        names += [proxy] if proxy else []
        folder = work.data / "takes" / plan.digest
        with spool.kept_in(folder):
            publish(work.left_by(Stage.ENCODE), names, folder)
        result = Result(
            digest=plan.digest, folder=folder, file=folder / made["clip"],
            sidecar=folder / made["sidecar"],
            thumbnails=tuple(folder / name for name in made["thumbnails"]),
            frames=plan.file_range.frames, rate=plan.rate, start_timecode=made["timecode"],
            handles=plan.handles, size=plan.size, report=made["report"], timings={},
            proxy=folder / proxy if proxy else None,
        )  # fmt: skip
        return kept.with_digests(result)

    def _engine(self, work: Work) -> LoadedEngine:
        name = work.plan.engine
        # Only a checkpoint is loaded otherwise for another plan; the built-in one works otherwise.
        other = isinstance(self._engines.get(name), Ran) and self._loaded_for != work.memory_plan
        if name not in self._engines or other:
            self._free()
            self._engines[name] = self._load(
                name, self._config, device=work.device, later=True, memory_plan=work.memory_plan
            )
            self._loaded_for = work.memory_plan
        return self._engines[name]

    def _free(self) -> None:
        self._engines.clear()
        gc.collect()
        if "torch" in sys.modules:  # whose allocator keeps a card's memory for itself
            from secondunit.engine.memory import give_back

            give_back()

    def _pictures(self, work: Work) -> PlanSources:
        key = work.plan.digest, work.memory_plan
        if self._sources is None or self._sources[0] != key:
            self._sources = None  # before the next ones are read: one plan's fill the memory
            self._sources = (key, PlanSources(work.plan, frugal=work.memory_plan > 0))
        return self._sources[1]

    def _stamp(self, work: Work) -> Mapping[str, Any]:
        # Frames of another program, device or number of threads may differ in their last bits.
        return {
            "plan": work.plan.digest, "secondunit": __version__, "versions": _versions(),
            "device": work.device, "threads": self._config.threads,
        }  # fmt: skip


def _whose(engine: str, config: Config) -> dict[str, Any]:
    """Where the weights of an engine that was added come from, and what their licence says."""
    card = cards(config).get(engine)
    if card is None:
        return {}
    return {
        "source": card.source, "revision": card.revision, "licence": card.licence,
        "licence_limits": card.limits, "accepted": card.added,
    }  # fmt: skip


def _ran(work: Work) -> dict[str, Any]:
    """What really made a shot, for its sidecar: where, with what, in how many attempts."""
    engine = work.done[Stage.ENGINE].payload
    said = {key: engine[key] for key in ("device", "threads", "memory_plan") if key in engine}
    return {
        **said, **({"engine": engine["ran"]} if engine.get("ran") else {}),
        "attempts": work.attempt, "resumed": dict(engine.get("resumed", {})),
        "frames_taken_over": engine.get("taken_over", 0),
    }  # fmt: skip


def publish(source: Path, names: list[str], folder: Path) -> None:
    """Make `folder` hold the named files of `source`: whole or not at all, with one rename.

    A sequence is a folder among them. A folder that has them all already is left as it is: equal
    digests are equal takes.
    """
    if all((folder / name).exists() for name in names):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # Names of its own: a stray worker of an earlier attempt may be about the same take.
    own = f".{folder.name}.{secrets.token_hex(4)}"
    new, old = folder.with_name(f"{own}.new"), folder.with_name(f"{own}.old")
    new.mkdir()
    for name in names:
        link_or_copy(source / name, new / name)
    failpoint("publish.fsync.before")
    sync_folder(new)
    failpoint("publish.fsync.after")
    if all((folder / name).is_file() for name in names):  # by now
        shutil.rmtree(new, ignore_errors=True)
        return
    if folder.exists():  # somebody took files out of it
        folder.rename(old)
    failpoint("publish.rename.before")
    new.rename(folder)
    failpoint("publish.rename.after")
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _finished(work: Work) -> Iterator[Picture]:
    point, folder = work.done[Stage.FINISH].payload, work.left_by(Stage.FINISH)
    colour = record_of_json(ColourTags, point["colour"], "colour")
    for number in range(point["frames"]):
        yield spool.load_picture(folder, number, point["format"], colour)


class _Relay(Content):
    """What the file gives back while it is verified, handed on to be measured: it is read once."""

    def __init__(self, colour: ColourTags, *, hashed: bool) -> None:
        super().__init__(hashed=hashed)
        self._colour = colour
        self._queue: queue.Queue[Picture | BaseException | None] = queue.Queue(RELAYED)
        self._unwanted = threading.Event()

    def add(self, picture: Picture) -> None:
        """Account for the next picture, and hand it on while somebody takes it."""
        super().add(picture)
        # As the file's own tags were found to be what was asked: see `verify`.
        self._put(replace(picture, colour=self._colour))

    def over(self, error: BaseException | None = None) -> None:
        """No more pictures come, for what reason if that is not that it was the last one."""
        self._put(error)

    def let_go(self) -> None:
        """Nobody takes pictures any more; whoever adds some need not wait."""
        self._unwanted.set()

    def pictures(self) -> Iterator[Picture]:
        """The pictures in order, as they are read; raises what kept the rest from coming."""
        while (came := self._queue.get()) is not None:
            if isinstance(came, BaseException):
                raise came
            yield came

    def _put(self, what: Picture | BaseException | None) -> None:
        while not self._unwanted.is_set():
            with suppress(queue.Full):
                self._queue.put(what, timeout=0.2)
                return


def _written_and_measured(work: Work, clip: Path, sources: PlanSources) -> tuple[Encoded, Report]:
    """The clip, and the report of the pictures that reading it back gave."""
    plan = work.plan
    facts = facts_of(plan)
    row = DELIVERIES[plan.delivery]
    relay = _Relay(facts.colour, hashed=row.exact or row.lossless)

    def made_of(number: int) -> NDArray[np.floating]:
        # Where nothing may have changed the picture is the source's, pixel by pixel.
        frame = number - plan.handles[0]
        if not any(frame in span for span in plan.generate):
            return np.zeros((plan.size.height, plan.size.width), np.float32)
        return (sources.delivered_mask(plan.home(frame)) > 0).astype(np.float32)

    def written() -> Encoded:
        try:
            encoded = write(
                _finished(work), plan, clip, progress=work.progress, seen=relay, alpha=made_of,
                levels=measured(_finished(work)) if row.mastered else None,
            )  # fmt: skip
        except BaseException as exc:
            relay.over(exc)
            raise
        relay.over()
        return encoded

    with ThreadPoolExecutor(1, thread_name_prefix="writer") as pool:
        encoding = pool.submit(written)
        try:
            before = work.done[Stage.FINISH].payload.get("match")
            report = control_report(plan, relay.pictures(), sources, before)
        finally:
            relay.let_go()
        return encoding.result(), report


def _sheet(
    plan: ShotPlan, sources: PlanSources, report: Report, made: Encoded, target: Path
) -> None:
    """The contact sheet of a clip, as a PNG."""
    wanted, head = frames_wanted(plan), plan.handles[0]
    numbers = tuple(f + head for f in wanted)
    found = thumbnails.pictures(made.path, numbers, height=640, facts=made.facts)
    shown = dict(zip(wanted, found, strict=True))
    thumbnails.save(contact_sheet(plan, sources, report, shown), target)


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
