"""Datasets that runs read, with the schemas and profiles that were logged."""

from __future__ import annotations

import json
from typing import Any

from clew.api.rest.contract.data import (
    Bar,
    ColumnProfile,
    DatasetsQuery,
    DatasetsTable,
    DatasetVersion,
    DatasetVersions,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities import Dataset
from clew.entities.number import Number, number
from clew.errors import NotFound

_MOST_COLUMNS = 5000


def listed(served: Served, query: DatasetsQuery) -> DatasetsTable:
    """List datasets."""
    total, rows = served.pages.datasets(text=query.text, offset=query.offset, limit=query.limit)
    return DatasetsTable(total=total, rows=list(rows))


def versions(served: Served, name: str) -> DatasetVersions:
    """List the versions of a dataset."""
    found, _ = served.pages.dataset(name)
    return DatasetVersions(name=name, versions=list(found))


def get(served: Served, name: str, digest: str) -> DatasetVersion:
    """Return a version of a dataset."""
    (row,), runs = served.pages.dataset(name, digest)
    dataset = _dataset(served, name, digest)
    schema, profile = _loads(dataset.schema), _loads(dataset.profile)
    return DatasetVersion(
        name=name,
        digest=digest,
        source_type=row.source_type,
        source=row.source,
        content=row.content,
        columns=_columns(schema, profile)[:_MOST_COLUMNS],
        figures=_figures(profile),
        schema_text=dataset.schema,
        profile_text=dataset.profile,
        runs=list(runs),
    )


def _dataset(served: Served, name: str, digest: str) -> Dataset:
    for dataset in served.tracking.datasets.versions(name):
        if dataset.digest == digest:
            return dataset
    raise NotFound(f"there is no dataset {name} {digest}")


def _loads(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def _figures(profile: Any) -> dict[str, Number]:
    if not isinstance(profile, dict):
        return {}
    return {
        name: number(value)
        for name, value in profile.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _columns(schema: Any, profile: Any) -> list[ColumnProfile]:
    """Return the columns that a schema names, with what a profile tells of them.

    Understood are MLflow's column and tensor specifications (``mlflow_colspec``,
    ``mlflow_tensorspec``) and clew's own: ``{"columns": [{"name", "type", "nullable"}]}`` with
    ``{"columns": {NAME: {"mean", …, "histogram"}}}``.
    """
    told = profile.get("columns") if isinstance(profile, dict) else None
    told = told if isinstance(told, dict) else {}
    found = [_column(one, "input", told) for one in _listed(schema)]
    tensors = schema.get("mlflow_tensorspec") if isinstance(schema, dict) else None
    for role, spec in (tensors or {}).items() if isinstance(tensors, dict) else ():
        kind = "target" if role == "targets" else "input"
        found += [_column(one, kind, told) for one in _tensors(spec)]
    return found


def _listed(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, dict):
        schema = schema.get("mlflow_colspec", schema.get("columns"))
    return [one for one in schema if isinstance(one, dict)] if isinstance(schema, list) else []


def _tensors(spec: Any) -> list[dict[str, Any]]:
    spec = _loads(spec) if isinstance(spec, str) else spec
    return [one for one in spec if isinstance(one, dict)] if isinstance(spec, list) else []


def _column(one: dict[str, Any], role: str, told: dict[str, Any]) -> ColumnProfile:
    tensor = one.get("tensor-spec")
    tensor = tensor if isinstance(tensor, dict) else {}
    name = str(one.get("name") or "")
    known = told.get(name)
    known = known if isinstance(known, dict) else {}
    nullable = one.get("nullable", None if "required" not in one else not one["required"])
    return ColumnProfile(
        name=name,
        type=str(tensor.get("dtype") or one.get("type") or ""),
        nullable=nullable if isinstance(nullable, bool) else None,
        role="target" if role == "target" else "input",
        shape=[n for n in tensor.get("shape") or [] if isinstance(n, int)],
        statistics=_figures(known),
        histogram=[bar for bar in map(_bar, known.get("histogram") or []) if bar is not None],
    )


def _bar(one: Any) -> Bar | None:
    if not isinstance(one, dict) or not isinstance(one.get("count"), int):
        return None
    low, high = (
        float(one[side]) if isinstance(one.get(side), int | float) else None
        for side in ("low", "high")
    )
    return Bar(label=str(one.get("label", "")), low=low, high=high, count=one["count"])


HANDLERS: dict[str, Handler] = {
    "data.list": listed,
    "data.versions": versions,
    "data.get": get,
}
