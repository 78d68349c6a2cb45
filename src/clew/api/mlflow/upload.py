"""A file on its way in: received and written at the same time, and never held whole."""

from __future__ import annotations

import asyncio

from clew.api.asgi import Receive
from clew.api.mlflow.failure import Failure
from clew.track.ports import ArtifactWriter

_PIECE = 1 << 20


async def take_in(writer: ArtifactWriter, receive: Receive, limit: int | None = None) -> None:
    """Write a request's body to a file, and make the file visible once it is complete.

    One piece is hashed and written in a thread while the next is received.

    Parameters
    ----------
    limit : int, optional
        Refuse larger files.
    """
    writing: asyncio.Task[None] | None = None
    held: list[bytes] = []
    waiting = size = 0
    more = True
    try:
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise Failure("Invalid request: the upload ended before it was complete.")
            piece = event.get("body", b"")
            more = event.get("more_body", False)
            waiting += len(piece)
            size += len(piece)
            if limit is not None and size > limit:
                raise Failure("Artifact size is too large. Max size is 10MB.")
            held.append(piece)
            if waiting >= _PIECE or not more:
                if writing is not None:
                    await writing
                writing = asyncio.create_task(asyncio.to_thread(writer.write, b"".join(held)))
                held = []
                waiting = 0
        if writing is not None:
            await writing
        await asyncio.to_thread(writer.commit)
    finally:
        if writing is not None and not writing.done():
            await asyncio.wait([writing])
        # Nothing happens after `commit`.
        await asyncio.shield(asyncio.to_thread(writer.abort))
