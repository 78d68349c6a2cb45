"""Texts in code that may name files: native readers open them unseen by Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import CodeType, SimpleNamespace

_LONGEST = 1024
_DEEPEST = 6
_LIKE_A_FILE = re.compile(r"[^\n\0]*[./\\][^\n\0]*")


def paths_in(values: Iterable[object], depth: int = 0) -> Iterator[str]:
    """Yield the texts among `values` that could be the name of a file, however nested.

    Examples
    --------
    >>> list(paths_in(["data.csv", {"to": ("models/a", "age")}, 3]))
    ['data.csv', 'models/a']
    """
    for value in values:
        if isinstance(value, PurePath):
            yield str(value)
        elif isinstance(value, str):
            if len(value) < _LONGEST and _LIKE_A_FILE.fullmatch(value):
                yield value
        elif depth < _DEEPEST:
            yield from paths_in(_parts(value), depth + 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, CodeType):
        return value.co_consts
    if isinstance(value, SimpleNamespace) or hasattr(type(value), "__dataclass_fields__"):
        return list(getattr(value, "__dict__", {}).values())
    return ()
