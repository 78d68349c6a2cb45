"""Documents whose parts are rows: XML, and JSON that is one value."""

from __future__ import annotations

import json as _json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

from clew.data.readers.plain import pyarrow
from clew.errors import InvalidParameter, NotFound


def json(path: Path, *, rows: str | None = None) -> Any:
    """Read JSON: a list of objects, an object of lists, or what lies at ``rows`` (``a.b``)."""
    pa = pyarrow()
    found = _json.loads(path.read_text("utf-8-sig"))
    for part in rows.split(".") if rows else ():
        if not isinstance(found, dict) or part not in found:
            known = ", ".join(list(found)[:10]) if isinstance(found, dict) else "no object"
            raise NotFound(f"nothing at {rows!r} in {path.name}", expected=known)
        found = found[part]
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        names = list(dict.fromkeys(name for row in found for name in row))
        return pa.table({name: pa.array([row.get(name) for row in found]) for name in names})
    if isinstance(found, dict) and found and all(isinstance(v, list) for v in found.values()):
        return pa.table({name: pa.array(values) for name, values in found.items()})
    raise InvalidParameter(
        f"{path.name} is no table",
        got=type(found).__name__,
        expected="a list of objects, an object of lists, or rows='PATH'",
    )


def xml(path: Path, *, rows: str | None = None) -> Any:
    """Read XML: attributes and children of each row are its columns.

    Rows are the elements at ``rows`` (a path such as ``body/town``); by default the children of the
    root that have the most frequent name. An element that comes several times in a row is a list.
    Types are those that all values of a column have: whole numbers, numbers, truth, texts.
    """
    pa = pyarrow()
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InvalidParameter(f"{path.name} is no XML", got=str(error)) from error
    if rows is None:
        counted = Counter(child.tag for child in root)
        if not counted:
            raise InvalidParameter(f"{path.name} has no rows", got=f"<{_name(root.tag)}> alone")
        tag = counted.most_common(1)[0][0]
        elements = [child for child in root if child.tag == tag]
    else:
        elements = [one for one in root.iter() if _ends(root, one, rows)]
        if not elements:
            raise NotFound(f"no elements at {rows!r} in {path.name}")
    found = [_row(element) for element in elements]
    names = list(dict.fromkeys(name for row in found for name in row))
    return pa.table({name: _typed(pa, [row.get(name) for row in found]) for name in names})


def _ends(root: Any, element: Any, rows: str) -> bool:
    """Tell whether an element lies at a path from the root's children, by local names."""
    return element in _at(root, rows.strip("/").split("/"))


def _at(element: Any, parts: list[str]) -> list[Any]:
    found = [element]
    for part in parts:
        found = [child for one in found for child in one if _name(child.tag) == part]
    return found


def _row(element: Any) -> dict[str, Any]:
    row: dict[str, Any] = {_name(key): value for key, value in element.attrib.items()}
    for child in element:
        name = _name(child.tag)
        value = _row(child) if len(child) else (child.text or "").strip() or None
        if name in row:
            before = row[name]
            row[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            row[name] = value
    if not len(element) and (element.text or "").strip():
        row["text"] = element.text.strip()
    return row


def _name(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def _typed(pa: Any, values: list[Any]) -> Any:
    if any(isinstance(value, list) for value in values):
        values = [v if isinstance(v, list) or v is None else [v] for v in values]
        return pa.array(values)
    column = pa.array(values)
    if not pa.types.is_string(column.type):
        return column
    for kind in (pa.int64(), pa.float64(), pa.bool_()):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    return column
