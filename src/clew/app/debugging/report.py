"""A report on a model of the store, kept as a node with what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.app import facts
from clew.app.debugging.subject import Subject, data_of, model_of, subject_of
from clew.app.gates.tables import COLUMN
from clew.app.store import Store
from clew.debug.reports import Report, reports
from clew.errors import InvalidParameter
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
    subject = subject_of(store, spec, trust=trust)
    data, target = data_of(store, subject, dict(files or {}), target)
    other = None if against is None else subject_of(store, against, trust=trust)
    models = {one.spec: model_of(one, data) for one in (other, subject) if one is not None}
    dropped = [one.spec.removeprefix(COLUMN) for one in (other, subject) if one and not one.found]
    options["without"] = [*options.get("without", ()), *dropped]
    made = reports(
        models, _given(data), target=target, champion=other.spec if other else None, **options
    )[spec]
    made.document["version"] = subject.key
    made.document["against"] = "" if other is None else other.spec
    made.document["thread"] = _thread(store, subject)
    return Kept(made, _recorded(store, subject, other, data, target, options, made))


def _given(data: dict[str, Any]) -> Any:
    """Return the tables as `reports` takes them: by part, or one that names parts itself."""
    if set(data) == {""}:
        return data[""]
    if "" in data:
        raise InvalidParameter(
            "a file with a column of parts stands alone", got=", ".join(filter(None, data))
        )
    return data


def _thread(store: Store, subject: Subject) -> list[dict[str, str]]:
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
    subject: Subject,
    other: Subject | None,
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
