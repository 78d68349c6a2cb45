"""A store for clients that use it as theirs (``CLEW_STORE=http://HOST:PORT``).

A message calls one method of a port; its arguments and its answer are MessagePack: a list of the
arguments by name (or of the answer) and of a map of seeds beyond 64 bits. Values and files travel
as bytes, under their content ids.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Done, Query
from clew.api.rest.contract.route import Route
from clew.wire.message import MEDIA
from clew.wire.ports import MESSAGES

BYTES = "application/octet-stream"
_PART = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]


class StoredFile(Answer, frozen=True, kw_only=True):
    """A file that was taken in, by content."""

    id: str
    size_bytes: int


class PartQuery(Query, frozen=True, kw_only=True):
    """Which part of a file: from `start` up to, not including, `stop`."""

    start: _PART = 0
    stop: _PART | None = None


ROUTES = (
    *(
        Route(
            f"store.{message.name}",
            "POST",
            f"/store/{message.port}/{message.verb}",
            message.does,
            None,
            scope=message.scope,
            media=MEDIA,
            accepts=MEDIA,
            fields=message.parameters,
        )
        for message in MESSAGES.values()
    ),
    Route(
        "store.batch",
        "POST",
        "/store/batch",
        "Send several messages, each answered for itself, in order",
        None,
        media=MEDIA,
        accepts=MEDIA,
    ),
    Route("store.give", "GET", "/store/values/{id}", "Return a value's bytes", None, media=BYTES),
    Route(
        "store.take",
        "PUT",
        "/store/values/{id}",
        "Keep a value's bytes, which must have its content id",
        Done,
        scope="log",
        accepts=BYTES,
    ),
    Route(
        "store.read",
        "GET",
        "/store/files/{id}",
        "Return a file's bytes, or a part of them",
        None,
        PartQuery,
        media=BYTES,
    ),
    Route(
        "store.write",
        "POST",
        "/store/files",
        "Keep a file by its content",
        StoredFile,
        scope="log",
        accepts=BYTES,
    ),
)
