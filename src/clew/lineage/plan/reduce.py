"""Decide what can be decided without a cut, exactly.

Most tasks of a real flow need no search: chains and trees are settled by two bounds on what
computing a task adds to a plan's cost, and everything that follows from an output which must be
computed is settled by implication. What is left, where shared ancestors make the choice hard, is
small, and goes to the min-cut.

Optimal plans form a lattice (they are minimum cuts): one of them computes, and needs, a subset of
what any other does. Every rule drops only choices which that least plan does not make, so it stays
optimal, and least.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.weights import compute_ns, load_ns

MAX_ROUNDS = 24
"""Rounds of the rules; one more round can settle more, and stopping early is only slower later."""


class Reduction:
    """What is settled about each task, by position.

    Attributes
    ----------
    available : list of bool
        Its value is needed in every optimal plan: it is loaded or computed.
    run : list of bool
        It is computed in every optimal plan.
    dead : list of bool
        The least optimal plan does not need it.
    computable : list of bool
        The least optimal plan may compute it.
    load : list of int or None
        Nanoseconds of loading it; None when no optimal plan loads it.
    """

    def __init__(self, graph: PlanGraph) -> None:
        count = len(graph)
        self.graph = graph
        self.compute = list(map(compute_ns, graph.tasks))
        self.load = list(map(load_ns, graph.tasks))
        self.available = [task.required or task.must_run for task in graph.tasks]
        self.run = [False] * count
        self.dead = [False] * count
        self.computable = [True] * count
        # How many tasks might still be computed and so need this one.
        self._users = [len(consumers) for consumers in graph.consumers]
        self._everything = sum(self.compute)
        self._settle()

    def open(self, at: int) -> bool:
        """Tell whether a task's state is still to be decided."""
        if self.dead[at] or self.run[at]:
            return False
        return not self.available[at] or self.computable[at]

    def _settle(self) -> None:
        self._imply()
        for _ in range(MAX_ROUNDS):
            if not self._bound():
                break
            self._imply()

    def _imply(self) -> None:
        """Follow what is certain from consumers to inputs, in one pass."""
        for at in reversed(self.graph.order):
            if self.dead[at]:
                continue
            if not self.available[at]:
                if self._users[at] == 0:
                    self.dead[at] = True
                    self._never_compute(at)
            elif self.load[at] is None:
                self.run[at] = True
                for input_at in self.graph.inputs[at]:
                    self.available[input_at] = True

    def _bound(self) -> bool:
        """Compare loading with the least and the most that computing can add; tell of news."""
        most = [0] * len(self.graph)
        least = [0] * len(self.graph)
        news = False
        for at in self.graph.order:
            if self.dead[at] or self.run[at]:
                continue
            high, low = self._computing(at, most, least)
            load = self.load[at]
            if load is not None and self.computable[at]:
                if load > high:
                    self.load[at] = load = None
                    news = True
                elif load <= low:
                    self._never_compute(at)
                    news = True
            if load is not None:
                high, low = (
                    (min(high, load), min(low, load)) if self.computable[at] else (load, load)
                )
            most[at], least[at] = high, low
            if self.available[at]:
                least[at] = most[at] = 0
        return news

    def _computing(self, at: int, most: Sequence[int], least: Sequence[int]) -> tuple[int, int]:
        """Return an upper and a lower bound on what computing a task adds to a plan.

        Above: each input for itself at its price, as if nothing were shared. Below: only the
        inputs that nothing else can want, for they are paid if, and only if, this is computed.
        """
        high = low = self.compute[at]
        for input_at in self.graph.inputs[at]:
            high += most[input_at]
            if self._users[input_at] == 1:
                low += least[input_at]
        return min(high, self._everything), low

    def _never_compute(self, at: int) -> None:
        if self.computable[at]:
            self.computable[at] = False
            for input_at in self.graph.inputs[at]:
                self._users[input_at] -= 1
