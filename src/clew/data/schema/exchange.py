"""Schemas to and from pandera."""

from __future__ import annotations

import math
from typing import Any

from clew.data.schema.schema import Column, Kind, Schema, Value
from clew.errors import InvalidParameter, MissingExtra, WrongType

_TYPES: dict[str, str] = {
    "bool": "boolean",
    "int": "Int64",
    "float": "float64",
    "text": "string",
    "date": "date",
    "time": "datetime64[us]",
}


def to_pandera(schema: Schema) -> Any:
    """Return the schema as a ``pandera.DataFrameSchema``; values are coerced to its types.

    What pandera has no word for is left out: forms of texts, and what chance allows. Of a column
    that is not `strict` the bounds that not even one row may pass are exported (`least`, `most`),
    and `low` and `high` where it has none.

    Raises
    ------
    MissingExtra
        When pandera is not installed.
    InvalidParameter
        When a column is of bytes or of another kind, which pandera does not check.
    """
    pandera = _pandera()
    columns = {}
    for column in schema.columns:
        if column.kind not in _TYPES:
            raise InvalidParameter(
                "pandera has no such kind of column", got=f"{column.name}: {column.kind}"
            )
        checks = []
        if column.values is not None:
            checks.append(pandera.Check.isin(list(column.values)))
        low, high = _bounds(column)
        if low is not None:
            checks.append(pandera.Check.ge(low))
        if high is not None:
            checks.append(pandera.Check.le(high))
        columns[column.name] = pandera.Column(
            _TYPES[column.kind],
            checks=checks,
            nullable=column.present < 1 or column.nan > 0,
            unique=column.unique,
            required=column.required,
            coerce=True,
        )
    return pandera.DataFrameSchema(columns, strict=True)


def from_pandera(schema: Any) -> Schema:
    """Return a ``pandera.DataFrameSchema`` as a schema; its columns are `strict`.

    Raises
    ------
    MissingExtra
        When pandera is not installed.
    WrongType
        When that is no schema of pandera.
    InvalidParameter
        When a column has a check or a type that has no equal here; both are named.
    """
    pandera = _pandera()
    if not isinstance(schema, pandera.DataFrameSchema):
        raise WrongType(
            "that is no schema of pandera",
            got=type(schema).__name__,
            expected="a DataFrameSchema; of a DataFrameModel its to_schema()",
        )
    if schema.checks:
        raise InvalidParameter(
            "a check of the whole table has no equal here", got=str(schema.checks[0])
        )
    return Schema(tuple(_column(str(name), one) for name, one in schema.columns.items()), 0)


def _bounds(column: Column) -> tuple[Any, Any]:
    import datetime

    edges: list[Any] = [column.low, column.high]
    if not column.strict:
        hard = (column.least, column.most)
        edges = [soft if far is None else far for soft, far in zip(edges, hard, strict=True)]
    parse = {"date": datetime.date.fromisoformat, "time": datetime.datetime.fromisoformat}
    if column.kind in parse:
        edges = [None if edge is None else parse[column.kind](str(edge)) for edge in edges]
    return edges[0], edges[1]


def _column(name: str, given: Any) -> Column:
    kind = _kind(name, str(given.dtype))
    found: dict[str, Any] = {}
    for check in given.checks:
        found |= _rule(name, kind, check)
    return Column(
        name,
        kind,
        required=given.required,
        present=0.0 if given.nullable else 1.0,
        unique=given.unique,
        strict=True,
        **found,
    )


def _kind(name: str, dtype: str) -> Kind:
    lowered = dtype.lower()
    kinds: list[tuple[Kind, tuple[str, ...]]] = [
        ("int", ("int", "uint")),
        ("float", ("float",)),
        ("bool", ("bool",)),
        ("text", ("str", "string", "category", "object")),
        ("time", ("datetime",)),
        ("date", ("date",)),
    ]
    for kind, starts in kinds:
        if lowered.startswith(starts):
            return kind
    raise InvalidParameter("a type has no equal here", got=f"{name}: {dtype}")


def _rule(name: str, kind: Kind, check: Any) -> dict[str, Any]:
    said = check.statistics
    step = 1 if kind == "int" else None
    if check.name == "isin":
        return {"values": tuple(said["allowed_values"])}
    if check.name == "equal_to":
        return {"values": (said["value"],)}
    if check.name in ("greater_than_or_equal_to", "greater_than"):
        return {"low": _edge(said["min_value"], "than_or" in check.name, step, math.inf)}
    if check.name in ("less_than_or_equal_to", "less_than"):
        return {"high": _edge(said["max_value"], "than_or" in check.name, step, -math.inf)}
    if check.name == "in_range":
        return {
            "low": _edge(said["min_value"], said["include_min"], step, math.inf),
            "high": _edge(said["max_value"], said["include_max"], step, -math.inf),
        }
    raise InvalidParameter("a check has no equal here", got=f"{name}: {check.name or check}")


def _edge(value: Any, included: bool, step: int | None, inward: float) -> Value:
    if not isinstance(value, (int, float, str)):
        return str(value)
    if included or isinstance(value, str):
        return value
    if step is not None:
        return int(value) + (step if inward > 0 else -step)
    return math.nextafter(value, inward)


def _pandera() -> Any:
    try:
        import pandera.pandas
    except ImportError as error:
        raise MissingExtra("pandera is needed", hint="pip install 'clew[pandera]'") from error
    return pandera.pandas
