from secondunit.v1 import deliveries_pb2 as _deliveries_pb2
from secondunit.v1 import units_pb2 as _units_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HostKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOST_KIND_UNSPECIFIED: _ClassVar[HostKind]
    HOST_KIND_RESOLVE: _ClassVar[HostKind]
    HOST_KIND_PREMIERE: _ClassVar[HostKind]
    HOST_KIND_OTHER: _ClassVar[HostKind]

class HostAbility(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOST_ABILITY_UNSPECIFIED: _ClassVar[HostAbility]
    HOST_ABILITY_SELECTION: _ClassVar[HostAbility]
    HOST_ABILITY_MARKS: _ClassVar[HostAbility]
    HOST_ABILITY_EXPORT_FRAME: _ClassVar[HostAbility]
    HOST_ABILITY_PLACE: _ClassVar[HostAbility]
    HOST_ABILITY_TAKES: _ClassVar[HostAbility]
    HOST_ABILITY_MARKERS: _ClassVar[HostAbility]
    HOST_ABILITY_UNDO: _ClassVar[HostAbility]
    HOST_ABILITY_REMOVE: _ClassVar[HostAbility]
    HOST_ABILITY_EXPORT_TIMELINE: _ClassVar[HostAbility]
    HOST_ABILITY_SEEK: _ClassVar[HostAbility]
    HOST_ABILITY_EVENTS: _ClassVar[HostAbility]
    HOST_ABILITY_AUDITION: _ClassVar[HostAbility]
    HOST_ABILITY_PROXIES: _ClassVar[HostAbility]
HOST_KIND_UNSPECIFIED: HostKind
HOST_KIND_RESOLVE: HostKind
HOST_KIND_PREMIERE: HostKind
HOST_KIND_OTHER: HostKind
HOST_ABILITY_UNSPECIFIED: HostAbility
HOST_ABILITY_SELECTION: HostAbility
HOST_ABILITY_MARKS: HostAbility
HOST_ABILITY_EXPORT_FRAME: HostAbility
HOST_ABILITY_PLACE: HostAbility
HOST_ABILITY_TAKES: HostAbility
HOST_ABILITY_MARKERS: HostAbility
HOST_ABILITY_UNDO: HostAbility
HOST_ABILITY_REMOVE: HostAbility
HOST_ABILITY_EXPORT_TIMELINE: HostAbility
HOST_ABILITY_SEEK: HostAbility
HOST_ABILITY_EVENTS: HostAbility
HOST_ABILITY_AUDITION: HostAbility
HOST_ABILITY_PROXIES: HostAbility

class Host(_message.Message):
    __slots__ = ("id", "kind", "name", "version", "protocol", "abilities", "limits")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    ABILITIES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: HostKind
    name: str
    version: str
    protocol: int
    abilities: _containers.RepeatedScalarFieldContainer[HostAbility]
    limits: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[_Union[HostKind, str]] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., protocol: _Optional[int] = ..., abilities: _Optional[_Iterable[_Union[HostAbility, str]]] = ..., limits: _Optional[_Iterable[str]] = ...) -> None: ...

class HostTrack(_message.Message):
    __slots__ = ("index", "name", "locked", "enabled")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    index: int
    name: str
    locked: bool
    enabled: bool
    def __init__(self, index: _Optional[int] = ..., name: _Optional[str] = ..., locked: _Optional[bool] = ..., enabled: _Optional[bool] = ...) -> None: ...

class HostItem(_message.Message):
    __slots__ = ("id", "name", "track", "record", "source", "path", "rate", "speed", "selected", "disabled", "takes", "take")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    track: int
    record: _units_pb2.FrameRange
    source: _units_pb2.FrameRange
    path: str
    rate: _units_pb2.Rate
    speed: float
    selected: bool
    disabled: bool
    takes: int
    take: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., track: _Optional[int] = ..., record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., source: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., path: _Optional[str] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., speed: _Optional[float] = ..., selected: _Optional[bool] = ..., disabled: _Optional[bool] = ..., takes: _Optional[int] = ..., take: _Optional[int] = ...) -> None: ...

