"""Datasets by name and digest."""

from __future__ import annotations

import json

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.select import like
from clew.adapters.stores.sql.tracking.datasets import CONTEXT
from clew.entities.overview import DatasetRow, DatasetRun, VersionRow
from clew.errors import NotFound

_RUNS = 100
_ROWS = (
    "SELECT d.name, count(DISTINCT d.digest), count(DISTINCT r.n), max(r.started_ms), "
    "max(d.created_ms) FROM dataset AS d LEFT JOIN input AS i ON i.dataset = d.n "
    "LEFT JOIN run AS r ON r.n = i.run AND r.lifecycle = 0 WHERE d.name LIKE ? ESCAPE '\\' "
    "GROUP BY d.name ORDER BY coalesce(max(r.started_ms), max(d.created_ms)) DESC, d.name "
    "LIMIT ? OFFSET ?"
)
_LATEST = (
    "SELECT d.digest, d.source_type FROM dataset AS d LEFT JOIN input AS i ON i.dataset = d.n "
    "LEFT JOIN run AS r ON r.n = i.run AND r.lifecycle = 0 WHERE d.name = ? "
    "ORDER BY coalesce(r.started_ms, d.created_ms) DESC, d.n DESC LIMIT 1"
)
_VERSIONS = (
    "SELECT d.digest, max(d.source_type), max(d.source), max(lower(hex(d.content))), "
    "count(DISTINCT r.n), min(r.started_ms), max(r.started_ms), max(d.schema), max(d.profile) "
    "FROM dataset AS d LEFT JOIN input AS i ON i.dataset = d.n "
    "LEFT JOIN run AS r ON r.n = i.run AND r.lifecycle = 0 WHERE d.name = ?1 "
    "AND d.digest = coalesce(?2, d.digest) GROUP BY d.digest "
    "ORDER BY coalesce(max(r.started_ms), max(d.created_ms)) DESC, d.digest"
)
_READERS = (
    "SELECT r.id, r.name, r.experiment, r.started_ms, t.value FROM dataset AS d "
    "JOIN input AS i ON i.dataset = d.n JOIN run AS r ON r.n = i.run AND r.lifecycle = 0 "
    "LEFT JOIN input_tag AS t ON t.run = i.run AND t.dataset = d.n AND t.key = ?3 "
    "WHERE d.name = ?1 AND d.digest = coalesce(?2, d.digest) "
    "ORDER BY r.started_ms DESC, r.n DESC LIMIT ?4"
)
_ROW_WORDS = ("num_rows", "rows", "n_rows", "row_count")


def datasets(
    connection: Connection, text: str, offset: int, limit: int
) -> tuple[int, tuple[DatasetRow, ...]]:
    """Return how many datasets there are by name, and some of them."""
    pattern = like(text)
    (total,) = connection.execute(
        "SELECT count(DISTINCT name) FROM dataset WHERE name LIKE ? ESCAPE '\\'", (pattern,)
    ).fetchone()
    found = []
    rows = connection.execute(_ROWS, (pattern, limit, offset)).fetchall()
    for name, versions, runs, last_ms, _ in rows:
        latest, source_type = connection.execute(_LATEST, (name,)).fetchone()
        found.append(
            DatasetRow(
                name=name,
                versions=versions,
                latest=latest,
                source_type=source_type,
                runs=runs,
                last_used_ms=last_ms,
            )
        )
    return total, tuple(found)


def dataset(
    connection: Connection, name: str, digest: str | None
) -> tuple[tuple[VersionRow, ...], tuple[DatasetRun, ...]]:
    """Return the versions of a dataset, and the newest runs that read it."""
    rows = connection.execute(_VERSIONS, (name, digest)).fetchall()
    if not rows:
        shown = name if digest is None else f"{name} {digest}"
        raise NotFound(f"there is no dataset {shown!r}", hint="/api/v1/datasets lists them")
    versions = tuple(
        VersionRow(
            digest=at,
            source_type=source_type,
            source=source,
            content=content or None,
            runs=runs,
            first_used_ms=first_ms,
            last_used_ms=last_ms,
            rows=_count(profile),
            columns=_width(schema),
        )
        for at, source_type, source, content, runs, first_ms, last_ms, schema, profile in rows
    )
    readers = connection.execute(_READERS, (name, digest, CONTEXT, _RUNS)).fetchall()
    return versions, tuple(
        DatasetRun(
            run_id=id,
            run_name=run_name,
            experiment_id=str(experiment),
            started_ms=started_ms,
            context=context,
        )
        for id, run_name, experiment, started_ms, context in readers
    )


def _count(profile: str | None) -> int | None:
    """Return the number of rows that a profile tells."""
    try:
        told = json.loads(profile or "")
    except ValueError:
        return None
    values = [told.get(word) for word in _ROW_WORDS] if isinstance(told, dict) else []
    return next((value for value in values if isinstance(value, int)), None)


def _width(schema: str | None) -> int | None:
    """Return the number of columns that a schema tells (MLflow's column lists)."""
    try:
        told = json.loads(schema or "")
    except ValueError:
        return None
    columns = told.get("mlflow_colspec", told.get("columns")) if isinstance(told, dict) else told
    return len(columns) if isinstance(columns, list) else None
