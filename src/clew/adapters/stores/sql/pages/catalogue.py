"""Which columns some runs have, and what stands in them."""

from __future__ import annotations

from collections import Counter, defaultdict

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.logs import FINITE
from clew.adapters.stores.sql.pages.select import selected
from clew.adapters.stores.sql.words import Words
from clew.entities.overview import ColumnInfo, Selection

_EXAMPLES = 20
_SHOWN = 200
_HIDDEN = frozenset({"mlflow.runName"})
"""Tags that repeat another column of a table."""


def columns(
    connection: Connection, words: Words, selection: Selection
) -> tuple[int, tuple[ColumnInfo, ...]]:
    """Return the number of the runs and their columns: metrics, params, tags by frequency."""
    query = selected(connection, selection)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (n INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.execute(f"INSERT INTO chosen SELECT r.n {query.text()}", query.values)
    (total,) = connection.execute("SELECT count(*) FROM chosen").fetchone()
    found = [
        *_metrics(connection, words),
        *_texts(connection, words, "params", "param"),
        *_texts(connection, words, "tags", "tag"),
    ]
    connection.execute("DELETE FROM chosen")
    return total, tuple(found)


def _metrics(connection: Connection, words: Words) -> list[ColumnInfo]:
    rows = connection.execute(
        "SELECT c.key, count(*), count(DISTINCT c.value), "
        f"min(CASE WHEN {FINITE.format('c.value')} THEN c.value END), "
        f"max(CASE WHEN {FINITE.format('c.value')} THEN c.value END) "
        "FROM chosen CROSS JOIN latest AS c ON c.run = chosen.n GROUP BY c.key"
    ).fetchall()
    named = [(words.text(connection, key), *rest) for key, *rest in rows]
    return [
        ColumnInfo(
            column=f"metrics.{key}",
            kind="metrics",
            key=key,
            runs=runs,
            distinct=distinct,
            numeric=True,
            min=least,
            max=most,
            examples=[],
        )
        for key, runs, distinct, least, most in sorted(named, key=lambda one: (-one[1], one[0]))
    ]


def _texts(connection: Connection, words: Words, kind: str, table: str) -> list[ColumnInfo]:
    counted: dict[int, Counter[str]] = defaultdict(Counter)
    for key, value, count in connection.execute(
        f"SELECT c.key, c.value, count(*) FROM chosen CROSS JOIN {table} AS c "
        "ON c.run = chosen.n GROUP BY c.key, c.value"
    ).fetchall():
        counted[key][value] = count
    found = []
    for number, values in counted.items():
        key = words.text(connection, number)
        if kind == "tags" and key in _HIDDEN:
            continue
        numbers = [n for n in map(_number, values) if n is not None]
        numeric = len(numbers) == len(values)
        found.append(
            ColumnInfo(
                column=f"{kind}.{key}",
                kind="params" if kind == "params" else "tags",
                key=key,
                runs=values.total(),
                distinct=len(values),
                numeric=numeric,
                min=min(numbers) if numeric else None,
                max=max(numbers) if numeric else None,
                examples=[value[:_SHOWN] for value, _ in values.most_common(_EXAMPLES)],
            )
        )
    return sorted(found, key=lambda one: (-one.runs, one.key))


def _number(text: str) -> float | None:
    """Return the finite number that a text is."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
