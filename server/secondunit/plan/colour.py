"""One shot, one colour space: what is in another is brought to that of the shot's first source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from secondunit.catalog.colour_spaces import BY_OCIO
from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.errors import Fault
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.colour import alike, space_named, space_of, space_of_tags
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.shot import Footage, Home, Media, Neighbour, Shot, SourceFrames


def coloured(shot: Shot, first: Media | None) -> Shot:
    """The shot with every source in the space of `first`, its first one, or on the way there.

    What the request says of its clips' space is believed before anything else. Masks are no
    pictures of anything, and stay.
    """
    if first is None:
        return shot
    said = None if shot.request.colour is None else space_named(shot.request.colour)
    spans: list[SourceFrames | Footage] = [
        n.shown for n in (shot.before, shot.after) if n is not None
    ]
    spans += [s for s in (shot.still, shot.footage) if s is not None]
    way = _Way(
        said=said,
        first=first if said is None else replace(first, space=said),
        clips={span.media.digest for span in spans},
    )
    request = shot.request
    return replace(
        shot,
        before=way.neighbour(shot.before),
        after=way.neighbour(shot.after),
        still=None if shot.still is None else way.frames(shot.still),
        footage=shot.footage and replace(shot.footage, media=way.media(shot.footage.media)),
        request=replace(
            request,
            keyframes=tuple(replace(k, image=way.media(k.image)) for k in request.keyframes),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    said: str | None
    first: Media
    clips: set[str]
    """Digests of the shot's clips: a frame of one of them may be a keyframe too."""

    def neighbour(self, side: Neighbour | None) -> Neighbour | None:
        if side is None:
            return None
        return replace(side, shown=self.frames(side.shown), beyond=self.frames(side.beyond))

    def frames(self, span: SourceFrames) -> SourceFrames:
        return replace(span, media=self.media(span.media))

    def media(self, media: Media) -> Media:
        if self.said is not None and media.digest in self.clips:
            media = replace(media, space=self.said)
        own, wanted = space_of(media), space_of(self.first)
        if own is None or wanted is None or alike(own, wanted):
            return media
        return replace(
            media,
            home=Home(source=own, space=wanted, format=self.first.format, colour=self.first.colour),
        )


def colour_faults(row: Delivery, first: Media, path: str) -> Iterator[Fault]:
    """What keeps the shot's colour from being delivered so; `first` is its first source."""
    space = space_of(first)
    if FORMATS[first.format].light:
        holding = [r.name for r in DELIVERIES.values() if r.codec == "exr"]
        if row.name not in holding:
            can = f"these hold it: {', '.join(holding)}" if holding else "none here does"
            yield Fault(
                what=f"'{first.path.name}' is scene-linear light, which has no top and no place in "
                f"'{row.name}'; {can}",
                path=path,
            )
        elif space_of_tags(first.colour) is None:
            yield Fault(
                what=f"the primaries of '{first.path.name}' have no name here, so its light cannot "
                f"be brought to those of '{row.name}': write it as ACEScg or ACES2065-1",
                path=path,
            )
    elif row.codec == "exr" and space != space_of_tags(first.colour):
        others = [r.name for r in DELIVERIES.values() if r.codec != "exr"]
        yield Fault(
            what=f"'{row.name}' is scene-linear, and '{first.path.name}' is in {space}, which its "
            f"own tags do not say: what is made goes back as {space} by one of "
            f"{', '.join(others)}",
            path=path,
        )


def colour_adaptations(
    shot: Shot, sources: tuple[Media, ...], path: str
) -> Iterator[Adaptation]:  # fmt: skip
    """What is done to colours, in words."""
    first = sources[0]
    if FORMATS[first.format].light:
        yield Adaptation(
            level=Level.EXACT, what="scene-linear light is moved on ACEScct's curve, and comes "
            "back as light: what is kept is untouched, what is made is cut at 222 times white",
            path=path,
        )  # fmt: skip
    elif (space := space_of(first)) is not None and space != space_of_tags(first.colour):
        yield Adaptation(
            level=Level.EXACT, what=f"{space}: pictures are moved in the numbers they have, and "
            "come back in them", path=path,
        )  # fmt: skip
    seen: set[str] = {first.digest}
    for media in (*sources[1:], *(k.image for k in shot.request.keyframes)):
        if media.digest in seen:
            continue
        seen.add(media.digest)
        if media.home is not None:
            yield Adaptation(
                level=Level.ROUNDED, what=f"{media.path.name} is brought from {media.home.source} "
                f"to {media.home.space} (OpenColorIO, without a look)", path=path,
            )  # fmt: skip
        elif not alike(space_of(media), space_of(first)):
            yield Adaptation(
                level=Level.ROUNDED, what=f"{media.path.name} and {first.path.name} are in "
                "different colour spaces, one of which is not known: their numbers are mixed as "
                "they are; say `colour:`", path=path,
            )  # fmt: skip


def working_of(first: Media) -> str:
    """The space in which the pictures of a shot are moved, by name."""
    if FORMATS[first.format].light:
        return "ACEScct curve"
    row = BY_OCIO.get(space_of(first) or "")
    return "source" if row is None else row.name


def shown_adaptations(first: Media, path: str) -> Iterator[Adaptation]:
    """What a model that has learnt pictures of a screen is shown of other footage."""
    row = BY_OCIO.get(space_of(first) or "")
    if FORMATS[first.format].light or (row is not None and not row.video):
        yield Adaptation(
            level=Level.ROUNDED, what="the model is shown a screen's version of these colours, "
            "through one curve a channel, and its pictures go the exact way back",
            path=path,
        )  # fmt: skip
