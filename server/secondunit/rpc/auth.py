"""Who may call what: one row for every method, and the interceptor that holds callers to it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc

from secondunit.errors import Forbidden, SecondUnitError, Unauthenticated
from secondunit.rpc.principal import LOCAL, Principal, Scope, enter
from secondunit.rpc.tokens import Keys

if TYPE_CHECKING:  # grpc's classes are generic in their stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]
    Context = grpc.aio.ServicerContext[Any, Any]

V1 = "/secondunit.v1."
HEALTH = "/grpc.health.v1.Health/"

SCOPES: dict[str, Scope] = {
    f"{V1}JobService/CreateJob": Scope.RENDER,
    f"{V1}JobService/GetJob": Scope.READ,
    f"{V1}JobService/ListJobs": Scope.READ,
    f"{V1}JobService/CancelJob": Scope.RENDER,
    f"{V1}JobService/RetryJob": Scope.RENDER,
    f"{V1}JobService/DeleteJob": Scope.RENDER,
    f"{V1}JobService/WatchJob": Scope.READ,
    f"{V1}JobService/ListJobEvents": Scope.READ,
    f"{V1}PlanService/PlanTimeline": Scope.READ,
    f"{V1}PlanService/PlanShot": Scope.READ,
    f"{V1}TimelineService/InspectTimeline": Scope.READ,
    f"{V1}TimelineService/PlaceTimeline": Scope.RENDER,
    f"{V1}CapabilityService/GetCapabilities": Scope.READ,
    f"{V1}CapabilityService/GetServerStatus": Scope.READ,
    f"{V1}EngineService/ListEngines": Scope.READ,
    f"{V1}EngineService/LoadEngine": Scope.RENDER,
    f"{V1}EngineService/UnloadEngine": Scope.ADMIN,
    f"{V1}LedgerService/GetReport": Scope.READ,
    f"{V1}LedgerService/ListBudgets": Scope.READ,
    f"{V1}LedgerService/SetBudget": Scope.ADMIN,
    f"{V1}LedgerService/DeleteBudget": Scope.ADMIN,
    f"{V1}BlobService/FindMissingBlobs": Scope.READ,
    f"{V1}BlobService/WriteBlob": Scope.RENDER,
    f"{V1}BlobService/WriteBlobChunk": Scope.RENDER,
    f"{V1}BlobService/QueryWriteStatus": Scope.RENDER,
    f"{V1}BlobService/ReadBlob": Scope.READ,
    f"{V1}BlobService/ReadBlobRange": Scope.READ,
    f"{V1}HostService/AttachHost": Scope.RENDER,
    f"{V1}HostService/ListHosts": Scope.READ,
    f"{V1}HostService/CallHost": Scope.RENDER,
    f"{V1}HostService/WatchHosts": Scope.READ,
    f"{V1}PictureService/GetPicture": Scope.READ,
    f"{HEALTH}Check": Scope.READ,
    f"{HEALTH}List": Scope.READ,
    f"{HEALTH}Watch": Scope.READ,
}
"""What a token must allow for each method; what has no row is for nobody. A test walks the API."""

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+) *")


class Authenticate(grpc.aio.ServerInterceptor):
    """Inside Translate: knows the caller of every call before a byte of its request is read."""

    def __init__(self, keys: Keys, *, near: bool) -> None:
        """`near`: only this machine reaches the server, which then may do without tokens."""
        self._keys, self._near = keys, near

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, in whose task `current()` is the caller; or one that refuses."""
        call = handler_call_details
        try:
            caller = self.caller(call.invocation_metadata or ())
            needed = SCOPES.get(call.method)
            if needed is None and not caller.local:
                raise Forbidden(f"no token allows {call.method}")
            if needed is not None and not caller.may(needed):
                raise Forbidden(f"this needs the scope `{needed}`; the token has `{caller.scope}`")
        except SecondUnitError as error:
            if call.method.startswith(HEALTH):
                return near_only(await continuation(call), error)
            return refusing(error)
        # The call is answered in the task that asks for its handler: its context is this call's.
        enter(caller)
        return await continuation(call)

    def caller(self, metadata: Any) -> Principal:
        """Whom a call comes from. Raises Unauthenticated."""
        if self._near and not self._keys.exist:
            return LOCAL
        return self._keys.principal(bearer_of(metadata))


def bearer_of(metadata: Any) -> str:
    """The one token that a call carries. Raises Unauthenticated."""
    given = [value for key, value in metadata if key == "authorization"]
    if not given:
        raise Unauthenticated("the call has no token")
    match = _BEARER.fullmatch(given[0]) if isinstance(given[0], str) else None
    if len(given) > 1 or match is None:
        raise Unauthenticated("`authorization` is to be `Bearer` and one token")
    return match[1]


def refusing(error: SecondUnitError) -> Handler:
    """A handler that refuses without reading: of this kind, whatever kind the method is of."""

    async def refuse(requests: Any, context: Context) -> Any:
        raise error

    return grpc.stream_unary_rpc_method_handler(refuse)


def near_only(handler: Handler | None, error: SecondUnitError) -> Handler | None:
    """A health method for this machine's own watchdogs, which have no token; refused to others."""
    if handler is None:
        return None
    if handler.response_streaming:
        stream: Any = handler.unary_stream

        async def watch(request: Any, context: Context) -> Any:
            _check_near(context, error)
            return await stream(request, context)

        return grpc.unary_stream_rpc_method_handler(
            watch, handler.request_deserializer, handler.response_serializer
        )
    single: Any = handler.unary_unary

    async def check(request: Any, context: Context) -> Any:
        _check_near(context, error)
        return await single(request, context)

    return grpc.unary_unary_rpc_method_handler(
        check, handler.request_deserializer, handler.response_serializer
    )


def _check_near(context: Context, error: SecondUnitError) -> None:
    if not is_near(context.peer()):
        raise error


def is_near(peer: str) -> bool:
    """gRPC's name of a peer (`ipv4:127.0.0.1:5`, `ipv6:%5B::1%5D:5`) is this machine itself."""
    kind, _, rest = peer.partition(":")
    host = rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")
    try:
        return kind in ("ipv4", "ipv6") and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
