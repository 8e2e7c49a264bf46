from google.protobuf import struct_pb2 as _struct_pb2
from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delivery(_message.Message):
    __slots__ = ("name", "title", "codec", "container", "suffix", "pixel_format", "exact", "even", "available")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    SUFFIX_FIELD_NUMBER: _ClassVar[int]
    PIXEL_FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    EVEN_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    codec: str
    container: str
    suffix: str
    pixel_format: str
    exact: bool
    even: bool
    available: bool
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., codec: _Optional[str] = ..., container: _Optional[str] = ..., suffix: _Optional[str] = ..., pixel_format: _Optional[str] = ..., exact: _Optional[bool] = ..., even: _Optional[bool] = ..., available: _Optional[bool] = ...) -> None: ...

class ControlResult(_message.Message):
    __slots__ = ("control", "asked", "measured")
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    PASS_FIELD_NUMBER: _ClassVar[int]
    control: str
    asked: _struct_pb2.Value
    measured: _struct_pb2.Value
    def __init__(self, control: _Optional[str] = ..., asked: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., measured: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., **kwargs) -> None: ...

class Take(_message.Message):
    __slots__ = ("shot_id", "take", "version", "file", "sidecar", "thumbnails", "frames", "rate", "start_timecode", "handles", "size", "plan_digest", "report", "clip", "record", "proxy")
    SHOT_ID_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    SIDECAR_FIELD_NUMBER: _ClassVar[int]
    THUMBNAILS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    START_TIMECODE_FIELD_NUMBER: _ClassVar[int]
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    PROXY_FIELD_NUMBER: _ClassVar[int]
    shot_id: str
    take: int
    version: int
    file: str
    sidecar: str
    thumbnails: _containers.RepeatedScalarFieldContainer[str]
    frames: int
    rate: _units_pb2.Rate
    start_timecode: str
    handles: _units_pb2.Handles
    size: _units_pb2.Size
    plan_digest: str
    report: _containers.RepeatedCompositeFieldContainer[ControlResult]
    clip: _units_pb2.Digest
    record: _units_pb2.Digest
    proxy: str
    def __init__(self, shot_id: _Optional[str] = ..., take: _Optional[int] = ..., version: _Optional[int] = ..., file: _Optional[str] = ..., sidecar: _Optional[str] = ..., thumbnails: _Optional[_Iterable[str]] = ..., frames: _Optional[int] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., start_timecode: _Optional[str] = ..., handles: _Optional[_Union[_units_pb2.Handles, _Mapping]] = ..., size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., plan_digest: _Optional[str] = ..., report: _Optional[_Iterable[_Union[ControlResult, _Mapping]]] = ..., clip: _Optional[_Union[_units_pb2.Digest, _Mapping]] = ..., record: _Optional[_Union[_units_pb2.Digest, _Mapping]] = ..., proxy: _Optional[str] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("shot_id", "operation", "track", "track_name", "record", "source", "file", "name", "marker", "take", "alternatives", "nested_in")
    SHOT_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    TRACK_NAME_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MARKER_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    ALTERNATIVES_FIELD_NUMBER: _ClassVar[int]
    NESTED_IN_FIELD_NUMBER: _ClassVar[int]
    shot_id: str
    operation: _units_pb2.Operation
    track: int
    track_name: str
    record: _units_pb2.FrameRange
    source: _units_pb2.FrameRange
    file: str
    name: str
    marker: str
    take: Take
    alternatives: _containers.RepeatedCompositeFieldContainer[Take]
    nested_in: str
    def __init__(self, shot_id: _Optional[str] = ..., operation: _Optional[_Union[_units_pb2.Operation, str]] = ..., track: _Optional[int] = ..., track_name: _Optional[str] = ..., record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., source: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., file: _Optional[str] = ..., name: _Optional[str] = ..., marker: _Optional[str] = ..., take: _Optional[_Union[Take, _Mapping]] = ..., alternatives: _Optional[_Iterable[_Union[Take, _Mapping]]] = ..., nested_in: _Optional[str] = ...) -> None: ...
