"""The beginning of a file: text, JSON, Markdown, a table; an image is fetched by itself."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from clew.api.rest.contract.artifacts import Preview
from clew.entities import Artifact
from clew.entities.number import number
from clew.entities.overview import Cell
from clew.track.ports import Artifacts

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
_SVG = "image/svg+xml"
_MARKDOWN = frozenset({".md", ".markdown"})
_TABLES = {".csv": ",", ".tsv": "\t"}
_LARGEST_COLUMNAR = 64 << 20
_CELL = 500
_COLUMNS = 200


def preview(files: Artifacts, artifact: Artifact, rows: int, size_bytes: int) -> Preview:
    """Return what can be shown of a file.

    Parameters
    ----------
    rows, size_bytes : int
        At most so many rows of a table, so many bytes of a text.
    """
    suffix = PurePosixPath(artifact.path).suffix.lower()
    if artifact.media_type in _IMAGES or artifact.media_type == _SVG:
        return _made(artifact, "image")
    if suffix in (".parquet", ".feather", ".arrow"):
        return _columnar(files, artifact, suffix, rows)
    head = _head(files, artifact, size_bytes)
    truncated = len(head) < (artifact.size_bytes or 0)
    try:
        # A character may be cut in two at the end.
        text = head.decode("utf-8", "strict" if not truncated else "ignore")
    except UnicodeDecodeError:
        return _made(artifact, "binary")
    if "\0" in text:
        return _made(artifact, "binary")
    if suffix in _TABLES:
        return _delimited(artifact, text, _TABLES[suffix], rows, truncated=truncated)
    if suffix == ".json":
        return _json(artifact, text, rows, truncated=truncated)
    kind = "markdown" if suffix in _MARKDOWN else "text"
    return _made(artifact, kind, text=text, truncated=truncated)


def _head(files: Artifacts, artifact: Artifact, most: int) -> bytes:
    size = artifact.size_bytes or 0
    return b"".join(files.read(artifact, 0, min(size, most))) if size else b""


def _json(artifact: Artifact, text: str, rows: int, *, truncated: bool) -> Preview:
    """Show JSON indented; MLflow's tables (``{"columns", "data"}``) as tables."""
    if truncated:
        return _made(artifact, "text", text=text, truncated=True)
    try:
        found = json.loads(text)
        shown = json.dumps(found, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _made(artifact, "text", text=text)
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        columns = found.get("columns")
        lines = found["data"]
        if isinstance(columns, list) and all(isinstance(line, list) for line in lines):
            return _table(
                artifact,
                [str(name) for name in columns],
                [[_cell(value) for value in line] for line in lines[:rows]],
                len(lines),
            )
    return _made(artifact, "json", text=shown)


def _delimited(
    artifact: Artifact, text: str, delimiter: str, rows: int, *, truncated: bool
) -> Preview:
    if truncated:
        text = text[: text.rfind("\n") + 1] or text
    lines = []
    try:
        for line in csv.reader(io.StringIO(text), delimiter=delimiter):
            if line:
                lines.append(line)
    except csv.Error:
        return _made(artifact, "text", text=text, truncated=truncated)
    if not lines:
        return _made(artifact, "text", text=text, truncated=truncated)
    cells: list[list[Cell]] = [[_cell(part) for part in line] for line in lines[1 : rows + 1]]
    total = None if truncated else len(lines) - 1
    return _table(artifact, lines[0], cells, total)


def _columnar(files: Artifacts, artifact: Artifact, suffix: str, rows: int) -> Preview:
    """Show a Parquet or Arrow file, where pyarrow is installed and the file is not too large."""
    if (artifact.size_bytes or 0) > _LARGEST_COLUMNAR:
        return _made(artifact, "binary")
    try:
        import pyarrow as pa
        from pyarrow import feather, parquet
    except ImportError:
        return _made(artifact, "binary")
    content = pa.BufferReader(b"".join(files.read(artifact)))
    read: Callable[[Any], Any] = parquet.read_table if suffix == ".parquet" else feather.read_table
    try:
        table = read(content)
    except (pa.ArrowException, OSError, ValueError):
        return _made(artifact, "binary")
    shown = table.slice(0, rows).to_pylist()
    names = list(dict.fromkeys(table.column_names))
    cells = [[_cell(line.get(name)) for name in names] for line in shown]
    return _table(artifact, names, cells, table.num_rows)


def _table(
    artifact: Artifact, columns: list[str], cells: list[list[Cell]], total: int | None
) -> Preview:
    wide = len(columns) > _COLUMNS
    return Preview(
        artifact=artifact,
        kind="table",
        truncated=total is None or total > len(cells) or wide,
        text=None,
        columns=columns[:_COLUMNS],
        rows=[line[:_COLUMNS] for line in cells],
        total_rows=total,
    )


def _made(
    artifact: Artifact, kind: Any, *, text: str | None = None, truncated: bool = False
) -> Preview:
    return Preview(
        artifact=artifact,
        kind=kind,
        truncated=truncated,
        text=text,
        columns=None,
        rows=None,
        total_rows=None,
    )


def _cell(value: object) -> Cell:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    text = str(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
