import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from secondunit.v1 import deliveries_pb2 as _deliveries_pb2
from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KeyframeSupport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEYFRAME_SUPPORT_UNSPECIFIED: _ClassVar[KeyframeSupport]
    KEYFRAME_SUPPORT_FIRST: _ClassVar[KeyframeSupport]
    KEYFRAME_SUPPORT_FIRST_LAST: _ClassVar[KeyframeSupport]
    KEYFRAME_SUPPORT_ANY: _ClassVar[KeyframeSupport]

class MaskSupport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MASK_SUPPORT_UNSPECIFIED: _ClassVar[MaskSupport]
    MASK_SUPPORT_NONE: _ClassVar[MaskSupport]
    MASK_SUPPORT_BINARY: _ClassVar[MaskSupport]
    MASK_SUPPORT_SOFT: _ClassVar[MaskSupport]
KEYFRAME_SUPPORT_UNSPECIFIED: KeyframeSupport
KEYFRAME_SUPPORT_FIRST: KeyframeSupport
KEYFRAME_SUPPORT_FIRST_LAST: KeyframeSupport
KEYFRAME_SUPPORT_ANY: KeyframeSupport
MASK_SUPPORT_UNSPECIFIED: MaskSupport
MASK_SUPPORT_NONE: MaskSupport
MASK_SUPPORT_BINARY: MaskSupport
MASK_SUPPORT_SOFT: MaskSupport

class Engine(_message.Message):
    __slots__ = ("name", "title", "licence", "operations", "frame_step", "frame_offset", "longest_frames", "size_multiple", "smallest_side", "native_rate", "keyframes", "mask", "strokes", "ambient", "camera", "prompt", "steps", "memory_bytes", "available", "missing_packages", "default", "family", "native_controls", "held", "tiers", "licence_limits", "most_pixels", "words", "references", "weights", "unavailable")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    FRAME_STEP_FIELD_NUMBER: _ClassVar[int]
    FRAME_OFFSET_FIELD_NUMBER: _ClassVar[int]
    LONGEST_FRAMES_FIELD_NUMBER: _ClassVar[int]
    SIZE_MULTIPLE_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_SIDE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_RATE_FIELD_NUMBER: _ClassVar[int]
    KEYFRAMES_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    STROKES_FIELD_NUMBER: _ClassVar[int]
    AMBIENT_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    MISSING_PACKAGES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    NATIVE_CONTROLS_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    LICENCE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    MOST_PIXELS_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    licence: str
    operations: _containers.RepeatedScalarFieldContainer[_units_pb2.Operation]
    frame_step: int
    frame_offset: int
    longest_frames: int
    size_multiple: int
    smallest_side: int
    native_rate: float
    keyframes: KeyframeSupport
    mask: MaskSupport
    strokes: bool
    ambient: bool
    camera: bool
    prompt: bool
    steps: int
    memory_bytes: int
    available: bool
    missing_packages: _containers.RepeatedScalarFieldContainer[str]
    default: bool
    family: str
    native_controls: _containers.RepeatedScalarFieldContainer[str]
    held: bool
    tiers: _containers.RepeatedCompositeFieldContainer[EngineTier]
    licence_limits: str
    most_pixels: int
    words: int
    references: int
    weights: str
    unavailable: str
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., licence: _Optional[str] = ..., operations: _Optional[_Iterable[_Union[_units_pb2.Operation, str]]] = ..., frame_step: _Optional[int] = ..., frame_offset: _Optional[int] = ..., longest_frames: _Optional[int] = ..., size_multiple: _Optional[int] = ..., smallest_side: _Optional[int] = ..., native_rate: _Optional[float] = ..., keyframes: _Optional[_Union[KeyframeSupport, str]] = ..., mask: _Optional[_Union[MaskSupport, str]] = ..., strokes: _Optional[bool] = ..., ambient: _Optional[bool] = ..., camera: _Optional[bool] = ..., prompt: _Optional[bool] = ..., steps: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., available: _Optional[bool] = ..., missing_packages: _Optional[_Iterable[str]] = ..., default: _Optional[bool] = ..., family: _Optional[str] = ..., native_controls: _Optional[_Iterable[str]] = ..., held: _Optional[bool] = ..., tiers: _Optional[_Iterable[_Union[EngineTier, _Mapping]]] = ..., licence_limits: _Optional[str] = ..., most_pixels: _Optional[int] = ..., words: _Optional[int] = ..., references: _Optional[int] = ..., weights: _Optional[str] = ..., unavailable: _Optional[str] = ...) -> None: ...

class EngineTier(_message.Message):
    __slots__ = ("name", "steps", "guidance")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    steps: int
    guidance: float
    def __init__(self, name: _Optional[str] = ..., steps: _Optional[int] = ..., guidance: _Optional[float] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("message_bytes", "blob_bytes", "picture_pixels", "event_wait", "page_size", "streams", "calls", "open_jobs", "source_time")
    MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    BLOB_BYTES_FIELD_NUMBER: _ClassVar[int]
    PICTURE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    EVENT_WAIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    OPEN_JOBS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TIME_FIELD_NUMBER: _ClassVar[int]
    message_bytes: int
    blob_bytes: int
    picture_pixels: int
    event_wait: _duration_pb2.Duration
    page_size: int
    streams: int
    calls: int
    open_jobs: int
    source_time: _duration_pb2.Duration
    def __init__(self, message_bytes: _Optional[int] = ..., blob_bytes: _Optional[int] = ..., picture_pixels: _Optional[int] = ..., event_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., page_size: _Optional[int] = ..., streams: _Optional[int] = ..., calls: _Optional[int] = ..., open_jobs: _Optional[int] = ..., source_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetCapabilitiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCapabilitiesResponse(_message.Message):
    __slots__ = ("version", "api_versions", "engines", "deliveries", "default_delivery", "limits")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    API_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_DELIVERY_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    version: str
    api_versions: _containers.RepeatedScalarFieldContainer[str]
    engines: _containers.RepeatedCompositeFieldContainer[Engine]
    deliveries: _containers.RepeatedCompositeFieldContainer[_deliveries_pb2.Delivery]
    default_delivery: str
    limits: Limits
    def __init__(self, version: _Optional[str] = ..., api_versions: _Optional[_Iterable[str]] = ..., engines: _Optional[_Iterable[_Union[Engine, _Mapping]]] = ..., deliveries: _Optional[_Iterable[_Union[_deliveries_pb2.Delivery, _Mapping]]] = ..., default_delivery: _Optional[str] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ...) -> None: ...

class GetServerStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerStatusResponse(_message.Message):
    __slots__ = ("uptime", "draining", "queued", "running", "free_bytes", "healthy", "trouble", "workers")
    UPTIME_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    uptime: _duration_pb2.Duration
    draining: bool
    queued: int
    running: int
    free_bytes: int
    healthy: bool
    trouble: str
    workers: _containers.RepeatedCompositeFieldContainer[Worker]
    def __init__(self, uptime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., draining: _Optional[bool] = ..., queued: _Optional[int] = ..., running: _Optional[int] = ..., free_bytes: _Optional[int] = ..., healthy: _Optional[bool] = ..., trouble: _Optional[str] = ..., workers: _Optional[_Iterable[_Union[Worker, _Mapping]]] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ("device", "engine", "job_id", "alive", "memory_bytes")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    ALIVE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    device: str
    engine: str
    job_id: str
    alive: bool
    memory_bytes: int
    def __init__(self, device: _Optional[str] = ..., engine: _Optional[str] = ..., job_id: _Optional[str] = ..., alive: _Optional[bool] = ..., memory_bytes: _Optional[int] = ...) -> None: ...
