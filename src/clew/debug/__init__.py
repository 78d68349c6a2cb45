"""Debugging and validation: is a model right, where is it wrong, and may it be promoted.

Adds the facts of a gate: verdicts, with the rows and labels that they stand on; reports on models.

- `clew.debug.report`: one document about a model and a dataset.
- `clew.debug.compare`: two models row by row.
- `clew.debug.gates`: conditions on a model, the labels that they need, and the verdict.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.debug.comparison import Comparison, compare
    from clew.debug.reports import Report, report

_HOMES = {
    "Comparison": "clew.debug.comparison",
    "Report": "clew.debug.reports",
    "compare": "clew.debug.comparison",
    "report": "clew.debug.reports",
}

__all__ = ["Comparison", "Report", "compare", "report"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: what guards answers in serving needs no reports.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'clew.debug' has no attribute {name!r}")
    found = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found
