"""Arrow tables, record batches and arrays: Arrow's IPC format, whose buffers load mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


class TableCodec:
    """Tables and record batches, with their schema's metadata."""

    name = "arrow"
    exact = False

    def __init__(self, *, thorough: bool = False) -> None:
        self._thorough = thorough

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a table or a record batch."""
        return type(value) in (pa.Table, pa.RecordBatch)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one IPC stream."""
        kind = b"table" if isinstance(value, pa.Table) else b"batch"
        return Encoded(self.name, kind, (to_stream(value),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the table; its buffers are views of the stream, which nobody can write."""
        (stream,) = encoded.buffers
        table = from_stream(stream, thorough=self._thorough)
        if encoded.meta == b"table":
            return table
        batches = table.to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


class ArrowArrayCodec:
    """Arrays and chunked arrays: a table of one column."""

    name = "arrow-array"
    exact = False

    def __init__(self, *, thorough: bool = False) -> None:
        self._thorough = thorough

    def accepts(self, value: object) -> bool:
        """Tell whether the value is an array or a chunked array."""
        return isinstance(value, (pa.Array, pa.ChunkedArray))

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one IPC stream."""
        array: Any = value
        chunked = isinstance(value, pa.ChunkedArray)
        schema = pa.schema([pa.field("", array.type)])
        column = array if chunked else pa.chunked_array([array], type=array.type)
        table = pa.Table.from_arrays([column], schema=schema)
        return Encoded(self.name, b"chunked" if chunked else b"array", (to_stream(table),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the array."""
        (stream,) = encoded.buffers
        column = from_stream(stream, thorough=self._thorough).column(0)
        if encoded.meta == b"chunked":
            return column
        return column.chunk(0) if column.num_chunks else pa.array([], type=column.type)


def to_stream(value: Any) -> memoryview:
    """Return a table or batch as an IPC stream, uncompressed (the blob store decides on that)."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write(value)
    return memoryview(sink.getvalue()).cast("B").toreadonly()


def from_stream(stream: bytes | memoryview, *, thorough: bool) -> Any:
    """Return the table of an IPC stream.

    Parameters
    ----------
    thorough : bool
        Check every offset and text: for bytes that a stranger may have written, since Arrow trusts
        what it does not check.
    """
    try:
        table = pa.ipc.open_stream(pa.py_buffer(memoryview(stream).toreadonly())).read_all()
    except OSError as error:
        raise ValueError(str(error)) from error
    table.validate(full=thorough)
    return table
