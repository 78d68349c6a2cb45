"""What is worth keeping: one value at a time while a flow runs, or the best of many runs.

Storing a value costs time and space now and saves computing later. `OnlineMaterialiser` decides
when a value has just been made, knowing nothing of the future (HELIX). `select_by_utility` decides
over everything that many runs made, from how often it was used and how good the models are to
which it leads (the collaborative optimiser).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from clew.errors import InvalidParameter
from clew.lineage.plan.decision import Plan
from clew.lineage.plan.explain import format_bytes, format_seconds
from clew.lineage.plan.graph import Key, PlanGraph
from clew.lineage.plan.state import State
from clew.lineage.plan.weights import NS_PER_S, compute_ns, load_ns
from clew.lineage.records import Reason

LOAD_FACTOR = 2.0
"""Computing again has to cost more than this many loads: one to write the value, one to read it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a value is kept, and why.

    Parameters
    ----------
    keep : bool
        The value is to be stored.
    """

    keep: bool
    reason: Reason


class OnlineMaterialiser:
    """Decide for each value, when it has been made, whether to store it.

    HELIX's heuristic for OPT-MAT-PLAN, which is NP-hard (Xin et al., VLDB 2018, section 5.3):
    keep a value if making it again, with all that leads to it, costs more than twice the time of
    loading it, and the budget allows. Safe for threads.

    Parameters
    ----------
    budget_bytes : int
        How much may be stored.
    used_bytes : int
        How much is stored already.
    """

    def __init__(self, budget_bytes: int, *, used_bytes: int = 0) -> None:
        if budget_bytes < 0 or used_bytes < 0:
            raise InvalidParameter(
                "a budget is a number of bytes",
                got=f"budget_bytes={budget_bytes}, used_bytes={used_bytes}",
                expected=">= 0",
            )
        self.budget_bytes = budget_bytes
        self._used_bytes = used_bytes
        self._lock = threading.Lock()

    @property
    def left_bytes(self) -> int:
        """How much of the budget is left."""
        return max(0, self.budget_bytes - self._used_bytes)

    def decide(self, *, cumulative_compute_s: float, load_s: float, size_bytes: int) -> Decision:
        """Decide on one value; what is kept counts against the budget at once.

        Parameters
        ----------
        cumulative_compute_s : float
            Seconds that this run spent on the value and on all its ancestors (`cumulative_s`).
        load_s : float
            Seconds that loading it will take.
        size_bytes : int
            Its stored size.
        """
        bound_s = LOAD_FACTOR * load_s
        worth = cumulative_compute_s > bound_s
        with self._lock:
            left_bytes = self.left_bytes
            keep = worth and size_bytes <= left_bytes
            if keep:
                self._used_bytes += size_bytes
        fields = {
            "cumulative_compute_s": cumulative_compute_s,
            "load_s": load_s,
            "size_bytes": size_bytes,
            "left_bytes": left_bytes,
        }
        numbers = f"{format_seconds(cumulative_compute_s)}, loading {format_seconds(load_s)}"
        if not worth:
            text = f"not stored: making it again takes at most twice as long as loading ({numbers})"
            return Decision(False, Reason("cheap-to-compute", text, fields))
        if not keep:
            space = f"{format_bytes(size_bytes)} of {format_bytes(left_bytes)} left"
            return Decision(False, Reason("no-budget", f"not stored: no space ({space})", fields))
        text = f"stored: making it again takes more than twice as long as loading ({numbers})"
        return Decision(True, Reason("worth-storing", text, fields))

    def release(self, size_bytes: int) -> None:
        """Give back the space of a value that was deleted, or that failed to be stored."""
        with self._lock:
            self._used_bytes = max(0, self._used_bytes - size_bytes)


def cumulative_s(plan: Plan, key: Key) -> float:
    """Return the seconds that a plan spends on a task and on all its ancestors, each once.

    HELIX's cumulative run time C(n): computed ancestors count with their computing, loaded ones
    with their loading, pruned ones not at all.
    """
    graph = plan.graph
    start = graph.find(key)
    seen, stack, total = {start}, [start], 0
    while stack:
        at = stack.pop()
        if plan.choices[at] is State.LOAD:
            total += load_ns(graph.tasks[at]) or 0
        if plan.choices[at] is not State.COMPUTE:
            continue
        total += compute_ns(graph.tasks[at])
        fresh = [input_at for input_at in graph.inputs[at] if input_at not in seen]
        seen.update(fresh)
        stack += fresh
    return total / NS_PER_S


@dataclass(frozen=True, slots=True)
class Artifact:
    """A value that some runs made, and what is known of its worth.

    Parameters
    ----------
    frequency : int
        In how many runs it was made or used.
    recreate_s : float
        Seconds that making it again takes, with all its ancestors.
    load_s : float
        Seconds that loading it takes.
    size_bytes : int
        Its stored size.
    potential : float
        Quality, from 0 to 1, of the best model that it leads to (`potentials`).
    """

    key: Key
    frequency: int
    recreate_s: float
    load_s: float
    size_bytes: int
    potential: float = 0.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which values to keep across runs.

    Parameters
    ----------
    kept : tuple of key
        Best first.
    used_bytes : int
        What they take together.
    """

    kept: tuple[Key, ...]
    used_bytes: int
    decisions: dict[Key, Decision] = field(repr=False)


