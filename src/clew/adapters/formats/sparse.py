"""SciPy sparse matrices and arrays: their index and data buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from clew.adapters.formats.arrays import (
    describe_dtype,
    is_storable,
    own,
    raw,
    read_meta,
    write_meta,
)
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_PARTS: dict[str, tuple[str, ...]] = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}
_CLASSES: dict[str, Any] = {
    f"{form}_{kind}": getattr(sparse, f"{form}_{kind}")
    for form in _PARTS
    for kind in ("matrix", "array")
}


class SparseCodec:
    """CSR, CSC, BSR, COO and DIA, as matrices or arrays."""

    name = "sparse"
    exact = False

    def accepts(self, value: object) -> bool:
        """Tell whether the value is of one of these classes, two-dimensional."""
        known = _CLASSES.get(type(value).__name__) is type(value)
        return known and len(value.shape) == 2 and is_storable(value.dtype)  # type: ignore[attr-defined]

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one buffer a part, without copies."""
        matrix: Any = value
        parts = [np.ascontiguousarray(getattr(matrix, part)) for part in _PARTS[matrix.format]]
        fields = [[describe_dtype(part.dtype), list(part.shape)] for part in parts]
        meta = write_meta([type(value).__name__, [int(n) for n in matrix.shape], fields])
        return Encoded(self.name, meta, tuple(raw(part.reshape(-1)) for part in parts)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a matrix whose buffers are its own."""
        name, shape, fields = read_meta(encoded.meta)
        parts = [
            own(buffer, np.lib.format.descr_to_dtype(descr)).reshape(part_shape)
            for buffer, (descr, part_shape) in zip(encoded.buffers, fields, strict=True)
        ]
        data, *rest = parts
        content: Any = (data, *rest)
        if name.startswith("coo"):
            content = (data, tuple(rest))
        return _CLASSES[name](content, shape=tuple(shape), dtype=data.dtype, copy=False)
