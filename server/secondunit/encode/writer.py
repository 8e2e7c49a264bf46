"""Finished frames become a file: exact in rate, count, timecode and tags, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.encode.durable import digest_of, discard, settle, temporary_beside
from secondunit.encode.levels import Levels
from secondunit.encode.movie import Alpha, Movie, translated
from secondunit.encode.sequence import Sequence
from secondunit.encode.sound import Sound, digest_of_sound, sound_of
from secondunit.encode.verify import Content, Facts, verify
from secondunit.engine.engine import Progress
from secondunit.engine.parallel import in_order
from secondunit.errors import DeliveryError
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.layouts import FORMATS, HALF
from secondunit.timeline.picture import Picture
from secondunit.units import ColourTags, timecode

Mattes = Callable[[int], Alpha]
"""`h w`, 0..1, by number of the picture in the file: 1 where it may have been made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A file, or a folder of them, that was written, read back and found to be what was asked."""

    path: Path
    facts: Facts
    digest: str
    """SHA-256, as `durable.digest_of` has it."""
    bytes: int


def write(
    pictures: Iterable[Picture],
    plan: ShotPlan,
    target: Path,
    *,
    progress: Progress,
    seen: Content | None = None,
    alpha: Mattes | None = None,
    levels: Levels | None = None,
) -> Encoded:
    """Encode `plan.file_range.frames` pictures, in file order, to `target`; verify; then rename.

    A delivery that is a sequence makes `target` a folder. The sound that the plan keeps is read
    from its sources here; `alpha` is asked for each picture where the delivery has one. `levels`
    are those of the pictures, for a delivery that is `mastered`; without them the file says that
    nobody knows.

    Pictures are taken one at a time and not kept. The file is decoded whole before it gets its
    name, and a lossless delivery must give back the very samples that went in. Whatever goes
    wrong, or is raised by `progress` or by `pictures`, leaves nothing behind. Raises
    DeliveryError for a wrong number, size or layout of pictures, for what the codec refuses,
    and for a file that reads back as something else; StoreFull where the disk is full.

    `seen` is told every picture as the file gives it back, in order.
    """
    facts = facts_of(plan)
    row = DELIVERIES[plan.delivery]
    sound = sound_of(plan)
    if sound is not None:
        whole = digest_of_sound(sound.codes(track) for track in sound.tracks)
        channels = tuple(track.samples.shape[1] for track in sound.tracks)
        facts = replace(facts, sound=channels, sound_samples=whole)
    if row.mastered:
        facts = replace(facts, levels=levels or Levels())
    temporary = temporary_beside(target.absolute())
    stem = target.name if row.sequence else target.stem
    try:
        content = _encode(pictures, plan, temporary, stem, sound, alpha, levels, progress)
        if row.exact or row.lossless:
            facts = replace(facts, samples=content.digest)
        back = seen or Content(hashed=row.exact or row.lossless)
        wrong = verify(temporary, facts, content=content, seen=back, progress=progress)
        if wrong:
            raise DeliveryError(f"{target.name} is not as asked: {'; '.join(wrong)}")
        with translated(target):
            digest, size = digest_of(temporary)
            settle(temporary, target)
    finally:
        with suppress(OSError):
            discard(temporary)
    return Encoded(path=target, facts=facts, digest=digest, bytes=size)


def facts_of(plan: ShotPlan) -> Facts:
    """What the file of a plan must be. Raises DeliveryError for what no file can be."""
    row = DELIVERIES.get(plan.delivery)
    if row is None:
        raise DeliveryError(f"there is no delivery '{plan.delivery}'")
    format, colour = layout_of(plan, row)
    try:
        start = timecode(plan.timecode, plan.rate, drop_frame=plan.drop_frame)
    except ValueError as exc:
        raise DeliveryError(f"{plan.name} cannot carry timecode: {exc}") from exc
    return Facts(
        delivery=row.name,
        frames=plan.file_range.frames,
        rate=plan.rate,
        size=plan.size,
        format=row.decoded or format,
        colour=colour,
        timecode=start,
        reel=plan.reel if row.reel else None,
        samples=None,
        pixel_aspect=plan.pixel_aspect,
    )


def layout_of(plan: ShotPlan, row: Delivery) -> tuple[str, ColourTags]:
    """Layout and tags of the pictures that are handed to the encoder.

    An exact delivery keeps the plan's own. Elsewhere YUV is limited range, since mov has no flag
    for full range; RGB becomes BT.709 (BT.2020 where its primaries are), and pictures in sRGB
    keep their code values in a movie under the BT.709 transfer, as hosts show stills in a timeline.
    Sequences are RGB of full range, with the plan's own transfer; a scene-linear one is known by
    the code values that it stands for, or by its light where the plan's pictures are that.
    """
    if row.format is None:
        return plan.format, plan.colour
    if row.light is not None and FORMATS[plan.format].light:
        return HALF, plan.colour
    colour = plan.colour
    if FORMATS[plan.format].rgb and colour.transfer == "iec61966-2-1" and not row.sequence:
        colour = replace(colour, transfer="bt709")
    if FORMATS[row.format].rgb:
        return row.format, replace(colour, matrix="gbr", full_range=True)
    if colour.matrix == "gbr":
        colour = replace(colour, matrix="bt2020nc" if colour.primaries == "bt2020" else "bt709")
    return row.format, replace(colour, full_range=False)


def _encode(
    pictures: Iterable[Picture],
    plan: ShotPlan,
    temporary: Path,
    stem: str,
    sound: Sound | None,
    alpha: Mattes | None,
    levels: Levels | None,
    progress: Progress,
) -> Content:
    row = DELIVERIES[plan.delivery]
    total = plan.file_range.frames
    content, count = Content(hashed=row.exact or row.lossless), 0
    if row.sequence:
        file = Sequence(temporary, stem, plan, row, sound)
    else:
        file = Movie(temporary, plan, row, layout_of(plan, row), sound, levels)

    def ready(numbered: tuple[int, Picture]) -> tuple[Picture, Alpha | None, bytes]:
        number, picture = numbered
        fitted = _fitting(picture, plan, row)
        matte = alpha(number) if row.alpha and alpha is not None else None
        data = b""
        if isinstance(file, Sequence):
            data = file.packed(picture, fitted, number, matte)
        return fitted, matte, data

    try:
        # The encoder works on one picture while the next ones are brought to its layout.
        for picture, matte, data in in_order(ready, enumerate(pictures)):
            if count == total:
                raise DeliveryError(f"{plan.name}: more pictures came than the {total} planned")
            content.add(picture)
            if isinstance(file, Sequence):
                file.add(data, count)
            else:
                file.add(picture, count, matte)
            if row.alpha:
                content.add_alpha(matte)
            count += 1
            progress("encode", count, total)
        if count != total:
            raise DeliveryError(f"{plan.name}: {count} pictures came, {total} were planned")
        file.finish()
    finally:
        file.close()
    return content


def _fitting(picture: Picture, plan: ShotPlan, row: Delivery) -> Picture:
    """The picture as the encoder takes it."""
    if picture.size != plan.size:
        raise DeliveryError(f"{plan.name}: a picture is {picture.size}, planned is {plan.size}")
    format, colour = layout_of(plan, row)
    if row.exact and (picture.format, picture.colour) != (format, colour):
        raise DeliveryError(
            f"{plan.name}: a picture is {picture.format} ({picture.colour}), planned is "
            f"{format} ({colour}), and '{row.name}' must not convert"
        )
    # Names for the same code values: see layout_of.
    named = replace(
        picture.colour, primaries=colour.primaries, transfer=colour.transfer
    )  # fmt: skip
    return replace(picture, colour=named).converted(format, colour)