class HostMarker(_message.Message):
    __slots__ = ("record", "name", "note", "custom")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    record: _units_pb2.FrameRange
    name: str
    note: str
    custom: str
    def __init__(self, record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., name: _Optional[str] = ..., note: _Optional[str] = ..., custom: _Optional[str] = ...) -> None: ...

class HostContext(_message.Message):
    __slots__ = ("project", "timeline", "timeline_id", "rate", "size", "start_timecode", "frames", "marks", "playhead", "tracks", "items", "markers", "colour_space", "notices")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_ID_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    START_TIMECODE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    PLAYHEAD_FIELD_NUMBER: _ClassVar[int]
    TRACKS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MARKERS_FIELD_NUMBER: _ClassVar[int]
    COLOUR_SPACE_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    project: str
    timeline: str
    timeline_id: str
    rate: _units_pb2.Rate
    size: _units_pb2.Size
    start_timecode: str
    frames: int
    marks: _units_pb2.FrameRange
    playhead: int
    tracks: _containers.RepeatedCompositeFieldContainer[HostTrack]
    items: _containers.RepeatedCompositeFieldContainer[HostItem]
    markers: _containers.RepeatedCompositeFieldContainer[HostMarker]
    colour_space: str
    notices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, project: _Optional[str] = ..., timeline: _Optional[str] = ..., timeline_id: _Optional[str] = ..., rate: _Optional[_Union[_units_pb2.Rate, _Mapping]] = ..., size: _Optional[_Union[_units_pb2.Size, _Mapping]] = ..., start_timecode: _Optional[str] = ..., frames: _Optional[int] = ..., marks: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., playhead: _Optional[int] = ..., tracks: _Optional[_Iterable[_Union[HostTrack, _Mapping]]] = ..., items: _Optional[_Iterable[_Union[HostItem, _Mapping]]] = ..., markers: _Optional[_Iterable[_Union[HostMarker, _Mapping]]] = ..., colour_space: _Optional[str] = ..., notices: _Optional[_Iterable[str]] = ...) -> None: ...

class GetContext(_message.Message):
    __slots__ = ("around",)
    AROUND_FIELD_NUMBER: _ClassVar[int]
    around: int
    def __init__(self, around: _Optional[int] = ...) -> None: ...

class ExportFrame(_message.Message):
    __slots__ = ("frame", "path")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    frame: int
    path: str
    def __init__(self, frame: _Optional[int] = ..., path: _Optional[str] = ...) -> None: ...

class ExportedFrame(_message.Message):
    __slots__ = ("path", "graded")
    PATH_FIELD_NUMBER: _ClassVar[int]
    GRADED_FIELD_NUMBER: _ClassVar[int]
    path: str
    graded: bool
    def __init__(self, path: _Optional[str] = ..., graded: _Optional[bool] = ...) -> None: ...

class Placed(_message.Message):
    __slots__ = ("shot_id", "item_id", "track", "record", "note", "verified")
    SHOT_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    shot_id: str
    item_id: str
    track: int
    record: _units_pb2.FrameRange
    note: str
    verified: bool
    def __init__(self, shot_id: _Optional[str] = ..., item_id: _Optional[str] = ..., track: _Optional[int] = ..., record: _Optional[_Union[_units_pb2.FrameRange, _Mapping]] = ..., note: _Optional[str] = ..., verified: _Optional[bool] = ...) -> None: ...

