"""A schema as a file: JSON that people read, review and edit, a column a line."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from clew.data.schema.schema import Column, Schema
from clew.errors import InvalidParameter, NotFound


def write(schema: Schema, path: str | Path) -> None:
    """Write a schema; what is as by default is left out."""
    Path(path).write_text(text_of(schema), "utf-8")


def text_of(schema: Schema) -> str:
    """Return a schema as the text of a file."""
    head = {"rows": schema.rows, "twins": schema.twins}
    lines = ",\n".join(
        "    " + json.dumps(_column(column), ensure_ascii=False, allow_nan=False)
        for column in schema.columns
    )
    start = ", ".join(f"{json.dumps(name)}: {value}" for name, value in head.items())
    return f'{{\n  {start},\n  "columns": [\n{lines}\n  ]\n}}\n'


def read(path: str | Path) -> Schema:
    """Return the schema in a file.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidParameter
        When it holds no schema; the place in it is told.
    """
    place = Path(path)
    if not place.is_file():
        raise NotFound("no such file", got=str(place))
    try:
        plain = json.loads(place.read_text("utf-8"))
        _known(plain)
        return msgspec.convert(plain, Schema)
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidParameter(f"{place.name} holds no schema", got=str(error)) from error


def _column(column: Column) -> dict[str, Any]:
    found = {}
    for field in fields(column):
        value = getattr(column, field.name)
        if field.name in ("name", "kind") or value != field.default:
            found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def _known(plain: Any) -> None:
    """Refuse what a schema does not have: a misspelt rule would not be checked."""
    if not isinstance(plain, dict) or not isinstance(plain.get("columns"), list):
        raise ValueError("no list of columns")
    _only(plain, {field.name for field in fields(Schema)}, "the schema")
    for column in plain["columns"]:
        if isinstance(column, dict):
            _only(column, {field.name for field in fields(Column)}, str(column.get("name")))


def _only(plain: dict[str, Any], known: set[str], where: str) -> None:
    strange = sorted(set(plain) - known)
    if strange:
        raise ValueError(f"{where} has no property {', '.join(map(repr, strange))}")
