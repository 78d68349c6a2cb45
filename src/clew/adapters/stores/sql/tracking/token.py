"""Page tokens: where the last page ended, opaque to who holds them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import xxhash

from clew.errors import InvalidParameter


def write(query: Sequence[object], last: Sequence[object]) -> str:
    """Return the token that names the last row of a page of a query."""
    text = json.dumps([_mark(query), *last], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def read(token: str, query: Sequence[object], length: int) -> tuple[Any, ...]:
    """Return the last row that a token of this query names.

    Raises
    ------
    InvalidParameter
        When it is no token, or one of another query.
    """
    try:
        decoded = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, AttributeError):
        raise InvalidParameter("Invalid page token, could not base64-decode") from None
    try:
        mark, *last = json.loads(decoded)
    except (ValueError, TypeError, RecursionError):
        raise InvalidParameter(f"Invalid page token, decoded value={decoded!r}") from None
    if len(last) != length or not all(_is_plain(value) for value in last):
        raise InvalidParameter(f"Invalid page token, parsed value={last}")
    if mark != _mark(query):
        raise InvalidParameter(
            "Invalid page token, it belongs to another query",
            hint="ask with the same filter, order and ids as for the page before",
        )
    return tuple(last)


def _is_plain(value: object) -> bool:
    small = not isinstance(value, int) or -(1 << 63) <= value < 1 << 63
    return small and isinstance(value, int | float | str | None)


def _mark(query: Sequence[object]) -> str:
    return xxhash.xxh3_64_hexdigest(repr(list(query)).encode())
