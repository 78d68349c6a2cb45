"""Files of runs and logged models: listed, sent whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from clew.api.asgi import Headers, Reply, Scope, header
from clew.api.headers import FILE_POLICY
from clew.api.problem import Refused
from clew.api.rest.contract.artifacts import (
    ContentQuery,
    Folder,
    FolderQuery,
    Preview,
    PreviewQuery,
)
from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers.preview import preview
from clew.app.served import Served
from clew.entities import Artifact, Owner
from clew.errors import NotFound

_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN = ("image/", "text/plain", "application/pdf", "audio/", "video/")
"""Types that a browser may show in its own window; all others are saved."""


def listed(served: Served, query: FolderQuery) -> Folder:
    """List a folder of a run or logged model."""
    owner = _owner(served, query.owner, query.id)
    items = list(served.tracking.artifacts.list(owner, query.path))
    items.sort(key=lambda item: (not item.is_folder, item.path))
    return Folder(path=query.path, items=items)


def content(served: Served, query: ContentQuery, request: Scope) -> Reply:
    """Return a file, or a range of it."""
    artifact = _file(served, _owner(served, query.owner, query.id), query.path)
    size = artifact.size_bytes or 0
    media = artifact.media_type or "application/octet-stream"
    etag = f'"{artifact.content}"'.encode()
    headers: Headers = [
        (b"content-type", media.encode("latin-1", "replace")),
        (b"content-security-policy", FILE_POLICY),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private, no-cache"),
        (b"etag", etag),
        (b"content-disposition", _disposition(artifact, media, download=query.download)),
    ]
    if header(request, b"if-none-match") == etag:
        return Reply(304, headers)
    span = _span(request, size, etag)
    start, stop = span or (0, size)
    headers.append((b"content-length", b"%d" % (stop - start)))
    if span is not None:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)))
    body = _body(served, artifact, start, stop)
    return Reply(200 if span is None else 206, headers, body)


def _body(served: Served, artifact: Artifact, start: int, stop: int) -> Iterator[bytes]:
    if stop > start:
        yield from served.tracking.artifacts.read(artifact, start, stop)


def _span(request: Scope, size: int, etag: bytes) -> tuple[int, int] | None:
    """Return the part that a request asks for; None for the whole.

    A header that is no single range of bytes does not count, as RFC 9110 (section 14.2) has it.
    """
    asked = header(request, b"range")
    condition = header(request, b"if-range")
    match = _RANGE.fullmatch(asked.strip()) if asked is not None else None
    if match is None or match[0] == b"bytes=-" or (condition is not None and condition != etag):
        return None
    first, last = match[1], match[2]
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= size or stop <= start:
        raise Refused(
            416,
            "BadRange",
            "the file has no such range",
            got=match[0].decode(),
            expected=f"within its {size} bytes",
            headers=((b"content-range", b"bytes */%d" % size),),
        )
    return start, stop


def _disposition(artifact: Artifact, media: str, *, download: bool) -> bytes:
    shown = media.startswith(_SHOWN) and media != "image/svg+xml" and not download
    name = quote(artifact.path.rpartition("/")[2], safe="")
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}".encode()


def previewed(served: Served, query: PreviewQuery) -> Preview:
    """Show the beginning of a file."""
    artifact = _file(served, _owner(served, query.owner, query.id), query.path)
    return preview(served.tracking.artifacts, artifact, query.rows, query.size_bytes)


def _owner(served: Served, kind: str, id: str) -> Owner:
    """Return whose files are meant; `NotFound` when there is no such run or model."""
    if kind == "run":
        return Owner("run", served.tracking.runs.get(id).id)
    return Owner("model", served.tracking.models.get(id, allow_deleted=True).id)


def _file(served: Served, owner: Owner, path: str) -> Artifact:
    artifact = served.tracking.artifacts.get(owner, path)
    if artifact.is_folder:
        raise NotFound(f"{path!r} is a folder", expected="a file")
    return artifact


HANDLERS: dict[str, Handler] = {
    "artifacts.list": listed,
    "artifacts.content": content,
    "artifacts.preview": previewed,
}
