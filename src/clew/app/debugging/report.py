"""A report on a model of the store, kept as a node with what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.app import facts
from clew.app.debugging.lineage import answered, parts_in
from clew.app.gates.tables import COLUMN, demand, table_of
from clew.app.serving import Found, find, registered
from clew.app.store import Store
from clew.debug.reports import Report, reports
from clew.errors import InvalidParameter, NotFound
from clew.lineage import graph
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.records import Node

REPORT = "clew.debug:report"
_STEPS, _KEPT = 50, 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A report, and the node that holds it."""

    report: Report
    node: str


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """What is reported on: a model of the store, or answers in a column."""

    spec: str
    key: str
    content: str
    model: Any
    found: Found | None


def debug(
    store: Store,
    spec: str,
    files: Mapping[str, Path] | None = None,
    *,
    target: str | None = None,
    against: str | None = None,
    trust: bool = False,
    **options: Any,
) -> Kept:
    """Report on a model, and keep the report.

    Parameters
    ----------
    spec : str
        A model of the store (``adult/3``), or ``column:NAME`` of the files.
    files : mapping of str to Path, optional
        Parquet or CSV files by part; under an empty name one that has a column of parts. Without
        any, the rows that the model was fitted and judged on come from its lineage.
    target : str, optional
        The column that is predicted.
    against : str, optional
        Another model, for the paired difference.
    trust : bool
        Also load types that are no library's own.
    options
        Of `clew.debug.reports.reports`.

    Raises
    ------
    NotFound
        When a file, a column or a model is not there, or no labelled rows are.
    """
    subject = _subject(store, spec, trust=trust)
    data, target = _data(store, subject, dict(files or {}), target)
    other = None if against is None else _subject(store, against, trust=trust)
    models = {one.spec: _model(one, data) for one in (other, subject) if one is not None}
    dropped = [one.spec.removeprefix(COLUMN) for one in (other, subject) if one and not one.found]
    options["without"] = [*options.get("without", ()), *dropped]
    made = reports(
        models, _given(data), target=target, champion=other.spec if other else None, **options
    )[spec]
    made.document["version"] = subject.key
    made.document["against"] = "" if other is None else other.spec
    made.document["thread"] = _thread(store, subject)
    return Kept(made, _recorded(store, subject, other, data, target, options, made))


def _subject(store: Store, spec: str, *, trust: bool) -> _Subject:
    if spec.startswith(COLUMN):
        return _Subject(spec, "", "", None, None)
    version = registered(store, spec)
    found = find(store, spec, trust=trust)
    key = "" if version is None else f"{version.name}/{version.version}"
    return _Subject(spec, key, found.content, found.model, found)


def _data(
    store: Store, subject: _Subject, files: dict[str, Path], target: str | None
) -> tuple[dict[str, Any], str]:
    """Return tables by part, and the target."""
    if files:
        if target is None:
            raise InvalidParameter("files need a target", expected="--target COLUMN")
        data = {name: table_of(path) for name, path in files.items()}
        for name, path in files.items():
            if name != "production":
                demand(data[name], target, path)
    elif subject.found is None:
        raise InvalidParameter("answers in a column need files", expected="--test FILE")
    else:
        features = [str(name) for name in getattr(subject.found.sample, "columns", ())]
        data, target = parts_in(store, subject.content, features, target)
    if subject.key and subject.found is not None and not {"", "production"} & set(data):
        name, _, version = subject.key.rpartition("/")
        rows = answered(store, name, version, subject.found.sample, target)
        if rows is not None:
            data["production"] = rows
    return data, target


def _given(data: dict[str, Any]) -> Any:
    """Return the tables as `reports` takes them: by part, or one that names parts itself."""
    if set(data) == {""}:
        return data[""]
    if "" in data:
        raise InvalidParameter(
            "a file with a column of parts stands alone", got=", ".join(filter(None, data))
        )
    return data


def _model(subject: _Subject, data: Mapping[str, Any]) -> Any:
    if subject.found is not None:
        return subject.model
    column = subject.spec.removeprefix(COLUMN)
    if "" in data:
        raise InvalidParameter("answers in a column need a file for each part", got=subject.spec)
    for name, frame in data.items():
        if column not in frame.columns:
            raise NotFound(f"part {name!r} has no such column", got=column)
    return {name: np.asarray(frame[column]) for name, frame in data.items()}


def _thread(store: Store, subject: _Subject) -> list[dict[str, str]]:
    """Return the calls that the model came from, the nearest first."""
    if not subject.content:
        return []
    content = ValueId(Digest(bytes.fromhex(subject.content)))
    start = list(facts.makers_of(store, content))
    around = graph.around(store.runtime.store, start, up=True, down=False, depth=None)
    nodes: dict[Any, Node] = {node.id: node for node in around.nodes}
    ordered = [nodes[id] for id in store.runtime.store.closure(start, "up") if id in nodes]
    return [{"operation": node.operation, "node": node.id.hex()} for node in ordered[:_STEPS]]


def _recorded(
    store: Store,
    subject: _Subject,
    other: _Subject | None,
    data: Mapping[str, Any],
    target: str,
    options: Mapping[str, Any],
    made: Report,
) -> str:
    from clew.debug.reports.write import plain

    inputs: dict[str, Any] = {f"rows {name}".strip(): frame for name, frame in data.items()}
    inputs |= {"target": target, "options": plain(options), "model": subject.spec}
    for name, one in (("content", subject), ("against", other)):
        if one is not None and one.content:
            inputs[name] = Digest(bytes.fromhex(one.content))
    result = facts.stored(store, plain(made.document))
    return facts.record(store, REPORT, "finding", inputs, {"result": result}).hex()


def kept(store: Store, version: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Return the reports on a registered version, the newest first: node, time, document."""
    found = []
    for node in store.runtime.store.history(REPORT, _KEPT):
        value = node.output("result")
        if value is None:
            continue
        document = store.runtime.vault.get(value)
        if document.get("version") == version:
            found.append((node.id.hex(), node.created_ms, document))
    return found
