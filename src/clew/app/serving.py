"""From a name to a model that serves: the object, its training sample, and where both come from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clew.app import names
from clew.app.store import Store, open_store
from clew.app.tracking import Tracking, tracking_of
from clew.entities import ModelVersion, Owner
from clew.errors import ClewError, InvalidParameter, NotFound, WrongType
from clew.lineage import graph
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Node
from clew.serve import compile_model
from clew.serve.deployment.alone import Alone
from clew.serve.journal import Journal, JournalWriter
from clew.serve.journal.write import PREDICTIONS
from clew.steps.runtime import Runtime
from clew.track.flavors import torch
from clew.track.load import load_model
from clew.track.rows import ARRAY, TABLE, read

_TABLES = ("pandas.", "numpy.ndarray", "pyarrow.lib.Table", "polars.")
_MOST_SAMPLE_BYTES = 1 << 30
_EXAMPLE = "input_example.json"
_FEW_ROWS = 100
"""An example of fewer rows proves nothing of a compiled form."""


_REGISTERED = re.compile(r"(?:models:/)?(?P<name>[^/:@]+)(?:@(?P<alias>[\w-]+)|/(?P<version>\d+))")


@dataclass(frozen=True, slots=True)
class Found:
    """A model in the store.

    Parameters
    ----------
    name, version : str
        What clients call it: the registered name and version, or the step and the beginning of the
        content id.
    content : str
        Content id of the model.
    sample : frame or array
        Rows as it was fitted on, with the columns that it reads.
    few_rows : bool
        They are a mere example, on which nothing can be proven.
    """

    name: str
    version: str
    model: Any
    content: str
    sample: Any
    few_rows: bool = False


def hosted(
    found: Found,
    *,
    name: str | None = None,
    writer: JournalWriter | None = None,
    cache_size: int = 0,
) -> Alone:
    """Return a model that is ready to answer requests.

    Parameters
    ----------
    name : str, optional
        Under which clients ask for it.
    writer : JournalWriter, optional
        Where predictions are kept.
    """
    return Alone(
        name or found.name,
        found.version,
        found.content,
        compile_model(found.model, found.sample, few_rows=found.few_rows),
        journal=writer,
        cache_size=cache_size,
    )


def find(store: Store, spec: str, sample: Path | None = None, *, trust: bool = False) -> Found:
    """Return the model that `spec` names, with rows that it was fitted on.

    Parameters
    ----------
    spec : str
        A registered version (``adult@champion``, ``adult/3``); ``RUN:STEP``, a node or a value.
    sample : Path, optional
        A Parquet or CSV file with rows as the model was fitted on; by default they come from the
        model's lineage, or from the example that it was logged with.
    trust : bool, default False
        Also read types of a registered model that are no library's own.

    Raises
    ------
    NotFound
        When there is no such model, or no rows that it was fitted on.
    WrongType
        When what `spec` names is no model.
    UnsafeLoad
        When reading the model would run code that nobody said is trusted.
    """
    version = registered(store, spec)
    if version is None:
        model, name = store.value(spec), _name(spec)
    else:
        source = version.source if version.model_id is None else f"models:/{version.model_id}"
        model, name = load_model(source, trust=trust), version.name
    if not hasattr(model, "predict") and not torch.accepts(model):
        raise WrongType(
            f"{spec!r} is no model",
            got=type(model).__name__,
            expected="an object with predict(rows)",
            hint="name the step that returns the model: RUN:STEP",
        )
    content = fingerprint(model)
    rows = read_sample(sample) if sample else _from_lineage(store.runtime, model, content)
    few_rows = False
    if rows is None and version is not None and version.model_id is not None:
        rows, few_rows = _kept(store, version.model_id)
    if rows is None:
        raise NotFound(
            f"there are no stored rows that {spec!r} was fitted on",
            hint="give some with --sample FILE (Parquet or CSV)",
        )
    model = as_model(model, rows)
    known = content.hex()
    label = known[:12] if version is None else str(version.version)
    return Found(name, label, model, known, _read_by(model, rows), few_rows)


def as_model(model: Any, sample: Any) -> Any:
    """Return a torch module as a `TorchModel`, made with some rows; anything else as it is."""
    if not hasattr(model, "predict") and torch.accepts(model):
        return torch.TorchModel.of(model, sample)
    return model


def named(spec: str, *, trust: bool = False) -> tuple[Any, Any, bool]:
    """Return a model of the store of this place, rows for it, and whether they are few."""
    found = find(open_store(), spec, trust=trust)
    return found.model, found.sample, found.few_rows


def registered(store: Store, spec: str) -> ModelVersion | None:
    """Return the registered version that `spec` names now; None when it has not that form."""
    match = _REGISTERED.fullmatch(spec)
    tracking = tracking_of(store.runtime)
    if match is None:
        _demand_version(tracking, spec)
        return None
    if match["alias"]:
        return tracking.aliases.version(match["name"], match["alias"])
    return tracking.versions.get(match["name"], int(match["version"]))


def _demand_version(tracking: Tracking, spec: str) -> None:
    try:
        tracking.registered.get(spec)
    except ClewError:
        return  # No model has that name.
    last = max((one.version for one in tracking.aliases.latest(spec)), default=1)
    raise NotFound(
        f"{spec!r} is a model with versions: name one",
        expected=f"{spec}/{last}, or {spec}@ALIAS",
    )


def label_of(store: Store, spec: str) -> tuple[str, str]:
    """Return the name and the content id of the result of a step, a node or a value."""
    return _name(spec), store.value_id(spec).hex()


def _kept(store: Store, model_id: str) -> tuple[Any, bool]:
    """Return the rows that a model was logged with, or None; and whether they are too few."""
    artifacts, owner = tracking_of(store.runtime).artifacts, Owner("model", model_id)

    def content(path: str) -> bytes | None:
        try:
            return b"".join(artifacts.read(artifacts.get(owner, path)))
        except NotFound:
            return None

    paths = (TABLE, ARRAY, f"{ARRAY}.json", _EXAMPLE)
    files = {path: found for path in paths if (found := content(path)) is not None}
    rows = read(files)
    if rows is None:
        return _example(files.get(_EXAMPLE)), True
    return rows.data, rows.origin == "example" and len(rows.data) < _FEW_ROWS


def _example(text: bytes | None) -> Any:
    """Return the example that MLflow's clients log with a model, or None."""
    try:
        content = json.loads(text or b"")
    except ValueError:
        return None
    if isinstance(content, dict) and "columns" in content:
        import pandas as pd

        return pd.DataFrame(content["data"], columns=content["columns"])
    return np.asarray(content["inputs"]) if "inputs" in content else None


def journal_of(store: Store) -> Journal:
    """Return the predictions that were made of a store's models."""
    return _journal(store.path / PREDICTIONS)


@lru_cache(maxsize=16)
def _journal(folder: Path) -> Journal:
    """Return the one journal of a folder: it knows where its entries lie."""
    return Journal(folder)


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


def read_sample(path: Path) -> Any:
    """Return the table in a Parquet or CSV file."""
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
