"""What decides the result of a call, and the id that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clew.errors import Unhashable
from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId
from clew.lineage.code import CodeRecord
from clew.lineage.records import Edge, Reason, call_id
from clew.steps.carried import ambient_in
from clew.steps.runtime import Runtime
from clew.steps.slots import Slots, slots_of

if TYPE_CHECKING:
    from clew.steps.step import Step


@dataclass(frozen=True, slots=True)
class Identity:
    """A call as the graph sees it.

    Parameters
    ----------
    call : NodeId or None
        None when something that decides the result has no content id.
    unsound : Reason or None
        Why the call must execute whatever the store knows.
    literals : tuple of (ValueId, object)
        Inputs that no node makes: the leaves of the thread.
    environment : Digest
        Id of what decides the result whatever the code: interpreter, machine, settings in force.
    """

    operation: str
    code: CodeRecord | None
    inputs: tuple[Edge, ...]
    call: NodeId | None
    unsound: Reason | None
    literals: tuple[tuple[ValueId, Any], ...]
    environment: Digest

    @property
    def code_id(self) -> CodeId | None:
        """Id of the code, if it has one."""
        return self.code.id if self.code else None


class Instant:
    """What is the same for all calls that are identified at one time: settings, code of steps."""

    def __init__(self, runtime: Runtime) -> None:
        self.environment = runtime.environment_now()
        self._codes: dict[int, tuple[CodeRecord | None, Reason | None]] = {}

    def code(self, step: Step[..., Any]) -> tuple[CodeRecord | None, Reason | None]:
        """Return what `identify_code` says of a step."""
        known = self._codes.get(id(step))
        if known is None:
            known = self._codes[id(step)] = identify_code(step)
        return known


def identify_code(step: Step[..., Any]) -> tuple[CodeRecord | None, Reason | None]:
    """Return the step's code fingerprint, and why it forbids reuse if it does."""
    try:
        code = step.code()
    except Unhashable as error:
        return None, Reason("unhashable-code", f"its code has no fingerprint: {error.message}")
    if code.ambient and step.options.reuse is None:
        text = f"its code uses {'; '.join(code.ambient)}: read it outside the step and pass it in"
        return code, Reason("ambient-read", text, {"reads": list(code.ambient)})
    return code, None


def identify(
    step: Step[..., Any],
    arguments: Mapping[str, Any],
    runtime: Runtime,
    makers: Mapping[ValueId, NodeId] | None = None,
) -> Identity:
    """Return the identity of a call whose arguments are all known.

    Parameters
    ----------
    makers : mapping of ValueId to NodeId, optional
        Values that other calls of this process gave lately, and the nodes that gave them.
    """
    made = makers or {}
    inputs = slots_of(step.signature, arguments)
    edges = tuple(
        Edge(slot.name, slot.value, made.get(slot.value))
        for slot in inputs.slots
        if slot.value is not None
    )
    return from_edges(step, edges, inputs, Instant(runtime))


def from_edges(
    step: Step[..., Any],
    edges: tuple[Edge, ...],
    inputs: Slots,
    instant: Instant,
) -> Identity:
    """Return the identity of a call from the content ids of its inputs."""
    code, code_reason = instant.code(step)
    unsound = inputs.unsound or code_reason
    if unsound is None and step.options.reuse is None:
        unsound = _carried(inputs)
    if step.options.reuse is False:
        unsound = Reason("reuse-off", "the step is declared with reuse=False")
    call: NodeId | None = None
    environment = instant.environment
    if code is not None and (unsound is None or unsound.code != "unhashable-input"):
        call = call_id(step.name, code.id, environment, step.options.seed, edges)
    return Identity(step.name, code, edges, call, unsound, inputs.literals, environment)


def _carried(inputs: Slots) -> Reason | None:
    found = list(dict.fromkeys(ambient_in(inputs.carried))) if inputs.carried else []
    if not found:
        return None
    text = f"an argument, when it is called: {'; '.join(found)}"
    return Reason("ambient-argument", text, {"reads": found})


def under_settings(identity: Identity, runtime: Runtime) -> Identity:
    """Return the identity of a call that runs here and now, identified somewhere else or before.

    Settings of libraries belong to a process or a thread: the one that computes may have others.
    And a step may have changed them since.
    """
    if identity.unsound is not None or identity.environment == runtime.environment_now():
        return identity
    text = "settings of libraries in force where it runs are not those of the flow"
    return replace(identity, unsound=Reason("other-settings", text))


def selection_id(kind: str, of: ValueId, key: ValueId) -> NodeId:
    """Return the id of picking one part (an item or an attribute) out of a value."""
    return call_id(f"clew:{kind}", None, None, None, (Edge("of", of), Edge("key", key)))
