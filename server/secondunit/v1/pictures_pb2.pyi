from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetPictureRequest(_message.Message):
    __slots__ = ("media", "frame", "longest_side")
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    LONGEST_SIDE_FIELD_NUMBER: _ClassVar[int]
    media: _units_pb2.File
    frame: int
    longest_side: int
    def __init__(self, media: _Optional[_Union[_units_pb2.File, _Mapping]] = ..., frame: _Optional[int] = ..., longest_side: _Optional[int] = ...) -> None: ...

class GetPictureResponse(_message.Message):
    __slots__ = ("jpeg", "size", "frames", "rate")
    JPEG_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    jpeg: bytes
    size: _units_pb2.Size
    frames: int
    rate: _units_pb2.Rate
    def __init__(self, jpeg: _Optional[bytes] = ..., size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., frames: _Optional[int] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ...) -> None: ...
