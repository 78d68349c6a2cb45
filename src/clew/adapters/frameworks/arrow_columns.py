"""Digests of Arrow columns: what the column says, not how its buffers are cut.

Chunks, slice offsets, absent or full validity bitmaps and the bytes under nulls do not count; the
type, the values with the bits of their floats, and the place of every null do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from clew.adapters.frameworks.arrow_types import encode_type
from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context
from clew.lineage.fingerprint.buffers import stream_digest
from clew.lineage.fingerprint.containers import encode_items

Chunks = Sequence[Any]


def encode_column(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    """Encode the concatenation of `chunks`.

    Parameters
    ----------
    chunks : sequence of pyarrow.Array
        All of one type; may be empty.
    type_ : pyarrow.DataType
        Their type.
    ctx : Context
        The walk.
    """
    size = sum(map(len, chunks)).to_bytes(8, "little")
    return frame(encode_type(type_, ctx)) + size + _content(chunks, type_, ctx)


def _content(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    if pt.is_null(type_):
        return b""
    if isinstance(type_, pa.BaseExtensionType):
        return _content([chunk.storage for chunk in chunks], type_.storage_type, ctx)
    for fits, encode in _KINDS:
        if fits(type_):
            return encode(chunks, type_, ctx)
    return frame(_validity(chunks)) + _fixed_width(chunks, type_)


def _validity(chunks: Chunks) -> bytes:
    if not any(chunk.null_count for chunk in chunks):
        return b""
    return stream_digest(_bytes_of(chunk.is_valid()) for chunk in chunks)


def _bytes_of(booleans: Any) -> memoryview:
    """Return Arrow booleans as one byte each: bits would depend on where chunks begin."""
    return memoryview(booleans.cast(pa.uint8()).to_numpy(zero_copy_only=False))


def _fixed_width(chunks: Chunks, type_: Any) -> bytes:
    width = type_.bit_width // 8
    return stream_digest(_fixed_bytes(chunk, width) for chunk in chunks if len(chunk))


def _fixed_bytes(chunk: Any, width: int) -> memoryview:
    start, stop = chunk.offset * width, (chunk.offset + len(chunk)) * width
    raw = np.frombuffer(chunk.buffers()[1], dtype=np.uint8)[start:stop]
    if chunk.null_count:
        hidden = ~chunk.is_valid().to_numpy(zero_copy_only=False)
        items = raw.view(f"V{width}").copy()
        items[hidden] = np.zeros((), items.dtype)
        raw = items.view(np.uint8)
    return memoryview(raw.data)


def _booleans(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    values = (_bytes_of(chunk.fill_null(False)) for chunk in chunks)
    return frame(_validity(chunks)) + stream_digest(values)


def _lengths(chunks: Chunks, measure: Callable[[Any], Any]) -> bytes:
    """Digest element lengths as 64-bit integers; a null is as long as nothing."""
    sizes = (measure(chunk).fill_null(0).cast(pa.int64()) for chunk in chunks)
    return stream_digest(memoryview(s.to_numpy(zero_copy_only=False)).cast("B") for s in sizes)


def _text(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    lengths = _lengths(chunks, pc.binary_length)
    text = stream_digest(_text_bytes(chunk) for chunk in chunks if len(chunk))
    return frame(_validity(chunks)) + frame(lengths) + text


def _text_bytes(chunk: Any) -> memoryview:
    if chunk.null_count:
        chunk = chunk.drop_null()
    offset_type = np.int64 if _is_large(chunk.type) else np.int32
    _, offsets, data = chunk.buffers()
    if data is None or not len(chunk):
        return memoryview(b"")
    bounds = np.frombuffer(offsets, dtype=offset_type)
    first, last = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
    return memoryview(data)[int(first) : int(last)]


def _is_large(type_: Any) -> bool:
    return bool(pt.is_large_string(type_) or pt.is_large_binary(type_))


def _views(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    plain = pa.large_string() if pt.is_string_view(type_) else pa.large_binary()
    return _text([chunk.cast(plain) for chunk in chunks], plain, ctx)


def _lists(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    lengths = _lengths(chunks, pc.list_value_length)
    inner = [chunk.flatten() for chunk in chunks]
    return frame(_validity(chunks)) + frame(lengths) + _content(inner, type_.value_type, ctx)


def _maps(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    pairs = pa.struct([pa.field("key", type_.key_type, False), pa.field("value", type_.item_type)])
    lists = pa.list_(pa.field("entries", pairs, False))
    return _lists([chunk.cast(lists) for chunk in chunks], lists, ctx)


def _structs(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    flat = [chunk.flatten() for chunk in chunks]
    columns = [[parts[i] for parts in flat] for i in range(type_.num_fields)]
    inner = [_content(col, type_.field(i).type, ctx) for i, col in enumerate(columns)]
    return frame(_validity(chunks)) + b"".join(map(frame, inner))


def _dictionaries(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    """Digest indices and dictionary; chunks with different dictionaries share a merged one."""
    if len(chunks) > 1:
        chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
    words = chunks[0].dictionary if chunks else pa.array([], type_.value_type)
    indices = _content([chunk.indices for chunk in chunks], type_.index_type, ctx)
    return frame(indices) + encode_column([words], type_.value_type, ctx)


def _runs(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    return _content([pc.run_end_decode(chunk) for chunk in chunks], type_.value_type, ctx)


def _unions(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    scalars = [scalar for chunk in chunks for scalar in chunk]
    codes = bytes(scalar.type_code for scalar in scalars)
    return frame(codes) + encode_items((scalar.as_py() for scalar in scalars), ctx)


def _unknown(chunks: Chunks, type_: Any, ctx: Context) -> bytes:
    raise Unhashable(f"an Arrow column of type {type_} has no sound content id", got=str(type_))


def _any_of(*tests: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda type_: any(test(type_) for test in tests)


def _has_no_width(type_: Any) -> bool:
    return not isinstance(type_, pa.FixedSizeBinaryType) and not (
        pt.is_primitive(type_) or pt.is_decimal(type_) or pt.is_interval(type_)
    )


_Encoder = Callable[[Chunks, Any, Context], bytes]
_KINDS: list[tuple[Callable[[Any], bool], _Encoder]] = [
    (pt.is_boolean, _booleans),
    (_any_of(pt.is_string, pt.is_large_string, pt.is_binary, pt.is_large_binary), _text),
    (_any_of(pt.is_string_view, pt.is_binary_view), _views),
    (pt.is_map, _maps),
    (_any_of(pt.is_list, pt.is_large_list, pt.is_fixed_size_list), _lists),
    (_any_of(pt.is_list_view, pt.is_large_list_view), _lists),
    (pt.is_struct, _structs),
    (pt.is_dictionary, _dictionaries),
    (pt.is_run_end_encoded, _runs),
    (pt.is_union, _unions),
    (
        _any_of(pt.is_decimal, pt.is_interval),
        lambda c, t, ctx: frame(_validity(c)) + _fixed_width(c, t),
    ),
    (_has_no_width, _unknown),
]
