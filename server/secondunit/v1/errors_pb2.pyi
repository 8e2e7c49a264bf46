from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorDetail(_message.Message):
    __slots__ = ("code", "what", "path", "remedy", "retryable", "faults", "faults_omitted", "error_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_OMITTED_FIELD_NUMBER: _ClassVar[int]
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    what: str
    path: str
    remedy: str
    retryable: bool
    faults: _containers.RepeatedCompositeFieldContainer[_units_pb2.Fault]
    faults_omitted: int
    error_id: str
    def __init__(self, code: _Optional[str] = ..., what: _Optional[str] = ..., path: _Optional[str] = ..., remedy: _Optional[str] = ..., retryable: _Optional[bool] = ..., faults: _Optional[_Iterable[_Union[_units_pb2.Fault, _Mapping]]] = ..., faults_omitted: _Optional[int] = ..., error_id: _Optional[str] = ...) -> None: ...
