"""The gRPC server: who asks, what is too much, and errors as status codes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from clew.api import problem
from clew.api.access import Access, demand
from clew.api.inference.failures import problem_of, refusal
from clew.api.inference.limits import Limits
from clew.api.inference.models import Models
from clew.api.inference.rpc.messages import SERVICE
from clew.api.inference.rpc.service import CALLS, Call, packed, parsed, stream
from clew.api.inference.watch import TRACING, Seen, Watcher
from clew.entities.token import Scope
from clew.errors import ClewError, MissingExtra

try:
    import grpc
except ImportError as error:
    raise MissingExtra(
        "inference over gRPC needs grpcio", got=str(error), hint="pip install 'clew[grpc]'"
    ) from error

_MOST_DETAILS = 700
"""Letters of an error: percent-encoded, they must fit into a header block of 8 kB."""

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_Raw = Callable[[bytes, Any], Awaitable[bytes]]


class RpcServer:
    """Answers the protocol over gRPC, on the event loop that it is started on.

    Parameters
    ----------
    address : str
        Host and port; a port that several workers share.
    access : Access, optional
        Who may ask; None: everybody.
    watchers : sequence of Watcher
        Who is told what became of each request.
    """

    def __init__(
        self,
        models: Models,
        address: str,
        *,
        limits: Limits,
        access: Access | None = None,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._models = models
        self._address = address
        self._limits = limits
        self._access = access
        self._watchers = watchers
        self._server: Any = None

    async def start(self) -> int:
        """Begin to answer; return the port."""
        most = self._limits.most_bytes
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", most),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 1),
                # Who sends pings without a call, or headers beyond these, is cut off.
                ("grpc.http2.max_ping_strikes", 2),
                ("grpc.max_metadata_size", 16 << 10),
            ],
            maximum_concurrent_rpcs=self._limits.most_waiting,
        )
        unary = {
            name: grpc.unary_unary_rpc_method_handler(self._unary(name, call))
            for name, call in CALLS.items()
        }
        streamed = grpc.stream_stream_rpc_method_handler(self._stream)
        handlers = {**unary, "ModelStreamInfer": streamed}
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(SERVICE, handlers)]
        )
        port: int = self._server.add_insecure_port(self._address)
        await self._server.start()
        return port

    async def stop(self, grace_s: float) -> None:
        """Take no more calls; those that have begun are answered, for so long at the most."""
        if self._server is not None:
            await self._server.stop(grace_s)

    def _unary(self, name: str, call: Call) -> _Raw:
        async def answer(raw: bytes, context: Any) -> bytes:
            seen = _seen(name, context) if self._watchers else None
            failure: Exception | None = None
            try:
                self._admit(context, call.scope)
                request = parsed(call.asked, raw)
                async with asyncio.timeout(self._limits.timeout_s):
                    response = await call.answer(self._models, request)
                answer = packed(response)
                if seen is not None and name == "ModelInfer":
                    _answered(seen, response)
            except Exception as error:
                failure = error
            if failure is None:
                self._count(seen, "OK")
                return answer
            await self._abort(context, name, failure, seen)
            return b""

        return answer

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        try:
            self._admit(context, "read")
            async for raw in stream(self._models, requests, self._limits.timeout_s):
                yield raw
        except Exception as error:
            await self._abort(context, "ModelStreamInfer", error)

    def _count(self, seen: Seen | None, status: str) -> None:
        self._models.responses["grpc", status] += 1
        if seen is not None:
            seen.end(status)
            for watcher in self._watchers:
                watcher(seen)

    async def _abort(
        self, context: Any, name: str, error: Exception, seen: Seen | None = None
    ) -> None:
        told = refusal(error, self._limits, name)
        found = problem_of(told)
        code = _CODES.get(found.status, grpc.StatusCode.INTERNAL)
        self._count(seen, code.name)
        await context.abort(code, str(told or found.what)[:_MOST_DETAILS], _trailing(told))

    def _admit(self, context: Any, scope: Scope | None) -> None:
        if self._access is None or scope is None:
            return
        headers = [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in context.invocation_metadata() or ()
        ]
        demand(self._access.caller({"headers": headers}), scope)


def _seen(name: str, context: Any) -> Seen:
    """Return what is known of a call when it comes."""
    headers = dict(context.invocation_metadata() or ())
    named = [name.decode() for name in TRACING]
    return Seen(
        protocol="grpc",
        method=name,
        path="",
        client=context.peer(),
        trace={one: str(headers[one])[:300] for one in named if one in headers},
        began_ns=time.time_ns(),
    )


def _answered(seen: Seen, response: Any) -> None:
    """See who answered."""
    seen.model, seen.version = response.model_name, response.model_version
    seen.rows = response.outputs[0].shape[0] if response.outputs else 0


def _trailing(told: ClewError | None) -> tuple[tuple[str, str], ...]:
    if not isinstance(told, problem.Refused):
        return ()
    return tuple((n.decode(), v.decode()) for n, v in told.headers if n != b"connection")


def target(host: str, port: int) -> str:
    """Return host and port as gRPC writes them."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
