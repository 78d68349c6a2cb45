"""A quick digest of a live estimator: it tells edits, and names nothing.

It is taken after each fit and around each prediction, and a forest consists of thousands of
attributes: so the state is put together as nested tuples of plain values, which one call of
`marshal` writes. What is not plain is left to `describe.Walk`.
"""

from __future__ import annotations

import functools
import marshal
from typing import Any

import numpy as np
from xxhash import xxh3_128_digest

from clew.errors import Unhashable
from clew.lineage.canonical import Digest, digest
from clew.lineage.fingerprint import fingerprint
from clew.reuse.estimators.checks import buffer_of
from clew.reuse.estimators.classes import class_id
from clew.reuse.estimators.describe import (
    IGNORED,
    NOTICED,
    Traits,
    Walk,
    has_only_dict,
    is_plain,
)
from clew.reuse.estimators.identity import FORMAT, SCALARS

_SAME_WHEREVER = 2
"""Version of marshal's format that writes a value the same way whoever else refers to it."""

_SMALL_BYTES = 4096
_SPECIAL = IGNORED | NOTICED
_DATA = ("scipy.", "pandas.", "polars.", "pyarrow.")
_TREE = ("sklearn.tree._tree", "Tree")


def quick_digest(estimator: Any) -> tuple[Digest, Traits]:
    """Return a digest that changes, while the process lives, with whatever is edited.

    Raises
    ------
    Unhashable
        When something in the state has no sound encoding.
    """
    cls = type(estimator)
    if not has_only_dict(cls):
        raise Unhashable(f"a {cls.__qualname__} keeps state outside its __dict__")
    reader = _Reader()
    form = reader.attributes(vars(estimator))
    traits = reader.walk.traits
    traits.code = class_id(cls, traits)
    written = marshal.dumps(form, _SAME_WHEREVER)
    return digest("estimator-quick", FORMAT, [traits.code, written]), traits


class _Reader:
    """Turns values into what `marshal` writes: equal forms, equal values."""

    def __init__(self) -> None:
        self.walk = Walk(_edited)

    def attributes(self, attributes: dict[str, Any]) -> tuple[Any, ...]:
        """Return the form of named attributes, noticing what they ask for."""
        form: list[Any] = []
        for key in sorted(attributes):
            value = attributes[key]
            if key in _SPECIAL:
                if key in IGNORED:
                    continue
                self.walk.notice(key, value)
            form.append(key)
            form.append(value if type(value) in SCALARS else self.form(value))
        return tuple(form)

    def form(self, value: Any) -> Any:
        """Return the form of any value; what `marshal` cannot write is a tuple with a letter."""
        kind = type(value)
        if kind in SCALARS:
            return value
        if kind is np.ndarray:
            return _array(value)
        if kind is list or kind is tuple:
            return ("l" if kind is list else "t", *[self.form(item) for item in value])
        if kind is dict:
            return ("d", *[self.form(part) for pair in value.items() for part in pair])
        if isinstance(value, np.generic) and not value.dtype.hasobject:
            return ("g", value.dtype.str, value.tobytes())
        way = _way(kind)
        if way is None:
            return ("w", self.walk.write(value))
        number = self.walk.seen.get(id(value))
        if number is not None:
            return ("r", number)
        self.walk.seen[id(value)] = len(self.walk.seen)
        self.walk.kept.append(value)
        if way == "plain":
            return ("o", class_id(kind, self.walk.traits), self.attributes(vars(value)))
        reduced = value.__reduce__()
        self.walk.kept.append(reduced)
        return ("c", class_id(kind, self.walk.traits), self.form(reduced[1:]))


_WAYS: dict[type, str | None] = {}


def _way(cls: type) -> str | None:
    """Return how instances of a class are read: by attributes, by what rebuilds a tree, or None.

    None leaves them to the walk, which looks at each instance.
    """
    if cls not in _WAYS:
        _WAYS[cls] = _find_way(cls)
    return _WAYS[cls]


def _find_way(cls: type) -> str | None:
    if (cls.__module__, cls.__qualname__) == _TREE:
        return "tree"
    if issubclass(cls, dict | list | tuple | set | type) or cls.__module__.startswith(_DATA):
        return None
    called = any("__call__" in vars(base) for base in cls.__mro__)
    return "plain" if is_plain(cls) and not called else None


@functools.lru_cache(maxsize=1024)
def _type_text(dtype: np.dtype[Any]) -> str:
    return dtype.str if dtype.names is None else repr(dtype)


def _array(array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    dtype = array.dtype
    if dtype.hasobject:
        return ("f", fingerprint(array))
    layout = (_type_text(dtype), array.shape, array.strides, array.flags.writeable)
    if array.nbytes <= _SMALL_BYTES:
        return ("s", layout, array.tobytes("A"))
    return ("a", layout, xxh3_128_digest(buffer_of(array)))


def _edited(value: Any) -> bytes:
    """Return a digest of data that changes when somebody writes into it."""
    if type(value) is np.ndarray:
        return marshal.dumps(_array(value), _SAME_WHEREVER)
    return fingerprint(value)
