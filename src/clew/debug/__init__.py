"""Debugging and validation: is a model right, where is it wrong, and may it be promoted.

Adds the facts of a gate: verdicts, with the rows and labels that they stand on; reports on models.

- `clew.debug.report`: one document about a model and a dataset.
- `clew.debug.gates`: conditions on a model, the labels that they need, and the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.debug.reports import Report, report

__all__ = ["Report", "report"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: what guards answers in serving needs no reports.
    if name not in __all__:
        raise AttributeError(f"module 'clew.debug' has no attribute {name!r}")
    from clew.debug import reports as home

    found = getattr(home, name)
    globals()[name] = found
    return found
