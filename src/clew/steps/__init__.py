"""Steps and flows: functions whose calls are nodes.

Facts added: one node for each call of a step, with what it read, what it cost and what it gave;
one run for each execution of a flow, with the reason for every decision.

Data flows one way: `bind` (arguments) → `identify` (what decides the result) → `lookup` (is it
known?) → `execute` (run it, observed) → `record` (store it). `eager` does that for a step called
outside a flow; `graph` → `resolve` → `schedule` do it for a flow as a whole.
"""

from clew.steps.saving import checkpoint

__all__ = ["checkpoint"]
