"""Quick re-checks: is a live object still what it was when its id was written down?

A check is a token that compares equal only while every byte of the value is the same. Numeric
buffers are read whole by XXH3 (19 GB/s); immutable elements are compared by identity, which holds
because the token keeps them alive. A type without a sound check gives None, and its id is
computed anew each time.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from xxhash import xxh3_128_digest

Check = tuple[object, ...]

_ELEMENTS = frozenset({str, int, float, bool, bytes, complex, type(None)})
_FLAT = frozenset({*_ELEMENTS, np.float64, np.float32, np.int64, np.int32, np.bool_, np.str_})
_MAX_ELEMENTS = 2_000_000


def check_of(value: Any) -> Check | None:
    """Return the token of a value, or None where its type has no sound one.

    Examples
    --------
    >>> data = np.zeros(3)
    >>> before = check_of(data)
    >>> data[1] = 5.0
    >>> check_of(data) == before
    False
    """
    cls = type(value)
    if cls is np.ndarray or cls is np.memmap:
        return array_check(value)
    if cls is list or cls is tuple:
        return _sequence_check(value)
    package = package_of(value)
    if package == "pandas":
        return _pandas_check(value)
    if package == "scipy":
        return _sparse_check(value)
    return None


def package_of(value: object) -> str:
    """Return the top-level package that a value's class belongs to."""
    return type(value).__module__.partition(".")[0]


def array_check(array: np.ndarray[Any, Any]) -> Check | None:
    """Return the token of an array: layout and every byte, or its immutable elements."""
    head = (type(array), array.dtype, array.shape, array.strides, array.flags.writeable)
    if array.dtype.hasobject:
        held = _held_objects(array)
        return None if held is None else (*head, held)
    return (*head, xxh3_128_digest(buffer_of(array)))


def buffer_of(array: np.ndarray[Any, Any]) -> Any:
    """Return an array's bytes without a copy where it is contiguous."""
    if array.flags.c_contiguous:
        flat = array
    elif array.flags.f_contiguous:
        flat = array.T
    else:
        flat = np.ascontiguousarray(array)
    return flat.reshape(-1).view(np.uint8).data if flat.size else b""


class _Held:
    """Immutable objects, kept alive and compared by identity."""

    __slots__ = ("_objects", "_pointers")

    def __init__(self, objects: np.ndarray[Any, Any], pointers: bytes) -> None:
        self._objects = objects
        self._pointers = pointers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._pointers == other._pointers

    __hash__ = None  # type: ignore[assignment]


def _held_objects(array: np.ndarray[Any, Any]) -> _Held | None:
    if array.dtype != np.dtype(object) or array.size > _MAX_ELEMENTS:
        return None
    objects = np.array(array, dtype=object, order="C", copy=True)
    if not _immutable(objects):
        return None
    pointers = np.frombuffer(_addresses(objects), dtype=np.uint8)
    return _Held(objects, xxh3_128_digest(pointers.data))


def _addresses(objects: np.ndarray[Any, Any]) -> bytes:
    import ctypes

    return ctypes.string_at(objects.ctypes.data, objects.nbytes) if objects.size else b""


def _immutable(objects: np.ndarray[Any, Any]) -> bool:
    """Tell whether all elements are of immutable types (read by C where pandas is there)."""
    lib = sys.modules.get("pandas._libs.lib")
    if lib is not None:
        kind = lib.infer_dtype(objects.reshape(-1), skipna=True)
        if kind in ("string", "integer", "floating", "boolean", "bytes", "mixed-integer-float"):
            return True
    return set(map(type, objects.reshape(-1))) <= _FLAT


def _sequence_check(value: Any) -> Check | None:
    if len(value) > _MAX_ELEMENTS or not set(map(type, value)) <= _FLAT:
        return None
    return (type(value), _Same(tuple(value)))


class _Same:
    """A sequence whose elements are compared by identity."""

    __slots__ = ("_items",)

    def __init__(self, items: tuple[object, ...]) -> None:
        self._items = items

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same) or len(self._items) != len(other._items):
            return False
        return all(map(_is, self._items, other._items))

    __hash__ = None  # type: ignore[assignment]


def _is(one: object, other: object) -> bool:
    return one is other


def _sparse_check(value: Any) -> Check | None:
    fields = {"csr": _COMPRESSED, "csc": _COMPRESSED, "coo": ("data", "row", "col")}
    names = fields.get(getattr(value, "format", ""))
    if names is None or value.data.dtype.hasobject:
        return None
    return (type(value), value.shape, *(array_check(getattr(value, name)) for name in names))


_COMPRESSED = ("data", "indices", "indptr")


def _pandas_check(value: Any) -> Check | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if type(value) is pandas.DataFrame:
        axes = (*_axis_check(value.index), *_axis_check(value.columns))
    elif type(value) is pandas.Series:
        axes = (*_axis_check(value.index), _Same((value.name,)))
    elif isinstance(value, pandas.Index):
        return (type(value), *_axis_check(value))
    else:
        return None
    if value.attrs:
        return None
    blocks = []
    for block in value._mgr.blocks:
        found = _block_check(block.values)
        if found is None:
            return None
        blocks.append((tuple(block.mgr_locs.as_array.tolist()), *found))
    return (type(value), value.flags.allows_duplicate_labels, *axes, *blocks)


def _axis_check(axis: Any) -> tuple[object, ...]:
    """Return the token of an index, whose labels never change, and of what may be set on it."""
    return (_Same((axis, *axis.names)), getattr(axis, "freq", None))


def _block_check(values: Any) -> Check | None:
    """Return the token of a column's storage."""
    if isinstance(values, np.ndarray):
        return array_check(values)
    arrow = getattr(values, "_pa_array", None)
    if arrow is not None:  # Arrow memory is immutable: a write puts another object in its place
        return (type(values), values.dtype, _Same((arrow,)))
    for names in (("_codes", "_dtype"), ("_data", "_mask"), ("_ndarray",)):
        if all(hasattr(values, name) for name in names):
            return _extension_check(values, names)
    return None


def _extension_check(values: Any, names: tuple[str, ...]) -> Check | None:
    out: list[object] = [type(values), values.dtype]
    for name in names:
        part = getattr(values, name)
        found = array_check(part) if isinstance(part, np.ndarray) else (_Same((part,)),)
        if found is None:
            return None
        out.extend(found)
    return tuple(out)
