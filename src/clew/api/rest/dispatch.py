"""From a request below `/api/v1` to a handler's call, and back to HTTP."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from clew.api.access import Caller, demand
from clew.api.asgi import Receive, Reply, Scope, header
from clew.api.problem import Refused
from clew.api.rest.contract.basis import Query
from clew.api.rest.contract.route import Route
from clew.api.rest.contract.routes import PREFIX
from clew.app.served import Served
from clew.errors import InvalidParameter

Handler = Callable[..., Any]

MAX_BODY_BYTES = 8 << 20
MAX_MESSAGE_BYTES = 64 << 20
_MAX_FIELDS = 3000
_GIVEN = frozenset({"query", "body", "content", "receive", "caller", "request"})
_BYTES = "application/octet-stream"
_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with its handler, taken apart once.

    Parameters
    ----------
    wants : frozenset of str
        Which of ``query``, ``body``, ``content`` (a body that is not JSON, whole), ``receive`` (one
        that comes in pieces), ``caller`` and ``request`` the handler has parameters for.
    lists : frozenset of str
        Parameters of the query that may be given several times.
    """

    route: Route
    handle: Handler
    wants: frozenset[str]
    lists: frozenset[str]
    numbers: frozenset[str]
    decode: Callable[[bytes], Any] | None


class Table:
    """All endpoints, found by method and path.

    A path without parameters is one look-up. Others are grouped by their number of parts and by
    their first part, so that few are compared.
    """

    def __init__(self, routes: tuple[Route, ...], handlers: Mapping[str, Handler]) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._open: dict[tuple[int, str], list[tuple[list[str], dict[str, Endpoint]]]] = {}
        for route in routes:
            if route.name in handlers:
                self._add(_endpoint(route, handlers[route.name]))

    def _add(self, endpoint: Endpoint) -> None:
        path = endpoint.route.path
        if not endpoint.route.parameters:
            self._fixed.setdefault(path, {})[endpoint.route.method] = endpoint
            return
        parts = path.split("/")[1:]
        rows = self._open.setdefault((len(parts), parts[0]), [])
        for known, methods in rows:
            if known == parts:
                methods[endpoint.route.method] = endpoint
                return
        rows.append((parts, {endpoint.route.method: endpoint}))

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """Return what answers, and the parameters in the path.

        Parameters
        ----------
        path : str
            Below the prefix, still percent-encoded: a name may contain ``%2F``.

        Raises
        ------
        Refused
            With status 404 or 405.
        """
        values: dict[str, str] = {}
        methods = self._fixed.get(path)
        if methods is None:
            parts = path.split("/")[1:]
            for known, candidates in self._open.get((len(parts), parts[0]), ()):
                found = _match(known, parts)
                if found is not None:
                    methods, values = candidates, found
                    break
        if methods is None:
            raise Refused(
                404,
                "NoRoute",
                "there is nothing at this path",
                got=PREFIX + path[:200],
                hint="/openapi.json lists all paths",
            )
        endpoint = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if endpoint is None:
            raise Refused(
                405,
                "NoRoute",
                "this path does not answer that method",
                got=method,
                expected=", ".join(methods),
                headers=((b"allow", ", ".join(methods).encode()),),
            )
        return endpoint, values


def _endpoint(route: Route, handle: Handler) -> Endpoint:
    fields = msgspec.structs.fields(route.query)
    lists = {f.name for f in fields if isinstance(f.default_factory, type(list)) or _is_list(f)}
    parameters = set(inspect.signature(handle).parameters)
    return Endpoint(
        route=route,
        handle=handle,
        wants=frozenset(parameters & _GIVEN),
        lists=frozenset(lists),
        numbers=frozenset(p for p in route.parameters if p == "version"),
        decode=None if route.body is None else msgspec.json.Decoder(route.body).decode,
    )


def _is_list(field: msgspec.structs.FieldInfo) -> bool:
    return isinstance(msgspec.inspect.type_info(field.type), msgspec.inspect.ListType)


