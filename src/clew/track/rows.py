"""Rows that a model was fitted on, kept beside it: what its compiled forms are compared on.

A few hundred kilobytes at most, chosen by chance, in the dtypes of the original: an Arrow file with
the frame's own description (categories keep their order), or an array.
"""

from __future__ import annotations

import io
import json
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

TABLE, ARRAY = "fitted_rows.arrow", "fitted_rows.npy"
MOST_ROWS = 2000
_MOST_BYTES = 4 << 20
_KEY = b"clew.rows"

Origin = Literal["fit", "example"]


@dataclass(frozen=True, slots=True)
class FittedRows:
    """Some rows of what a model was fitted on, or of what it was logged with.

    Parameters
    ----------
    data : frame, array, or list of str
        In the form of the original.
    origin : {"fit", "example"}
        Whether they were seen at the fit, or given as an example.
    """

    data: Any
    origin: Origin


_seen: dict[int, tuple[weakref.ref[Any], FittedRows]] = {}


def remember(model: Any, rows: FittedRows | None) -> None:
    """Keep the rows of a fitted model for as long as it lives in this process."""
    key = id(model)
    _seen.pop(key, None)
    if rows is None:
        return
    try:
        _seen[key] = weakref.ref(model, lambda _: _seen.pop(key, None)), rows
    except TypeError:
        pass  # It cannot be told apart from a later object at the same place.


def rows_of(model: Any) -> FittedRows | None:
    """Return the rows that `remember` was told of this very object."""
    found = _seen.get(id(model))
    return found[1] if found is not None and found[0]() is model else None


def some_rows(data: Any, origin: Origin) -> FittedRows | None:
    """Return a bounded copy of a table, a matrix of numbers or a list of texts; else None."""
    if hasattr(data, "to_pandas"):
        data = data.to_pandas()
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        if not all(isinstance(name, str) for name in data.columns):
            return None
        kept = data.iloc[_chosen(len(data))].reset_index(drop=True)
        size = int(kept.memory_usage(index=False, deep=True).sum())
        return FittedRows(_cut(kept, size), origin)
    if hasattr(data, "toarray"):
        return None  # a sparse matrix: no row of it can be asked for by name
    try:
        array = np.asarray(data)
    except ValueError:
        return None
    if array.ndim == 2 and array.dtype.kind in "fiub":
        some = array[_chosen(len(array))]
        return FittedRows(_cut(some, some.nbytes), origin)
    if array.ndim == 1 and all(isinstance(value, str) for value in array[:MOST_ROWS]):
        texts = [str(value) for value in array[_chosen(len(array))] if isinstance(value, str)]
        return FittedRows(_cut(texts, sum(map(len, texts))), origin)
    return None


def _chosen(n_rows: int) -> Any:
    return np.sort(np.random.default_rng(0).permutation(n_rows)[:MOST_ROWS])


def _cut(rows: Any, size_bytes: int) -> Any:
    if size_bytes <= _MOST_BYTES:
        return rows
    return rows[: max(1, len(rows) * _MOST_BYTES // size_bytes)]


def write(rows: FittedRows, folder: Path) -> None:
    """Write rows beside a model's files; nothing where their library is missing."""
    if isinstance(rows.data, np.ndarray):
        described = {"origin": rows.origin}
        np.save(folder / ARRAY, rows.data, allow_pickle=False)
        (folder / f"{ARRAY}.json").write_text(json.dumps(described), "utf-8")
        return
    try:
        import pyarrow as pa
    except ImportError:
        return
    table, described = _table(pa, rows)
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), _KEY: json.dumps(described).encode()}
    )
    with pa.OSFile(str(folder / TABLE), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)


def _table(pa: Any, rows: FittedRows) -> tuple[Any, dict[str, Any]]:
    if isinstance(rows.data, list):
        return pa.table({"text": rows.data}), {"origin": rows.origin, "texts": True}
    frame = rows.data
    objects = [name for name in frame.columns if frame[name].dtype == object]
    return pa.Table.from_pandas(frame, preserve_index=False), {
        "origin": rows.origin,
        "objects": objects,
        "none": [name for name in objects if any(value is None for value in frame[name])],
    }


def read(files: dict[str, bytes]) -> FittedRows | None:
    """Return the rows in a model's files (by path), or None where there are none."""
    if ARRAY in files:
        described = json.loads(files.get(f"{ARRAY}.json", b'{"origin": "example"}'))
        array = np.load(io.BytesIO(files[ARRAY]), allow_pickle=False)
        return FittedRows(array, described["origin"])
    if TABLE not in files:
        return None
    import pyarrow as pa

    table = pa.ipc.open_file(pa.BufferReader(files[TABLE])).read_all()
    described = json.loads((table.schema.metadata or {}).get(_KEY, b'{"origin": "example"}'))
    if described.get("texts"):
        return FittedRows(table["text"].to_pylist(), described["origin"])
    frame = table.to_pandas()
    for name in described.get("objects", ()):
        # Arrow knows texts; that a column held them as objects is said beside it.
        values = frame[name].astype(object)
        frame[name] = values.where(values.notna(), None) if name in described["none"] else values
    return FittedRows(frame, described["origin"])
