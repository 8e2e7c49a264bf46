import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from secondunit.v1 import deliveries_pb2 as _deliveries_pb2
from secondunit.v1 import shots_pb2 as _shots_pb2
from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AdaptationLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ADAPTATION_LEVEL_UNSPECIFIED: _ClassVar[AdaptationLevel]
    ADAPTATION_LEVEL_EXACT: _ClassVar[AdaptationLevel]
    ADAPTATION_LEVEL_ROUNDED: _ClassVar[AdaptationLevel]
    ADAPTATION_LEVEL_EMULATED: _ClassVar[AdaptationLevel]
    ADAPTATION_LEVEL_DROPPED: _ClassVar[AdaptationLevel]
ADAPTATION_LEVEL_UNSPECIFIED: AdaptationLevel
ADAPTATION_LEVEL_EXACT: AdaptationLevel
ADAPTATION_LEVEL_ROUNDED: AdaptationLevel
ADAPTATION_LEVEL_EMULATED: AdaptationLevel
ADAPTATION_LEVEL_DROPPED: AdaptationLevel

class Adaptation(_message.Message):
    __slots__ = ("level", "what", "path")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    level: AdaptationLevel
    what: str
    path: str
    def __init__(self, level: _Optional[_Union[AdaptationLevel, str]] = ..., what: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class PlanOptions(_message.Message):
    __slots__ = ("engine", "delivery", "draft", "shots", "seed", "roots", "rate", "sequence", "drop_frame")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DROP_FRAME_FIELD_NUMBER: _ClassVar[int]
    engine: str
    delivery: str
    draft: bool
    shots: _containers.RepeatedScalarFieldContainer[str]
    seed: int
    roots: _containers.RepeatedScalarFieldContainer[str]
    rate: _units_pb2.Rate
    sequence: str
    drop_frame: bool
    def __init__(self, engine: _Optional[str] = ..., delivery: _Optional[str] = ..., draft: _Optional[bool] = ..., shots: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ..., roots: _Optional[_Iterable[str]] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., sequence: _Optional[str] = ..., drop_frame: _Optional[bool] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("render_time", "memory_bytes", "file_bytes", "measured", "device_time", "cost", "earliest", "latest", "runs", "frames", "reused")
    RENDER_TIME_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    EARLIEST_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    render_time: _duration_pb2.Duration
    memory_bytes: int
    file_bytes: int
    measured: bool
    device_time: _duration_pb2.Duration
    cost: _units_pb2.Money
    earliest: _duration_pb2.Duration
    latest: _duration_pb2.Duration
    runs: int
    frames: int
    reused: bool
    def __init__(self, render_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., memory_bytes: _Optional[int] = ..., file_bytes: _Optional[int] = ..., measured: _Optional[bool] = ..., device_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cost: _Optional[_Union[_units_pb2.Money, _Mapping]] = ..., earliest: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., latest: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., runs: _Optional[int] = ..., frames: _Optional[int] = ..., reused: _Optional[bool] = ...) -> None: ...

class ShotPlan(_message.Message):
    __slots__ = ("digest", "shot_id", "name", "operation", "engine", "weights", "steps", "seed", "take", "rate", "size", "work_size", "frames", "handles", "generated", "start_timecode", "pixel_format", "colour", "delivery", "draft", "adaptations", "track", "path", "prompt", "estimate", "made", "reasons", "tier", "guidance")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SHOT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    WORK_SIZE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    GENERATED_FIELD_NUMBER: _ClassVar[int]
    START_TIMECODE_FIELD_NUMBER: _ClassVar[int]
    PIXEL_FORMAT_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    ADAPTATIONS_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    MADE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    shot_id: str
    name: str
    operation: _units_pb2.Operation
    engine: str
    weights: str
    steps: int
    seed: int
    take: int
    rate: _units_pb2.Rate
    size: _units_pb2.Size
    work_size: _units_pb2.Size
    frames: int
    handles: _units_pb2.Handles
    generated: _containers.RepeatedCompositeFieldContainer[_units_pb2.FrameRange]
    start_timecode: str
    pixel_format: str
    colour: _units_pb2.ColourTags
    delivery: str
    draft: bool
    adaptations: _containers.RepeatedCompositeFieldContainer[Adaptation]
    track: int
    path: str
    prompt: str
    estimate: Estimate
    made: _deliveries_pb2.Take
    reasons: _containers.RepeatedScalarFieldContainer[str]
    tier: str
    guidance: float
    def __init__(self, digest: _Optional[str] = ..., shot_id: _Optional[str] = ..., name: _Optional[str] = ..., operation: _Optional[_Union[_units_pb2.Operation, str]] = ..., engine: _Optional[str] = ..., weights: _Optional[str] = ..., steps: _Optional[int] = ..., seed: _Optional[int] = ..., take: _Optional[int] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., work_size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., frames: _Optional[int] = ..., handles: _Optional[_Union[_units_pb2.Handles, _Mapping]] = ..., generated: _Optional[_Iterable[_Union[_units_pb2.FrameRange, _Mapping]]] = ..., start_timecode: _Optional[str] = ..., pixel_format: _Optional[str] = ..., colour: _Optional[_Union[_units_pb2.ColourTags, _Mapping]] = ..., delivery: _Optional[str] = ..., draft: _Optional[bool] = ..., adaptations: _Optional[_Iterable[_Union[Adaptation, _Mapping]]] = ..., track: _Optional[int] = ..., path: _Optional[str] = ..., prompt: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., made: _Optional[_Union[_deliveries_pb2.Take, _Mapping]] = ..., reasons: _Optional[_Iterable[str]] = ..., tier: _Optional[str] = ..., guidance: _Optional[float] = ...) -> None: ...

class EnginePlans(_message.Message):
    __slots__ = ("engine", "plans", "faults", "estimate")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PLANS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    engine: str
    plans: _containers.RepeatedCompositeFieldContainer[ShotPlan]
    faults: _containers.RepeatedCompositeFieldContainer[_units_pb2.Fault]
    estimate: Estimate
    def __init__(self, engine: _Optional[str] = ..., plans: _Optional[_Iterable[_Union[ShotPlan, _Mapping]]] = ..., faults: _Optional[_Iterable[_Union[_units_pb2.Fault, _Mapping]]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class PlanTimelineRequest(_message.Message):
    __slots__ = ("timeline", "options", "media_folder", "compare")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FOLDER_FIELD_NUMBER: _ClassVar[int]
    COMPARE_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    options: PlanOptions
    media_folder: str
    compare: bool
    def __init__(self, timeline: _Optional[str] = ..., options: _Optional[_Union[PlanOptions, _Mapping]] = ..., media_folder: _Optional[str] = ..., compare: _Optional[bool] = ...) -> None: ...

class PlanTimelineResponse(_message.Message):
    __slots__ = ("timeline", "name", "rate", "plans", "faults", "notices", "estimate", "compared")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    PLANS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    timeline: str
    name: str
    rate: _units_pb2.Rate
    plans: _containers.RepeatedCompositeFieldContainer[ShotPlan]
    faults: _containers.RepeatedCompositeFieldContainer[_units_pb2.Fault]
    notices: _containers.RepeatedScalarFieldContainer[str]
    estimate: Estimate
    compared: _containers.RepeatedCompositeFieldContainer[EnginePlans]
    def __init__(self, timeline: _Optional[str] = ..., name: _Optional[str] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., plans: _Optional[_Iterable[_Union[ShotPlan, _Mapping]]] = ..., faults: _Optional[_Iterable[_Union[_units_pb2.Fault, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., compared: _Optional[_Iterable[_Union[EnginePlans, _Mapping]]] = ...) -> None: ...

class PlanShotRequest(_message.Message):
    __slots__ = ("request", "options")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    request: _shots_pb2.ShotRequest
    options: PlanOptions
    def __init__(self, request: _Optional[_Union[_shots_pb2.ShotRequest, _Mapping]] = ..., options: _Optional[_Union[PlanOptions, _Mapping]] = ...) -> None: ...

class PlanShotResponse(_message.Message):
    __slots__ = ("plans", "faults", "notices", "estimate")
    PLANS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    plans: _containers.RepeatedCompositeFieldContainer[ShotPlan]
    faults: _containers.RepeatedCompositeFieldContainer[_units_pb2.Fault]
    notices: _containers.RepeatedScalarFieldContainer[str]
    estimate: Estimate
    def __init__(self, plans: _Optional[_Iterable[_Union[ShotPlan, _Mapping]]] = ..., faults: _Optional[_Iterable[_Union[_units_pb2.Fault, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...
