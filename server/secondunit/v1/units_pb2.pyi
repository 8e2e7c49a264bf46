from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_UNSPECIFIED: _ClassVar[Operation]
    OPERATION_BRIDGE: _ClassVar[Operation]
    OPERATION_EXTEND: _ClassVar[Operation]
    OPERATION_ANIMATE: _ClassVar[Operation]
    OPERATION_REPLACE: _ClassVar[Operation]
    OPERATION_TRANSITION: _ClassVar[Operation]
    OPERATION_LOOP: _ClassVar[Operation]
    OPERATION_GENERATE: _ClassVar[Operation]
    OPERATION_RETIME: _ClassVar[Operation]

class Edge(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EDGE_UNSPECIFIED: _ClassVar[Edge]
    EDGE_HEAD: _ClassVar[Edge]
    EDGE_TAIL: _ClassVar[Edge]
OPERATION_UNSPECIFIED: Operation
OPERATION_BRIDGE: Operation
OPERATION_EXTEND: Operation
OPERATION_ANIMATE: Operation
OPERATION_REPLACE: Operation
OPERATION_TRANSITION: Operation
OPERATION_LOOP: Operation
OPERATION_GENERATE: Operation
OPERATION_RETIME: Operation
EDGE_UNSPECIFIED: Edge
EDGE_HEAD: Edge
EDGE_TAIL: Edge

class Rate(_message.Message):
    __slots__ = ("num", "den")
    NUM_FIELD_NUMBER: _ClassVar[int]
    DEN_FIELD_NUMBER: _ClassVar[int]
    num: int
    den: int
    def __init__(self, num: _Optional[int] = ..., den: _Optional[int] = ...) -> None: ...

class FrameRange(_message.Message):
    __slots__ = ("start", "frames")
    START_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    start: int
    frames: int
    def __init__(self, start: _Optional[int] = ..., frames: _Optional[int] = ...) -> None: ...

class Handles(_message.Message):
    __slots__ = ("head", "tail")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    head: int
    tail: int
    def __init__(self, head: _Optional[int] = ..., tail: _Optional[int] = ...) -> None: ...

class Size(_message.Message):
    __slots__ = ("width", "height")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class ColourTags(_message.Message):
    __slots__ = ("primaries", "transfer", "matrix", "full_range")
    PRIMARIES_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    FULL_RANGE_FIELD_NUMBER: _ClassVar[int]
    primaries: str
    transfer: str
    matrix: str
    full_range: bool
    def __init__(self, primaries: _Optional[str] = ..., transfer: _Optional[str] = ..., matrix: _Optional[str] = ..., full_range: _Optional[bool] = ...) -> None: ...

class Digest(_message.Message):
    __slots__ = ("sha256", "size_bytes")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    sha256: str
    size_bytes: int
    def __init__(self, sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class File(_message.Message):
    __slots__ = ("path", "blob")
    PATH_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    path: str
    blob: Digest
    def __init__(self, path: _Optional[str] = ..., blob: _Optional[_Union[Digest, _Mapping]] = ...) -> None: ...

class Fault(_message.Message):
    __slots__ = ("what", "path")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    what: str
    path: str
    def __init__(self, what: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class Money(_message.Message):
    __slots__ = ("currency", "micros")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    MICROS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    micros: int
    def __init__(self, currency: _Optional[str] = ..., micros: _Optional[int] = ...) -> None: ...