class PlaceTakes(_message.Message):
    __slots__ = ("placements", "timeline_id", "label")
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    placements: _containers.RepeatedCompositeFieldContainer[_deliveries_pb2.Placement]
    timeline_id: str
    label: str
    def __init__(self, placements: _Optional[_Iterable[_Union[_deliveries_pb2.Placement, _Mapping]]] = ..., timeline_id: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class PlacedTakes(_message.Message):
    __slots__ = ("placed", "undo")
    PLACED_FIELD_NUMBER: _ClassVar[int]
    UNDO_FIELD_NUMBER: _ClassVar[int]
    placed: _containers.RepeatedCompositeFieldContainer[Placed]
    undo: str
    def __init__(self, placed: _Optional[_Iterable[_Union[Placed, _Mapping]]] = ..., undo: _Optional[str] = ...) -> None: ...

class SwitchTake(_message.Message):
    __slots__ = ("item_id", "take", "file")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    take: int
    file: str
    def __init__(self, item_id: _Optional[str] = ..., take: _Optional[int] = ..., file: _Optional[str] = ...) -> None: ...

class SwitchedTake(_message.Message):
    __slots__ = ("item_id",)
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    def __init__(self, item_id: _Optional[str] = ...) -> None: ...

class RemovePlaced(_message.Message):
    __slots__ = ("shot_ids", "timeline_id")
    SHOT_IDS_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_ID_FIELD_NUMBER: _ClassVar[int]
    shot_ids: _containers.RepeatedScalarFieldContainer[str]
    timeline_id: str
    def __init__(self, shot_ids: _Optional[_Iterable[str]] = ..., timeline_id: _Optional[str] = ...) -> None: ...

class RemovedPlaced(_message.Message):
    __slots__ = ("shot_ids", "notices")
    SHOT_IDS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    shot_ids: _containers.RepeatedScalarFieldContainer[str]
    notices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, shot_ids: _Optional[_Iterable[str]] = ..., notices: _Optional[_Iterable[str]] = ...) -> None: ...

class AddMarker(_message.Message):
    __slots__ = ("marker",)
    MARKER_FIELD_NUMBER: _ClassVar[int]
    marker: HostMarker
    def __init__(self, marker: _Optional[_Union[HostMarker, _Mapping]] = ...) -> None: ...

