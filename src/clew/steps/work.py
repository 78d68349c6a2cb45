"""One task of a flow from the plan to its result: arguments in, engine, record out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from clew.errors import PlanError
from clew.lineage.records import LogEntry, Node, Reason, Use
from clew.steps import eager, remote, results, rng
from clew.steps.context import executing
from clew.steps.execute import Outcome, delivered
from clew.steps.graph import MISSING, FlowGraph, Task
from clew.steps.identify import Identity, Instant, from_edges, identify_code, under_settings
from clew.steps.perform import perform, tell_outer_step
from clew.steps.provenance import redacted
from clew.steps.ref import substitute
from clew.steps.results import Recorded
from clew.steps.runtime import Engine, Runtime
from clew.steps.session import Session

SHORT_S = 0.05
"""A step that took less is recorded together with others: losing it costs nobody anything."""

PICKED = Reason("picked", "one part of a result that was computed or read")
PRUNED = Reason("not-needed", "its result is known, and nothing that runs needs its bytes")


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a task: its node, and its value where this process has it.

    Parameters
    ----------
    computed : bool
        False when another worker had computed the node meanwhile.
    """

    node: Node
    computed: bool = True
    live: Any = MISSING
    error: BaseException | None = None


class Dispatcher:
    """Sends tasks to the engine and writes what comes back into graph and store."""

    def __init__(
        self, runtime: Runtime, session: Session, graph: FlowGraph, engine: Engine
    ) -> None:
        self._runtime = runtime
        self._session = session
        self._graph = graph
        self._engine = engine
        self._loaded: set[int] = set()
        self._outer = executing.get()

    def has_room(self, task: Task, running: Iterable[Task]) -> bool:
        """Tell whether the declared resources leave room for the task.

        The threads of a process share its global generators: a step with a seed runs alone there.
        """
        others = tuple(running)
        if not self._engine.remote and any(map(_is_seeded, (task, *others))):
            return not others
        limits = self._runtime.policy.resources
        for name, amount in _resources(task).items():
            if name not in limits:
                continue
            used = sum(_resources(other).get(name, 0.0) for other in others)
            if used and used + amount > limits[name]:
                return False
        return True

    def submit(self, task: Task) -> Future[Finished]:
        """Start a task whose sources are all computed or readable."""
        if task.step is None:
            source = self._graph.tasks[task.sources[0]]
            return _done(self._select, task, source, self.value_of(source))
        identity = task.identity = self._identity(task)
        if self._engine.remote:
            sources = {index: self._travelling(index) for index in task.sources}
            payload = remote.pack(task.step, identity, task.arguments, sources, task.node)
            return self._engine.submit(remote.work, self._runtime.location, payload)
        arguments = self._arguments(task)
        return self._engine.submit(self._work, task, identity, arguments)

    def value_of(self, task: Task) -> Any:
        """Return a task's value, loading it when it is not in memory."""
        if task.live is MISSING:
            if task.node is None:
                raise PlanError(f"{task.label} has not run", hint="this is a bug in the plan")
            task.live, error = results.load(self._runtime, task.node)
            self._loaded.add(task.index)
            if error is not None:
                raise error
        return task.live

    def finish(self, task: Task, result: Finished | remote.Delivered) -> None:
        """Write a finished task into the graph and free what nobody needs any more."""
        finished = result if isinstance(result, Finished) else self._received(task, result)
        if finished.error is not None:
            raise finished.error
        task.node, task.value_id = finished.node, finished.node.output("result")
        task.live, task.done, task.unreadable = finished.live, finished.computed, False
        for source in task.sources:
            self._release(self._graph.tasks[source])

    def fail(self, task: Task, error: BaseException) -> None:
        """Record that a task failed, and say in the exception which one it was."""
        shown = redacted("error", f"{type(error).__name__}: {error}")
        reason = Reason("error", shown.replace("\0", "\\0")[:500])
        self._session.add(Use(0, task.label, None, "failed", reason))
        error.add_note(f"in step {task.label} of run {self._session.id}")

    def close(self, wanted: Iterable[int]) -> None:
        """Record the tasks that were not computed: reused or pruned; replay their effects."""
        needed = {*wanted, *self._loaded}
        batch: list[tuple[Use, tuple[LogEntry, ...]]] = []
        for task in self._graph.tasks:
            if task.done or task.node is None:
                continue
            effects = results.load_effects(self._runtime, task.node)
            entries = eager.replay(effects, task.node)
            tell_outer_step(self._outer, task.node, entries)
            decision = "reused" if task.index in needed else "pruned"
            reason = eager.SAME if decision == "reused" else PRUNED
            saved_s = task.node.cost.wall_s
            use = Use(0, task.label, task.node.id, decision, reason, 0.0, saved_s)  # type: ignore[arg-type]
            batch.append((use, entries))
            task.done = True
        self._session.add_all(batch)

    def advance_generators(self, task: Task) -> None:
        """Move the generators that a reused task was given to where it left them."""
        if not task.done and task.node is not None:
            effects = results.load_effects(self._runtime, task.node)
            if effects is not None:
                rng.advance_all(effects.arguments, task.arguments)

    def _identity(self, task: Task) -> Identity:
        """Return what decides the task's result, its code read again at this moment."""
        assert task.step is not None
        identity = task.identity
        code, _ = identify_code(task.step)
        if identity is not None and code is not None and identity.code_id == code.id:
            return identity
        inputs, edges = task.inputs, []
        for slot in inputs.slots:
            id = slot.value if slot.task is None else self._graph.tasks[slot.task].value_id
            if id is None:
                text = f"input {slot.name!r} has no content id"
                inputs = replace(inputs, unsound=Reason("unhashable-input", text))
            else:
                edges.append(self._graph.edge(slot, id))
        return from_edges(task.step, tuple(edges), inputs, Instant(self._runtime))

    def _arguments(self, task: Task) -> Mapping[str, Any]:
        values = {
            index: delivered(self.value_of(self._graph.tasks[index])) for index in task.sources
        }
        return {name: substitute(value, values) for name, value in task.arguments.items()}

    def _travelling(self, index: int) -> Any:
        """Return how a source travels to another process: by node if it can, else by value."""
        source = self._graph.tasks[index]
        if source.node is not None and results.available(self._runtime, source.node):
            self._loaded.add(index)
            return remote.Stored(source.node)
        return self.value_of(source)

    def _work(self, task: Task, identity: Identity, arguments: Mapping[str, Any]) -> Finished:
        """Compute a step in this process (any thread)."""
        assert task.step is not None
        identity = under_settings(identity, self._runtime)

        def commit(outcome: Outcome, recorded: Recorded, claim: ExitStack) -> None:
            use = _computed(task, identity, recorded, outcome.cost.wall_s)
            entries = eager.entries_of(outcome.effects, recorded.node)
            self._record(use, recorded, entries, claim, outcome.cost.wall_s)
            self._tell(recorded, entries)

        def before_s() -> float:
            above = self._graph.ancestors([task.index]) - {task.index}
            nodes = (self._graph.tasks[index].node for index in above)
            return sum(node.cost.wall_s for node in nodes if node is not None)

        done = perform(self._runtime, task.step, identity, arguments, task.node, commit, before_s)
        if isinstance(done, Node):
            return Finished(done, computed=False)
        outcome, recorded = done
        return Finished(recorded.node, True, outcome.result, outcome.error)

    def _record(
        self,
        use: Use,
        recorded: Recorded,
        entries: Sequence[LogEntry],
        claim: ExitStack,
        wall_s: float,
    ) -> None:
        """Write a node at once, or a short step's with those of the next ones."""
        if wall_s >= SHORT_S:
            self._session.add(use, (recorded.node,), recorded.values, entries)
            return
        held = claim.pop_all()
        try:
            self._session.add(use, (recorded.node,), recorded.values, entries, held.close)
        except BaseException:
            held.close()
            raise

    def _received(self, task: Task, delivered: remote.Delivered) -> Finished:
        """Note what a worker process computed; it wrote the node itself."""
        if delivered.recorded is None:
            return Finished(delivered.node, computed=False)
        use = _computed(task, task.identity, delivered.recorded, delivered.wall_s)
        entries = eager.entries_of(delivered.effects, delivered.node)
        self._session.add(use, entries=entries)
        self._tell(delivered.recorded, entries)
        rng.advance_all(delivered.effects.arguments, task.arguments)
        live = delivered.live[0] if delivered.live else MISSING
        return Finished(delivered.node, True, live, delivered.error)

    def _tell(self, recorded: Recorded, entries: Iterable[LogEntry]) -> None:
        unsound = recorded.note if recorded.one_off else ""
        tell_outer_step(self._outer, recorded.node, entries, unsound)

    def _select(self, task: Task, source: Task, value: Any) -> Finished:
        """Pick an item or attribute out of a source's value."""
        key = task.arguments["key"]
        part = value[key] if task.kind == "item" else getattr(value, key)
        recorded = results.store_selection(
            self._runtime, task.kind, source.value_id, source.node, key, part
        )
        use = Use(0, task.label, recorded.node.id, "computed", PICKED)
        self._session.add(use, (recorded.node,), recorded.values)
        return Finished(recorded.node, live=part)

    def _release(self, task: Task) -> None:
        """Forget a value in memory once all its readers have run and the store has it."""
        consumers = (self._graph.tasks[index] for index in task.consumers)
        finished = all(consumer.done or consumer.value_id is not None for consumer in consumers)
        if finished and task.node is not None and results.available(self._runtime, task.node):
            task.live = MISSING


def _computed(task: Task, identity: Identity | None, recorded: Recorded, wall_s: float) -> Use:
    reason = eager.why_computed(identity, task.node, recorded)
    return Use(0, task.label, recorded.node.id, "computed", reason, wall_s)


def _is_seeded(task: Task) -> bool:
    return task.step is not None and task.step.options.seed is not None


def _resources(task: Task) -> Mapping[str, float]:
    return task.step.options.resources if task.step is not None else {}


def _done(function: Callable[..., Finished], *args: Any) -> Future[Finished]:
    """Call a function at once; what it raises is the future's."""
    future: Future[Finished] = Future()
    try:
        future.set_result(function(*args))
    except Exception as error:
        future.set_exception(error)
    return future
