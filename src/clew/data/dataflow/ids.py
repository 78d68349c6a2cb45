"""Lists of row ids in a result."""

from __future__ import annotations

from typing import Any

import numpy as np

SHORT = 64


def ascending(ids: Any) -> Any:
    """Return lists of ids, each once and in ascending order: a join may bring one several times.

    Parameters
    ----------
    ids
        An Arrow array of integers or of lists of them; what is missing is an empty list.

    Returns
    -------
    Arrow array
        Of lists of int64.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    nested = pa.types.is_list(array.type) or pa.types.is_large_list(array.type)
    lengths = array.value_lengths() if nested else pc.is_valid(array).cast(pa.int64())
    lengths = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False)
    ids = array.flatten() if nested else array.drop_null()
    ids = ids.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    opening = starts[:-1][lengths > 0]
    rising = np.empty(len(ids), bool)
    rising[:1] = True
    np.greater(ids[1:], ids[:-1], out=rising[1:])
    rising[opening] = True
    if not rising.all():
        ids = _sorted(ids, starts, lengths)
        np.not_equal(ids[1:], ids[:-1], out=rising[1:])
        rising[opening] = True
        kept = np.concatenate([[0], np.cumsum(rising)])
        starts, ids = kept[starts], ids[rising]
    return pa.LargeListArray.from_arrays(pa.array(starts, pa.int64()), pa.array(ids))


def _sorted(ids: Any, starts: Any, lengths: Any) -> Any:
    """Return ids sorted within each list: short lists all at once, long ones one by one."""
    span = int(ids.max()) + 1
    if len(ids) < SHORT * len(lengths) and ids.min() >= 0 and span * len(lengths) < 2**63:
        before = np.repeat(np.arange(len(lengths)) * span, lengths)
        return np.sort(ids + before) - before
    ids = np.array(ids)
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        ids[start:end].sort(kind="stable")  # in runs as engines leave them: nearly linear
    return ids
