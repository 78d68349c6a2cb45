"""Byte ranges (RFC 9110, section 14): one range a request, as clients that resume ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")


class Span(NamedTuple):
    """Which bytes are sent: from `start` up to, not including, `stop`."""

    start: int
    stop: int
    partial: bool


def span_of(headers: Mapping[bytes, bytes], size: int, etag: bytes) -> Span | None:
    """Return which bytes of a file a request asks for; None when there are none such.

    What is no single range of bytes is ignored, as the standard lets a server do; so is a range
    whose ``If-Range`` names another version of the file.
    """
    whole = Span(0, size, partial=False)
    condition = headers.get(b"if-range")
    if condition is not None and condition.strip() != etag:
        return whole
    match = _RANGE.fullmatch(headers.get(b"range", b"").strip())
    if match is None or match.groups() == (b"", b""):
        return whole
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return Span(size - length, size, partial=True) if length else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return whole
    return Span(start, stop, partial=True) if start < size else None
