"""One search as it goes: batches of configurations in, records out, progress and interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.utils.validation import _num_samples

from clew.lineage.preview import preview
from clew.select.ledger import Ledger
from clew.select.live import Live, folder_of
from clew.select.persistent import RuntimeStudies
from clew.select.plan import Configuration, Planner
from clew.select.race import FEWEST_FOLDS, losers, score_table, stopped_record
from clew.select.results import Explanation, explain
from clew.select.schedule import run, run_plainly
from clew.select.settle import contenders
from clew.select.sofar import so_far
from clew.select.study import Outcome, Record, Study
from clew.select.unseeded import Ordered
from clew.select.whole import solve_whole


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is.

    Parameters
    ----------
    done, total : int
        Tasks (configuration × fold) that are finished, and all tasks known so far.
    best_score : float
        Best mean over the finished folds of a configuration (the first metric); NaN at first.
    elapsed_s, saved_s : float
        Seconds since the search began, and an estimate of the seconds that sharing saved.
    """

    done: int
    total: int
    best_score: float
    elapsed_s: float
    saved_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """What a study cost.

    Parameters
    ----------
    tasks : int
        Configurations times folds: the fits that scikit-learn would have run.
    fits : int
        Final estimators that were really fitted (a family counts once a fold).
    transforms : int
        Transformers that were really fitted.
    reused : int
        Tasks answered from the store, or because a stage gave the same values as another.
    plain : int
        Tasks executed as scikit-learn does.
    elapsed_s : float
        Seconds on the wall, refit excluded.
    saved_s : float
        Seconds that the reused tasks took when they were computed.
    """

    tasks: int
    fits: int
    transforms: int
    reused: int
    plain: int
    elapsed_s: float
    saved_s: float = 0.0


