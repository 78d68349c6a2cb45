"""What a request may name on the graph: runs, nodes, values, models, steps of runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clew.app import names
from clew.app.served import Served
from clew.errors import NotFound
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node

_READERS = 50
_LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Focus:
    """What was named: nodes, and values that no node made."""

    nodes: tuple[NodeId, ...]
    values: tuple[ValueId, ...]


def focus_of(served: Served, texts: Sequence[str]) -> Focus:
    """Return what some texts name on the graph.

    Raises
    ------
    NotFound
        When one of them names nothing.
    """
    nodes: dict[NodeId, None] = {}
    values: dict[ValueId, None] = {}
    for asked in texts:
        text = _elsewhere(served, asked) or asked
        found = names.nodes_of(served.store.runtime, text)
        nodes.update(dict.fromkeys(node.id for node in found))
        if not found:
            value = _value(served, text)
            if value is None:
                raise NotFound(
                    f"{text!r} has no nodes", hint="a run of a foreign client has none of its own"
                )
            values[value] = None
    return Focus(tuple(nodes), tuple(values))


def readers(served: Served, focus: Focus) -> list[NodeId]:
    """Return the first nodes that read the values of a focus."""
    found: dict[NodeId, None] = {}
    for value in focus.values:
        linked = served.store.runtime.store.linked(value, "down")
        found.update(dict.fromkeys(linked[-_READERS:]))
    return list(found)


def node_of(served: Served, text: str) -> Node:
    """Return the one node that a text names."""
    return served.store.node(text)


def value_of(served: Served, text: str) -> ValueId:
    """Return the value whose id begins so.

    Raises
    ------
    NotFound
        When no value's id does.
    """
    found = _value(served, text)
    if found is None:
        raise NotFound(f"no value begins with {text!r}", expected="an id, or its beginning")
    return found


def _elsewhere(served: Served, text: str) -> str | None:
    """Return the id of what the registry or the graph calls so.

    A logged model, ``NAME@VERSION`` or ``NAME@ALIAS``, or an operation, whose newest node it is.
    """
    if _LOGGED_MODEL.fullmatch(text):
        return served.tracking.models.get(text).content
    name, at, version = text.rpartition("@")
    if at and name:
        found = (
            served.tracking.versions.get(name, int(version))
            if version.isdecimal()
            else served.tracking.aliases.version(name, version)
        )
        return found.node or found.content
    newest = served.store.runtime.store.history(text, 1) if ":" in text else ()
    return newest[0].id.hex() if newest else None


def _value(served: Served, text: str) -> ValueId | None:
    found = names.find(served.store.runtime, text)
    if found.kind != "value":
        return None
    return ValueId(Digest(bytes.fromhex(found.id)))
