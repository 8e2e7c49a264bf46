from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ease(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EASE_UNSPECIFIED: _ClassVar[Ease]
    EASE_LINEAR: _ClassVar[Ease]
    EASE_IN: _ClassVar[Ease]
    EASE_OUT: _ClassVar[Ease]
    EASE_IN_OUT: _ClassVar[Ease]

class PlaceMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLACE_MODE_UNSPECIFIED: _ClassVar[PlaceMode]
    PLACE_MODE_REPLACE: _ClassVar[PlaceMode]
    PLACE_MODE_OVER: _ClassVar[PlaceMode]
    PLACE_MODE_NEW_TRACK: _ClassVar[PlaceMode]

class AudioMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_MODE_UNSPECIFIED: _ClassVar[AudioMode]
    AUDIO_MODE_NONE: _ClassVar[AudioMode]
    AUDIO_MODE_KEEP: _ClassVar[AudioMode]

class MaskedMotion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MASKED_MOTION_UNSPECIFIED: _ClassVar[MaskedMotion]
    MASKED_MOTION_FREEZE: _ClassVar[MaskedMotion]
    MASKED_MOTION_STEADY: _ClassVar[MaskedMotion]

class GrainMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GRAIN_MODE_UNSPECIFIED: _ClassVar[GrainMode]
    GRAIN_MODE_MATCH: _ClassVar[GrainMode]
    GRAIN_MODE_NONE: _ClassVar[GrainMode]

class AlphaMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALPHA_MODE_UNSPECIFIED: _ClassVar[AlphaMode]
    ALPHA_MODE_NONE: _ClassVar[AlphaMode]
    ALPHA_MODE_MADE: _ClassVar[AlphaMode]
EASE_UNSPECIFIED: Ease
EASE_LINEAR: Ease
EASE_IN: Ease
EASE_OUT: Ease
EASE_IN_OUT: Ease
PLACE_MODE_UNSPECIFIED: PlaceMode
PLACE_MODE_REPLACE: PlaceMode
PLACE_MODE_OVER: PlaceMode
PLACE_MODE_NEW_TRACK: PlaceMode
AUDIO_MODE_UNSPECIFIED: AudioMode
AUDIO_MODE_NONE: AudioMode
AUDIO_MODE_KEEP: AudioMode
MASKED_MOTION_UNSPECIFIED: MaskedMotion
MASKED_MOTION_FREEZE: MaskedMotion
MASKED_MOTION_STEADY: MaskedMotion
GRAIN_MODE_UNSPECIFIED: GrainMode
GRAIN_MODE_MATCH: GrainMode
GRAIN_MODE_NONE: GrainMode
ALPHA_MODE_UNSPECIFIED: AlphaMode
ALPHA_MODE_NONE: AlphaMode
ALPHA_MODE_MADE: AlphaMode

class Point(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class Mask(_message.Message):
    __slots__ = ("file", "follow")
    FILE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    file: _units_pb2.File
    follow: bool
    def __init__(self, file: _Optional[_Union[_units_pb2.File, _Mapping]] = ..., follow: _Optional[bool] = ...) -> None: ...

class Keyframe(_message.Message):
    __slots__ = ("frame", "first", "last", "image", "strength")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    frame: int
    first: bool
    last: bool
    image: _units_pb2.File
    strength: float
    def __init__(self, frame: _Optional[int] = ..., first: _Optional[bool] = ..., last: _Optional[bool] = ..., image: _Optional[_Union[_units_pb2.File, _Mapping]] = ..., strength: _Optional[float] = ...) -> None: ...

class Stroke(_message.Message):
    __slots__ = ("points", "region", "over", "strength")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    OVER_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[Point]
    region: Mask
    over: _units_pb2.FrameRange
    strength: float
    def __init__(self, points: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., region: _Optional[_Union[Mask, _Mapping]] = ..., over: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., strength: _Optional[float] = ...) -> None: ...

class Ambient(_message.Message):
    __slots__ = ("region", "strength")
    REGION_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    region: Mask
    strength: float
    def __init__(self, region: _Optional[_Union[Mask, _Mapping]] = ..., strength: _Optional[float] = ...) -> None: ...

class CameraMove(_message.Message):
    __slots__ = ("pan", "tilt", "roll", "truck", "pedestal", "dolly", "zoom", "fov", "ease", "over")
    PAN_FIELD_NUMBER: _ClassVar[int]
    TILT_FIELD_NUMBER: _ClassVar[int]
    ROLL_FIELD_NUMBER: _ClassVar[int]
    TRUCK_FIELD_NUMBER: _ClassVar[int]
    PEDESTAL_FIELD_NUMBER: _ClassVar[int]
    DOLLY_FIELD_NUMBER: _ClassVar[int]
    ZOOM_FIELD_NUMBER: _ClassVar[int]
    FOV_FIELD_NUMBER: _ClassVar[int]
    EASE_FIELD_NUMBER: _ClassVar[int]
    OVER_FIELD_NUMBER: _ClassVar[int]
    pan: float
    tilt: float
    roll: float
    truck: float
    pedestal: float
    dolly: float
    zoom: float
    fov: float
    ease: Ease
    over: _units_pb2.FrameRange
    def __init__(self, pan: _Optional[float] = ..., tilt: _Optional[float] = ..., roll: _Optional[float] = ..., truck: _Optional[float] = ..., pedestal: _Optional[float] = ..., dolly: _Optional[float] = ..., zoom: _Optional[float] = ..., fov: _Optional[float] = ..., ease: _Optional[_Union[Ease, str]] = ..., over: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ...) -> None: ...

class Clip(_message.Message):
    __slots__ = ("name", "media", "source", "rate", "speed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    name: str
    media: _units_pb2.File
    source: _units_pb2.FrameRange
    rate: _units_pb2.Rate
    speed: float
    def __init__(self, name: _Optional[str] = ..., media: _Optional[_Union[_units_pb2.File, _Mapping]] = ..., source: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., speed: _Optional[float] = ...) -> None: ...

class ShotRequest(_message.Message):
    __slots__ = ("id", "name", "operation", "edge", "rate", "record", "timeline_start", "before", "after", "still", "context", "handles", "takes", "seed", "prompt", "negative", "engine", "delivery", "preset", "place", "audio", "strength", "mask", "keyframes", "strokes", "ambients", "cameras", "clip", "motion", "speed", "references", "required", "loop_frames", "grain", "proxy", "colour", "alpha")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    EDGE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_START_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    STILL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    KEYFRAMES_FIELD_NUMBER: _ClassVar[int]
    STROKES_FIELD_NUMBER: _ClassVar[int]
    AMBIENTS_FIELD_NUMBER: _ClassVar[int]
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    MOTION_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    LOOP_FRAMES_FIELD_NUMBER: _ClassVar[int]
    GRAIN_FIELD_NUMBER: _ClassVar[int]
    PROXY_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    operation: _units_pb2.Operation
    edge: _units_pb2.Edge
    rate: _units_pb2.Rate
    record: _units_pb2.FrameRange
    timeline_start: str
    before: Clip
    after: Clip
    still: Clip
    context: int
    handles: int
    takes: int
    seed: int
    prompt: str
    negative: str
    engine: str
    delivery: str
    preset: str
    place: PlaceMode
    audio: AudioMode
    strength: float
    mask: Mask
    keyframes: _containers.RepeatedCompositeFieldContainer[Keyframe]
    strokes: _containers.RepeatedCompositeFieldContainer[Stroke]
    ambients: _containers.RepeatedCompositeFieldContainer[Ambient]
    cameras: _containers.RepeatedCompositeFieldContainer[CameraMove]
    clip: Clip
    motion: MaskedMotion
    speed: float
    references: _containers.RepeatedCompositeFieldContainer[_units_pb2.File]
    required: _containers.RepeatedScalarFieldContainer[str]
    loop_frames: int
    grain: GrainMode
    proxy: str
    colour: str
    alpha: AlphaMode
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., operation: _Optional[_Union[_units_pb2.Operation, str]] = ..., edge: _Optional[_Union[_units_pb2.Edge, str]] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., timeline_start: _Optional[str] = ..., before: _Optional[_Union[Clip, _Mapping]] = ..., after: _Optional[_Union[Clip, _Mapping]] = ..., still: _Optional[_Union[Clip, _Mapping]] = ..., context: _Optional[int] = ..., handles: _Optional[int] = ..., takes: _Optional[int] = ..., seed: _Optional[int] = ..., prompt: _Optional[str] = ..., negative: _Optional[str] = ..., engine: _Optional[str] = ..., delivery: _Optional[str] = ..., preset: _Optional[str] = ..., place: _Optional[_Union[PlaceMode, str]] = ..., audio: _Optional[_Union[AudioMode, str]] = ..., strength: _Optional[float] = ..., mask: _Optional[_Union[Mask, _Mapping]] = ..., keyframes: _Optional[_Iterable[_Union[Keyframe, _Mapping]]] = ..., strokes: _Optional[_Iterable[_Union[Stroke, _Mapping]]] = ..., ambients: _Optional[_Iterable[_Union[Ambient, _Mapping]]] = ..., cameras: _Optional[_Iterable[_Union[CameraMove, _Mapping]]] = ..., clip: _Optional[_Union[Clip, _Mapping]] = ..., motion: _Optional[_Union[MaskedMotion, str]] = ..., speed: _Optional[float] = ..., references: _Optional[_Iterable[_Union[_units_pb2.File, _Mapping]]] = ..., required: _Optional[_Iterable[str]] = ..., loop_frames: _Optional[int] = ..., grain: _Optional[_Union[GrainMode, str]] = ..., proxy: _Optional[str] = ..., colour: _Optional[str] = ..., alpha: _Optional[_Union[AlphaMode, str]] = ...) -> None: ...
