"""The ASGI application: who asks, what for, and every answer's last touch."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from clew.api import asgi, problem
from clew.api.access import Access, demand
from clew.api.asgi import Headers, Message, Receive, Reply, Scope, Send, header, pieces
from clew.api.headers import SECURITY
from clew.api.problem import Refused
from clew.api.rest import openapi
from clew.api.rest.contract.routes import PREFIX
from clew.api.rest.dispatch import Rest
from clew.api.server.guard import Guard
from clew.api.server.static import Files
from clew.errors import ClewError

_log = logging.getLogger("clew.server")
_LEAST_TO_COMPRESS = 2000
_PLAIN: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


class Server:
    """Everything that one server answers.

    Parameters
    ----------
    mounted : mapping of str to ASGI application
        Applications by the beginnings of their paths (the MLflow protocol); they are told the
        caller as ``scope["state"]["actor"]``.
    needed : callable
        ``needed(method, path)`` is the scope that a request to a mounted application needs.
    stop : callable
        Ends what streams without end.
    """

    def __init__(
        self,
        rest: Rest,
        *,
        guard: Guard,
        access: Access,
        files: Files,
        mounted: Mapping[str, asgi.Application] | None = None,
        needed: Any = None,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._rest = rest
        self._guard = guard
        self._access = access
        self._files = files
        self._mounted = dict(mounted or {})
        self._prefixes = tuple(self._mounted)
        self._needed = needed
        self._stop = stop
        self._document: bytes | None = None

    def stop(self) -> None:
        """End what streams without end: the process was told to end."""
        self._stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["path"].startswith("//"):
            # A client that was given the address with a slash at its end.
            scope = {**scope, "path": "/" + scope["path"].lstrip("/")}
            if raw := scope.get("raw_path"):
                scope["raw_path"] = b"/" + raw.lstrip(b"/")
        path = scope["path"]
        if path.startswith(self._prefixes):
            await self._mount(path, scope, receive, send)
            return
        try:
            reply = await self._reply(path, scope, receive)
        except ClewError as error:
            reply = _refusal(error)
        except Exception:
            reply = _defect(scope)
        await _write(scope, send, reply)

    async def _mount(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _secured(message["headers"])
            await send(message)

        try:
            self._guard.check(scope)
            caller = self._access.caller(scope)
            if self._access.needs_token:
                demand(caller, self._needed(scope["method"], path))
            if caller.actor:
                scope["state"] = {**scope.get("state", {}), "actor": caller.actor}
            prefix = next(p for p in self._prefixes if path.startswith(p))
            await self._mounted[prefix](scope, receive, watched)
        except ClewError as error:
            await _write(scope, send, _refusal(error))
        except Exception:
            reply = _defect(scope)
            if started:
                raise
            await _write(scope, send, reply)

    async def _reply(self, path: str, scope: Scope, receive: Receive) -> Reply:
        self._guard.check(scope)
        if path.startswith(PREFIX + "/"):
            return await self._rest.answer(scope, receive, self._access.caller(scope))
        if path.startswith("/api/"):
            raise Refused(404, "NoRoute", "there is nothing at this path", got=path[:200])
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused(
                405, "NoRoute", "this path only answers GET", headers=((b"allow", b"GET"),)
            )
        if path == "/health":
            return Reply(200, list(_PLAIN), b"OK")
        if path == "/openapi.json":
            if self._document is None:
                self._document = openapi.encoded()
            return Reply(200, [(b"content-type", b"application/json")], self._document)
        return self._files.answer(scope)


def _refusal(error: ClewError) -> Reply:
    found = problem.of(error)
    if found.status >= 500:
        _log.error("%s", error, exc_info=error)
    extra = error.headers if isinstance(error, Refused) else ()
    headers = [(b"content-type", problem.MEDIA), (b"cache-control", b"no-store"), *extra]
    return Reply(found.status, headers, problem.encode(found))


def _defect(scope: Scope) -> Reply:
    """Log an exception that should not have been, and answer without its details."""
    _log.exception("%s %s", scope["method"], scope["path"])
    body = problem.encode(problem.unexpected())
    return Reply(500, [(b"content-type", problem.MEDIA), (b"cache-control", b"no-store")], body)


async def _write(scope: Scope, send: Send, reply: Reply) -> None:
    body = reply.body
    headers = _secured(reply.headers)
    if isinstance(body, bytes):
        body = _compressed(scope, headers, body)
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if scope["method"] == "HEAD":
        body = b""
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": body})
        return
    try:
        async for piece in _pieces(body):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        await _close(body)
    await send({"type": "http.response.body", "body": b""})


def _secured(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Add what every answer carries, once: twice the same header is read as another value."""
    given = list(headers)
    names = {name for name, _ in given}
    return [*given, *(pair for pair in SECURITY if pair[0] not in names)]


def _compressed(scope: Scope, headers: Headers, body: bytes) -> bytes:
    """Compress an answer that travels: on one machine that would cost more than it saves."""
    media = pieces(headers, b"content-type") or b""
    if len(body) < _LEAST_TO_COMPRESS or not media.startswith(b"application/json"):
        return body
    if asgi.is_local(scope) or b"gzip" not in (header(scope, b"accept-encoding") or b""):
        return body
    headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    return gzip.compress(body, 1, mtime=0)


async def _pieces(body: Iterator[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, AsyncIterator):
        async for piece in body:
            yield piece
        return

    def following() -> bytes | None:
        return next(body, None)

    while (following_piece := await asyncio.to_thread(following)) is not None:
        yield following_piece


async def _close(body: Any) -> None:
    if hasattr(body, "aclose"):
        await body.aclose()
    elif hasattr(body, "close"):
        await asyncio.to_thread(body.close)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
