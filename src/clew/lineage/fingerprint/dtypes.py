"""Encodings of NumPy data types: byte order, fields with their offsets, units, metadata."""

from __future__ import annotations

import numpy as np

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import Context, class_identity, encode


@register(np.dtype, tag="numpy.dtype", subclasses=True, shared=False, names_class=True)
def encode_dtype(value: np.dtype, ctx: Context) -> bytes:
    """Encode a data type. ``long`` and ``longlong`` of one size are one type, as in NumPy."""
    parts = [_shape_of(value, ctx)]
    if value.type.__module__ != "numpy":
        parts.append(class_identity(value.type, ctx))
    if value.metadata:
        parts.append(encode(dict(value.metadata), ctx))
    return b"".join(map(frame, parts))


def _shape_of(dtype: np.dtype, ctx: Context) -> bytes:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return b"array\0" + frame(encode_dtype(base, ctx)) + encode(shape, ctx)
    if dtype.names is not None:
        return _record(dtype, ctx)
    if dtype.kind == "T":
        na_object = getattr(dtype, "na_object", NotImplemented)
        return b"string\0" + encode((na_object, dtype.coerce), ctx)  # type: ignore[attr-defined]
    return dtype.str.encode()


def _record(dtype: np.dtype, ctx: Context) -> bytes:
    parts = [b"record", str(dtype.itemsize).encode(), dtype.type.__name__.encode()]
    assert dtype.names is not None and dtype.fields is not None
    for name in dtype.names:
        field, offset, *title = dtype.fields[name]
        parts += [name.encode(errors="surrogatepass"), encode_dtype(field, ctx)]
        parts += [str(offset).encode(), encode(title, ctx)]
    return b"".join(map(frame, parts))


def has_gaps(dtype: np.dtype) -> bool:
    """Tell whether an element holds bytes that are not part of its value, or pointers."""
    if dtype.subdtype is not None:
        return has_gaps(dtype.subdtype[0])
    if dtype.names is None:
        return dtype.kind in "OT" or dtype.char in "gG"
    assert dtype.fields is not None
    fields = [dtype.fields[name][0] for name in dtype.names]
    return sum(f.itemsize for f in fields) != dtype.itemsize or any(map(has_gaps, fields))
