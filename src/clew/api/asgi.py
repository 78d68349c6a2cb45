"""ASGI's types, and the few things that every edge does with a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

LOOPBACK = ("127.", "::1", "::ffff:127.")


@dataclass(slots=True)
class Reply:
    """An answer on its way out.

    Parameters
    ----------
    body : bytes or iterator of bytes
        Pieces are taken one by one, those of a plain iterator in a thread.
    """

    status: int
    headers: Headers
    body: bytes | Iterator[bytes] | AsyncIterator[bytes] = b""


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return a header of the request (`name` in small letters), the first if there are several."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def is_local(scope: Scope) -> bool:
    """Tell whether the client is on this machine."""
    client = scope.get("client")
    return client is not None and str(client[0]).startswith(LOOPBACK)


def pieces(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """Return the value of a header in a list of them."""
    return next((value for name, value in headers if name == wanted), None)