def _match(known: list[str], parts: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for one, part in zip(known, parts, strict=True):
        if one.startswith("{"):
            if not part:
                return None
            values[one[1:-1]] = unquote(part)
        elif one != part:
            return None
    return values


class Rest:
    """`/api/v1` over one store.

    Parameters
    ----------
    handlers : mapping of str to callable
        By the name of their route.
    """

    def __init__(
        self, served: Served, routes: tuple[Route, ...], handlers: Mapping[str, Handler]
    ) -> None:
        self._served = served
        self._table = Table(routes, handlers)

    async def answer(self, scope: Scope, receive: Receive, caller: Caller) -> Reply:
        """Answer one request.

        Raises
        ------
        ClewError
            What the outer application tells as a problem.
        """
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").partition("?")[0].removeprefix(PREFIX)
        endpoint, values = self._table.find(scope["method"], path)
        if endpoint.route.scope is not None:
            demand(caller, endpoint.route.scope)
        arguments: dict[str, Any] = dict(values)
        for name in endpoint.numbers & values.keys():
            arguments[name] = _version(values[name])
        query = read_query(endpoint, scope["query_string"])
        if "query" in endpoint.wants:
            arguments["query"] = query
        if endpoint.decode is not None:
            arguments["body"] = _decoded(endpoint, await read_body(scope, receive))
        if "caller" in endpoint.wants:
            arguments["caller"] = caller
        if "request" in endpoint.wants:
            arguments["request"] = scope
        if "content" in endpoint.wants:
            wanted = endpoint.route.accepts or _BYTES
            arguments["content"] = await read_body(scope, receive, MAX_MESSAGE_BYTES, wanted)
        if "receive" in endpoint.wants:
            arguments["receive"] = receive
        if inspect.iscoroutinefunction(endpoint.handle):
            return self._reply(endpoint, await endpoint.handle(self._served, **arguments))
        if inspect.isasyncgenfunction(endpoint.handle):
            stream: AsyncIterator[bytes] = endpoint.handle(self._served, **arguments)
            kind = endpoint.route.media.encode()
            return Reply(200, [(b"content-type", kind), _NO_STORE], stream)
        return await asyncio.to_thread(self._call, endpoint, arguments)

    def _call(self, endpoint: Endpoint, arguments: dict[str, Any]) -> Reply:
        answer = endpoint.handle(self._served, **arguments)
        if isinstance(answer, Reply):
            if isinstance(answer.body, Iterator):
                # What goes wrong at the first piece can still be told as a problem.
                answer.body = _begun(next(answer.body, b""), answer.body)
            return answer
        return self._reply(endpoint, answer)

    def _reply(self, endpoint: Endpoint, answer: object) -> Reply:
        body = msgspec.json.encode(answer)
        return Reply(endpoint.route.status, [_JSON, _NO_STORE], body)


def _begun(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        if isinstance(rest, Generator):
            rest.close()


def read_query(endpoint: Endpoint, text: bytes) -> Query:
    """Return the parameters behind the ``?``.

    Raises
    ------
    InvalidParameter
        When one is unknown, missing, given twice or has a value that is not accepted.
    """
    if not text:
        pairs = []
    else:
        try:
            pairs = parse_qsl(
                text.decode("ascii"),
                keep_blank_values=True,
                max_num_fields=_MAX_FIELDS,
                errors="strict",
            )
        except ValueError as error:
            raise InvalidParameter("the query cannot be read", got=str(error)) from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in endpoint.lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise InvalidParameter(f"parameter {name!r} is given twice", expected="one value")
        else:
            values[name] = value
    try:
        return msgspec.convert(values, endpoint.route.query, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter(
            "a parameter is not accepted",
            got=str(error)[:500],
            expected=", ".join(endpoint.route.query.__struct_fields__) or "no parameters",
        ) from None


async def read_body(
    scope: Scope, receive: Receive, most: int = MAX_BODY_BYTES, wanted: str = "application/json"
) -> bytes:
    """Return the whole body of a request.

    Raises
    ------
    Refused
        With status 413 when it is too large, 415 when it is not of the type that is wanted, 400
        when it breaks off.
    """
    media = (header(scope, b"content-type") or b"").partition(b";")[0].strip().lower()
    if media != wanted.encode():
        json = wanted == "application/json"
        raise Refused(
            415,
            "NotJson" if json else "WrongMedia",
            "the body must be JSON" if json else "the body has another type",
            got=media.decode("latin-1")[:100] or "no type",
            expected=f"Content-Type: {wanted}",
        )
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "BrokenOff", "the request ended before it was complete")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large(most: int) -> Refused:
    return Refused(413, "TooLarge", "the body is too large", expected=f"at most {most} bytes")


def _decoded(endpoint: Endpoint, body: bytes) -> Any:
    assert endpoint.decode is not None
    try:
        return endpoint.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidParameter("the body is not accepted", got=str(error)[:500]) from None


def _version(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:17]) <= 1 << 53:
        raise InvalidParameter("a version is a number", got=repr(text[:50]), expected="1, 2, ...")
    return int(text)