class Evaluation:
    """All that one call of `Search.fit` evaluates.

    Parameters
    ----------
    search : Search
        For its options (`n_jobs`, `progress`, `store`, `estimator`).
    study : Study
        Data, folds and scorers.
    """

    def __init__(self, search: Any, study: Study) -> None:
        self._ledger = Ledger(study, search.store)
        self._ledgers: dict[int, Ledger] = {}
        self._study = replace(study, keep_answers=self._ledger.keeps)
        self._base = clone(search.estimator)
        self._planner = Planner(clone(self._base), _num_samples(study.X))
        self._n_jobs = search.n_jobs
        self._race: float | None = search.race
        self._metric = search.refit if isinstance(search.refit, str) else None
        self._listener: Callable[[Progress], None] | None = search.progress
        self._configurations: list[Configuration] = []
        self._outcome = Outcome()
        self._started = time.perf_counter()
        self._folds = list(range(len(study.splits)))
        self.finished: list[Configuration] = []
        self.interrupted = False
        self._resource: str | None = getattr(search, "resource", None)
        shown = (preview(search.estimator), preview(study.X))
        self.live = Live(_folder(self._ledger.store), *shown)

    @classmethod
    def plain(
        cls, candidates: Sequence[Mapping[str, Any]], n_splits: int, reason: str
    ) -> Evaluation:
        """Return the evaluation of a study that scikit-learn ran on its own."""
        self = cls.__new__(cls)
        record = Record({}, source="plain", reason=reason)
        self._configurations = [Configuration(i, c, None, ()) for i, c in enumerate(candidates)]
        self._outcome = Outcome()
        self._outcome.records = {
            (c.index, split): record for c in self._configurations for split in range(n_splits)
        }
        self._outcome.tally.fits = self._outcome.tally.plain = len(self._outcome.records)
        self._folds = list(range(n_splits))
        self._started = time.perf_counter()
        self.finished, self.interrupted = self._configurations, False
        return self

    @property
    def n_splits(self) -> int:
        """Number of folds in the results (fewer after an interruption)."""
        return len(self._folds)

    def run(self, batch: Sequence[Mapping[str, Any]]) -> None:
        """Evaluate a batch of configurations."""
        start = len(self._configurations)
        fresh = [self._planner.configure(start + i, params) for i, params in enumerate(batch)]
        self._configurations.extend(fresh)
        try:
            self._run(fresh)
            self.finished = self._configurations
        except KeyboardInterrupt:
            if not self._outcome.records:
                raise
            self._salvage()

    @property
    def study(self) -> Study:
        """What is evaluated."""
        return self._study

    @property
    def configurations(self) -> Sequence[Configuration]:
        """All that was begun."""
        return self._configurations

    def adopt(
        self, configurations: Sequence[Configuration], ledger: Ledger | None = None
    ) -> dict[int, list[Configuration]]:
        """Take in configurations; return those that are to be evaluated, for each fold.

        Parameters
        ----------
        ledger : Ledger, optional
            Of another study than the whole one, where they are trained on fewer rows.
        """
        self._configurations.extend(configurations)
        if ledger is not None:
            self._ledgers.update((c.index, ledger) for c in configurations)
        self._recall(configurations)
        return self._missing(configurations, self._folds)

    def record(self, configuration: Configuration, split: int) -> Record | None:
        """Return what came of a configuration on a fold, if anything did."""
        return self._outcome.records.get((configuration.index, split))

    def adopt_record(self, configuration: Configuration, split: int, record: Record) -> None:
        """Take in a record that another task gave."""
        if record.source == "computed":
            record = replace(record, source="reused", cost_s=0.0)
        self._outcome.records[configuration.index, split] = record

    def drop(self, configuration: Configuration) -> None:
        """Forget a configuration that was begun last."""
        self._configurations.remove(configuration)
        for split in self._folds:
            self._outcome.records.pop((configuration.index, split), None)

    def take(self, outcome: Outcome) -> None:
        """Take in what somebody else has evaluated."""
        self._outcome.merge(outcome)
        for index, split in outcome.records:
            self._report([index], split)

    def scores(self, configurations: Sequence[Configuration]) -> Any:
        """Return the scores of configurations (rows) on all folds, of the deciding metric."""
        return score_table(configurations, self._outcome.records, self._folds, self._metric)

    def _ledger_of(self, index: int) -> Ledger:
        return self._ledgers.get(index, self._ledger)

    def _recall(self, fresh: Sequence[Configuration]) -> None:
        for configuration, split in product(fresh, self._folds):
            if record := self._ledger_of(configuration.index).recall(configuration, split):
                self._outcome.records[configuration.index, split] = record

    def _run(self, fresh: Sequence[Configuration]) -> None:
        self._recall(fresh)
        if self._race is None:
            self._compute(self._study, fresh)
        else:
            self._run_race(fresh, self._race)
        exact = replace(self._study, policy=replace(self._study.policy, tolerance=0.0))
        if again := contenders(self._configurations, self._outcome.records, self._folds):
            for configuration, split in product(again, self._folds):
                del self._outcome.records[configuration.index, split]
            self._compute(exact, again)

    def _compute(self, study: Study, fresh: Sequence[Configuration]) -> None:
        alone = not any(c.random for c in self._configurations)
        seeded = [c for c in fresh if not c.random and (alone or not c.vain)]
        solve_whole(study, seeded, self._outcome, self._report)
        self._execute(study, seeded, self._folds)
        self._execute_in_order(study, fresh, self._folds)

    def _run_race(self, fresh: Sequence[Configuration], confidence: float) -> None:
        """Evaluate fold by fold; those who are sure to stay behind run no further."""
        study, alive = self._study, [c for c in fresh if not c.random and not c.vain]
        done = [c for c in self._configurations if c not in fresh and self._is_whole(c)]
        solve_whole(study, alive, self._outcome, self._report)
        for seen, split in enumerate(self._folds, start=1):
            self._execute(study, alive, [split])
            self._execute_in_order(study, alive, [split])
            if seen < FEWEST_FOLDS or seen == len(self._folds):
                continue
            known = self._folds[:seen]
            table = score_table([*alive, *done], self._outcome.records, known, self._metric)
            lost = losers(table, len(self._folds), confidence)[: len(alive)]
            for configuration in [c for c, out in zip(alive, lost, strict=True) if out]:
                self._stop(configuration, seen, confidence)
            alive = [c for c, out in zip(alive, lost, strict=True) if not out]
        self._compute(study, [c for c in fresh if c.random or c.vain])

    def _is_whole(self, configuration: Configuration) -> bool:
        records = [self._outcome.records.get((configuration.index, s)) for s in self._folds]
        return all(record is not None and record.source != "stopped" for record in records)

    def _stop(self, configuration: Configuration, seen: int, confidence: float) -> None:
        like = self._outcome.records[configuration.index, self._folds[0]]
        for split in self._folds[seen:]:
            if not self._has(configuration, split):
                record = stopped_record(self._study, like, split, seen=seen, confidence=confidence)
                self._outcome.records[configuration.index, split] = record
                self._report([configuration.index], split)

    def _execute(self, study: Study, seeded: Sequence[Configuration], folds: Sequence[int]) -> None:
        missing = self._missing(seeded, folds)
        if missing:
            run(study, missing, n_jobs=self._n_jobs, outcome=self._outcome, report=self._report)

    def _execute_in_order(
        self, study: Study, fresh: Sequence[Configuration], folds: Sequence[int]
    ) -> None:
        tasks = [(c, s) for c in fresh for s in folds if not self._has(c, s)]
        if tasks and effective_n_jobs(self._n_jobs) == 1:
            Ordered(study, self._outcome, self._report).run(tasks)
        elif tasks:
            options = {"n_jobs": self._n_jobs, "outcome": self._outcome, "report": self._report}
            run_plainly(study, tasks, self._base, **options)

    def _missing(
        self, configurations: Sequence[Configuration], folds: Sequence[int]
    ) -> dict[int, list[Configuration]]:
        missing = {s: [c for c in configurations if not self._has(c, s)] for s in folds}
        return {split: left for split, left in missing.items() if left}

    def _has(self, configuration: Configuration, split: int) -> bool:
        return (configuration.index, split) in self._outcome.records

    def _salvage(self) -> None:
        """Keep what is comparable: all configurations on the folds that all of them finished."""
        self.interrupted = True
        whole = [c for c in self._configurations if all(self._has(c, s) for s in self._folds)]
        if not whole:
            begun = [c for c in self._configurations if any(self._has(c, s) for s in self._folds)]
            best = max(self._folds, key=lambda s: sum(self._has(c, s) for c in begun))
            whole = [c for c in begun if self._has(c, best)]
            self._folds = [s for s in self._folds if all(self._has(c, s) for c in whole)]
        self.finished = whole

    def results(self) -> list[dict[str, Any]]:
        """Return scikit-learn's result dictionaries, configuration by configuration."""
        records = self._outcome.records
        return [dict(records[c.index, s].result) for c in self.finished for s in self._folds]

    def explanations(self) -> tuple[Explanation, ...]:
        """Return how each finished configuration was evaluated."""
        return explain(self.finished, self._outcome, len(self._folds))

    def account(self) -> Account:
        """Return the counts of the whole study."""
        tally = self._outcome.tally
        reused = [r.result for r in self._outcome.records.values() if r.source == "reused"]
        return Account(
            len(self._configurations) * len(self._folds),
            tally.fits,
            tally.transforms,
            len(reused),
            tally.plain,
            time.perf_counter() - self._started,
            float(sum(r["fit_time"] + r["score_time"] for r in reused)),
        )

    @property
    def store(self) -> Any:
        """Where finished work is kept, or None."""
        return self._ledger.store

    def refit(self, index: int, best: Any, X: Any, y: Any, fit_params: Mapping[str, Any]) -> Any:
        """Return `best` fitted on all rows (from the store where it is known)."""
        return self._ledger.refit(self.finished[index], X, y, fit_params, best)

    def _report(self, indices: Sequence[int], split: int) -> None:
        for index in indices:
            record = self._outcome.records[index, split]
            self._ledger_of(index).keep(self._configurations[index], split, record)
        self.live.tell(self._so_far)
        if self._listener is None:
            return
        records = self._outcome.records
        elapsed_s = time.perf_counter() - self._started
        would_s = sum(r.cost_s for r in records.values())
        self._listener(
            Progress(
                len(records),
                len(self._configurations) * len(self._folds),
                self._best(),
                elapsed_s,
                max(0.0, would_s - elapsed_s),
            )
        )

    def _so_far(self) -> tuple[int, int, float, float, dict[str, list[Any]]]:
        account, records = self.account(), self._outcome.records
        table = so_far(self._configurations, records, self._folds, self._resource)
        return len(records), account.tasks, account.elapsed_s, account.saved_s, table

    def _best(self) -> float:
        by_index: dict[int, list[float]] = {}
        for (index, _), record in self._outcome.records.items():
            score = record.result["test_scores"]
            value = next(iter(score.values())) if isinstance(score, dict) else score
            by_index.setdefault(index, []).append(value)
        means = [np.mean(values) for values in by_index.values()]
        return float(np.nanmax(means)) if np.isfinite(means).any() else float("nan")


def _folder(store: Any) -> Path | None:
    """Return where a search tells of itself: beside a store that is a folder here."""
    if not isinstance(store, RuntimeStudies) or store.runtime.location != store.runtime.folder:
        return None
    return folder_of(store.runtime.location)
