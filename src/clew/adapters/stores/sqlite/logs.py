"""What runs log, as rows: points of metrics with the latest of each, params, tags."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

from clew.errors import WrongType

NAN = "nan"
"""SQLite turns NaN into NULL, which would say that nothing was logged."""

RUN_NAME = "mlflow.runName"

MetricRow: TypeAlias = tuple[int, int, int, int, "float | str", bytes | None]
"""``(run, key, time_ms, step, value, node)``."""

_METRIC = (
    "INSERT OR IGNORE INTO metric (run, key, time_ms, step, value, node) VALUES (?, ?, ?, ?, ?, ?)"
)
# Of the same step and time the higher value counts, and NaN is lower than every number.
_LATEST = (
    "INSERT INTO latest (run, key, experiment, value, step, time_ms) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, step = excluded.step, "
    "time_ms = excluded.time_ms WHERE (excluded.step, excluded.time_ms, "
    "typeof(excluded.value) <> 'text', excluded.value) > (latest.step, latest.time_ms, "
    "typeof(latest.value) <> 'text', latest.value)"
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
    connection: sqlite3.Connection, run: int, experiment: int, rows: Sequence[MetricRow]
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
