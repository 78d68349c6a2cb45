"""NumPy arrays and scalars: raw buffers, the dtype, the shape and the order of the axes.

Decoding takes over a writable buffer (memory-mapped copy-on-write, when it comes from a file) and
copies a read-only one, so that the array is the caller's own either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clew.adapters.formats import layout, plain
from clew.adapters.formats.atoms import Reader
from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_KINDS = "biufcmMSUV"
_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)


class ArrayCodec:
    """Arrays of exact type `numpy.ndarray`, in the layout that they have."""

    name = "array"
    exact = True

    def accepts(self, value: object) -> bool:
        """Tell whether the dtype is one whose bytes are all there is."""
        return type(value) is np.ndarray and is_storable(value.dtype)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the buffer, without a copy where the array is dense."""
        assert isinstance(value, np.ndarray)
        order = layout.describe(value)
        dense = layout.flatten(value, order)
        meta = write_meta([describe_dtype(value.dtype), list(value.shape), order])
        return Encoded(self.name, meta, (raw(dense),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a writable array that nobody else sees."""
        descr, shape, order = read_meta(encoded.meta)
        dtype = np.lib.format.descr_to_dtype(descr)
        (buffer,) = encoded.buffers
        return layout.restore(own(buffer, dtype), shape, order)


class ObjectArrayCodec:
    """Object arrays whose members are immutable builtins: strings, None, numbers."""

    name = "object-array"
    exact = False

    def accepts(self, value: object) -> bool:
        """Tell whether all members are immutable builtins."""
        return (
            type(value) is np.ndarray
            and value.dtype == np.dtype(object)
            and {type(member) for member in value.flat} <= set(_IMMUTABLE)
        )

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the members, in the order in which they lie in memory."""
        assert isinstance(value, np.ndarray)
        order = layout.describe(value)
        content = plain.Writer(_no_leaf).write(layout.flatten(value, order).tolist())
        return Encoded(self.name, write_meta([list(value.shape), order]), (content,)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a new array."""
        shape, order = read_meta(encoded.meta)
        (content,) = encoded.buffers
        members = plain.read(memoryview(content), _no_read)
        flat = np.empty(len(members), dtype=object)
        flat[:] = members
        return layout.restore(flat, shape, order)


class ScalarCodec:
    """NumPy scalars: one item of an array."""

    name = "scalar"
    exact = True

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a NumPy scalar of an exact built-in type."""
        return (
            isinstance(value, np.generic)
            and is_storable(value.dtype)
            and type(value) is value.dtype.type
            and value.dtype.kind != "V"
        )

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the scalar's bytes."""
        assert isinstance(value, np.generic)
        if isinstance(value, (np.bytes_, np.str_)):  # As items, they would lose final zeros.
            text = bytes(value) if isinstance(value, np.bytes_) else str.__str__(value)
            return Encoded(self.name, write_meta(text)), {}
        return Encoded(self.name, write_meta(describe_dtype(value.dtype)), (value.tobytes(),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the scalar."""
        described = read_meta(encoded.meta)
        if not encoded.buffers:
            return np.bytes_(described) if isinstance(described, bytes) else np.str_(described)
        (buffer,) = encoded.buffers
        return np.frombuffer(bytes(buffer), dtype=np.lib.format.descr_to_dtype(described))[0]


def is_storable(dtype: np.dtype[Any]) -> bool:
    """Tell whether the items of a dtype are their bytes, and its description gives it again."""
    if dtype.kind not in _KINDS or dtype.hasobject or dtype.metadata or dtype.isalignedstruct:
        return False
    try:
        again = np.lib.format.descr_to_dtype(describe_dtype(dtype))
    except (ValueError, TypeError):
        return False
    return again == dtype and again.type is dtype.type and again.str == dtype.str


def describe_dtype(dtype: np.dtype[Any]) -> Any:
    """Return NumPy's own description of a dtype (a string, or a list of fields)."""
    return np.lib.format.dtype_to_descr(dtype)


def raw(dense: np.ndarray[Any, Any]) -> memoryview:
    """Return a read-only view of the bytes of a contiguous array."""
    if not dense.nbytes:
        return memoryview(b"")
    return memoryview(dense.view(np.uint8).data).cast("B").toreadonly()


def own(buffer: bytes | memoryview, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return the items of a buffer: the buffer itself when it may be written, else a copy."""
    view = memoryview(buffer)
    return np.frombuffer(bytearray(view) if view.readonly else view, dtype=dtype)


def write_meta(fields: object) -> bytes:
    """Return a small header as plain bytes."""
    return plain.Writer(_no_leaf).write(fields)


def read_meta(meta: bytes) -> Any:
    """Return what `write_meta` wrote."""
    return plain.read(memoryview(meta), _no_read)


def _no_leaf(value: object) -> bytes:
    raise UnsupportedValue(f"a {type(value).__name__} cannot lie here")


def _no_read(reader: Reader) -> object:
    raise ValueError("no leaf can lie here")
