"""A step called outside a flow: it runs at once, or its known result is returned."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.records import LogEntry, Node, Reason, Use, Value
from clew.steps import results, rng
from clew.steps.context import executing, running
from clew.steps.effects import Effects
from clew.steps.execute import Outcome, delivered
from clew.steps.identify import Identity, identify
from clew.steps.lookup import find
from clew.steps.observe import unobserved
from clew.steps.perform import perform, tell_outer_step
from clew.steps.results import Recorded
from clew.steps.runtime import Runtime, current

if TYPE_CHECKING:
    from clew.steps.step import Step

SAME = Reason("same-call", "same code, same inputs, same seed; what it read is unchanged")
NEW = Reason("new-call", "no valid result of this call is known")
GONE = Reason("bytes-gone", "its result is known, but the bytes are not there any more")


_given: dict[ValueId, NodeId] = {}
"""What calls in this process returned lately, and their nodes: an argument may be among it."""
_MOST_GIVEN = 10_000


def _remember(node: Node) -> None:
    for edge in node.outputs:
        _given[edge.value] = node.id
    while len(_given) > _MOST_GIVEN:
        _given.pop(next(iter(_given)), None)


def call(step: Step[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Return the step's result for `arguments`, computed or reused."""
    runtime = current()
    with unobserved():
        identity = identify(step, arguments, runtime, _given)
        known: Node | None = None
        if identity.call is not None and identity.unsound is None:
            known = find(runtime, identity.call)
            if known is not None:
                hit = _reuse(runtime, step, known, arguments)
                if hit is not None:
                    return delivered(hit[0])
        return _compute(runtime, step, identity, arguments, known)


def _reuse(
    runtime: Runtime, step: Step[..., Any], node: Node, arguments: Mapping[str, Any]
) -> tuple[Any] | None:
    """Return the node's result in a tuple, its effects replayed; None if it cannot be read."""
    started = time.perf_counter()
    if not results.available(runtime, node):
        return None
    try:
        effects = results.load_effects(runtime, node)
        result, error = results.load(runtime, node)
    except results.UNREADABLE:
        return None
    entries = replay(effects, node)
    if effects is not None:
        rng.advance_all(effects.arguments, arguments)
    spent_s = time.perf_counter() - started
    use = Use(0, step.label, node.id, "reused", SAME, spent_s, saved(node, spent_s))
    _note(runtime, step, use, entries=entries)
    _remember(node)
    tell_outer_step(executing.get(), node, entries)
    if error is not None:
        raise error
    return (result,)


def saved(node: Node, spent_s: float) -> float:
    """Return the seconds that reading a result saved against computing it."""
    return max(node.cost.wall_s - spent_s, 0.0)


def replay(effects: Effects | None, node: Node) -> tuple[LogEntry, ...]:
    """Do again what the node did besides computing; return its log entries for the run.

    The generators among its arguments are the caller's to move: it knows when.
    """
    if effects is None:
        return ()
    effects.replay()
    return entries_of(effects, node)


def entries_of(effects: Effects, node: Node) -> tuple[LogEntry, ...]:
    """Return a node's log entries, named after the node."""
    return tuple(replace(entry, node=node.id) for entry in effects.entries)


def _compute(
    runtime: Runtime,
    step: Step[..., Any],
    identity: Identity,
    arguments: Mapping[str, Any],
    known: Node | None,
) -> Any:
    def commit(outcome: Outcome, recorded: Recorded, claim: ExitStack) -> None:
        node = recorded.node
        reason = why_computed(identity, known, recorded)
        use = Use(0, step.label, node.id, "computed", reason, outcome.cost.wall_s)
        entries = entries_of(outcome.effects, node)
        _note(runtime, step, use, (node,), recorded.values, entries)
        _remember(node)
        unsound = reason.text if recorded.one_off else ""
        tell_outer_step(executing.get(), node, entries, unsound)

    done = perform(runtime, step, identity, arguments, known, commit)
    if isinstance(done, Node):
        hit = _reuse(runtime, step, done, arguments)
        return (
            _compute(runtime, step, identity, arguments, done) if hit is None else delivered(*hit)
        )
    outcome, _ = done
    if outcome.error is not None:
        raise outcome.error
    return delivered(outcome.result)


def why_computed(identity: Identity | None, known: Node | None, recorded: Recorded) -> Reason:
    """Return the reason of a computation, with what keeps it from being reused next time."""
    unsound = identity.unsound if identity is not None else None
    reason = unsound or (GONE if known is not None else NEW)
    if not recorded.note or unsound is not None:
        return reason
    return replace(
        reason,
        text=f"{reason.text}; {recorded.note}",
        fields={**reason.fields, "note": recorded.note},
    )


def _note(
    runtime: Runtime,
    step: Step[..., Any],
    use: Use,
    nodes: tuple[Node, ...] = (),
    values: tuple[Value, ...] = (),
    entries: tuple[LogEntry, ...] = (),
) -> None:
    step.last = use
    session = running.get()
    if session is not None:
        session.add(use, nodes, values, entries)
    elif nodes:
        runtime.store.record(nodes, values)
