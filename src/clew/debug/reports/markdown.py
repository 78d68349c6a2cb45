"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clew.debug.reports.tables import tables


def markdown(document: Mapping[str, Any]) -> str:
    """Return a report's document as Markdown."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {_escaped(document['model'] or 'Model')}: {_escaped(document['target'])}"
    yield ""
    yield f"{document['task'].capitalize()}, judged on {_escaped(document['judged'])}."
    for table in tables(document):
        yield ""
        yield f"## {table.title}"
        if table.note:
            yield ""
            yield _escaped(table.note)
        if table.rows:
            yield ""
            yield _row(table.columns)
            yield "|" + "---|" * len(table.columns)
            yield from map(_row, table.rows)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    """Return text that is nothing else in Markdown: no cell's end, no tag, no link."""
    for sign in "\\`*[]|":
        text = text.replace(sign, "\\" + sign)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
