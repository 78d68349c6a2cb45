"""What changed since a model was made, in the predictions that the store keeps; alerts are nodes.

Predictions are cut into windows of so many rows in the order in which they were asked, for each
version of its own. Columns are compared with the rows that the model was fitted on, answers and
errors with the first window. A window is judged once it is full; labels may come at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.app import facts
from clew.app.evidence import ALERT
from clew.app.serving import find, journal_of
from clew.app.store import Store
from clew.debug.assertions import Suite
from clew.debug.monitor import Alert, Reference, Window, watch
from clew.debug.monitor.watch import interval
from clew.errors import ClewError, InvalidParameter, NotFound
from clew.lineage.canonical import Digest
from clew.lineage.ulid import ulid_number, ulid_of
from clew.serve.journal.frame import Batch, Said

_MOST_ALERTS = 1_000


@dataclass(frozen=True, slots=True)
class Watched:
    """A window as it was judged.

    Parameters
    ----------
    version : str
        ``adult/3``.
    first, last : str
        Ids of the predictions at its ends.
    begin_ms, end_ms : int
        Their times.
    labels : int
        How many rows' labels have come.
    wrong : tuple of float, or None
        The share of wrong answers among these with an exact interval of 95 %; None for numbers.
    mean_error : float or None
        Of those; of numbers the mean absolute difference.
    node : str or None
        Id of the node that holds the alerts; None without any.
    """

    version: str
    rows: int
    first: str
    last: str
    begin_ms: int
    end_ms: int
    labels: int
    wrong: tuple[float, float, float] | None
    mean_error: float | None
    alerts: tuple[Alert, ...]
    node: str | None


@dataclass(slots=True)
class Row:
    """A row that was asked, what was answered, and the label that came."""

    id: int
    time_ms: int
    values: tuple[Any, ...]
    answer: Any
    truth: Any = None
    told_ms: int = 0


@dataclass(slots=True)
class Stream:
    """The predictions of one version, by their ids."""

    version: str
    content: str
    columns: tuple[str, ...]
    rows: dict[int, Row]


def monitor(
    store: Store,
    model: str,
    *,
    rows: int = 1000,
    alpha: float = 0.01,
    most_errors: float | None = None,
    assertions: Suite | None = None,
    trust: bool = False,
) -> tuple[Watched, ...]:
    """Judge all full windows of a model's predictions, the oldest first.

    Parameters
    ----------
    model : str
        As clients call it: a model's name, or a deployment's.
    rows : int
        Rows of a window.
    alpha, most_errors
        Of `clew.debug.monitor.watch`.
    assertions : Suite, optional
        Asks also whether these are violated more often than in the first window.
    trust : bool
        Also read types of a registered model that are no library's own.

    Raises
    ------
    NotFound
        When the model has no predictions here, or its rows are not to be had.
    """
    if rows < 1:
        raise InvalidParameter("rows of a window", got=str(rows), expected="1 or more")
    known = streams(store, model)
    if not known:
        raise NotFound(f"{model!r} has no predictions here", hint="`clew predictions` lists them")
    options: dict[str, Any] = {"alpha": alpha, "most_errors": most_errors, "window": rows}
    if assertions is not None:
        options["assertions"] = [one.name for one in assertions.assertions]
    found: list[Watched] = []
    for stream in known:
        ordered = [stream.rows[id] for id in sorted(stream.rows)]
        windows = [ordered[at : at + rows] for at in range(0, len(ordered) - rows + 1, rows)]
        if windows:
            found += _judged(store, stream, windows, options, assertions, trust=trust)
    return tuple(found)


def alerts(store: Store, limit: int = 100) -> list[dict[str, Any]]:
    """Return windows with alerts that were found before, the newest first, as they are kept."""
    found = []
    for node in store.runtime.store.history(ALERT, min(limit, _MOST_ALERTS)):
        value = node.output("result")
        if value is not None:
            found.append({**store.runtime.vault.get(value), "node": node.id.hex()})
    return found


def streams(store: Store, model: str) -> list[Stream]:
    """Return the predictions of each version of a model, the oldest version first."""
    found: dict[str, Stream] = {}
    said: list[Said] = []
    for entry in journal_of(store):
        if isinstance(entry, Batch) and entry.model == model:
            key = f"{entry.version} {entry.content} {entry.columns}"
            known = found.get(key)
            if known is None:
                known = Stream(f"{model}/{entry.version}", entry.content, entry.columns, {})
                found[key] = known
            first = int.from_bytes(entry.first)
            for at, (values, answer) in enumerate(zip(entry.rows, entry.labels, strict=True)):
                known.rows[first + at] = Row(first + at, entry.time_ms, values, answer)
        elif isinstance(entry, Said) and entry.truth is not None:
            said.append(entry)
    for one in sorted(said, key=lambda one: one.time_ms):
        id = ulid_number(one.prediction)
        for stream in found.values():
            if (row := stream.rows.get(id)) is not None and row.truth is None:
                row.truth, row.told_ms = one.truth, one.time_ms  # The first word counts.
    return sorted(found.values(), key=lambda stream: min(stream.rows))


def _judged(
    store: Store,
    stream: Stream,
    windows: Sequence[list[Row]],
    options: dict[str, Any],
    suite: Suite | None,
    *,
    trust: bool,
) -> Iterator[Watched]:
    sample = _sample(store, stream, trust=trust)
    first = _window(stream, windows[0], sample, suite)
    reference = Reference(sample, first.answers, first.errors, first.fired)
    told = {"alpha": options["alpha"], "most_errors": options["most_errors"]}
    for number, rows in enumerate(windows):
        window = _window(stream, rows, sample, suite)
        found = watch(reference, window, **told)
        ends = ulid_of(rows[0].id), ulid_of(rows[-1].id)
        errors = window.errors
        node = _kept(store, stream, number, rows, found, options) if found else None
        yield Watched(
            stream.version,
            len(rows),
            *ends,
            rows[0].time_ms,
            rows[-1].time_ms,
            len(errors),
            interval(errors),
            float(np.mean(errors)) if len(errors) else None,
            found,
            node,
        )


def _sample(store: Store, stream: Stream, *, trust: bool) -> Any:
    """Return the rows of the fit, with the columns that were asked, numbers as numbers."""
    import pandas as pd

    spec = stream.version
    try:
        sample = find(store, spec, trust=trust).sample
    except ClewError:
        # A deployment, or a model under another name: its content leads to it.
        sample = find(store, stream.content, trust=trust).sample
    frame = sample if hasattr(sample, "columns") else pd.DataFrame(np.asarray(sample))
    if not hasattr(sample, "columns"):
        frame.columns = pd.Index([f"x{at}" for at in range(frame.shape[1])])
    missing = [name for name in stream.columns if name not in frame.columns]
    if missing:
        raise NotFound(
            f"the rows that {spec} was fitted on lack a column that was asked",
            got=", ".join(missing),
        )
    return like_fitted(frame[list(stream.columns)], frame)


def _window(stream: Stream, rows: list[Row], sample: Any, suite: Suite | None) -> Window:
    import pandas as pd

    columns = zip(*(row.values for row in rows), strict=True)
    asked = dict(zip(stream.columns, columns, strict=True))
    frame = like_fitted(pd.DataFrame({n: list(values) for n, values in asked.items()}), sample)
    labelled = sorted((row for row in rows if row.truth is not None), key=lambda row: row.told_ms)
    answers = [row.answer for row in rows]
    records = [dict(zip(stream.columns, row.values, strict=True)) for row in rows]
    fired = {} if suite is None else suite.check(records, answers).fired
    return Window(frame, answers, _errors(labelled), fired)


def like_fitted(frame: Any, like: Any) -> Any:
    """Return a table in which the same values look the same, whether asked or fitted on."""
    import pandas as pd

    columns = {}
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(like[name]):
            columns[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
        else:
            column = frame[name].astype(object)
            columns[name] = column.where(column.notna(), None)
    return pd.DataFrame(columns)


def _errors(rows: Sequence[Row]) -> list[float]:
    """Return 0 or 1 for each answer, or the absolute difference where answers are numbers."""
    if any(isinstance(row.answer, float) for row in rows):
        return [abs(float(row.answer) - float(row.truth)) for row in rows]
    return [float(str(row.answer) != str(row.truth)) for row in rows]


def _kept(
    store: Store,
    stream: Stream,
    number: int,
    rows: Sequence[Row],
    found: Sequence[Alert],
    options: dict[str, Any],
) -> str:
    """Keep alerts as a node that names the predictions, the labels and the model."""
    labels = {ulid_of(row.id): str(row.truth) for row in rows if row.truth is not None}
    inputs: dict[str, Any] = {
        "predictions": [ulid_of(row.id) for row in rows],
        "labels": labels,
        "options": options,
        "model": Digest(bytes.fromhex(stream.content)),
    }
    plain = {
        "version": stream.version,
        "window": number,
        "first": ulid_of(rows[0].id),
        "last": ulid_of(rows[-1].id),
        "begin_ms": rows[0].time_ms,
        "end_ms": rows[-1].time_ms,
        "labels": len(labels),
        "alerts": [
            {
                "kind": one.kind,
                "columns": list(one.columns),
                "reason": one.reason,
                "p_value": one.p_value,
                "size": one.size,
            }
            for one in found
        ],
    }
    result = facts.stored(store, plain)
    return facts.record(store, ALERT, "finding", inputs, {"result": result}).hex()
