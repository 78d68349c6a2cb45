"""Runs side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clew.api.rest.contract.compare import CompareQuery, CompareRow, Comparison
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities import Run
from clew.entities.number import number
from clew.entities.overview import Cell, RunRow

_HIDDEN = frozenset({"mlflow.note.content", "mlflow.runName"})


def compare(served: Served, query: CompareQuery) -> Comparison:
    """Put runs side by side."""
    ids = list(dict.fromkeys(query.run))
    runs = [served.tracking.runs.get(id) for id in ids]
    rows = list(served.run_pages.rows([run.id for run in runs]))
    contexts = [_context(served, run) for run in runs]

    def only(found: list[CompareRow]) -> list[CompareRow]:
        return [one for one in found if one.differs] if query.differences else found

    return Comparison(
        runs=rows,
        attributes=only(_attributes(rows, runs, contexts)),
        params=only(_rows([{**_arguments(served, run), **run.params} for run in runs])),
        metrics=only(
            _rows([{key: number(m.value) for key, m in run.metrics.items()} for run in runs])
        ),
        tags=only(_rows([_without(run.tags) for run in runs])),
        datasets=only(
            _rows([{d.dataset.name: d.dataset.digest for d in run.datasets} for run in runs])
        ),
    )


def _rows(held: Sequence[Mapping[str, Cell]]) -> list[CompareRow]:
    """Return a row for each key of any run, in the order of the alphabet."""
    keys = sorted({key for one in held for key in one})
    return [_row(key, [one.get(key) for one in held]) for key in keys]


def _row(key: str, values: list[Cell]) -> CompareRow:
    return CompareRow(key=key, values=values, differs=any(v != values[0] for v in values))


def _attributes(
    rows: Sequence[RunRow], runs: Sequence[Run], contexts: Sequence[Mapping[str, Any]]
) -> list[CompareRow]:
    commits = [
        (context.get("git") or {}).get("commit") or run.tags.get("mlflow.source.git.commit")
        for context, run in zip(contexts, runs, strict=True)
    ]
    seconds: list[Cell] = [
        None if row.ended_ms is None else (row.ended_ms - row.started_ms) / 1000 for row in rows
    ]
    return [
        _row("name", [row.name for row in rows]),
        _row("experiment", [row.experiment_name for row in rows]),
        _row("status", [row.status for row in rows]),
        _row("user", [row.user for row in rows]),
        _row("flow", [row.flow for row in rows]),
        _row("commit", commits),
        _row("started_ms", [row.started_ms for row in rows]),
        _row("duration_s", seconds),
    ]


def _context(served: Served, run: Run) -> dict[str, Any]:
    record = served.store.runtime.store.run(run.id)
    return _object(record.context) if record else {}


def _arguments(served: Served, run: Run) -> dict[str, str]:
    record = served.store.runtime.store.run(run.id)
    found = _object(record.arguments) if record else {}
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in found.items()
    }


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _without(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in _HIDDEN}


HANDLERS: dict[str, Handler] = {"runs.compare": compare}
