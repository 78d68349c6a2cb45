"""pandas frames, series and indexes, through Arrow where they come back exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from clew.adapters.formats.arrow import from_stream, to_stream
from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_NAMELESS = "0"


class PandasCodec:
    """Frames and series whose Arrow form comes back with the same content id."""

    name = "pandas"
    exact = False

    def __init__(self, *, thorough: bool = False) -> None:
        self._thorough = thorough

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a frame or a series."""
        return type(value) in (pd.DataFrame, pd.Series)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one IPC stream with pandas' own metadata."""
        frame: Any = value
        kind = b"frame"
        if isinstance(value, pd.Series):
            kind = b"series" if value.name is not None else b"nameless"
            frame = value.to_frame(_NAMELESS if value.name is None else value.name)
        try:
            table = pa.Table.from_pandas(frame, preserve_index=None)
        except (pa.ArrowException, TypeError, ValueError, KeyError) as error:
            raise UnsupportedValue("Arrow cannot hold this frame", got=str(error)) from error
        return Encoded(self.name, kind, (to_stream(table),)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a frame or series that shares nothing with the stored bytes."""
        (stream,) = encoded.buffers
        frame = from_stream(stream, thorough=self._thorough).to_pandas()
        if encoded.meta == b"frame":
            return frame
        series = frame.iloc[:, 0]
        if encoded.meta == b"nameless":
            series.name = None
        return series
