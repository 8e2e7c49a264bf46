"""A chunk of an upload as it came over the wire, its bytes in place: to parse them copies them."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from secondunit.errors import Refused
from secondunit.v1.blobs_pb2 import WriteBlobRequest

_DATA = WriteBlobRequest.DESCRIPTOR.fields_by_name["data"].number


def parsed(message: bytes) -> tuple[WriteBlobRequest, memoryview]:
    """The message without its `data`, and the data: a view of the message's own bytes.

    Raises Refused for bytes that are no such message.
    """
    whole = memoryview(message)
    head, data, at = bytearray(), memoryview(b""), 0
    try:
        while at < len(whole):
            began = at
            tag, at = _number(whole, at)
            match tag & 7:  # https://protobuf.dev/programming-guides/encoding
                case 0:
                    _, at = _number(whole, at)
                case 1:
                    at += 8
                case 2:
                    size, at = _number(whole, at)
                    if tag >> 3 == _DATA and at + size <= len(whole):
                        data = whole[at : at + size]
                        began = at = at + size
                    else:
                        at += size
                case 5:
                    at += 4
                case _:
                    raise DecodeError
            head += whole[began:at]
        if at > len(whole):
            raise DecodeError
        return WriteBlobRequest.FromString(bytes(head)), data
    except (DecodeError, IndexError) as exc:
        raise Refused.single("the bytes are no message of this method", "request") from exc


def _number(whole: memoryview, at: int) -> tuple[int, int]:
    """(a number in base 128, where it ends). Raises DecodeError, IndexError."""
    found = shift = 0
    while True:
        byte = whole[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7
        if shift > 63:
            raise DecodeError
