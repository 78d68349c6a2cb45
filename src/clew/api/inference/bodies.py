"""Bodies of requests within the limits, whatever their coding; bodies of answers, packed."""

from __future__ import annotations

import gzip
import zlib

from clew.api.asgi import Receive, Scope, header
from clew.api.problem import Refused
from clew.errors import InvalidParameter

_LEAST_TO_PACK = 1400
"""Bytes that travel in one packet anyway."""


async def read(scope: Scope, receive: Receive, most_bytes: int) -> bytes:
    """Return the body of a request.

    Raises
    ------
    Refused
        When it is too large, its coding is unknown, or the client went away.
    InvalidParameter
        When it is not what its coding says.
    """
    coding = None
    for name, value in scope["headers"]:
        if name == b"content-length":
            if len(value) > 18 or int(value) > most_bytes:
                raise _too_large(most_bytes)
        elif name == b"content-encoding":
            coding = value
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or message["type"] != "http.request":
        chunks = [body]
        size = len(body)
        while message.get("more_body"):
            message = await receive()
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > most_bytes:
                raise _too_large(most_bytes)
            chunks.append(chunk)
        if message["type"] != "http.request":
            raise Refused(400, "Disconnected", "the client went away")
        body = b"".join(chunks)
    if len(body) > most_bytes:
        raise _too_large(most_bytes)
    if coding is None or coding in (b"identity", b""):
        return body
    return _unpacked(body, coding, most_bytes)


def _too_large(most_bytes: int) -> Refused:
    close = (b"connection", b"close")
    return Refused(
        413,
        "TooLarge",
        "the request is too large",
        expected=f"≤ {most_bytes} bytes",
        headers=(close,),
    )


def _unpacked(body: bytes, coding: bytes, most_bytes: int) -> bytes:
    windows = {b"gzip": (31,), b"x-gzip": (31,), b"deflate": (15, -15)}.get(coding.lower())
    if windows is None:
        raise Refused(
            415,
            "Coding",
            "unknown content coding",
            got=coding[:40].decode("latin-1"),
            expected="gzip, deflate",
        )
    for window in windows:  # deflate comes with the envelope of zlib, or without
        engine = zlib.decompressobj(window)
        try:
            content = engine.decompress(body, most_bytes + 1)
        except zlib.error:
            continue
        if len(content) > most_bytes:
            raise _too_large(most_bytes)
        if engine.eof and not engine.unused_data:
            return content
    raise InvalidParameter("the body is not what its coding says", expected=coding.decode())


def packed(scope: Scope, body: bytes) -> tuple[bytes, bytes | None]:
    """Return an answer's body in a coding that the client takes, and which; small ones as is."""
    if len(body) < _LEAST_TO_PACK:
        return body, None
    wanted = header(scope, b"accept-encoding")
    if wanted is None:
        return body, None
    if b"gzip" in wanted:
        return gzip.compress(body, 1, mtime=0), b"gzip"
    if b"deflate" in wanted:
        return zlib.compress(body, 1), b"deflate"
    return body, None
