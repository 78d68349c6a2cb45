"""A short text about a value, for people."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from clew.lineage.canonical import ValueId
from clew.lineage.records import Value

LONGEST = 200
_LITERALS = (bool, int, float, complex, type(None))


def describe(id: ValueId, value: object) -> Value:
    """Return the description of a value that is not stored (yet)."""
    kind = type(value)
    return Value(id, f"{kind.__module__}.{kind.__qualname__}", preview(value))


def preview(value: Any) -> str:
    """Return at most 200 characters: a literal, or the shape of a table or array.

    Examples
    --------
    >>> preview("adult.csv")
    "'adult.csv'"
    >>> preview([1, 2.5, None])
    '[1, 2.5, None]'
    """
    return _shorten(_text(value, depth=0))


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _text(value: Any, depth: int) -> str:
    if isinstance(value, _LITERALS) or (isinstance(value, (str, bytes)) and len(value) <= 400):
        return repr(value)
    if isinstance(value, (str, bytes)):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, PurePath):
        return str(value)
    if type(value) in (list, tuple, dict, set, frozenset):
        return _container(value, depth)
    shape = getattr(value, "shape", None)
    name = type(value).__name__
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        dtype = getattr(value, "dtype", None)
        kind = f" {dtype}" if dtype is not None else ""
        return f"{name} {' × '.join(map(str, shape))}{kind}"
    if isinstance(value, type) or callable(value):
        return f"{getattr(value, '__qualname__', name)}"
    return name


def _container(value: Any, depth: int) -> str:
    name = type(value).__name__
    if depth > 1 or len(value) > 12:
        return f"{name} of {len(value)}"
    if isinstance(value, dict):
        items = ", ".join(f"{_text(k, depth + 1)}: {_text(v, depth + 1)}" for k, v in value.items())
        return f"{{{items}}}"
    items = ", ".join(_text(item, depth + 1) for item in value)
    if isinstance(value, list):
        return f"[{items}]"
    if isinstance(value, tuple):
        return f"({items})"
    return f"{name}({{{items}}})"
