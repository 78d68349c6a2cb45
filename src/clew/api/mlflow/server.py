"""The ASGI application: HTTP in, a handler's call, HTTP out."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qsl

from clew.api.asgi import Receive, Scope, Send
from clew.api.mlflow import failure, files, graphql, wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.routes import Endpoint, Table
from clew.app.tracking import Tracking
from clew.errors import ClewError

VERSION = "3.18.0"
"""The version of MLflow whose protocol this is; clients ask for it and adapt."""

MAX_BODY_BYTES = 64 << 20
"""Largest body of a call; files are streamed and may be of any size."""

_MAX_QUERY_FIELDS = 2000
_log = logging.getLogger(__name__)
_JSON = (b"content-type", b"application/json")

SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "artifact_serving_enabled": True,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "model_artifact_presigned_downloads_supported": False,
    "features_enabled": {"gateway": False, "scheduled_issue_detection": False},
    "tracking_auth": "",
    "artifacts_presigned_only": False,
}


class Server:
    """MLflow's REST protocol over one store.

    Parameters
    ----------
    stores : Tracking
        The ports that answer.

    Notes
    -----
    ``scope["state"]["actor"]``, where an outer layer sets it, is who the audit trail names.
    """

    def __init__(self, stores: Tracking) -> None:
        self._stores = stores
        self._anonymous = Call(stores)
        self._table = Table()
        self._files = files.Files(stores)
        self._texts = {
            "/health": (b"OK", b"text/html; charset=utf-8"),
            "/version": (VERSION.encode(), b"text/html; charset=utf-8"),
        }
        info = wire.encode(SERVER_INFO)
        for root in ("api", "ajax-api"):
            self._texts[f"/{root}/3.0/mlflow/server-info"] = (info, b"application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"not an HTTP request: {scope['type']}")
        try:
            found = self._table.find(scope["path"], scope.get("raw_path") or b"")
            if found is None:
                await self._other(scope, receive, send)
                return
            methods, params = found
            endpoint = methods.get(scope["method"])
            if endpoint is None:
                raise _no_endpoint(scope, 405)
            answer = await self._answer(endpoint, params, scope, receive)
        except Failure as error:
            await _reply(send, error.status, error.body())
            return
        except ClewError as error:
            failed = failure.of(error)
            if failed.status >= 500:
                _log.error("%s %s", scope["method"], scope["path"], exc_info=error)
            await _reply(send, failed.status, failed.body())
            return
        await _reply(send, 200, answer)

    async def _answer(
        self, endpoint: Endpoint, params: dict[str, str], scope: Scope, receive: Receive
    ) -> bytes:
        method = scope["method"]
        if method == "GET" and scope["query_string"]:
            message = endpoint.reader.query(query_of(scope), params)
        else:
            if method in ("POST", "PUT"):
                _check_content_type(scope)
            message = endpoint.reader.body(await body_of(scope, receive), params)
        call = self._call(scope)
        if endpoint.pace == "quick":
            return wire.encode(endpoint.handle(call, message))
        return await asyncio.to_thread(_work, endpoint, call, message)

    async def _graphql(self, scope: Scope, receive: Receive) -> bytes:
        _check_content_type(scope)
        query: Any = graphql.READER.body(await body_of(scope, receive), {})
        answer = await asyncio.to_thread(graphql.answer, self._call(scope), self._table, query)
        return wire.encode(answer)

    def _call(self, scope: Scope) -> Call:
        state = scope.get("state")
        actor = state.get("actor") if state else None
        return Call(self._stores, actor) if actor else self._anonymous

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is no call: files, and the few plain texts."""
        text = self._texts.get(scope["path"])
        if text is not None and scope["method"] in ("GET", "HEAD"):
            await _reply(send, 200, text[0], text[1], head=scope["method"] == "HEAD")
            return
        if scope["path"] == "/graphql" and scope["method"] == "POST":
            await _reply(send, 200, await self._graphql(scope, receive))
            return
        if scope["path"] == "/v1/traces":
            raise Failure("REST OTLP span logging is not supported", "NOT_IMPLEMENTED")
        if not await self._files.answer(scope, receive, send):
            raise _no_endpoint(scope, 404)


def query_of(scope: Scope) -> list[tuple[str, str]]:
    """Return the fields of a request's query."""
    try:
        return parse_qsl(
            scope["query_string"].decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MAX_QUERY_FIELDS,
        )
    except ValueError:
        raise Failure("Invalid request: the query cannot be read.") from None


async def body_of(scope: Scope, receive: Receive) -> bytes:
    """Return a request's whole body, if it is not larger than a call may be."""
    event = await receive()
    body: bytes = event.get("body", b"")
    if not event.get("more_body"):
        return body
    pieces = [body]
    size = len(body)
    while event.get("more_body"):
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Failure("Invalid request: it ended before it was complete.")
        piece = event.get("body", b"")
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise Failure(f"Request bodies must be at most {MAX_BODY_BYTES} bytes.", status=413)
        pieces.append(piece)
    return b"".join(pieces)


def _work(endpoint: Endpoint, call: Call, message: Any) -> bytes:
    return wire.encode(endpoint.handle(call, message))


def _check_content_type(scope: Scope) -> None:
    for name, value in scope["headers"]:
        if name == b"content-type":
            if value == b"application/json" or value.split(b";")[0] == b"application/json":
                return
            raise Failure("Bad Request. Content-Type must be one of ['application/json'].")
    raise Failure("Bad Request. Content-Type header is missing.")


def _no_endpoint(scope: Scope, status: int) -> Failure:
    return Failure(
        f"No API found for '{scope['method']} {scope['path'][:200]}'",
        failure.ENDPOINT_NOT_FOUND,
        status=status,
    )


async def _reply(
    send: Send, status: int, body: bytes, kind: bytes = b"application/json", *, head: bool = False
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                _JSON if kind == b"application/json" else (b"content-type", kind),
                (b"content-length", b"%d" % len(body)),
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if head else body})
