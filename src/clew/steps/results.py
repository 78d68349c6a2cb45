"""Results between a function and the store: written once, read back private.

A node's outputs are ``result`` (the content id by which other nodes know it), and where needed
``items`` (the list behind a generator's result), ``error`` (an exception that the step declares as
a result) and ``effects``.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clew.errors import (
    ClewError,
    MissingExtra,
    NotFound,
    StoreError,
    Unhashable,
    UnsafeLoad,
    UnsupportedValue,
)
from clew.lineage.canonical import NodeId, ValueId, digest
from clew.lineage.code.archive import to_stored
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import LONGEST, describe
from clew.lineage.records import Cost, Edge, Node, Value, node_id
from clew.steps.carried import ambient_in, fingerprint_with_code
from clew.steps.effects import Effects
from clew.steps.execute import Outcome, Replayable
from clew.steps.identify import Identity, selection_id
from clew.steps.provenance import hidden, redacted
from clew.steps.runtime import Runtime

if TYPE_CHECKING:
    from clew.steps.step import Step

UNREADABLE = (NotFound, StoreError, UnsafeLoad, MissingExtra)
"""What keeps a known result from being read: it is computed instead."""
_LITERALS = (bool, int, float, complex, str, bytes, type(None))
_PLAIN = frozenset({bool, int, float, type(None)})
"""Types whose texts hold no secret but by the name that they have."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A computed node, ready to be written with its values.

    Parameters
    ----------
    note : str
        What kept the node from being reusable, or its value from being stored; "" if nothing.
    one_off : bool
        The node is an event: no later call may be answered with it.
    """

    node: Node
    values: tuple[Value, ...]
    note: str = ""
    one_off: bool = False

    @property
    def result(self) -> ValueId | None:
        """Content id of the result."""
        return self.node.output("result")


def store_outcome(
    runtime: Runtime,
    step: Step[..., Any],
    identity: Identity,
    outcome: Outcome,
    before_s: Callable[[], float] = float,
) -> Recorded:
    """Store a result's bytes where that pays, and return the node that describes the call."""
    strict = step.options.reuse is None
    outputs, values, notes = _outputs(runtime, outcome, before_s, strict=strict)
    reasons = [*outcome.unsound] if strict else []
    if identity.unsound is not None:
        reasons.insert(0, identity.unsound.text)
    _remember_code(runtime, identity)
    size = sum(value.size_bytes for value in values)
    cost = Cost(outcome.cost.wall_s, outcome.cost.cpu_s, size)
    node = _node(runtime, step, identity, outcome, outputs, cost, one_off=bool(reasons))
    note = "; ".join([*reasons, *notes])
    names = {edge.value: edge.name for edge in identity.inputs}
    leaves = [keep_leaf(runtime, id, value, names.get(id, "")) for id, value in identity.literals]
    return Recorded(node, (*leaves, *values), note, one_off=bool(reasons))


def _outputs(
    runtime: Runtime, outcome: Outcome, before_s: Callable[[], float], *, strict: bool
) -> tuple[tuple[Edge, ...], list[Value], list[str]]:
    edges: list[Edge] = []
    values: list[Value] = []
    notes: list[str] = []

    def cumulative_s() -> float:
        return before_s() + outcome.cost.wall_s

    def keep(name: str, value: Any, *, always: bool = False) -> None:
        checked = strict and not always
        description, note = _store(runtime, value, cumulative_s, always=always, strict=checked)
        edges.append(Edge(name, description.id))
        values.append(description)
        if note:
            notes.append(note)

    if outcome.error is not None:
        keep("error", outcome.error, always=True)
    elif isinstance(outcome.result, Replayable):
        keep("items", outcome.result.items)
        edges.append(Edge("result", ValueId(digest("iterator", 1, [edges[-1].value]))))
    else:
        keep("result", outcome.result)
    if outcome.effects:
        keep("effects", outcome.effects.plain(), always=True)
    return tuple(edges), values, notes


def _store(
    runtime: Runtime,
    value: Any,
    compute_s: Callable[[], float],
    *,
    always: bool,
    strict: bool = False,
) -> tuple[Value, str]:
    try:
        id, carried = fingerprint_with_code(value)
        ambient = list(ambient_in(carried)) if strict and carried else []
        if ambient:  # A step that calls it would give the same call another result each time.
            raise Unhashable(f"when it is called: {'; '.join(dict.fromkeys(ambient))}")
    except Unhashable as error:
        opaque = ValueId(digest("opaque", 1, [os.urandom(16)]))
        return describe(opaque, value), f"its result has no content id: {error.message}"
    description = describe(id, value)
    if not always and type(value) not in _PLAIN:
        size_bytes = size_of(value)
        if size_bytes > runtime.policy.always_store_bytes and not runtime.vault.has(id):
            decision = runtime.materialiser.decide(
                cumulative_compute_s=compute_s(),
                load_s=runtime.vault.load_s(size_bytes),
                size_bytes=size_bytes,
            )
            if not decision.keep:
                return description, decision.reason.text
    try:
        size_bytes, content = runtime.vault.prepare(value, id)
    except UnsupportedValue as error:
        return description, f"not stored: {error.message}"
    return replace(description, state="stored", size_bytes=size_bytes, content=content), ""


