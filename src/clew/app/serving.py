"""From a name to a model that serves: the object, its training sample, and where both come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.app import names
from clew.app.store import Store
from clew.errors import ClewError, InvalidParameter, NotFound, WrongType
from clew.lineage import graph
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Node
from clew.serve import Compiled, compile_model
from clew.serve.hosted import Hosted
from clew.serve.journal import Journal, JournalWriter
from clew.steps.runtime import Runtime

PREDICTIONS = "predictions"
_TABLES = ("pandas.", "numpy.ndarray", "pyarrow.lib.Table", "polars.")
_MOST_SAMPLE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Found:
    """A model in the store.

    Parameters
    ----------
    content : str
        Content id of the model.
    sample : frame or array
        Rows as it was fitted on, with the columns that it reads.
    """

    model: Any
    content: str
    sample: Any


def hosted(
    store: Store,
    spec: str,
    *,
    name: str | None = None,
    sample: Path | None = None,
    writer: JournalWriter | None = None,
    cache_size: int = 0,
    most_rows: int = 10_000,
) -> Hosted:
    """Return a model that is ready to answer requests.

    Parameters
    ----------
    spec : str
        ``RUN:STEP``, a node, or a value (`clew serve last:fit`).
    name : str, optional
        Under which clients ask for it; the step's name by default.
    sample : Path, optional
        A Parquet or CSV file with rows as the model was fitted on; by default they come from the
        model's lineage.
    writer : JournalWriter, optional
        Where predictions are kept.

    Raises
    ------
    NotFound
        When there is no such model, or no sample in its lineage.
    WrongType
        When what `spec` names is no model.
    """
    found = find(store, spec, None if sample is None else _read(sample))
    compiled: Compiled = compile_model(found.model, found.sample)
    return Hosted(
        name or _name(spec),
        found.content[:12],
        found.content,
        compiled,
        journal=writer,
        cache_size=cache_size,
        most_rows=most_rows,
    )


def find(store: Store, spec: str, sample: Any = None) -> Found:
    """Return the model that `spec` names, with rows that it was fitted on."""
    model = store.value(spec)
    if not hasattr(model, "predict"):
        raise WrongType(
            f"{spec!r} is no model",
            got=type(model).__name__,
            expected="an object with predict(rows)",
            hint="name the step that returns the model: RUN:STEP",
        )
    content = fingerprint(model)
    if sample is None:
        sample = _from_lineage(store.runtime, model, content)
    if sample is None:
        raise NotFound(
            f"the lineage of {spec!r} has no stored rows that it was fitted on",
            hint="give some with --sample FILE (Parquet or CSV)",
        )
    return Found(model, content.hex(), _read_by(model, sample))


def journal_of(store: Store) -> Journal:
    """Return the predictions that were made of a store's models."""
    return Journal(store.path / PREDICTIONS)


def writer_of(store: Store) -> JournalWriter:
    """Return where predictions of a store's models are kept."""
    return JournalWriter(store.path / PREDICTIONS)


def _from_lineage(runtime: Runtime, model: Any, content: ValueId) -> Any:
    """Return the nearest table among the ancestors of a model that has its features."""
    for id in runtime.store.linked(content, "up"):
        for value in _tables_above(runtime, id):
            try:
                table = runtime.vault.get(value)
            except ClewError:
                continue  # its bytes were collected, or never kept
            if _fits(model, table):
                return table
    return None


def _tables_above(runtime: Runtime, start: NodeId) -> Iterator[ValueId]:
    around = graph.around(runtime.store, [start], up=True, down=False, depth=None)
    nodes: dict[NodeId, Node] = {node.id: node for node in around.nodes}
    ordered = [nodes[id] for id in runtime.store.closure([start], "up") if id in nodes]
    seen: set[ValueId] = set()
    for node in ordered:
        ids = [edge.value for edge in node.inputs if edge.value not in seen]
        seen.update(ids)
        known = runtime.store.describe(ids)
        for id in ids:
            value = known.get(id)
            if value is None or value.size_bytes > _MOST_SAMPLE_BYTES:
                continue
            if value.type_name.startswith(_TABLES):
                yield id


def _fits(model: Any, table: Any) -> bool:
    wanted = getattr(model, "feature_names_in_", None)
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    if wanted is not None:
        return hasattr(table, "iloc") and set(wanted) <= set(getattr(table, "columns", ()))
    width = getattr(model, "n_features_in_", None)
    return getattr(table, "ndim", 0) == 2 and table.shape[1] == width


def _read_by(model: Any, table: Any) -> Any:
    """Return the columns of a table that a model reads, in the order of its fitting."""
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    wanted = getattr(model, "feature_names_in_", None)
    if wanted is None or not hasattr(table, "iloc"):
        return table
    lacking = [name for name in wanted if name not in table.columns]
    read = _columns_read(model) or set(wanted)
    if missing := sorted(read & set(lacking)):
        raise InvalidParameter(
            "the sample lacks columns that the model reads", got=", ".join(missing)
        )
    return table[[name for name in wanted if name in read]]


def _columns_read(model: Any) -> set[str] | None:
    """Return the columns that a pipeline really reads; None: all it was fitted on.

    A `ColumnTransformer` that drops the rest does not ask for it when it predicts.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    first: Any = model.steps[0][1] if type(model) is Pipeline else None
    if not isinstance(first, ColumnTransformer) or first.remainder != "drop":
        return None
    read: set[str] = set()
    for _, _, columns in first.transformers_:
        listed = [columns] if isinstance(columns, str) else list(columns)
        if not all(isinstance(name, str) for name in listed):
            return None
        read.update(listed)
    dropped = {
        name
        for _, branch, columns in first.transformers_
        if isinstance(branch, str) and branch == "drop"
        for name in ([columns] if isinstance(columns, str) else columns)
    }
    return read - dropped


def _read(path: Path) -> Any:
    import pandas as pd

    if not path.is_file():
        raise NotFound("there is no such sample", got=str(path))
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path)
    raise InvalidParameter("a sample's format", got=path.suffix, expected=".parquet or .csv")


def _name(spec: str) -> str:
    head, colon, step = spec.rpartition(":")
    return step.partition("[")[0] if colon and head else spec[: names.SHORTEST * 3]
