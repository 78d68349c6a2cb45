"""Times and durations as proto3 JSON writes them (``Timestamp``, ``Duration``)."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from clew.api.mlflow.failure import Failure

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def stamp(ms: int) -> str:
    """Return a time as text: ``2025-04-15T08:49:18.699Z``."""
    try:
        moment = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        moment = _EPOCH
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


def parsed_stamp(value: object, field: str) -> int:
    """Return the milliseconds since the epoch that a text means."""
    match = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Failure(f"Invalid request: Failed to parse {field} field: not a timestamp.")
    seconds, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone))
        whole = (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise Failure(f"Invalid request: Failed to parse {field} field: no such time.") from None
    return whole * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def duration(ms: int) -> str:
    """Return a duration as text: ``1.500s``."""
    whole, rest = divmod(abs(ms), 1000)
    sign = "-" if ms < 0 else ""
    return f"{sign}{whole}.{rest:03d}s" if rest else f"{sign}{whole}s"


def parsed_duration(value: object, field: str) -> int:
    """Return the milliseconds that a text means."""
    match = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Failure(f"Invalid request: Failed to parse {field} field: not a duration.")
    sign, whole, fraction = match.groups()
    ms = int(whole) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    return -ms if sign else ms
