"""What one search evaluates: data, folds, scorers and options, and the record of each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clew.reuse.rewrites.registry import Policy
from clew.select.heard import Level
from clew.select.plan import Configuration, Stage


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that evaluating a configuration on a fold depends on.

    Parameters
    ----------
    X, y : array-like
        All rows and targets; `y` may be None.
    splits : sequence of (train, test)
        Row numbers of each fold.
    scorer : scorer
        As scikit-learn's `check_scoring` or `_MultimetricScorer` gives it, or a callable.
    fit_params, score_params : mapping
        Extra arguments of `fit` (``step__name`` in a pipeline) and of the scorers.
    error_score : float or "raise"
        Score of a configuration whose fit fails.
    return_train_score : bool
        Whether training rows are scored too.
    policy : Policy
        Which rewrites may be used.
    memory_bytes : int
        Budget for branches kept while a fold runs.
    keep_answers : bool
        Whether cheap answers of fitted estimators are kept for metrics that are asked later.
    """

    X: Any
    y: Any
    splits: Sequence[tuple[Any, Any]]
    scorer: Any
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    error_score: Any
    return_train_score: bool
    policy: Policy
    memory_bytes: int
    keep_answers: bool = False


@dataclass(slots=True)
class Record:
    """What came of one configuration on one fold; `result` is scikit-learn's own dictionary.

    Attributes
    ----------
    told : tuple of Level
        What its parts warned: the stages above, one by one, fitting and asking the model; the
        last one, scoring.
    """

    result: dict[str, Any]
    rewrite: str = ""
    tolerance: float = 0.0
    source: str = "computed"
    reason: str = ""
    cost_s: float = 0.0
    answers: dict[str, Any] | None = None
    classes: Any = None
    told: tuple[Level, ...] = ()


@dataclass(slots=True)
class Tally:
    """Counts of what really ran."""

    fits: int = 0
    transforms: int = 0
    plain: int = 0

    def add(self, other: Tally) -> None:
        """Add another tally's counts."""
        self.fits += other.fits
        self.transforms += other.transforms
        self.plain += other.plain


@dataclass(slots=True)
class Outcome:
    """Records by ``(configuration, fold)``, tasks that must run plainly, and counts."""

    records: dict[tuple[int, int], Record] = field(default_factory=dict)
    deferred: dict[tuple[int, int], str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def copy(self) -> Outcome:
        """Return a copy that later changes leave alone."""
        return Outcome(dict(self.records), dict(self.deferred), replace(self.tally))

    def clear(self) -> None:
        """Forget everything."""
        self.records, self.deferred, self.tally = {}, {}, Tally()

    def merge(self, other: Outcome) -> None:
        """Take in another outcome."""
        self.records.update(other.records)
        self.deferred.update(other.deferred)
        self.tally.add(other.tally)


def stage_params(params: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    """Return the fit parameters that belong to a stage."""
    if stage.name is None:
        return dict(params)
    prefix = f"{stage.name}__"
    return {k[len(prefix) :]: v for k, v in params.items() if k.startswith(prefix)}


def first(configurations: Sequence[Configuration]) -> Any:
    """Return the configured estimator of the first of some configurations."""
    return configurations[0].estimator
