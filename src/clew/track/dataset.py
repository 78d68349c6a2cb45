"""Datasets as runs read them: content id, schema, and a small profile."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec
import numpy as np

from clew.entities import Dataset, DatasetInput
from clew.errors import InvalidState
from clew.lineage.fingerprint import fingerprint
from clew.steps import log
from clew.steps.context import executing

CONTEXT = "mlflow.data.context"
_MOST_COLUMNS = 200
_MOST_ROWS = 100_000
_BINS = 10
_COMMON = 5


def outside_steps() -> None:
    """Refuse what a step says of one certain run: the runs that reuse the step would lack it.

    Raises
    ------
    InvalidState
        Inside a step.
    """
    if executing.get() is not None:
        raise InvalidState(
            "run.log_input inside a step: the runs that reuse the step would lack the dataset",
            hint="clew.track.log_input(data), which is logged for every run of the step",
        )


def in_step(data: Any, found: DatasetInput) -> bool:
    """Log a dataset as read by the step in progress; False where there is none.

    It is an effect of the step, so that every run that reuses the step has read the dataset, too.
    """
    execution = executing.get()
    if execution is None:
        return False
    if isinstance(data, PurePath):
        execution.observer.read_file(str(data))
    log.log_dataset(found.dataset.name, msgspec.json.encode(found).decode())
    return True


def describe(data: Any, name: str, *, context: str, source: str = "") -> DatasetInput:
    """Return a dataset as a run reads it.

    Parameters
    ----------
    data : table, array, path or any value
        Columns of pandas, polars and Arrow tables, of NumPy structured and two-dimensional arrays
        and of mappings of sequences are profiled.
    """
    content = fingerprint(data).hex()
    kind = "path" if isinstance(data, PurePath) else type(data).__module__.partition(".")[0]
    found = list(_columns(data))
    dataset = Dataset(
        name=name[:500],
        digest=content,
        content=content,
        source_type=kind,
        source=source or (str(data) if isinstance(data, PurePath) else json.dumps({"type": kind})),
        schema=json.dumps({"columns": [{"name": n, "type": t} for n, t, _ in found]}),
        profile=json.dumps(_profile(data, found), allow_nan=False),
    )
    return DatasetInput(dataset, {CONTEXT: context})


def _columns(data: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield ``(name, type, column)`` of what has columns."""
    names = getattr(data, "column_names", None)  # Arrow
    if names is None and hasattr(data, "columns") and hasattr(data, "__getitem__"):
        names = list(data.columns)  # pandas, polars
    if names is not None:
        for position, name in enumerate(names[:_MOST_COLUMNS]):
            column = data.iloc[:, position] if hasattr(data, "iloc") else data[name]
            yield (
                str(name),
                str(getattr(column, "dtype", getattr(column, "type", "object"))),
                column,
            )
    elif isinstance(data, np.ndarray) and data.dtype.names:
        for name in data.dtype.names[:_MOST_COLUMNS]:
            yield name, str(data.dtype[name]), data[name]
    elif isinstance(data, np.ndarray) and data.ndim <= 2:
        table = data.reshape(len(data), -1) if data.ndim else data.reshape(1, 1)
        for number in range(min(table.shape[1], _MOST_COLUMNS)):
            yield str(number), str(data.dtype), table[:, number]


def _profile(data: Any, columns: list[tuple[str, str, Any]]) -> dict[str, Any]:
    shape = getattr(data, "shape", None)
    rows = len(data) if hasattr(data, "__len__") else None
    profile: dict[str, Any] = {"num_rows": rows}
    if isinstance(shape, tuple):
        profile["shape"] = [int(size) for size in shape]
    profile["columns"] = {name: _figures(column) for name, _, column in columns}
    return profile


def _figures(column: Any) -> dict[str, Any]:
    """Return figures of a column: of numbers range, mean and histogram, else the common values."""
    values = _array(column)
    if values.dtype.kind in "iufb":
        numbers = values.astype(np.float64)
        finite = numbers[np.isfinite(numbers)]
        figures: dict[str, Any] = {"missing": int(np.isnan(numbers).sum())}
        if len(finite):
            low, high = float(finite.min()), float(finite.max())
            figures |= {"min": low, "max": high, **_moments(finite)}
            if math.isfinite(high - low):
                counts, edges = np.histogram(finite, bins=_BINS)
                figures["histogram"] = {"counts": counts.tolist(), "edges": edges.tolist()}
        return figures
    texts = [str(value)[:100] for value in values.tolist() if not _is_missing(value)]
    common, counts = np.unique(np.asarray(texts, dtype=str), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_COMMON]
    return {
        "missing": len(values) - len(texts),
        "distinct": len(common),
        "common": {str(common[place]): int(counts[place]) for place in order},
    }


def _moments(numbers: Any) -> dict[str, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        found = {"mean": float(numbers.mean()), "std": float(numbers.std())}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _is_missing(value: object) -> bool:
    return value is None or value != value or type(value).__name__ == "NAType"


def _array(column: Any) -> Any:
    """Return at most 100,000 evenly spaced values of a column as a NumPy array."""
    step = max(1, -(-len(column) // _MOST_ROWS))
    taken = column[::step] if step > 1 else column
    if hasattr(taken, "to_numpy"):
        try:
            taken = taken.to_numpy()
        except (TypeError, ValueError):
            taken = taken.to_pylist() if hasattr(taken, "to_pylist") else list(taken)
    values = np.asarray(taken)
    return values if values.ndim == 1 else np.asarray(list(map(str, values)), dtype=object)
