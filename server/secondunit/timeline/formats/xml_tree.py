"""Bytes of a stranger's XML in; a tree out. Entities, foreign files and huge trees are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from secondunit.errors import TimelineUnreadable

Element = ElementTree.Element

_MOST = 4_000_000
"""Elements: a clip of Premiere's has two hundred with its effects."""
_DEEPEST = 200


class _TooMuch(Exception):
    """What the first look found."""


def tree_of(data: bytes, name: str) -> Element:
    """The root of the XML in a file called `name`. Raises TimelineUnreadable."""
    _look(data, name)
    try:
        # Without declared entities, which the look refuses, there is nothing to expand.
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as exc:
        raise TimelineUnreadable.single(
            f"'{name}' is no XML that can be read: {exc}", "file"
        ) from exc


def _look(data: bytes, name: str) -> None:
    """Parse without building anything. Raises TimelineUnreadable."""
    ends = data.count(b"</") + data.count(b"/>")  # UTF-16 is left to the parser's own count
    if ends > _MOST:
        raise TimelineUnreadable.single(
            f"'{name}' is not read: it holds {ends} elements; {_MOST} at most", "file"
        )
    parser = expat.ParserCreate()
    count = depth = 0

    def start(tag: str, attributes: Any) -> None:
        nonlocal count, depth
        count += 1
        depth += 1
        if depth > _DEEPEST:
            raise _TooMuch(f"it is nested deeper than {_DEEPEST} levels")
        if count > _MOST:
            raise _TooMuch(f"it holds more than {_MOST} elements")

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def entity(entity_name: str, *rest: Any) -> None:
        raise _TooMuch(f"it declares the entity '{entity_name[:40]}', which no edit needs")

    def external(*rest: Any) -> int:
        raise _TooMuch("it refers to another file for a part of itself")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = external
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
    except _TooMuch as exc:
        raise TimelineUnreadable.single(f"'{name}' is not read: {exc}", "file") from exc
    except (expat.ExpatError, ValueError, LookupError) as exc:
        raise TimelineUnreadable.single(
            f"'{name}' is no XML that can be read, or breaks off: {exc}", "file"
        ) from exc


def text(element: Element | None, path: str, default: str = "") -> str:
    """The stripped words of a child; `default` where there is none, or none in it."""
    found = None if element is None else element.find(path)
    words = (found.text or "").strip() if found is not None else ""
    return words or default


def children(element: Element, *tags: str) -> Iterator[Element]:
    """The children of these kinds, in order."""
    return (child for child in element if child.tag in tags)
