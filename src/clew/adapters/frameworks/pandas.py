"""Content ids of pandas values: columns, index, names, dtypes, attributes, flags.

How the columns are packed into blocks does not count, but whether rows or columns lie together in
memory does: it decides the layout of `to_numpy()`, and with it the last bits of a fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import clew.adapters.frameworks.pandas_scalars  # noqa: F401 (registers its handlers)
from clew.adapters.frameworks.pandas_arrays import encode_values
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, register
from clew.lineage.fingerprint.arrays import encode_data, raw_bytes
from clew.lineage.fingerprint.dtypes import encode_dtype
from clew.lineage.fingerprint.elements import remembered_elements
from clew.lineage.fingerprint.memo import MEMO, MEMO_FROM_BYTES, seal

_OWN = {"_mgr", "_attrs", "_flags", "_item_cache", "_name", "_cacher", "_is_copy"}


@register(pd.DataFrame, tag="pandas.DataFrame", subclasses=True)
def encode_frame(value: pd.DataFrame, ctx: Context) -> bytes:
    """Encode a frame: labels of both axes, then the columns in order."""
    head = ctx.fields(columns=value.columns, index=value.index, **_extras(value))
    columns: dict[int, bytes] = {}
    for block in value._mgr.blocks:
        places = block.mgr_locs.as_array
        columns.update(zip(places.tolist(), _block(block.values, ctx), strict=True))
    return frame(head) + b"".join(frame(columns[i]) for i in range(len(columns)))


@register(pd.Series, tag="pandas.Series", subclasses=True)
def encode_series(value: pd.Series, ctx: Context) -> bytes:
    """Encode a series: name, index, values."""
    head = ctx.fields(name=value.name, index=value.index, **_extras(value))
    (column,) = _block(value._values, ctx)
    return frame(head) + column


def _extras(value: Any) -> dict[str, object]:
    """Return what else hangs on a frame or series: attributes, flags, fields of a subclass."""
    extras: dict[str, object] = {"unique_labels": not value.flags.allows_duplicate_labels}
    if value.attrs:
        extras["attrs"] = dict(value.attrs)
    if type(value) not in (pd.DataFrame, pd.Series):
        fields = {name: getattr(value, name, None) for name in value._metadata}
        extras["fields"] = fields
        extras["state"] = {k: v for k, v in vars(value).items() if k not in _OWN | set(fields)}
    return extras


def _block(values: Any, ctx: Context) -> list[bytes]:
    """Return the encoding of every column that a block holds."""
    plain = values if isinstance(values, np.ndarray) else getattr(values, "_ndarray", None)
    if plain is None or (plain.ndim != 2 and not isinstance(values, np.ndarray)):
        return [encode_values(values, ctx)]
    if not isinstance(values, np.ndarray) and not isinstance(values.dtype, np.dtype):
        return [encode_values(values[i], ctx) for i in range(len(plain))]
    grid = plain if plain.ndim == 2 else plain.reshape(1, -1)
    head = b"numpy\0" + frame(encode_dtype(grid.dtype, ctx)) + frame(_direction(grid))
    return [head + column for column in _columns(grid, plain, ctx)]


def _columns(grid: Any, owner: Any, ctx: Context) -> Iterator[bytes]:
    """Yield the data of each column; large blocks are remembered as a whole."""

    def compute() -> bytes:
        columns = (encode_data(np.ascontiguousarray(column), ctx) for column in grid)
        return b"".join(map(frame, columns))

    together = owner.flags.c_contiguous or owner.flags.f_contiguous
    if grid.dtype == object:
        joined = remembered_elements(owner, compute)
    elif grid.nbytes < MEMO_FROM_BYTES or not together:
        joined = compute()
    else:
        flat = owner if owner.flags.c_contiguous else owner.T
        key = (owner.shape, owner.strides, owner.dtype)
        joined = MEMO.digest(owner, lambda: (seal(raw_bytes(flat)), key), compute)
    while joined:
        size = int.from_bytes(joined[:8], "little")
        yield joined[8 : 8 + size]
        joined = joined[8 + size :]


def _direction(grid: Any) -> bytes:
    """Return whether rows lie together, and whether memory runs against the index."""
    columns, rows = grid.shape
    across, down = grid.strides
    row_major = columns > 1 and rows > 1 and abs(down) > abs(across)
    return bytes([row_major, rows > 1 and down < 0])
