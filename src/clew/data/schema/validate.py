"""A table against a schema."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from typing import Any

from clew.data.schema import values
from clew.data.schema.anomaly import Anomaly
from clew.data.schema.cells import cells_of
from clew.data.schema.drift import drift
from clew.data.schema.judge import Judge
from clew.data.schema.schema import Schema
from clew.data.schema.twins import twins
from clew.data.tables import Columns, columns_of
from clew.errors import InvalidParameter, WrongType

_RULES = 8
"""Most tests of chance that one column takes part in."""


def validate(
    table: Any, schema: Schema, *, like: Any = None, alpha: float = 1e-3
) -> tuple[Anomaly, ...]:
    """Return what is wrong with a table, errors first.

    What was inferred holds up to chance: rows with a property (no value, a value not seen before,
    one beyond the range) are an error when there are more of them than rows drawn like those of
    the schema would have, by Fisher's exact test; fewer are a notice. All tests share `alpha`. What
    chance does not explain is always an error: another type, a known value written otherwise, a
    number far beyond the tail, a repeated key.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
    schema : Schema
    like : table, optional
        Rows whose distribution is expected, too; see `drift`.
    alpha : float
        The probability that a table drawn alike has an error by chance.

    Raises
    ------
    WrongType
        When that is no schema.
    InvalidParameter
        When `alpha` is no probability.
    """
    if not isinstance(schema, Schema):
        raise WrongType("validate takes a schema", got=type(schema).__name__, hint="infer one")
    if not 0 < alpha < 1:
        raise InvalidParameter("alpha is a probability", got=str(alpha))
    columns = columns_of(table)
    share = alpha if like is None else alpha / 2
    limit = share / (_RULES * len(schema.columns) + 1)
    found = [*_presence(columns, schema)]
    rows, rotten = None, set()
    for column in schema.columns:
        if column.name not in columns.names:
            continue
        cells = cells_of(columns.read(column.name))
        rows = len(cells)
        if not rows:
            break
        wrong = [*values.check(cells, column, Judge(column, rows, schema.rows, limit))]
        if any(one.kind == values.TYPE for one in wrong):
            rotten.add(column.name)
        found += wrong
    if not rows:
        message = "the table has no rows"
        found.append(Anomaly("DATASET_LOW_NUM_EXAMPLES", "", message, "0 rows", "rows"))
        return tuple(found)
    found += _twins(columns, schema, rows, limit)
    if like is not None:
        found += drift(like, table, alpha=share, without=rotten)
    return tuple(sorted(found, key=lambda one: one.severity == "notice"))


def _presence(columns: Columns, schema: Schema) -> Iterator[Anomaly]:
    known = [column.name for column in schema.columns]
    new = [name for name in columns.names if name not in known]
    for column in schema.columns:
        if column.name in columns.names or not column.required:
            continue
        close = difflib.get_close_matches(column.name, new, 1, cutoff=0.5)
        hint = f"is it {close[0]!r} now?" if close else ""
        listed = f"columns {', '.join(columns.names)}"
        yield Anomaly(
            "SCHEMA_MISSING_COLUMN", column.name, "the column is not there", listed, "it", hint
        )
    for name in new:
        message = "the schema has no such column"
        hint = "drop it, or infer the schema anew"
        yield Anomaly("SCHEMA_NEW_COLUMN", name, message, name, ", ".join(known), hint)


def _twins(columns: Columns, schema: Schema, rows: int, limit: float) -> list[Anomaly]:
    if set(columns.names) != {column.name for column in schema.columns}:
        return []
    again = twins(columns)
    mean = (schema.twins + 1) * (rows / schema.rows) ** 2 if schema.rows else 0.0
    p_value = _poisson(len(again), mean)
    if not len(again) or p_value > limit:
        return []
    return [
        Anomaly(
            "DATASET_DUPLICATE_ROWS",
            "",
            "rows repeat earlier ones",
            f"{len(again)} of {rows}",
            f"about {mean:.0f}",
            "was a part loaded twice?",
            len(again),
            tuple(again[:5].tolist()),
            p_value,
        )
    ]


def _poisson(count: int, mean: float) -> float:
    """Return the probability of at least `count` of a Poisson distribution."""
    if count <= mean or mean <= 0:
        return 1.0 if count <= mean else 0.0
    if count > 50 * (mean + 1):
        return 0.0
    below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count))
    return max(0.0, 1.0 - below)
