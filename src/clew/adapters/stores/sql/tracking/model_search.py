"""Search of logged models in SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import models, order, token
from clew.adapters.stores.sql.tracking.conditions import Sql, on_metric, on_number, on_text
from clew.adapters.stores.sql.tracking.order import Key
from clew.entities import LoggedModel, Page
from clew.entities.filter import Comparison
from clew.errors import InvalidParameter
from clew.track import query
from clew.track.query import ModelOrder

_COLUMNS = {
    "name": "m.name",
    "model_id": "m.id",
    "model_type": "m.model_type",
    "status": "upper(m.status)",
    "source_run_id": "m.source_run",
    "creation_timestamp": "m.created_ms",
    "last_updated_timestamp": "m.updated_ms",
}
_STATUSES = ("UNSPECIFIED", "PENDING", "READY", "FAILED")
_LATEST = (
    "(SELECT c.value FROM model_metric AS c WHERE c.model = m.id "
    "AND c.key = (SELECT n FROM word WHERE text = ?){} "
    "ORDER BY c.step DESC, c.time_ms DESC, c.value DESC LIMIT 1)"
)
Datasets = Sequence[Mapping[str, str]]


def search(
    database: Database,
    experiments: Sequence[int],
    *,
    filter: str,
    datasets: Datasets,
    order_by: Sequence[Mapping[str, object]],
    limit: int,
    page_token: str | None,
) -> Page[LoggedModel]:
    """Return active logged models of experiments."""
    if any(not dataset.get("dataset_name") for dataset in datasets):
        raise InvalidParameter("`dataset_name` in the `datasets` clause must be specified.")
    mark = ("models", list(experiments), filter, list(map(dict, datasets)), list(order_by))
    sql = Sql()
    sql.add("m.experiment IN (SELECT value FROM json_each(?))", json.dumps(list(experiments)))
    sql.add("m.lifecycle = 0")
    comparisons = query.MODELS.parse(filter)
    for one in comparisons:
        _condition(sql, one, datasets)
    if datasets and not any(one.kind == "metric" for one in comparisons):
        among, bound = _among(datasets)
        sql.add(f"EXISTS (SELECT 1 FROM model_metric AS c WHERE c.model = m.id{among})", *bound)
    sorting = _Sorting(datasets)
    for clause in query.parse_model_order(order_by):
        sorting.add(clause)
    keys = sorting.finish()
    outer = Sql()
    if page_token:
        condition, values = order.after(keys, token.read(page_token, mark, len(keys)))
        outer.add(condition, *values)
    named = ", ".join(f"{text} AS k{index}" for index, text in enumerate(sorting.expressions))
    with database.reading() as connection:
        rows = connection.execute(
            f"SELECT * FROM (SELECT {models.COLUMNS}, {named} FROM model AS m WHERE {sql.text}) "
            f"AS found WHERE {outer.text} ORDER BY {order.clause(keys)} LIMIT ?",
            (*sorting.values, *sql.values, *outer.values, limit + 1),
        ).fetchall()
        items = models.of_rows(connection, rows[:limit])
    more = len(rows) > limit
    following = token.write(mark, rows[limit - 1][models.WIDTH :]) if more else None
    return Page(tuple(items), following)


class _Sorting:
    """The expressions that models are sorted by, each computed once under a short name."""

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets
        self._ascending: list[bool] = []
        self._seen: set[str] = set()
        self.expressions: list[str] = []
        self.values: list[object] = []

    def add(self, clause: ModelOrder) -> None:
        """Sort by one more thing; what is missing comes last."""
        one = clause.order
        expression = _COLUMNS.get(one.key, "")
        values: list[object] = []
        if one.kind == "metric":
            expression, values = _latest(one.key, self._datasets, clause)
            self._append(f"{expression} IS NULL", values, ascending=True)
            self._append(f"{expression} = 'nan'", values, ascending=True)
        else:
            self._seen.add(one.key)
            self._append(f"{expression} IS NULL", values, ascending=True)
        self._append(expression, values, ascending=one.ascending)

    def finish(self) -> list[Key]:
        """Break ties, and return the keys."""
        if "creation_timestamp" not in self._seen:
            self._append("m.created_ms", [], ascending=False)
        if "model_id" not in self._seen:
            self._append("m.id", [], ascending=True)
        return [Key(f"k{index}", up) for index, up in enumerate(self._ascending)]

    def _append(self, expression: str, values: list[object], *, ascending: bool) -> None:
        self.expressions.append(expression)
        self.values += values
        self._ascending.append(ascending)


def _latest(
    key: str, datasets: Datasets, clause: ModelOrder | None = None
) -> tuple[str, list[object]]:
    among, values = _among(datasets)
    bound: list[object] = [key, *values]
    if clause is not None and clause.dataset_name:
        among += " AND c.dataset_name = ?"
        bound.append(clause.dataset_name)
    if clause is not None and clause.dataset_digest:
        among += " AND c.dataset_digest = ?"
        bound.append(clause.dataset_digest)
    return _LATEST.format(among), bound


def _among(datasets: Datasets) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []
    for dataset in datasets:
        part = "c.dataset_name = ?"
        values.append(dataset["dataset_name"])
        if dataset.get("dataset_digest"):
            part = f"({part} AND c.dataset_digest = ?)"
            values.append(dataset["dataset_digest"])
        parts.append(part)
    return (f" AND ({' OR '.join(parts)})" if parts else ""), values


def _condition(sql: Sql, one: Comparison, datasets: Datasets) -> None:
    if one.kind == "metric":
        latest, bound = _latest(one.key, datasets)
        text, values = on_metric("v", one)
        sql.add(
            f"EXISTS (SELECT 1 FROM (SELECT {latest} AS v) AS one WHERE {text})", *bound, *values
        )
    elif one.kind == "attribute":
        if one.key == "status":
            _check_status(one)
        column = _COLUMNS[one.key]
        is_number = one.key.endswith("timestamp")
        text, values = (on_number if is_number else on_text)(column, one)
        sql.add(text, *values)
    else:
        table = "model_param" if one.kind == "parameter" else "model_tag"
        text, values = on_text("c.value", one)
        sql.add(
            f"EXISTS (SELECT 1 FROM {table} AS c WHERE c.model = m.n AND c.key = ? AND {text})",
            one.key,
            *values,
        )


def _check_status(one: Comparison) -> None:
    if one.op not in ("=", "!=", "IN", "NOT IN"):
        raise InvalidParameter(f"Invalid comparison operator for status: {one.op}")
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    if any(value not in _STATUSES for value in values):
        raise InvalidParameter(f"Unknown model status in filter: {one.value!r}")
