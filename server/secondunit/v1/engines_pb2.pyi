from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EngineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENGINE_STATE_UNSPECIFIED: _ClassVar[EngineState]
    ENGINE_STATE_COLD: _ClassVar[EngineState]
    ENGINE_STATE_LOADING: _ClassVar[EngineState]
    ENGINE_STATE_WARM: _ClassVar[EngineState]
    ENGINE_STATE_MISSING: _ClassVar[EngineState]
ENGINE_STATE_UNSPECIFIED: EngineState
ENGINE_STATE_COLD: EngineState
ENGINE_STATE_LOADING: EngineState
ENGINE_STATE_WARM: EngineState
ENGINE_STATE_MISSING: EngineState

class EngineOnDevice(_message.Message):
    __slots__ = ("engine", "device", "state", "what")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    engine: str
    device: str
    state: EngineState
    what: str
    def __init__(self, engine: _Optional[str] = ..., device: _Optional[str] = ..., state: _Optional[_Union[EngineState, str]] = ..., what: _Optional[str] = ...) -> None: ...

class ListEnginesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEnginesResponse(_message.Message):
    __slots__ = ("engines",)
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[EngineOnDevice]
    def __init__(self, engines: _Optional[_Iterable[_Union[EngineOnDevice, _Mapping]]] = ...) -> None: ...

class LoadEngineRequest(_message.Message):
    __slots__ = ("engine", "device")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    engine: str
    device: str
    def __init__(self, engine: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class LoadEngineResponse(_message.Message):
    __slots__ = ("engines",)
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[EngineOnDevice]
    def __init__(self, engines: _Optional[_Iterable[_Union[EngineOnDevice, _Mapping]]] = ...) -> None: ...

class UnloadEngineRequest(_message.Message):
    __slots__ = ("engine", "device")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    engine: str
    device: str
    def __init__(self, engine: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class UnloadEngineResponse(_message.Message):
    __slots__ = ("engines",)
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[EngineOnDevice]
    def __init__(self, engines: _Optional[_Iterable[_Union[EngineOnDevice, _Mapping]]] = ...) -> None: ...
