"""Runs as rows of tables, many at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import get_args

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.cells import cells
from clew.adapters.stores.sql.tracking.conditions import key_number
from clew.adapters.stores.sql.tracking.experiments import LIFECYCLES
from clew.entities.overview import RunRow, StepCounts
from clew.lineage.records import Decision
from clew.track.columns import Column

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
_IS = "substr(tag.value, 1, 40) = substr({0}, 1, 40) AND tag.value = {0}"
"""Condition on a tag's value, through the index on its beginning."""

_DECISIONS: tuple[str, ...] = get_args(Decision)

_ROWS = (
    "SELECT r.n, r.id, r.name, r.experiment, e.name, r.status, r.lifecycle, r.user, flow.text, "
    "r.started_ms, r.ended_ms, parent.value, coalesce(note.value, '') <> '' "
    "FROM json_each(?) AS j CROSS JOIN run AS r ON r.n = j.value "
    "JOIN experiment AS e ON e.n = r.experiment LEFT JOIN word AS flow ON flow.n = r.flow "
    "LEFT JOIN tag AS parent ON parent.run = r.n AND parent.key = ? "
    "LEFT JOIN tag AS note ON note.run = r.n AND note.key = ? ORDER BY j.key"
)
_STEPS = (
    "SELECT use.run, use.decision, count(*), sum(use.saved_s) FROM json_each(?) AS j "
    "CROSS JOIN use ON use.run = j.value GROUP BY use.run, use.decision"
)


def rows(
    connection: Connection, numbers: Sequence[int], columns: Sequence[Column] = ()
) -> list[RunRow]:
    """Return the rows of some runs, in the order of their numbers."""
    if not numbers:
        return []
    listed = json.dumps(list(numbers))
    keys = [key_number(connection, name) for name in (PARENT, NOTE)]
    found = connection.execute(_ROWS, (listed, *keys)).fetchall()
    held = cells(connection, numbers, columns)
    with_steps = [row[0] for row in found if row[8] is not None]
    steps = _steps(connection, with_steps)
    children = _children(connection, keys[0], [row[1] for row in found])
    return [
        RunRow(
            id=id,
            name=name,
            experiment_id=str(experiment),
            experiment_name=experiment_name,
            status=status,
            lifecycle=LIFECYCLES[lifecycle],
            user=user,
            flow=flow,
            started_ms=started_ms,
            ended_ms=ended_ms,
            parent_id=parent,
            children=children.get(id, 0),
            steps=steps.get(n),
            has_note=bool(has_note),
            cells=held[n],
        )
        for (
            n,
            id,
            name,
            experiment,
            experiment_name,
            status,
            lifecycle,
            user,
            flow,
            started_ms,
            ended_ms,
            parent,
            has_note,
        ) in found
    ]


def _steps(connection: Connection, numbers: Sequence[int]) -> dict[int, StepCounts]:
    counts: dict[int, dict[str, int]] = {n: dict.fromkeys(_DECISIONS, 0) for n in numbers}
    saved = dict.fromkeys(numbers, 0.0)
    listed = json.dumps(list(numbers))
    for run, decision, count, saved_s in connection.execute(_STEPS, (listed,)).fetchall():
        counts[run][_DECISIONS[decision]] = count
        saved[run] += saved_s or 0.0
    return {n: StepCounts(**counts[n], saved_s=saved[n]) for n in numbers}


def _children(connection: Connection, key: int | None, ids: Sequence[str]) -> dict[str, int]:
    """Return how many active runs name each of some runs as their parent."""
    if key is None:
        return {}
    found = connection.execute(
        "SELECT tag.value, count(*) FROM json_each(?, '$') AS j CROSS JOIN tag ON tag.key = ? "
        f"AND {_IS.format('j.value')} JOIN run AS r ON r.n = tag.run AND r.lifecycle = 0 "
        "GROUP BY tag.value",
        (json.dumps(list(ids)), key),
    )
    return dict(found.fetchall())


def children_of(connection: Connection, id: str, limit: int) -> list[int]:
    """Return the numbers of the active runs nested in a run, oldest first."""
    key = key_number(connection, PARENT)
    if key is None:
        return []
    found = connection.execute(
        f"SELECT r.n FROM tag JOIN run AS r ON r.n = tag.run WHERE tag.key = ?1 "
        f"AND {_IS.format('?2')} AND r.lifecycle = 0 ORDER BY r.started_ms, r.n LIMIT ?3",
        (key, id, limit),
    )
    return [row[0] for row in found.fetchall()]
