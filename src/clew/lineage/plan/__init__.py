"""Planning: what to compute, what to load, what to leave out, and what to keep.

Adds no facts: it turns measured costs into decisions, each with its reason. `Task` and `PlanGraph`
say what there is to do, `solve` and `resolve` return a `Plan`.
"""

from clew.lineage.plan.decision import Plan
from clew.lineage.plan.graph import Key, PlanGraph, Task
from clew.lineage.plan.solver import resolve, solve
from clew.lineage.plan.state import State

__all__ = ["Key", "Plan", "PlanGraph", "State", "Task", "resolve", "solve"]
