"""What a search tells afterwards: the extra columns of ``cv_results_`` and the explanations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.select.plan import Configuration
from clew.select.study import Outcome, Record


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one configuration was evaluated.

    Parameters
    ----------
    index : int
        Row in ``cv_results_``.
    parameters : mapping
        The configuration.
    computed, reused, rewritten, plain, failed, stopped : int
        Number of folds that were fitted for it, taken from the store (or from a configuration
        whose stages gave the same values), answered by a rewrite, executed as scikit-learn does,
        that failed, and that were left out because it had lost the race.
    shared_stages : int
        Stages at the beginning of its chain that other configurations use too.
    rewrite : str
        Name of the rewrite, or ``""``.
    tolerance : float
        What the rewrite promises; 0 is bit-identical.
    reason : str
        Why it was not shared or rewritten, where there is a reason.
    """

    index: int
    parameters: Mapping[str, Any]
    computed: int
    reused: int
    rewritten: int
    plain: int
    failed: int
    stopped: int
    shared_stages: int
    rewrite: str
    tolerance: float
    reason: str

    def __str__(self) -> str:
        counts = ("computed", "reused", "rewritten", "plain", "failed", "stopped")
        folds = ", ".join(f"{getattr(self, n)} {n}" for n in counts if getattr(self, n))
        parts = [f"#{self.index} folds: {folds or 'none'}"]
        if self.shared_stages:
            parts.append(f"{self.shared_stages} stages shared with others")
        if self.rewrite:
            exact = "identical" if self.tolerance == 0 else f"within {self.tolerance:g}"
            parts.append(f"by {self.rewrite} ({exact})")
        if self.reason:
            parts.append(self.reason)
        return "; ".join(parts)


def explain(
    configurations: Sequence[Configuration], outcome: Outcome, n_splits: int
) -> tuple[Explanation, ...]:
    """Return the explanation of each configuration."""
    beginnings = Counter(key for c in configurations for key in _beginnings(c))
    explanations = []
    for configuration in configurations:
        records = _records(outcome, configuration.index, n_splits)
        sources = Counter(record.source for record in records)
        explanations.append(
            Explanation(
                configuration.index,
                configuration.parameters,
                sources["computed"],
                sources["reused"],
                sources["rewritten"],
                sources["plain"],
                sources["failed"],
                sources["stopped"],
                sum(beginnings[key] > 1 for key in _beginnings(configuration)),
                next((r.rewrite for r in records if r.rewrite), ""),
                max((r.tolerance for r in records), default=0.0),
                _reason(configuration, records),
            )
        )
    return tuple(explanations)


def _records(outcome: Outcome, index: int, n_splits: int) -> list[Record]:
    found = (outcome.records.get((index, split)) for split in range(n_splits))
    return [record for record in found if record is not None]


def _beginnings(configuration: Configuration) -> list[tuple[Any, ...]]:
    keys: list[tuple[Any, ...]] = []
    for stage in configuration.stages[:-1]:
        if stage.tokens is None or stage.random:
            break
        above = keys[-1] if keys else ()
        keys.append((*above, type(stage.estimator), stage.tokens))
    return keys


def _reason(configuration: Configuration, records: Sequence[Record]) -> str:
    reasons = [record.reason for record in records if record.reason]
    reasons += [f"{s.name or 'estimator'}: {s.reason}" for s in configuration.stages if s.reason]
    return "; ".join(dict.fromkeys(reasons))


def extra_columns(explanations: Sequence[Explanation], *, raced: bool = False) -> dict[str, Any]:
    """Return the columns that ``cv_results_`` has besides scikit-learn's, one row each."""
    names = np.empty(len(explanations), dtype=object)
    names[:] = [e.rewrite for e in explanations]
    columns = {"rewrite": names, "tolerance": np.array([e.tolerance for e in explanations])}
    if raced:
        columns["folds_left_out"] = np.array([e.stopped for e in explanations])
    return columns
