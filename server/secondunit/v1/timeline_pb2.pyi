from secondunit.v1 import deliveries_pb2 as _deliveries_pb2
from secondunit.v1 import plans_pb2 as _plans_pb2
from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Profile(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROFILE_UNSPECIFIED: _ClassVar[Profile]
    PROFILE_OTIO: _ClassVar[Profile]
    PROFILE_RESOLVE: _ClassVar[Profile]
    PROFILE_PREMIERE: _ClassVar[Profile]

class Bundle(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BUNDLE_UNSPECIFIED: _ClassVar[Bundle]
    BUNDLE_OTIOZ: _ClassVar[Bundle]
    BUNDLE_OTIOD: _ClassVar[Bundle]
PROFILE_UNSPECIFIED: Profile
PROFILE_OTIO: Profile
PROFILE_RESOLVE: Profile
PROFILE_PREMIERE: Profile
BUNDLE_UNSPECIFIED: Bundle
BUNDLE_OTIOZ: Bundle
BUNDLE_OTIOD: Bundle

class TimelineShot(_message.Message):
    __slots__ = ("id", "name", "operation", "record", "record_timecode", "track", "path", "size", "clips", "takes", "prompt")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIMECODE_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CLIPS_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    operation: _units_pb2.Operation
    record: _units_pb2.FrameRange
    record_timecode: str
    track: int
    path: str
    size: _units_pb2.Size
    clips: _containers.RepeatedScalarFieldContainer[str]
    takes: int
    prompt: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., operation: _Optional[_Union[_units_pb2.Operation, str]] = ..., record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., record_timecode: _Optional[str] = ..., track: _Optional[int] = ..., path: _Optional[str] = ..., size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., clips: _Optional[_Iterable[str]] = ..., takes: _Optional[int] = ..., prompt: _Optional[str] = ...) -> None: ...

class InspectTimelineRequest(_message.Message):
    __slots__ = ("timeline", "rate", "sequence", "drop_frame")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DROP_FRAME_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    rate: _units_pb2.Rate
    sequence: str
    drop_frame: bool
    def __init__(self, timeline: _Optional[str] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., sequence: _Optional[str] = ..., drop_frame: _Optional[bool] = ...) -> None: ...

class InspectTimelineResponse(_message.Message):
    __slots__ = ("timeline", "name", "rate", "shots", "faults", "notices")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    name: str
    rate: _units_pb2.Rate
    shots: _containers.RepeatedCompositeFieldContainer[TimelineShot]
    faults: _containers.RepeatedCompositeFieldContainer[_units_pb2.Fault]
    notices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, timeline: _Optional[str] = ..., name: _Optional[str] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., shots: _Optional[_Iterable[_Union[TimelineShot, _Mapping]]] = ..., faults: _Optional[_Iterable[_Union[_units_pb2.Fault, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ...) -> None: ...

class PlaceTimelineRequest(_message.Message):
    __slots__ = ("timeline", "out", "media_folder", "profile", "job_ids", "kept", "options", "bundle")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FOLDER_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    out: str
    media_folder: str
    profile: Profile
    job_ids: _containers.RepeatedScalarFieldContainer[str]
    kept: _containers.RepeatedScalarFieldContainer[str]
    options: _plans_pb2.PlanOptions
    bundle: Bundle
    def __init__(self, timeline: _Optional[str] = ..., out: _Optional[str] = ..., media_folder: _Optional[str] = ..., profile: _Optional[_Union[Profile, str]] = ..., job_ids: _Optional[_Iterable[str]] = ..., kept: _Optional[_Iterable[str]] = ..., options: _Optional[_Union[_plans_pb2.PlanOptions, _Mapping]] = ..., bundle: _Optional[_Union[Bundle, str]] = ...) -> None: ...

class PlaceTimelineResponse(_message.Message):
    __slots__ = ("timeline", "placements", "notices", "files")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    placements: _containers.RepeatedCompositeFieldContainer[_deliveries_pb2.Placement]
    notices: _containers.RepeatedScalarFieldContainer[str]
    files: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, timeline: _Optional[str] = ..., placements: _Optional[_Iterable[_Union[_deliveries_pb2.Placement, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ..., files: _Optional[_Iterable[str]] = ...) -> None: ...
