"""The schedule: which folds and subtrees run where, in threads or processes, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score
from sklearn.utils.parallel import Parallel, delayed

from clew.select.execute import Fold, Report
from clew.select.plan import Configuration, grow
from clew.select.spool import Spool, Writer
from clew.select.study import Outcome, Record, Study

Missing = Mapping[int, Sequence[Configuration]]
"""For each fold the configurations that are still to be evaluated on it."""


def run(
    study: Study,
    missing: Missing,
    *,
    n_jobs: int | None,
    outcome: Outcome,
    report: Report | None = None,
) -> None:
    """Evaluate configurations on folds, as planned; fill `outcome` as results come.

    Tasks that turn out to need a generator without a seed are left in ``outcome.deferred``.
    """
    workers = effective_n_jobs(n_jobs)
    if workers == 1:
        for split, configurations in missing.items():
            _run_unit(study, split, configurations, outcome, report)
        return
    units = list(_units(missing, workers))
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    with Spool() as spool:
        jobs = (delayed(_remote)(study, split, chosen, spool.path) for split, chosen in units)
        try:
            for part in parallel(jobs):
                outcome.merge(part)
                _tell(part.records, report)
        except KeyboardInterrupt:
            _tell(spool.left_over(outcome), report)
            raise


def _tell(finished: Iterable[tuple[int, int]], report: Report | None) -> None:
    if report is not None:
        for index, split in finished:
            report([index], split)


def _remote(
    study: Study, split: int, configurations: Sequence[Configuration], folder: str
) -> Outcome:
    outcome = Outcome()
    _run_unit(study, split, configurations, outcome, Writer(folder, outcome))
    return outcome


def _run_unit(
    study: Study,
    split: int,
    configurations: Sequence[Configuration],
    outcome: Outcome,
    report: Report | None,
) -> None:
    for pairwise in (False, True):
        chosen = [c for c in configurations if c.stages[0].pairwise == pairwise]
        Fold(study, split, outcome, report).run(grow(chosen, study.policy))


def _units(missing: Missing, workers: int) -> Iterator[tuple[int, Sequence[Configuration]]]:
    """Yield ``(fold, configurations)``: whole folds, or subtrees where folds are too few."""
    parts = max(1, -(-2 * workers // max(1, len(missing)))) if len(missing) < workers else 1
    for split, configurations in missing.items():
        for chunk in _split(configurations, parts):
            yield split, chunk


def _split(
    configurations: Sequence[Configuration], parts: int
) -> Iterator[Sequence[Configuration]]:
    """Cut configurations into about `parts` pieces, along the branches of their tree."""
    if parts <= 1 or len(configurations) <= 1:
        yield configurations
        return
    size = -(-len(configurations) // parts)
    ordered = sorted(configurations, key=_first_stage)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _first_stage(configuration: Configuration) -> tuple[str, int]:
    stage = configuration.stages[0]
    return (type(stage.estimator).__name__, hash(stage.tokens))


def run_plainly(
    study: Study,
    tasks: Sequence[tuple[Configuration, int]],
    base: Any,
    *,
    n_jobs: int | None,
    outcome: Outcome,
    report: Report | None = None,
) -> None:
    """Evaluate tasks as scikit-learn does, in its order."""
    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    jobs = (delayed(_fit_and_score)(**_arguments(study, base, *t)) for t in tasks)
    for (configuration, split), result in zip(tasks, parallel(jobs), strict=True):
        outcome.tally.fits += 1
        outcome.tally.plain += 1
        reason = outcome.deferred.get((configuration.index, split), "")
        cost_s = result["fit_time"] + result["score_time"]
        outcome.records[configuration.index, split] = Record(
            result, source="plain", reason=reason, cost_s=cost_s
        )
        if report is not None:
            report([configuration.index], split)


def _arguments(study: Study, base: Any, configuration: Configuration, split: int) -> dict[str, Any]:
    train, test = study.splits[split]
    return {
        "estimator": clone(base),
        "X": study.X,
        "y": study.y,
        "scorer": study.scorer,
        "train": train,
        "test": test,
        "verbose": 0,
        "parameters": configuration.parameters,
        "fit_params": dict(study.fit_params),
        "score_params": dict(study.score_params),
        "return_train_score": study.return_train_score,
        "return_n_test_samples": True,
        "return_times": True,
        "error_score": study.error_score,
    }
