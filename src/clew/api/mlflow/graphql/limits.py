"""How much one query may ask for: nesting, fields and aliases multiply work beyond all bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAX_ROOTS = 10
_MAX_ALIASES = 10
_MAX_DEPTH = 10
_MAX_SELECTIONS = 1000

Node = Any
"""A node of graphql-core's syntax tree."""


def excess(document: Node) -> str | None:
    """Return what a query asks too much of, in MLflow's words; None when it is within bounds.

    Fragments count where they are spread, as they cost there.
    """
    fragments = {d.name.value: d for d in document.definitions if d.kind == "fragment_definition"}
    roots = aliases = selections = 0
    for operation in document.definitions:
        if operation.kind != "operation_definition":
            continue
        levels = [(operation.selection_set, 1)]
        while levels:
            selection_set, depth = levels.pop()
            if depth > _MAX_DEPTH:
                return f"Query exceeds maximum depth of {_MAX_DEPTH}"
            fields = _fields(selection_set, fragments)
            selections += len(fields)
            if selections > _MAX_SELECTIONS:
                return f"Query exceeds maximum total selections of {_MAX_SELECTIONS}"
            roots += len(fields) if depth == 1 else 0
            aliases = max(aliases, sum(field.alias is not None for field in fields))
            levels += [(f.selection_set, depth + 1) for f in fields if f.selection_set]
    if roots > _MAX_ROOTS:
        return _too_many("root fields", _MAX_ROOTS, roots)
    return _too_many("aliases", _MAX_ALIASES, aliases) if aliases > _MAX_ALIASES else None


def _fields(selection_set: Node, fragments: Mapping[str, Node]) -> list[Node]:
    """Return the fields of one level, those of its fragments included."""
    fields: list[Node] = []
    spread: set[str] = set()
    left = list(selection_set.selections)
    while left:
        selection = left.pop()
        if selection.kind == "field":
            fields.append(selection)
        elif selection.kind == "inline_fragment":
            left += selection.selection_set.selections
        elif selection.name.value not in spread:
            spread.add(selection.name.value)
            fragment = fragments.get(selection.name.value)
            left += fragment.selection_set.selections if fragment is not None else ()
    return fields


def _too_many(what: str, limit: int, got: int) -> str:
    return f"GraphQL queries should have at most {limit} {what}, got {got} {what}."
