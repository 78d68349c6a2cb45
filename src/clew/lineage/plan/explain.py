"""Reasons: one sentence and its numbers for each decision of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.lineage.plan.graph import PlanGraph, Task, key_text
from clew.lineage.plan.state import State, estimate_ns
from clew.lineage.plan.weights import NS_PER_S, load_ns
from clew.lineage.records import Reason

_TIME_UNITS = ((60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZE_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def explain(graph: PlanGraph, states: Sequence[State]) -> tuple[Reason, ...]:
    """Return the reason of every state, by position."""
    from_plan = estimate_ns(graph, at_hand=[state is not State.PRUNE for state in states])
    alone = estimate_ns(graph, at_hand=[task.must_run for task in graph.tasks])
    reasons = []
    for at, (task, state) in enumerate(zip(graph.tasks, states, strict=True)):
        if state is State.COMPUTE:
            reasons.append(_computed(task, _needed_by(graph, states, at)))
        elif state is State.LOAD:
            # A heuristic plan may load what its own other choices made cheap to compute; what it
            # compared is then the cost of computing the value on its own.
            estimate = from_plan[at] if from_plan[at] >= (load_ns(task) or 0) else alone[at]
            needed_by = _needed_by(graph, states, at)
            reasons.append(_loaded(task, needed_by, recompute_s=estimate / NS_PER_S))
        else:
            reasons.append(_pruned(graph, states, at))
    return tuple(reasons)


def format_seconds(seconds: float) -> str:
    """Return a time for people: two digits and a unit."""
    for size, unit in _TIME_UNITS:
        if seconds >= size:
            return f"{_two_digits(seconds / size)} {unit}"
    return "0 s" if seconds == 0 else f"{_two_digits(seconds * 1e9)} ns"


def format_bytes(size_bytes: int) -> str:
    """Return a size for people: two digits and a decimal unit."""
    for size, unit in _SIZE_UNITS:
        if size_bytes >= size:
            return f"{_two_digits(size_bytes / size)} {unit}"
    return f"{size_bytes} bytes"


def _two_digits(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:.0f}"


def _computed(task: Task, needed_by: list[str]) -> Reason:
    fields = _fields(task, needed_by)
    if task.must_run:
        return Reason("must-run", "computed: it has to run, whatever is stored", fields)
    if task.load_s is None or not task.stored:
        return Reason("not-stored", "computed: no value of it is stored", fields)
    what = "it" if task.size_bytes is None else format_bytes(task.size_bytes)
    numbers = f"{format_seconds(task.compute_s)} < {format_seconds(task.load_s)}"
    return Reason(
        "cheaper-to-compute", f"computed: cheaper than loading {what} ({numbers})", fields
    )


def _loaded(task: Task, needed_by: list[str], *, recompute_s: float) -> Reason:
    fields = {**_fields(task, needed_by), "recompute_s": recompute_s}
    if task.in_memory or task.load_s is None:
        return Reason("in-memory", "loaded: its value is in memory already", fields)
    sign = "<" if task.load_s < recompute_s else "≤"
    numbers = f"{format_seconds(task.load_s)} {sign} {format_seconds(recompute_s)}"
    what = "it" if task.size_bytes is None else format_bytes(task.size_bytes)
    text = f"loaded: reading {what} beats computing it ({numbers})"
    return Reason("cheaper-to-load", text, fields)


def _pruned(graph: PlanGraph, states: Sequence[State], at: int) -> Reason:
    loaded = [
        key_text(graph.tasks[consumer].key)
        for consumer in graph.consumers[at]
        if states[consumer] is State.LOAD
    ]
    text = "pruned: nothing that runs needs it"
    if loaded:
        text += f" ({', '.join(loaded[:3])}{', …' if len(loaded) > 3 else ''} loaded instead)"
    return Reason("not-needed", text, {**_fields(graph.tasks[at], []), "loaded_instead": loaded})


def _needed_by(graph: PlanGraph, states: Sequence[State], at: int) -> list[str]:
    return [
        key_text(graph.tasks[consumer].key)
        for consumer in graph.consumers[at]
        if states[consumer] is State.COMPUTE
    ]


def _fields(task: Task, needed_by: list[str]) -> Mapping[str, object]:
    return {
        "compute_s": task.compute_s,
        "load_s": task.load_s if task.stored else None,
        "size_bytes": task.size_bytes,
        "required": task.required,
        "needed_by": needed_by,
    }
