"""Polars frames and series, by Polars' own writer of Arrow IPC."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import polars as pl

from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


class PolarsCodec:
    """Frames and series."""

    name = "polars"
    exact = False

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a frame or a series (a lazy frame is a query, no value)."""
        return type(value) in (pl.DataFrame, pl.Series)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one IPC file."""
        frame = value.to_frame() if isinstance(value, pl.Series) else value
        assert isinstance(frame, pl.DataFrame)
        sink = io.BytesIO()
        try:
            frame.write_ipc(sink, compression="uncompressed")
        except (pl.exceptions.PolarsError, TypeError) as error:
            raise UnsupportedValue("Arrow cannot hold this frame", got=str(error)) from error
        kind = b"series" if isinstance(value, pl.Series) else b"frame"
        return Encoded(self.name, kind, (sink.getbuffer().toreadonly(),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the frame or series."""
        (content,) = encoded.buffers
        try:
            frame = pl.read_ipc(io.BytesIO(content))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise ValueError(str(error)) from error
        return frame.to_series() if encoded.meta == b"series" else frame
