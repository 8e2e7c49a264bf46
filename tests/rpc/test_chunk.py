"""Chunks of an upload: read where they lie, and the same as the library reads them."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from secondunit.errors import Refused
from secondunit.rpc.chunk import parsed
from secondunit.v1 import units_pb2
from secondunit.v1.blobs_pb2 import WriteBlobRequest

MESSAGES = st.builds(
    WriteBlobRequest,
    upload_id=st.text(max_size=40),
    digest=st.none()
    | st.builds(units_pb2.Digest, sha256=st.text(max_size=70), size_bytes=st.integers(0, 2**62)),
    offset=st.integers(-(2**63), 2**63 - 1),
    data=st.binary(max_size=300),
    finish=st.booleans(),
)


def whole(message: bytes) -> WriteBlobRequest:
    head, data = parsed(message)
    assert not head.data
    head.data = bytes(data)
    return head


@given(MESSAGES)
@settings(max_examples=200, deadline=None)
def test_a_chunk_is_what_was_sent(message: WriteBlobRequest) -> None:
    assert whole(message.SerializeToString()) == message


def test_the_data_are_the_message_s_own_bytes() -> None:
    message = WriteBlobRequest(upload_id="u", data=b"x" * 2**20).SerializeToString()
    _, data = parsed(message)
    assert data.obj is message and len(data) == 2**20


@given(st.binary(max_size=60))
@example(b"\x22\x7f")  # more bytes than there are
@example(b"\x09")  # half a number
@example(b"\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")  # a length past every end
@example(b"\xff" * 12)
@settings(max_examples=300, deadline=None)
def test_rubbish_is_refused_or_is_what_the_library_makes_of_it(message: bytes) -> None:
    try:
        found = whole(message)
    except Refused:
        return
    known = WriteBlobRequest.FromString(message)
    known.DiscardUnknownFields()
    found.DiscardUnknownFields()
    assert found == known


def test_the_last_of_two_data_counts_and_unknown_fields_are_passed_over() -> None:
    one, two = (WriteBlobRequest(data=d, offset=7).SerializeToString() for d in (b"a", b"b"))
    later = b"\xa2\x06\x03new" + b"\xa8\x06\x01" + b"\xad\x06\0\0\0\0" + b"\xb1\x06" + bytes(8)
    assert whole(one + later + two).data == b"b"


def test_what_the_library_cannot_read_is_refused_in_words() -> None:
    wrong = b"\x0a\x02\xff\xfe"  # upload_id, and no UTF-8
    with pytest.raises(DecodeError):
        WriteBlobRequest.FromString(wrong)
    with pytest.raises(Refused, match="no message of this method"):
        parsed(wrong)
