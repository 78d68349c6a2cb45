"""Run a flow's graph by its plan: name what is known, solve, execute, and again.

The plan is solved when work begins and again whenever an executed task turns out to give a known
value (early cut-off). Between two solutions the computed tasks run in the graph's order, as many
at once as the engine has workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from clew.lineage.canonical import NodeId
from clew.lineage.plan import State
from clew.steps.estimate import plan_for
from clew.steps.graph import MISSING, FlowGraph, Task
from clew.steps.resolve import propagate
from clew.steps.results import UNREADABLE
from clew.steps.runtime import Engine, Runtime
from clew.steps.session import Session
from clew.steps.work import Dispatcher

Running = dict[Future[Any], Task]


class Scheduler:
    """Executes one flow's graph; used from the thread of the flow's body."""

    def __init__(
        self, runtime: Runtime, session: Session, graph: FlowGraph, engine: Engine
    ) -> None:
        self._runtime = runtime
        self._graph = graph
        self._engine = engine
        self._dispatch = Dispatcher(runtime, session, graph, engine)
        self._named = 0

    def satisfy(self, targets: Iterable[int], *, readable: bool = False) -> None:
        """Make sure that the targets' results are known: computed or reused.

        Parameters
        ----------
        readable : bool, default False
            Whether their values will be read right away.

        Raises
        ------
        BaseException
            What a step raised; tasks that run already are waited for first.
        """
        wanted = frozenset(targets)
        self._name_new()
        while True:
            states = plan_for(self._runtime, self._graph, wanted, readable=readable)
            pending = [index for index, state in states.items() if state is State.COMPUTE]
            if not pending:
                break
            self._run(pending)

    def close(self, returned: Iterable[int]) -> None:
        """Record how the tasks that were not computed were dealt with, and replay their effects.

        Parameters
        ----------
        returned : iterable of int
            The tasks whose results the flow returns.
        """
        self._dispatch.close([*self._graph.sinks(), *returned])

    def value(self, index: int) -> Any:
        """Return the value of one task, running what it takes."""
        task = self._graph.tasks[index]
        if task.live is not MISSING:
            return task.live
        while True:
            self.satisfy([index], readable=True)
            try:
                return self._dispatch.value_of(task)
            except UNREADABLE:
                task.unreadable = True

    def run_now(self, index: int) -> None:
        """Run or reuse a task that moves a generator which the flow's body holds."""
        self.satisfy([index])
        self._dispatch.advance_generators(self._graph.tasks[index])

    def _name_new(self) -> None:
        tasks = self._graph.tasks
        propagate(self._runtime, self._graph, range(self._named, len(tasks)))
        self._named = len(tasks)

    def _run(self, pending: list[int]) -> None:
        """Compute the pending tasks; return early when the plan should be solved again."""
        waiting = dict.fromkeys(sorted(pending))
        running: Running = {}
        stale = False
        try:
            while (waiting and not stale) or running:
                if not stale:
                    stale = self._start_ready(waiting, running)
                if not running:
                    if stale:
                        break
                    continue
                stale |= self._collect(running)
        except BaseException as error:
            for future in running:
                future.cancel()
            if not isinstance(error, KeyboardInterrupt):
                wait(running)
            raise

    def _start_ready(self, waiting: dict[int, None], running: Running) -> bool:
        """Submit what can run; True when an input turned out to be unreadable."""
        started: list[int] = []
        try:
            for index in waiting:
                if len(running) >= self._engine.workers:
                    break
                task = self._graph.tasks[index]
                if self._may_start(task, waiting, running):
                    running[self._dispatch.submit(task)] = task
                    started.append(index)
        except UNREADABLE:
            return True
        finally:
            for index in started:
                del waiting[index]
        return False

    def _may_start(self, task: Task, waiting: dict[int, None], running: Running) -> bool:
        """Tell whether a task's sources are there, and nothing that runs stands against it."""
        if any(source in waiting for source in task.sources):
            return False
        others = running.values()
        busy = {other.index for other in others}
        if any(source in busy for source in task.sources):
            return False
        if any(_same_call(task, other) for other in others):
            return False
        return self._dispatch.has_room(task, others)

    def _collect(self, running: Running) -> bool:
        """Take what finished; True when a task downstream is known now."""
        done = [future for future in running if future.done()]
        known = False
        for future in done or wait(running, return_when=FIRST_COMPLETED).done:
            task = running.pop(future)
            try:
                self._dispatch.finish(task, future.result())
            except BaseException as error:
                self._dispatch.fail(task, error)
                raise
            known |= not task.done
            known |= propagate(self._runtime, self._graph, [*task.consumers, *self._twins(task)])
        return known

    def _twins(self, task: Task) -> list[int]:
        """Return the tasks that are the same call: one execution is enough for all."""
        call = _reusable_call(task)
        twins = self._graph.by_call.get(call, {}) if call is not None else {}
        return [index for index in twins if not self._graph.tasks[index].done]


def _same_call(one: Task, two: Task) -> bool:
    """Tell whether two tasks would have the same result."""
    call = _reusable_call(one)
    return call is not None and call == _reusable_call(two)


def _reusable_call(task: Task) -> NodeId | None:
    identity = task.identity
    return None if identity is None or identity.unsound is not None else identity.call
