"""Encodings of NumPy arrays and scalars: dtype, shape, layout, and the bytes of the elements.

Layout counts, since the last bits of a sum or a product depend on it: C order, Fortran order, or
the structure of the strides. A slice that is contiguous equals its copy; whether an array may be
written, owns its memory or maps a file does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import INLINE_BYTES, buffer_digest, stream_digest
from clew.lineage.fingerprint.dtypes import encode_dtype, has_gaps
from clew.lineage.fingerprint.elements import encode_elements
from clew.lineage.fingerprint.memo import MEMO, MEMO_FROM_BYTES, seal
from clew.lineage.fingerprint.objects import encode_object
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import Context, encode

Array = npt.NDArray[Any]

_PIECE_BYTES = 1 << 20
_LONG_DOUBLE_BYTES = 10 if np.finfo(np.longdouble).nmant == 63 else np.dtype("g").itemsize


@register(np.ndarray, tag="numpy.ndarray", subclasses=True)
@register(np.matrix, tag="numpy.matrix")
@register(np.recarray, tag="numpy.recarray")
@register(np.memmap, tag="numpy.ndarray")
def encode_array(value: Array, ctx: Context) -> bytes:
    """Encode an array; of a subclass also the attributes that it adds."""
    plain = value if type(value) is np.ndarray else value.view(np.ndarray)
    held = None if isinstance(value, np.memmap) else getattr(value, "__dict__", None)
    state = frame(encode(held, ctx)) if held else b""
    return array_bytes(plain, ctx, owner=value) + state


@register(np.ma.MaskedArray, tag="numpy.ma.MaskedArray", subclasses=True)
def encode_masked(value: Any, ctx: Context) -> bytes:
    """Encode a masked array: data (under the mask too), mask (none is all clear), fill value."""
    skip = {"_mask", "_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass"}
    state = {key: item for key, item in vars(value).items() if key not in skip}
    return ctx.fields(
        data=value.view(np.ndarray),
        mask=np.ma.getmaskarray(value).view(np.ndarray),
        fill=np.asarray(value.fill_value),
        hard=bool(value.hardmask),
        base=value.baseclass,
        state={key: item for key, item in state.items() if item},
    )


@register(np.generic, tag="numpy.generic", subclasses=True, shared=False, names_class=True)
def encode_scalar(value: np.generic, ctx: Context) -> bytes:
    """Encode a NumPy scalar, which is not the Python number that equals it."""
    if type(value).__module__ != "numpy":
        return b"object\0" + encode_object(value, ctx)
    array = np.asarray(value)
    return frame(encode_dtype(array.dtype, ctx)) + encode_data(array, ctx)


def array_bytes(array: Array, ctx: Context, owner: object = None) -> bytes:
    """Encode a plain array, without a reference for a second visit.

    Parameters
    ----------
    array : ndarray
        The array itself.
    ctx : Context
        The walk.
    owner : object, optional
        The living object under which the memo keeps the digest (default: `array`).
    """
    shape = b"".join(size.to_bytes(8, "little") for size in array.shape)
    parts = [encode_dtype(array.dtype, ctx), shape, layout(array)]
    return b"".join(map(frame, parts)) + _remembered(array, ctx, array if owner is None else owner)


def _remembered(array: Array, ctx: Context, owner: object) -> bytes:
    contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    if array.nbytes < MEMO_FROM_BYTES or array.dtype.hasobject or not contiguous:
        return encode_data(array, ctx)
    key = (array.dtype, array.shape, array.strides)
    flat = array if array.flags.c_contiguous else array.T
    return MEMO.digest(owner, lambda: (seal(raw_bytes(flat)), key), lambda: encode_data(array, ctx))


def encode_data(array: Array, ctx: Context) -> bytes:
    """Encode the elements alone: in memory order when contiguous, else in C order."""
    flat = array.T if array.flags.f_contiguous and not array.flags.c_contiguous else array
    if has_gaps(array.dtype):
        return _with_gaps(flat, ctx)
    if flat.nbytes <= INLINE_BYTES:
        return b"inline\0" + flat.tobytes()
    if flat.flags.c_contiguous:
        return b"digest\0" + buffer_digest(raw_bytes(flat))
    return b"digest\0" + stream_digest(_pieces(flat))


def raw_bytes(flat: Array) -> memoryview:
    """Return the bytes of a C-contiguous array, without copying."""
    return memoryview(flat.reshape(-1).view(np.uint8).data)


def _pieces(array: Array) -> Iterator[memoryview]:
    """Yield the elements of a strided array in C order, about a megabyte at a time."""
    rows = max(1, _PIECE_BYTES * len(array) // array.nbytes)
    for start in range(0, len(array), rows):
        piece = np.ascontiguousarray(array[start : start + rows])
        yield raw_bytes(piece)


def _with_gaps(flat: Array, ctx: Context) -> bytes:
    """Encode elements that hold padding or pointers: field by field, value by value."""
    dtype = flat.dtype
    if dtype.names is not None:
        return b"fields\0" + b"".join(frame(encode_data(flat[name], ctx)) for name in dtype.names)
    if dtype.kind == "O":
        return b"objects\0" + encode_elements(flat, ctx)
    if dtype.kind == "T":
        return b"objects\0" + encode_elements(flat.astype(object), ctx)
    whole = np.frombuffer(raw_bytes(np.ascontiguousarray(flat)), np.uint8)
    numbers = whole.reshape(-1, np.dtype("g").itemsize)[:, :_LONG_DOUBLE_BYTES]
    return b"long\0" + buffer_digest(numbers.tobytes())


def layout(array: Array) -> bytes:
    """Return the memory layout of an array, as far as arithmetic can depend on it.

    ``C`` or ``F`` when contiguous; otherwise, for every axis from the outermost in memory, its
    number, its direction, and whether it runs into the next without a gap.
    """
    if array.flags.c_contiguous:
        return b"C"
    if array.flags.f_contiguous:
        return b"F"
    axes = [axis for axis, size in enumerate(array.shape) if size > 1]
    axes.sort(key=lambda axis: -abs(array.strides[axis]))
    out = [b"S"]
    for axis, inner in zip(axes, [*axes[1:], None], strict=True):
        stride = array.strides[axis]
        block = array.itemsize
        if inner is not None:
            block = array.strides[inner] * array.shape[inner]
        kind = (stride > 0) + 2 * (stride < 0) + 4 * (stride == block)
        out.append(bytes([axis, kind]))
    return b"".join(out)