def size_of(value: Any) -> int:
    """Return roughly how many bytes a value takes: exact for arrays and tables."""
    size_bytes, seen = 0, set[int]()
    pending = [value]
    while pending:
        part = pending.pop()
        if type(part) in (list, tuple, dict) and id(part) not in seen:
            seen.add(id(part))
            members = part.values() if type(part) is dict else part
            pending.extend(itertools.islice(members, 1000))
        else:
            size_bytes += _own_size(part)
    return size_bytes


def _own_size(value: Any) -> int:
    for name in ("nbytes", "get_total_buffer_size"):
        size = getattr(value, name, None)
        if isinstance(size, int):
            return size
    return len(value) if isinstance(value, (str, bytes)) else 0


def keep_leaf(runtime: Runtime, id: ValueId, value: Any, name: str = "") -> Value:
    """Keep an argument that no node makes, so that the thread can be rebuilt from its record.

    Numbers and short texts are kept by their preview; what is too large to copy is only named, and
    so is what the argument's name or the text itself shows to be a secret.
    """
    described = describe(id, value)
    shown = hidden(name) if type(value) in _PLAIN else redacted(name, described.preview)
    if shown != described.preview and shown is not None:
        return replace(described, preview=shown)
    if isinstance(value, _LITERALS) and len(described.preview) < LONGEST:
        return described
    if runtime.vault.has(id):
        return described
    if size_of(value) > runtime.policy.largest_leaf_bytes:
        return described
    try:
        size_bytes, content = runtime.vault.prepare(value, id)
    except UnsupportedValue:
        return described
    return replace(described, state="stored", size_bytes=size_bytes, content=content)


def _remember_code(runtime: Runtime, identity: Identity) -> None:
    code = identity.code
    if code is not None and code.id not in runtime.known_code:
        runtime.store.put_code(to_stored(code))
        runtime.known_code.add(code.id)


def _node(
    runtime: Runtime,
    step: Step[..., Any],
    identity: Identity,
    outcome: Outcome,
    outputs: tuple[Edge, ...],
    cost: Cost,
    *,
    one_off: bool,
) -> Node:
    reads = outcome.reads
    call = identity.call
    if one_off or call is None:
        # An execution that must not be found again is an event: random bytes name it.
        call = NodeId(digest("event", 1, [call or b"", os.urandom(16)]))
        id = call
    else:
        id = node_id(call, reads)
    return Node(
        id=id,
        call=call,
        operation=step.name,
        kind="event" if one_off or identity.call is None else "step",
        code=identity.code_id,
        environment=identity.environment,
        seed=step.options.seed,
        inputs=identity.inputs,
        outputs=outputs,
        reads=reads,
        cost=cost,
        created_ms=int(time.time() * 1000),
    )


def store_selection(
    runtime: Runtime, kind: str, of: ValueId | None, maker: Node | None, key: Any, part: Any
) -> Recorded:
    """Store one part of a value that `maker` gave, and return the node that picked it."""
    value, note = _store(runtime, part, float, always=False)
    named = of is not None
    source = of if of is not None else ValueId(digest("opaque", 1, [os.urandom(16)]))
    key_id = fingerprint(key)
    id = selection_id(kind, source, key_id)
    node = Node(
        id=id,
        call=id,
        operation=f"clew:{kind}",
        kind="pick" if of is not None else "event",
        code=None,
        environment=None,
        seed=None,
        inputs=(Edge("of", source, maker.id if maker else None), Edge("key", key_id)),
        outputs=(Edge("result", value.id),),
        created_ms=int(time.time() * 1000),
    )
    return Recorded(node, (describe(key_id, key), value), note, one_off=not named)


def available(runtime: Runtime, node: Node) -> bool:
    """Tell whether everything that a reader of the node needs can be read."""
    needed = [
        edge.value
        for edge in node.outputs
        if not (edge.name == "result" and node.output("items") is not None)
    ]
    return all(map(runtime.vault.has, needed))


def load(runtime: Runtime, node: Node) -> tuple[Any, BaseException | None]:
    """Return a private copy of a node's result, or the exception that is its result.

    Raises
    ------
    NotFound
        When the value is not there.
    CorruptValue
        When its bytes do not match; they were set aside.
    """
    error = node.output("error")
    if error is not None:
        return None, runtime.vault.get(error)
    items = node.output("items")
    if items is not None:
        return Replayable(runtime.vault.get(items)), None
    result = node.output("result")
    if result is None:
        raise ClewError(f"node {node.id.hex()} has no result")
    return runtime.vault.get(result), None


def load_effects(runtime: Runtime, node: Node) -> Effects | None:
    """Return what a node did besides computing, or None."""
    id = node.output("effects")
    return None if id is None else Effects.parse(runtime.vault.get(id))


def compare(runtime: Runtime, known: Node, recorded: Recorded) -> Recorded:
    """Return what to write when a known node was computed again.

    The same result: the values' new state. Another result: the node is marked irreproducible, and
    the new one gets a name of its own, so that lineage stays true.
    """
    if recorded.node.id != known.id or _given(known) == _given(recorded.node):
        return recorded
    runtime.store.mark_irreproducible(known.id)
    event = NodeId(digest("event", 1, [known.id, os.urandom(16)]))
    note = "it gave another result than before for the same inputs: not reproducible, not reused"
    node = replace(recorded.node, id=event, call=event, kind="event")
    return replace(recorded, node=node, note=note, one_off=True)


def _given(node: Node) -> set[Edge]:
    return {edge for edge in node.outputs if edge.name in ("result", "items", "error")}
