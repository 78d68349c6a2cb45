"""Files through the server: streamed in and out, in pieces, never held whole."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import parse_qs, quote

from clew.api.asgi import Receive, Scope, Send
from clew.api.mlflow import media, sources, wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure, missing
from clew.api.mlflow.locations import safe_path
from clew.api.mlflow.places import place, within
from clew.api.mlflow.ranges import Span, span_of
from clew.api.mlflow.upload import take_in
from clew.app.tracking import Tracking
from clew.entities import Artifact, Owner
from clew.errors import NotFound

_PROXY = ("/api/2.0/mlflow-artifacts/artifacts/", "/ajax-api/2.0/mlflow-artifacts/artifacts/")
_PARTS = ("/api/2.0/mlflow-artifacts/mpu/", "/ajax-api/2.0/mlflow-artifacts/mpu/")
_SIGNED = ("/api/2.0/mlflow-artifacts/presigned/", "/ajax-api/2.0/mlflow-artifacts/presigned/")
_MODELS = ("/api/2.0/mlflow/logged-models/", "/ajax-api/2.0/mlflow/logged-models/")
_FILES = "/artifacts/files"
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_PAGE_UPLOAD = 10 << 20


class Files:
    """Answers the requests for files.

    Parameters
    ----------
    stores : Tracking
        The ports that keep them.
    """

    def __init__(self, stores: Tracking) -> None:
        self._stores = stores

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request, if it is for a file."""
        path, method = scope["path"], scope["method"]
        for prefix in _PROXY:
            if path.startswith(prefix) and len(path) > len(prefix):
                await self._proxy(method, path[len(prefix) :], scope, receive, send)
                return True
        if path.startswith(_PARTS):
            raise Failure(
                "Multipart upload is not supported for the current artifact repository",
                "NOT_IMPLEMENTED",
            )
        if path.startswith(_SIGNED):
            raise Failure(
                "Multipart download is not supported for the current artifact repository",
                "NOT_IMPLEMENTED",
            )
        if method == "POST" and path == "/ajax-api/2.0/mlflow/upload-artifact":
            await self._from_page(scope, receive, send)
            return True
        if method not in ("GET", "HEAD"):
            return False
        target = await asyncio.to_thread(self._page_target, path, _query(scope))
        if target is None:
            return False
        await self._download(*target, scope, send)
        return True

    async def _proxy(
        self, method: str, path: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        safe = safe_path(path)
        owner, within_owner = place(safe)
        if method == "PUT":
            await self._upload(owner, within_owner, receive)
            await _json(send, b"{}")
        elif method == "DELETE":
            await asyncio.to_thread(self._stores.artifacts.delete, owner, within_owner)
            await _json(send, b"{}")
        elif method in ("GET", "HEAD"):
            await self._download(owner, within_owner, safe, scope, send)
        else:
            raise Failure(
                f"No API found for '{method} {path[:200]}'", "ENDPOINT_NOT_FOUND", status=405
            )

    def _page_target(self, path: str, query: dict[str, list[str]]) -> tuple[Owner, str, str] | None:
        """Return the file that a link of a web page means."""
        call = Call(self._stores)
        path = "/" + path.lstrip("/")
        if path in ("/get-artifact", "/model-versions/get-artifact"):
            shown = safe_path(_one(query, "path"))
            if path == "/get-artifact":
                root = wire.run_root(self._stores.runs.get(_one(query, "run_id", "run_uuid")))
            else:
                name, number = _one(query, "name"), _number(_one(query, "version"))
                root = sources.storage(call, self._stores.versions.get(name, number).source)
            return (*within(root, shown), shown)
        if path.endswith("/mlflow/get-trace-artifact"):
            given = query.get("path", [""])[0]
            file = f"attachments/{safe_path(given)}" if given else "traces.json"
            return Owner("trace", _one(query, "request_id")), file, file
        for prefix in _MODELS:
            if path.startswith(prefix) and path.endswith(_FILES):
                model_id = path[len(prefix) : -len(_FILES)]
                given = safe_path(_one(query, "artifact_file_path"))
                root = wire.model_root(self._stores.models.get(model_id))
                return (*within(root, given), given)
        return None

    async def _upload(
        self, owner: Owner, path: str, receive: Receive, limit: int | None = None
    ) -> None:
        """Take a file in."""
        writer = await asyncio.to_thread(self._stores.artifacts.writer, owner, path)
        await take_in(writer, receive, limit)

    async def _from_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = _query(scope)
        run_id = query.get("run_id", query.get("run_uuid", [""]))[0]
        if not run_id:
            raise Failure("Request must specify run_id or run_uuid.")
        path = query.get("path", [""])[0]
        if not path:
            raise Failure("Request must specify path.")
        safe = safe_path(path)
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > _MAX_PAGE_UPLOAD:
            raise Failure("Artifact size is too large. Max size is 10MB.")
        if length == b"0" and b"transfer-encoding" not in headers:
            raise Failure("Request must specify data.")
        run = await asyncio.to_thread(self._stores.runs.get, run_id)
        owner, within_owner = within(wire.run_root(run), safe)
        await self._upload(owner, within_owner, receive, _MAX_PAGE_UPLOAD)
        await _json(send, b"")

    async def _download(
        self, owner: Owner, path: str, shown: str, scope: Scope, send: Send
    ) -> None:
        try:
            artifact = await asyncio.to_thread(self._stores.artifacts.get, owner, path)
        except NotFound:
            raise missing(f"No such artifact: '{shown}'") from None
        if artifact.is_folder:
            raise Failure(f"Artifact path refers to a directory, not a file: '{shown}'")
        headers = dict(scope["headers"])
        etag = f'"{artifact.content}"'.encode()
        size = artifact.size_bytes or 0
        fixed = _file_headers(artifact, shown, etag)
        if etag in headers.get(b"if-none-match", b""):
            await _start(send, 304, fixed)
            await send({"type": "http.response.body", "body": b""})
            return
        span = span_of(headers, size, etag)
        if span is None:
            fixed.append((b"content-range", b"bytes */%d" % size))
            await _start(send, 416, [*fixed, (b"content-length", b"0")])
            await send({"type": "http.response.body", "body": b""})
            return
        await self._stream(artifact, span, size, fixed, send, head=scope["method"] == "HEAD")

    async def _stream(
        self,
        artifact: Artifact,
        span: Span,
        size: int,
        headers: list[tuple[bytes, bytes]],
        send: Send,
        *,
        head: bool,
    ) -> None:
        headers.append((b"content-length", b"%d" % (span.stop - span.start)))
        if span.partial:
            text = b"bytes %d-%d/%d" % (span.start, span.stop - 1, size)
            headers.append((b"content-range", text))
        pieces: Iterator[bytes] = iter(())
        first: bytes | None = None
        if not head and span.stop > span.start:
            # The first piece before the status: what is damaged is then told as a failure.
            pieces = iter(self._stores.artifacts.read(artifact, span.start, span.stop))
            first = await asyncio.to_thread(next, pieces, None)
        await _start(send, 206 if span.partial else 200, headers)
        while first is not None:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            first = await asyncio.to_thread(next, pieces, None)
        await send({"type": "http.response.body", "body": b""})


def _file_headers(artifact: Artifact, shown: str, etag: bytes) -> list[tuple[bytes, bytes]]:
    name = shown.rstrip("/").rpartition("/")[2]
    return [
        (b"content-type", media.type_of(name).encode()),
        # Always an attachment: a page that somebody uploaded must not run on this host.
        (b"content-disposition", _attachment(name)),
        (b"x-content-type-options", b"nosniff"),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"no-cache"),
        (b"etag", etag),
    ]


def _attachment(name: str) -> bytes:
    """Return ``Content-Disposition`` for a file's name (RFC 6266, RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    if _TOKEN.fullmatch(plain) is None:
        quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
        text = f'attachment; filename="{quoted}"'
    else:
        text = f"attachment; filename={plain}"
    if plain != name:
        encoded = quote(name, safe="!#$&+-.^_`|~", errors="replace")
        text = f"{text}; filename*=UTF-8''{encoded}"
    return _CONTROL.sub("_", text).encode("latin-1", "replace")


def _query(scope: Scope) -> dict[str, list[str]]:
    try:
        text = scope["query_string"].decode("latin-1")
        return parse_qs(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Failure("Invalid request: the query cannot be read.") from None


def _one(query: dict[str, list[str]], *names: str) -> str:
    for name in names:
        if query.get(name, [""])[0]:
            return query[name][0]
    raise Failure(f'Request must include the "{names[0]}" query parameter.', "BAD_REQUEST")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Failure(f"Parameter 'version' must be an integer, got '{text}'.")
    return int(text)


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _json(send: Send, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await _start(send, 200, [(b"content-type", b"application/json"), length])
    await send({"type": "http.response.body", "body": body})
