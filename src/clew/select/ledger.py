"""The ledger of a study: what a store knows of its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.select.plan import Configuration
from clew.select.study import Outcome, Record, Study


class Ledger:
    """Looks tasks up in a store and keeps finished ones there."""

    def __init__(self, study: Study, store: Any, tolerance: float) -> None:
        self._study = study

    def recall(self, configuration: Configuration, split: int) -> Record | None:
        """Return the record of a task that was done before."""
        return None

    def keep(self, configurations: Sequence[Configuration], outcome: Outcome) -> None:
        """Keep what was computed."""

    def refit(self, best: Any, X: Any, y: Any, fit_params: Mapping[str, Any]) -> Any:
        """Return `best`, fitted."""
        return best.fit(X, **fit_params) if y is None else best.fit(X, y, **fit_params)