def select_by_utility(
    artifacts: Iterable[Artifact], budget_bytes: int, *, potential_weight: float = 0.5
) -> Selection:
    """Choose what to keep, best utility first, as long as it fits.

    The utility is ``w * p + (1 - w) * r``, where p is the artifact's share of all potential and r
    its share of all ``frequency * recreate_s / size_bytes``. It is 0 for what loads no faster than
    it is made, which is never kept. Source: Derakhshan et al., SIGMOD 2020, section 5 (utility
    function and greedy materialisation).

    Parameters
    ----------
    artifacts : iterable of Artifact
        Each key once.
    budget_bytes : int
        How much may be stored.
    potential_weight : float
        w, from 0 (only costs count) to 1 (only the quality of models counts).
    """
    if not 0 <= potential_weight <= 1:
        raise InvalidParameter(
            "potential_weight is a share", got=str(potential_weight), expected="0 to 1"
        )
    candidates = list(artifacts)
    utility = _utilities(candidates, potential_weight)
    kept: list[Key] = []
    used_bytes = 0
    decisions: dict[Key, Decision] = {}
    # Ties go to the smaller value, then to the one that was named first.
    ranks = sorted(range(len(candidates)), key=lambda i: (-utility[i], candidates[i].size_bytes, i))
    for i in ranks:
        artifact = candidates[i]
        fits = used_bytes + artifact.size_bytes <= budget_bytes
        decision = _keep(artifact, utility[i], fits=fits)
        decisions[artifact.key] = decision
        if decision.keep:
            kept.append(artifact.key)
            used_bytes += artifact.size_bytes
    return Selection(tuple(kept), used_bytes, decisions)


def potentials(graph: PlanGraph, quality: dict[Key, float]) -> dict[Key, float]:
    """Return for each task the quality of the best model that it is, or leads to; else 0.

    Parameters
    ----------
    quality : mapping of key to float
        Quality of each model, from 0 to 1.
    """
    best = [quality.get(task.key, 0.0) for task in graph.tasks]
    for at in reversed(graph.order):
        best[at] = max([best[at], *(best[consumer] for consumer in graph.consumers[at])])
    return {task.key: best[at] for at, task in enumerate(graph.tasks)}


def _utilities(artifacts: list[Artifact], potential_weight: float) -> list[float]:
    worth = [a.load_s < a.recreate_s for a in artifacts]
    potential = [a.potential for a in artifacts]
    density = [a.frequency * a.recreate_s / max(a.size_bytes, 1) for a in artifacts]
    all_potential, all_density = sum(potential) or 1.0, sum(density) or 1.0
    return [
        potential_weight * p / all_potential + (1 - potential_weight) * d / all_density
        if w
        else 0.0
        for w, p, d in zip(worth, potential, density, strict=True)
    ]


def _keep(artifact: Artifact, utility: float, *, fits: bool) -> Decision:
    fields = {
        "utility": utility,
        "frequency": artifact.frequency,
        "recreate_s": artifact.recreate_s,
        "load_s": artifact.load_s,
        "size_bytes": artifact.size_bytes,
        "potential": artifact.potential,
    }
    if utility <= 0:
        text = "not kept: making it again is no slower than loading it, or nobody used it"
        return Decision(False, Reason("no-utility", text, fields))
    if not fits:
        text = f"not kept: better values fill the budget ({format_bytes(artifact.size_bytes)})"
        return Decision(False, Reason("no-budget", text, fields))
    return Decision(True, Reason("useful", f"kept: utility {utility:.3g}", fields))
