"""One call from its identity to its recorded node: claim, execute, check, store.

Both ways to run a step (at once, or as part of a flow; here or in a worker process) end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clew.lineage.records import LogEntry, Node
from clew.steps import isolate, results
from clew.steps.context import Execution
from clew.steps.execute import Outcome, execute
from clew.steps.identify import Identity
from clew.steps.lookup import find
from clew.steps.observe import unobserved
from clew.steps.results import Recorded
from clew.steps.runtime import Runtime
from clew.steps.saving import of_call

if TYPE_CHECKING:
    from clew.steps.step import Step

Commit = Callable[[Outcome, Recorded, ExitStack], None]
"""Writes a new node. The stack holds the call's claim: who writes later takes it over."""


def perform(
    runtime: Runtime,
    step: Step[..., Any],
    identity: Identity,
    arguments: Mapping[str, Any],
    known: Node | None,
    commit: Commit,
    before_s: Callable[[], float] = float,
) -> Node | tuple[Outcome, Recorded]:
    """Compute a call under its claim, unless somebody else computed it meanwhile.

    Parameters
    ----------
    known : Node, optional
        The node of an earlier execution whose bytes are gone.
    commit : callable
        Writes the new node; called before the claim is given up, so that who waits finds it. If
        it writes later, it takes over the claim.
    before_s : callable
        Gives the seconds that making the inputs takes: a result is stored if making it again,
        with all that leads to it, would take more than twice as long as reading it.

    Returns
    -------
    Node or (Outcome, Recorded)
        The node that another worker made while this one waited, or what was computed here.

    Raises
    ------
    MutatedArgument
        When the step changed an array or table that it was given.
    """
    if identity.call is None or identity.unsound is not None:
        return _compute(runtime, step, identity, arguments, known, commit, before_s, ExitStack())
    with ExitStack() as claim:
        first = claim.enter_context(runtime.claims.hold(identity.call))
        # Who waits for nobody may come late all the same: the plan was made some time ago.
        if known is None or not first:
            node = find(runtime, identity.call)
            if node is not None and results.available(runtime, node):
                return node
        return _compute(runtime, step, identity, arguments, known, commit, before_s, claim)


def _compute(
    runtime: Runtime,
    step: Step[..., Any],
    identity: Identity,
    arguments: Mapping[str, Any],
    known: Node | None,
    commit: Commit,
    before_s: Callable[[], float],
    claim: ExitStack,
) -> tuple[Outcome, Recorded]:
    checkpoint = identity.call.hex() if identity.call is not None else None
    root = runtime.folder
    outcome = execute(step, arguments, own_root=root, checkpoint=checkpoint, code=identity.code)
    with unobserved():
        isolate.check_unchanged(step.name, arguments, identity.inputs)
        recorded = results.store_outcome(runtime, step, identity, outcome, before_s)
        if known is not None:
            recorded = results.compare(runtime, known, recorded)
        commit(outcome, recorded, claim)
        if checkpoint is not None and outcome.checkpointed:
            of_call(runtime.states, checkpoint).clear()
    return outcome, recorded


def tell_outer_step(
    outer: Execution | None, node: Node, entries: Iterable[LogEntry], unsound: str = ""
) -> None:
    """Pass on to the step in whose body this call was made what the call read and logged.

    The outer step's result stands on the same files and variables, and on the same effects.
    """
    if outer is None:
        return
    outer.effects.entries += [replace(entry, node=None) for entry in entries]
    for read in node.reads:
        if read.kind != "rng":
            outer.observer.also_read(read)
    if unsound:
        outer.observer.unsound.append(f"calls a step that is not reusable: {unsound}")
