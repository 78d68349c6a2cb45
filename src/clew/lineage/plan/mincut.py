"""The optimal plan: compute, load or prune by a minimum cut.

HELIX's OPT-EXEC-PLAN is an instance of the project selection problem (Xin et al., VLDB 2018,
section 5.2; Kleinberg and Tardos, section 7.11). Each open task has two vertices: on the source
side of the cut, *wanted* means "not pruned" and *computed* means "computed". Cutting
``wanted -> computed`` pays for loading, cutting ``computed -> sink`` for computing, and arcs that
cannot be cut lead from a computed task to its inputs, which are then wanted too.
"""

from __future__ import annotations

from clew.lineage.plan.decision import Plan
from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.maxflow import FlowNetwork
from clew.lineage.plan.reduce import Reduction
from clew.lineage.plan.state import State


def solve(graph: PlanGraph) -> Plan:
    """Return the plan that costs least.

    Of plans that cost the same (to the nanosecond), it is the one that computes fewest tasks, and
    prunes most: the smallest source side of a minimum cut, which lies within all others. It
    depends on the graph alone, not on the order of its tasks.

    Examples
    --------
    >>> from clew.lineage.plan.graph import PlanGraph, Task
    >>> rows = Task("rows", compute_s=5.0)
    >>> model = Task("model", ("rows",), compute_s=1.0, load_s=0.1, required=True)
    >>> plan = solve(PlanGraph((rows, model)))
    >>> plan.state("model").value, plan.state("rows").value, plan.cost_s
    ('load', 'prune', 0.1)
    """
    settled = Reduction(graph)
    cut = _Cut(settled)
    return Plan(graph, tuple(map(cut.state, range(len(graph)))), "mincut")


class _Cut:
    """The network of the open tasks, cut."""

    def __init__(self, settled: Reduction) -> None:
        self._settled = settled
        self._open = [at for at in settled.graph.order if settled.open(at)]
        self._wanted: dict[int, int] = {}
        self._computed: dict[int, int] = {}
        self._vertices = 0
        self._name_vertices()
        self._reached: list[bool] = []
        if self._open:
            network = self._network()
            # Vertices are named from the inputs up, so that all arcs lead down.
            network.prime()
            network.saturate()
            self._reached = network.source_side()

    def state(self, at: int) -> State:
        """Return what is best for a task."""
        settled = self._settled
        if settled.dead[at]:
            return State.PRUNE
        if settled.run[at]:
            return State.COMPUTE
        if at in self._computed and self._reached[self._computed[at]]:
            return State.COMPUTE
        if settled.available[at] or self._reached[self._wanted[at]]:
            return State.LOAD
        return State.PRUNE

    def _name_vertices(self) -> None:
        """Give open tasks their vertices; one for both where only one of the choices is left."""
        for at in self._open:
            if self._settled.computable[at]:
                self._computed[at] = self._new_vertex()
            if self._settled.available[at]:
                continue
            only_computed = self._settled.load[at] is None
            self._wanted[at] = self._computed[at] if only_computed else self._new_vertex()

    def _new_vertex(self) -> int:
        self._vertices += 1
        return self._vertices - 1

    def _network(self) -> FlowNetwork:
        settled = self._settled
        network = FlowNetwork(self._vertices)
        # No minimum cut holds an arc dearer than computing everything.
        uncuttable = 1 + sum(settled.compute)
        for at in self._open:
            computed = self._computed.get(at, network.sink)
            load = settled.load[at]
            if load is not None:
                wanted = self._wanted.get(at, network.source)
                network.connect(wanted, computed, load)
            if computed == network.sink:
                continue
            network.connect(computed, network.sink, settled.compute[at])
            for input_at in settled.graph.inputs[at]:
                if not settled.available[input_at]:
                    network.connect(computed, self._wanted[input_at], uncuttable)
        return network
