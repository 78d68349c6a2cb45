"""The rows that a model was fitted and judged on, out of its lineage; and those it has answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clew.app.monitoring import like_fitted, streams
from clew.app.store import Store
from clew.errors import ClewError, NotFound
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node

_FRAMES = ("pandas.", "pyarrow.lib.Table", "polars.")
_COLUMNS = (*_FRAMES, "numpy.ndarray", "builtins.list")
_MOST_BYTES = 1 << 30
_MOST_ANSWERED = 50_000


def parts_in(
    store: Store, content: str, features: list[str], target: str | None
) -> tuple[dict[str, Any], str]:
    """Return the labelled tables that made a model and that were read beside it; and the target.

    The call that made the model gives the part ``train``, the first that reads the model and
    another table gives ``test``. The target is a column of the table, or a column of its own with
    as many rows.

    Parameters
    ----------
    features : list of str
        The columns that the model reads.
    target : str, optional
        The column of the target; else the only one that is no feature, or the column beside.

    Raises
    ------
    NotFound
        When no labelled table is found.
    """
    id = ValueId(Digest(bytes.fromhex(content)))
    found: dict[str, Any] = {}
    name = target or ""
    seen: set[ValueId] = set()
    for part, direction in (("train", "up"), ("test", "down")):
        for node in _calls(store, store.runtime.store.linked(id, direction)):  # type: ignore[arg-type]
            labelled = _labelled(store, node, features, target, seen)
            if labelled is not None:
                found[part], name, table = labelled
                seen.add(table)
                break
    if not found:
        raise NotFound(
            "the lineage of this model holds no labelled rows",
            hint="name them: --test FILE --target COLUMN, and --train FILE",
        )
    for part, frame in found.items():
        if name not in frame.columns:
            other = next(column for column in frame.columns if column not in features)
            found[part] = frame.rename(columns={other: name})
    return found, name


def _calls(store: Store, ids: tuple[NodeId, ...]) -> Iterator[Node]:
    for id in ids:
        node = store.runtime.store.node(id)
        if node is not None and node.kind not in ("run", "finding", "gate"):
            yield node


def _labelled(
    store: Store, node: Node, features: list[str], target: str | None, seen: set[ValueId]
) -> tuple[Any, str, ValueId] | None:
    """Return a table that a call read, with its target; None when it read none."""
    values = {edge.value: edge.name for edge in node.inputs}
    known = store.runtime.store.describe(list(values))
    tables, columns = [], []
    for id, value in known.items():
        if id in seen or value.size_bytes > _MOST_BYTES or not value.type_name.startswith(_COLUMNS):
            continue
        try:
            content = store.runtime.vault.get(id)
        except ClewError:
            continue  # Its bytes were collected.
        frame = _frame(content)
        if frame is not None and set(features) <= set(map(str, frame.columns)):
            tables.append((id, frame))
        elif frame is None and np.ndim(content) == 1:
            columns.append((values[id], content))
    for id, frame in tables:
        others = [name for name in frame.columns if name not in features]
        if target in others:
            return frame, str(target), id
        for named, column in columns:
            if len(column) == len(frame):
                name = target or str(getattr(column, "name", None) or named)
                return frame[features].assign(**{name: np.asarray(column)}), name, id
        if target is None and len(others) == 1:
            return frame, str(others[0]), id
    return None


def _frame(value: Any) -> Any:
    if type(value).__module__.startswith(("pyarrow", "polars")) and hasattr(value, "to_pandas"):
        value = value.to_pandas()
    return value if hasattr(value, "columns") and hasattr(value, "iloc") else None


def answered(store: Store, name: str, version: str, sample: Any, target: str) -> Any:
    """Return the newest rows that a version was asked, with the labels that came; None: none.

    Parameters
    ----------
    sample : frame
        Rows of the fit: numbers are read as numbers by it.
    """
    try:
        found = [one for one in streams(store, name) if one.version == f"{name}/{version}"]
    except ClewError:
        return None  # A server's store: its machine keeps the predictions.
    if not found or not hasattr(sample, "columns"):
        return None
    stream = found[-1]
    if not set(sample.columns) <= set(stream.columns):
        return None
    import pandas as pd

    rows = [stream.rows[id] for id in sorted(stream.rows)[-_MOST_ANSWERED:]]
    frame = pd.DataFrame([row.values for row in rows], columns=list(stream.columns))
    frame = like_fitted(frame[list(sample.columns)], sample)
    truth = pd.Series([row.truth for row in rows], dtype=object)
    return frame.assign(**{target: truth})