class AddedMarker(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportTimeline(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class ExportedTimeline(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class Seek(_message.Message):
    __slots__ = ("frame",)
    FRAME_FIELD_NUMBER: _ClassVar[int]
    frame: int
    def __init__(self, frame: _Optional[int] = ...) -> None: ...

class Sought(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Audition(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class Auditioned(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HostRequest(_message.Message):
    __slots__ = ("id", "get_context", "export_frame", "place_takes", "switch_take", "remove_placed", "add_marker", "export_timeline", "seek", "audition")
    ID_FIELD_NUMBER: _ClassVar[int]
    GET_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    EXPORT_FRAME_FIELD_NUMBER: _ClassVar[int]
    PLACE_TAKES_FIELD_NUMBER: _ClassVar[int]
    SWITCH_TAKE_FIELD_NUMBER: _ClassVar[int]
    REMOVE_PLACED_FIELD_NUMBER: _ClassVar[int]
    ADD_MARKER_FIELD_NUMBER: _ClassVar[int]
    EXPORT_TIMELINE_FIELD_NUMBER: _ClassVar[int]
    SEEK_FIELD_NUMBER: _ClassVar[int]
    AUDITION_FIELD_NUMBER: _ClassVar[int]
    id: str
    get_context: GetContext
    export_frame: ExportFrame
    place_takes: PlaceTakes
    switch_take: SwitchTake
    remove_placed: RemovePlaced
    add_marker: AddMarker
    export_timeline: ExportTimeline
    seek: Seek
    audition: Audition
    def __init__(self, id: _Optional[str] = ..., get_context: _Optional[_Union[GetContext, _Mapping]] = ..., export_frame: _Optional[_Union[ExportFrame, _Mapping]] = ..., place_takes: _Optional[_Union[PlaceTakes, _Mapping]] = ..., switch_take: _Optional[_Union[SwitchTake, _Mapping]] = ..., remove_placed: _Optional[_Union[RemovePlaced, _Mapping]] = ..., add_marker: _Optional[_Union[AddMarker, _Mapping]] = ..., export_timeline: _Optional[_Union[ExportTimeline, _Mapping]] = ..., seek: _Optional[_Union[Seek, _Mapping]] = ..., audition: _Optional[_Union[Audition, _Mapping]] = ...) -> None: ...

class HostFault(_message.Message):
    __slots__ = ("code", "what", "remedy", "retryable")
    CODE_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    code: str
    what: str
    remedy: str
    retryable: bool
    def __init__(self, code: _Optional[str] = ..., what: _Optional[str] = ..., remedy: _Optional[str] = ..., retryable: _Optional[bool] = ...) -> None: ...

class HostReply(_message.Message):
    __slots__ = ("id", "fault", "context", "exported_frame", "placed_takes", "switched_take", "removed_placed", "added_marker", "exported_timeline", "sought", "auditioned")
    ID_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_FRAME_FIELD_NUMBER: _ClassVar[int]
    PLACED_TAKES_FIELD_NUMBER: _ClassVar[int]
    SWITCHED_TAKE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_PLACED_FIELD_NUMBER: _ClassVar[int]
    ADDED_MARKER_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_TIMELINE_FIELD_NUMBER: _ClassVar[int]
    SOUGHT_FIELD_NUMBER: _ClassVar[int]
    AUDITIONED_FIELD_NUMBER: _ClassVar[int]
    id: str
    fault: HostFault
    context: HostContext
    exported_frame: ExportedFrame
    placed_takes: PlacedTakes
    switched_take: SwitchedTake
    removed_placed: RemovedPlaced
    added_marker: AddedMarker
    exported_timeline: ExportedTimeline
    sought: Sought
    auditioned: Auditioned
    def __init__(self, id: _Optional[str] = ..., fault: _Optional[_Union[HostFault, _Mapping]] = ..., context: _Optional[_Union[HostContext, _Mapping]] = ..., exported_frame: _Optional[_Union[ExportedFrame, _Mapping]] = ..., placed_takes: _Optional[_Union[PlacedTakes, _Mapping]] = ..., switched_take: _Optional[_Union[SwitchedTake, _Mapping]] = ..., removed_placed: _Optional[_Union[RemovedPlaced, _Mapping]] = ..., added_marker: _Optional[_Union[AddedMarker, _Mapping]] = ..., exported_timeline: _Optional[_Union[ExportedTimeline, _Mapping]] = ..., sought: _Optional[_Union[Sought, _Mapping]] = ..., auditioned: _Optional[_Union[Auditioned, _Mapping]] = ...) -> None: ...

class HostEvent(_message.Message):
    __slots__ = ("context_changed",)
    CONTEXT_CHANGED_FIELD_NUMBER: _ClassVar[int]
    context_changed: HostContext
    def __init__(self, context_changed: _Optional[_Union[HostContext, _Mapping]] = ...) -> None: ...

class AttachHostRequest(_message.Message):
    __slots__ = ("hello", "reply", "event")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    hello: Host
    reply: HostReply
    event: HostEvent
    def __init__(self, hello: _Optional[_Union[Host, _Mapping]] = ..., reply: _Optional[_Union[HostReply, _Mapping]] = ..., event: _Optional[_Union[HostEvent, _Mapping]] = ...) -> None: ...

class AttachHostResponse(_message.Message):
    __slots__ = ("welcome", "request")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    welcome: Host
    request: HostRequest
    def __init__(self, welcome: _Optional[_Union[Host, _Mapping]] = ..., request: _Optional[_Union[HostRequest, _Mapping]] = ...) -> None: ...

class ListHostsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListHostsResponse(_message.Message):
    __slots__ = ("hosts",)
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    hosts: _containers.RepeatedCompositeFieldContainer[Host]
    def __init__(self, hosts: _Optional[_Iterable[_Union[Host, _Mapping]]] = ...) -> None: ...

class CallHostRequest(_message.Message):
    __slots__ = ("host_id", "request")
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    host_id: str
    request: HostRequest
    def __init__(self, host_id: _Optional[str] = ..., request: _Optional[_Union[HostRequest, _Mapping]] = ...) -> None: ...

class CallHostResponse(_message.Message):
    __slots__ = ("reply",)
    REPLY_FIELD_NUMBER: _ClassVar[int]
    reply: HostReply
    def __init__(self, reply: _Optional[_Union[HostReply, _Mapping]] = ...) -> None: ...

class WatchHostsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchHostsResponse(_message.Message):
    __slots__ = ("hosts", "host_id", "event")
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    hosts: _containers.RepeatedCompositeFieldContainer[Host]
    host_id: str
    event: HostEvent
    def __init__(self, hosts: _Optional[_Iterable[_Union[Host, _Mapping]]] = ..., host_id: _Optional[str] = ..., event: _Optional[_Union[HostEvent, _Mapping]] = ...) -> None: ...
