"""A gate over files: a table with the test set, models by name, labels as they come in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew.app.gates.run import Judged, Model, run
from clew.app.serving import find, read_sample, registered
from clew.app.store import Store, open_store
from clew.debug.gates.gate import Gate, read_file
from clew.debug.gates.judge import BATCH
from clew.debug.gates.rows import Rows, told
from clew.errors import MissingExtra, NotFound

COLUMN = "column:"
_TIMED_ROWS = 50


def judged(
    gate: Gate | Path,
    *,
    rows: Path,
    id: str,
    new: str,
    old: str | None = None,
    labels: Path | None = None,
    label: str = "label",
    training: Path | None = None,
    batch: int = BATCH,
    facts: Mapping[str, float] | None = None,
    show: bool = False,
    trust: bool = False,
    store: Store | None = None,
) -> Judged:
    """Judge a model with a test set in a file.

    Parameters
    ----------
    rows : Path
        Parquet or CSV file with the test set.
    id : str
        Its column of ids.
    new, old : str
        A model of the store (``adult/3``), or ``column:NAME``: a column of `rows` with answers.
    labels : Path, optional
        Parquet or CSV file with the same column of ids and the column `label`.
    training : Path, optional
        Parquet or CSV file with the rows that the models were fitted on, and the column `label`:
        conditions may ask for ``training_accuracy(new)``.

    Raises
    ------
    NotFound
        When a file, a column or a model is not there.
    """
    found = read_file(gate) if isinstance(gate, Path) else gate
    place = open_store() if store is None else store
    frame = table_of(rows)
    demand(frame, id, rows)
    measured: dict[str, float] = {}
    answers: dict[str, Any] = {}
    models: dict[str, Model] = {}
    asked = {str(q) for clause in found.clauses for _, q in clause.terms}
    for subject, spec in (("new", new), ("old", old)):
        if spec is None:
            continue
        models[subject], answers[subject] = answers_of(place, frame, spec, rows, trust=trust)
        if f"latency_ms({subject})" in asked and not spec.startswith(COLUMN):
            measured[f"latency_ms({subject})"] = _latency(place, spec, frame, trust=trust)
        if training is not None:
            known = table_of(training)
            demand(known, label, training)
            _, said = answers_of(place, known, spec, training, trust=trust)
            right = [told(a) == told(b) for a, b in zip(said, known[label], strict=True)]
            measured[f"training_accuracy({subject})"] = sum(right) / len(right)
    wanted = {
        column for clause in found.clauses for _, q in clause.terms for column, _ in q.where
    } - {"label"}
    for column in wanted:
        demand(frame, column, rows)
    test = Rows(
        [str(one) for one in frame[id]],
        answers["new"],
        answers.get("old"),
        {column: frame[column].to_numpy() for column in wanted},
    )
    return run(
        place,
        found,
        test,
        _labels(labels, id, label),
        new=models["new"],
        old=models.get("old"),
        facts=measured | dict(facts or {}),
        batch=batch,
        show=show,
    )


def answers_of(
    store: Store, frame: Any, spec: str, path: Path, *, trust: bool
) -> tuple[Model, Any]:
    """Return a model of the store, or of a column, and what it says of each row."""
    if spec.startswith(COLUMN):
        column = spec.removeprefix(COLUMN)
        demand(frame, column, path)
        return Model(f"column {column}"), frame[column].to_numpy()
    version = registered(store, spec)
    found = find(store, spec, trust=trust)
    answers = found.model.predict(_inputs(found.sample, frame, path))
    if version is None:
        return Model(spec, "", found.content), answers
    key = f"{version.name}/{version.version}"
    return Model(spec, key, version.content or ""), answers


def _latency(store: Store, spec: str, frame: Any, *, trust: bool) -> float:
    """Return the median time of an answer to one row in the form that is served, in ms."""
    from clew.serve import Endpoint

    found = find(store, spec, trust=trust)
    endpoint = Endpoint(found.model, found.sample)
    inputs = _inputs(found.sample, frame, Path("the test set"))
    spent = []
    for at in range(min(_TIMED_ROWS, len(inputs))):
        row = inputs.iloc[at : at + 1] if hasattr(inputs, "iloc") else inputs[at : at + 1]
        started = time.perf_counter()
        endpoint.predict(row)
        spent.append((time.perf_counter() - started) * 1000)
    return sorted(spent)[len(spent) // 2]


def _inputs(sample: Any, frame: Any, path: Path) -> Any:
    """Return the columns that a model reads, in its order."""
    names = list(getattr(sample, "columns", ()))
    if not names:
        raise NotFound(
            "this model reads no named columns",
            got="rows without names",
            hint="put its answers into a column of the test set: --new column:NAME",
        )
    for name in names:
        demand(frame, name, path)
    return frame[names]


def _labels(path: Path | None, id: str, label: str) -> dict[str, object]:
    if path is None:
        return {}
    frame = table_of(path)
    for column in (id, label):
        demand(frame, column, path)
    frame = frame[frame[label].notna()]
    return dict(zip((str(one) for one in frame[id]), frame[label].tolist(), strict=True))


def table_of(path: Path) -> Any:
    """Return the table in a Parquet or CSV file."""
    try:
        return read_sample(path)
    except ImportError as error:
        raise MissingExtra("tables need pandas", hint="pip install 'clew[pandas]'") from error


def demand(frame: Any, column: str, path: Path) -> None:
    """Raise `NotFound` when a table has no such column."""
    if column not in frame.columns:
        raise NotFound(
            f"{path.name} has no such column",
            got=repr(column),
            expected=", ".join(map(str, frame.columns)),
        )
