"""Code that arrives as an argument: a step that calls it reads what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clew.errors import Unhashable
from clew.lineage.code import code_record
from clew.lineage.code.ambient import canonical_name, finding
from clew.lineage.code.origin import is_project_module

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MOST_ITEMS = 64


def ambient_in(value: Any) -> Iterator[str]:
    """Yield what callables and objects of the project read of the world, when they are called.

    Looked at are the argument itself and the items of a short list, tuple or dict.
    """
    if type(value) in (list, tuple) and len(value) <= _MOST_ITEMS:
        for item in value:
            yield from _ambient(item)
    elif type(value) is dict and len(value) <= _MOST_ITEMS:
        for item in value.values():
            yield from _ambient(item)
    else:
        yield from _ambient(value)


def _ambient(value: Any) -> tuple[str, ...]:
    if isinstance(value, _PLAIN) or not (
        callable(value) or is_project_module(type(value).__module__)
    ):
        return ()
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        found = finding(canonical_name(f"{module}.{name}"), ())
        if found is not None and found.kind == "ambient":
            return (found.text,)
    try:
        return code_record(value).ambient
    except Unhashable:
        return ()  # it has no content id either, which forbids reuse already
