"""Content ids of the values that code reads: globals, closure cells, defaults, class attributes."""

from __future__ import annotations

import re
from functools import lru_cache

from clew.lineage.canonical import ValueId

_SECRET = re.compile(r"pass|secret|token|key|credential|auth", re.IGNORECASE)
_TEXT_LIMIT = 60


def value_id(value: object) -> ValueId:
    """Return the content id of a value; raises `clew.errors.Unhashable` where there is none."""
    if isinstance(value, int | str) and type(value) in (int, str, bool):
        return _small_value_id(value)
    return _fingerprint(value)


@lru_cache(maxsize=4096, typed=True)
def _small_value_id(value: int | str) -> ValueId:
    return _fingerprint(value)


def _fingerprint(value: object) -> ValueId:
    from clew.lineage.fingerprint import fingerprint  # values and code know one another

    return fingerprint(value)


def readable(name: str, value: object) -> str:
    """Return a short constant as a reader would write it; empty for the rest and for secrets."""
    if not isinstance(value, bool | int | float | str | None) or _SECRET.search(name):
        return ""
    text = repr(value)
    return text if len(text) <= _TEXT_LIMIT and "://" not in text else ""
