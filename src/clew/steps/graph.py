"""The graph of a flow while its body runs: tasks and what they take from one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clew.errors import PlanError
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Edge, Node
from clew.steps import isolate, rng
from clew.steps.ref import Ref, task_of
from clew.steps.slots import Slot, Slots, slots_of

if TYPE_CHECKING:
    from clew.steps.identify import Identity
    from clew.steps.step import Step

MISSING: Any = object()
"""Stands for a value that is not in memory."""


@dataclass(slots=True)
class Task:
    """One call of a step, or the picking of one part out of a result, in one run of a flow.

    Parameters
    ----------
    kind : {"step", "item", "attribute"}
        What the task does.
    arguments : mapping
        By parameter name, references included; for a selection ``of`` and ``key``.
    value_id, node, live
        What is known so far: the result's content id, the node, the value itself.
    done : bool
        The task was computed or reused in this run.
    """

    index: int
    label: str
    kind: str
    step: Step[..., Any] | None
    arguments: Mapping[str, Any]
    inputs: Slots
    sources: tuple[int, ...]
    consumers: list[int] = field(default_factory=list)
    value_id: ValueId | None = None
    node: Node | None = None
    identity: Identity | None = None
    live: Any = MISSING
    done: bool = False
    unreadable: bool = False


class FlowGraph:
    """Tasks in the order in which the flow's body made them (a topological order).

    Parameters
    ----------
    force : callable
        Gives the value of a task, by its index.
    run_now : callable
        Runs a task that moves a random generator, before the body goes on.
    """

    def __init__(self, force: Callable[[int], Any], run_now: Callable[[int], None]) -> None:
        self.tasks: list[Task] = []
        self.by_call: dict[NodeId, dict[int, None]] = {}
        self.force = force
        self._run_now = run_now
        self._labels: Counter[str] = Counter()

    def add_step(self, step: Step[..., Any], arguments: Mapping[str, Any]) -> Ref:
        """Add a call of a step and return a reference to its result."""
        held = isolate.private(step.signature, arguments)
        inputs = slots_of(step.signature, held)
        added = self._add(step.label, "step", step, held, inputs)
        if any(map(rng.is_generator, held.values())):
            # What the body draws next, and the next step that gets it, depend on what this draws.
            self._run_now(task_of(added))
        return added

    def add_selection(self, kind: str, of: Ref, key: Any) -> Ref:
        """Add the picking of an item or attribute of a result."""
        if isinstance(key, Ref):
            raise PlanError("a lazy result cannot be an index", hint="call .result() on the index")
        source = self.tasks[task_of(of)].label
        label = f"{source}[{key!r}]" if kind == "item" else f"{source}.{key}"
        inputs = Slots((Slot("of", task=task_of(of)), Slot("key", fingerprint(key))), (), None)
        return self._add(label, kind, None, {"of": of, "key": key}, inputs)

    def length_of(self, index: int) -> int | None:
        """Return how many parts a task's result has, if the graph can know."""
        task = self.tasks[index]
        if task.live is not MISSING and hasattr(task.live, "__len__"):
            return len(task.live)
        return task.step.output_count if task.step is not None else None

    def _add(
        self,
        label: str,
        kind: str,
        step: Step[..., Any] | None,
        arguments: Mapping[str, Any],
        inputs: Slots,
    ) -> Ref:
        sources = tuple(dict.fromkeys(s.task for s in inputs.slots if s.task is not None))
        index = len(self.tasks)
        task = Task(index, self._unique(label), kind, step, arguments, inputs, sources)
        self.tasks.append(task)
        for source in sources:
            self.tasks[source].consumers.append(index)
        return Ref(self, index)

    def _unique(self, label: str) -> str:
        self._labels[label] += 1
        count = self._labels[label]
        return label if count == 1 else f"{label}#{count}"

    def edge(self, slot: Slot, value: ValueId) -> Edge:
        """Return an input whose content is known, with the node that made it."""
        node = self.tasks[slot.task].node if slot.task is not None else None
        return Edge(slot.name, value, None if node is None else node.id)

    def ancestors(self, targets: Iterable[int]) -> set[int]:
        """Return the targets and all tasks that they stand on."""
        seen: set[int] = set()
        pending = list(targets)
        while pending:
            index = pending.pop()
            if index not in seen:
                seen.add(index)
                pending.extend(self.tasks[index].sources)
        return seen

    def sinks(self) -> list[int]:
        """Return the tasks whose results nothing else takes: they are what the flow is for."""
        return [task.index for task in self.tasks if not task.consumers]
