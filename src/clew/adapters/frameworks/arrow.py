"""Content ids of Arrow values: schema with metadata, columns by what they say.

How a column is cut into chunks does not count: readers, engines and operating systems cut the same
rows differently, and Arrow itself calls such columns equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from clew.adapters.frameworks.arrow_columns import encode_column
from clew.adapters.frameworks.arrow_types import encode_field, encode_schema, encode_type
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, register
from clew.lineage.fingerprint.memo import MEMO, MEMO_FROM_BYTES, seal

_MOST_HELD = 4


@register(pa.Table, tag="pyarrow.Table", shared=False)
@register(pa.RecordBatch, tag="pyarrow.RecordBatch", shared=False)
def encode_table(value: Any, ctx: Context) -> bytes:
    """Encode a table or record batch: schema, number of rows, columns."""

    def compute() -> bytes:
        columns = (chunked_bytes(column, ctx) for column in value.columns)
        return encode_schema(value.schema, ctx) + b"".join(map(frame, columns))

    # Tables cannot change, but a buffer may belong to an array that can.
    rows = int(value.num_rows).to_bytes(8, "little")
    return rows + _remembered(value, value.columns, compute)


@register(pa.ChunkedArray, tag="pyarrow.ChunkedArray", shared=False)
@register(pa.Array, tag="pyarrow.Array", subclasses=True, shared=False, names_class=True)
def encode_array(value: Any, ctx: Context) -> bytes:
    """Encode an array; one in chunks equals one in other chunks, not a plain array."""
    return _remembered(value, [value], lambda: chunked_bytes(value, ctx))


@register(pa.Scalar, tag="pyarrow.Scalar", subclasses=True, shared=False, names_class=True)
def encode_scalar(value: Any, ctx: Context) -> bytes:
    """Encode a scalar as an array of one."""
    return chunked_bytes(pa.array([value], value.type), ctx)


@register(pa.DataType, tag="pyarrow.DataType", subclasses=True, shared=False, names_class=True)
def encode_data_type(value: Any, ctx: Context) -> bytes:
    """Encode a data type."""
    return encode_type(value, ctx)


@register(pa.Field, tag="pyarrow.Field", shared=False)
def encode_one_field(value: Any, ctx: Context) -> bytes:
    """Encode a field."""
    return encode_field(value, ctx)


@register(pa.Schema, tag="pyarrow.Schema", shared=False)
def encode_one_schema(value: Any, ctx: Context) -> bytes:
    """Encode a schema."""
    return encode_schema(value, ctx)


def chunked_bytes(column: Any, ctx: Context) -> bytes:
    """Encode an array or chunked array."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return encode_column(chunks, column.type, ctx)


def _remembered(owner: Any, columns: list[Any], compute: Callable[[], bytes]) -> bytes:
    if owner.nbytes < MEMO_FROM_BYTES or any(_hides_buffers(column.type) for column in columns):
        return compute()
    if sum(buffer.size for buffer in _buffers(columns)) > _MOST_HELD * owner.nbytes:
        return compute()  # a small slice of something large: reading all of it does not pay
    return MEMO.digest(owner, lambda: _seal(columns), compute)


def _seal(columns: list[Any]) -> tuple[tuple[int, bytes], ...]:
    return tuple((buffer.address, seal(buffer)) for buffer in _buffers(columns))


def _buffers(columns: list[Any]) -> Iterator[Any]:
    for column in columns:
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            yield from (buffer for buffer in chunk.buffers() if buffer is not None)
            if pt.is_dictionary(chunk.type):
                yield from _buffers([chunk.dictionary])


def _hides_buffers(type_: Any) -> bool:
    """Tell whether `buffers()` leaves some out: those of dictionaries inside other types."""
    if isinstance(type_, pa.BaseExtensionType):
        return True
    if pt.is_dictionary(type_):
        return pt.is_nested(type_.value_type) or _hides_buffers(type_.value_type)
    inner = [type_.field(i).type for i in range(type_.num_fields)]
    return any(pt.is_dictionary(part) or _hides_buffers(part) for part in inner)
