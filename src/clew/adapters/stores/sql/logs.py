"""What runs log, as rows: points of metrics with the latest of each, params, tags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from clew.adapters.stores.sql.connection import Connection
from clew.errors import WrongType

NAN = "nan"
"""SQLite turns NaN into NULL, which would say that nothing was logged.

There it is a text, in PostgreSQL a number; in both it comes behind every number and equals itself:
``value < 'nan'`` says in both that a value is not NaN.
"""

FINITE = "abs({0}) <= 1.7976931348623157e308 AND {0} < 'nan'"
"""Condition that a column holds a finite number."""

RUN_NAME = "mlflow.runName"

REPLACE_ARTIFACT = (
    "ON CONFLICT (kind, owner, path) DO UPDATE SET content = excluded.content, "
    "size_bytes = excluded.size_bytes, media_type = excluded.media_type, "
    "created_ms = excluded.created_ms, node = excluded.node, is_value = excluded.is_value"
)
"""What comes behind the values of an INSERT into `artifact`: the last one counts."""

MetricRow: TypeAlias = tuple[int, int, int, int, "float | str", bytes | None]
"""``(run, key, time_ms, step, value, node)``."""

_METRIC = (
    "INSERT INTO metric (run, key, time_ms, step, value, node) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
# Of the same step and time the higher value counts, and NaN is lower than every number.
_LATEST = (
    "INSERT INTO latest (run, key, experiment, value, step, time_ms) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, step = excluded.step, "
    "time_ms = excluded.time_ms WHERE (excluded.step, excluded.time_ms, "
    "excluded.value < 'nan', excluded.value) > (latest.step, latest.time_ms, "
    "latest.value < 'nan', latest.value)"
)


def stored_number(value: float | None) -> float | str:
    """Return a metric's value as it is stored."""
    if value is None:
        raise WrongType("a metric needs a number", got="None")
    return NAN if math.isnan(value) else float(value)


def number(stored: float | str) -> float:
    """Return a metric's value as it was logged."""
    return math.nan if stored == NAN else float(stored)


def add_metrics(
    connection: Connection, run: int, experiment: int, rows: Sequence[MetricRow]
) -> None:
    """Add points to the histories of one run, and keep the latest of each name."""
    connection.executemany(_METRIC, rows)
    latest: dict[int, MetricRow] = {}
    for row in rows:
        known = latest.get(row[1])
        if known is None or _rank(row) > _rank(known):
            latest[row[1]] = row
    connection.executemany(
        _LATEST,
        [
            (run, key, experiment, value, step, time_ms)
            for key, (_, _, time_ms, step, value, _) in latest.items()
        ],
    )


def _rank(row: MetricRow) -> tuple[int, int, bool, float]:
    _, _, time_ms, step, value, _ = row
    return (step, time_ms, True, value) if isinstance(value, float) else (step, time_ms, False, 0.0)
