"""The trials of one search: a sampler proposes, a scheduler sets budgets, the planner runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from clew.errors import InvalidParameter
from clew.select.evaluate import Evaluation
from clew.select.ledger import Ledger
from clew.select.optimization import Optimization
from clew.select.plan import Configuration, Planner
from clew.select.race import left_out
from clew.select.sampled.costs import Costs
from clew.select.sampled.folds import Folds
from clew.select.sampled.resource import Resource, fewer_rows, resource_of
from clew.select.searchspace import as_space
from clew.select.study import Record
from clew.select.trials.trial import Trial


class Failed(Exception):
    """A configuration that has no score."""


class Late(Exception):
    """The seconds of the search are over."""


class Trials:
    """Runs the trials of one search.

    Parameters
    ----------
    search : Search
        For its options.
    evaluation : Evaluation
        Where records go.
    """

    def __init__(self, search: Any, evaluation: Evaluation) -> None:
        self._search, self._evaluation = search, evaluation
        self._study = evaluation.study
        self.space = as_space(search.space)
        self.resource: Resource = resource_of(search.resource, search.budget, self._study)
        self._planner = Planner(clone(search.estimator), _num_samples(self._study.X))
        self._seed = int(check_random_state(search.random_state).randint(2**31 - 1))
        if isinstance(search.random_state, int | np.integer):
            self._seed = int(search.random_state)
        self._folds: dict[float, Folds] = {}
        self._ledgers: dict[float, Ledger] = {}
        self._rows: list[Configuration] = []
        self._row_of: dict[int, int] = {}  # of trials, by their numbers
        self.budgets: list[float] = []
        self.rungs: list[int] = []
        self._deadline = (
            None if search.budget_s is None else time.monotonic() + float(search.budget_s)
        )
        whole = self._folds_at(self.resource.most)
        self.costs = Costs(self.space, search.estimator, self._configured, whole)

    @property
    def continued(self) -> int:
        """Fits that went on from an earlier rung's."""
        return sum(folds.continued for folds in self._folds.values())

    def run(self) -> Optimization:
        """Evaluate trials until there are enough, or the seconds are over.

        Raises
        ------
        InvalidParameter
            When there is no end, or not one configuration could be evaluated in time.
        """
        search = self._search
        scheduled = search.scheduler is not None
        optimization = Optimization(
            self.space,
            direction="maximize",
            sampler=search.sampler,
            scheduler=search.scheduler,
            budget=(self.resource.least, self.resource.most),
            factor=search.factor,
            seed=self._seed,
            lag=1,
            catch=Failed,
        )
        optimization.price(self.costs)
        if search.proposal_ is not None:
            known = dict(search.proposal_.parameters)
            if all(name in known for name in self.space.domains):
                optimization.enqueue({n: known[n] for n in self.space.domains})
        if not scheduled and self.resource.name == "seconds":
            raise InvalidParameter("Budgets of seconds need a scheduler.", got="scheduler=None")
        try:
            optimization.run(self.evaluate, search.n_trials, timeout_s=search.budget_s)
        except Late:
            pass
        self._evaluation.interrupted = optimization.interrupted
        self._evaluation.finished = self._rows
        return optimization

    def evaluate(self, trial: Trial) -> float:
        """Evaluate one trial: the objective of the study.

        Raises
        ------
        Failed
            When a fold has no score.
        Late
            When the seconds of the search are over before all folds are done.
        """
        origin, models = trial.state or (None, trial.number)
        configuration = self._plan(trial, len(self._evaluation.configurations))
        began_s = time.process_time()
        folds = self._folds_at(trial.budget)
        before_s = sum(folds.fitted_s.values())
        splits = self._splits(trial)
        missing = self._evaluation.adopt([configuration], self._ledger(folds))
        if origin is not None:
            self._take_over(origin, configuration, splits)
        computed = self._compute(trial, configuration, folds, missing, splits, models)
        self._fill(configuration)
        self._rows.append(configuration)
        self._row_of[trial.number] = configuration.index
        self.budgets.append(trial.budget)
        self.rungs.append(trial.rung)
        trial.state = (configuration, models)
        if trial.budget >= self.resource.most:
            for each in self._folds.values():
                each.forget(models)
        if computed == len(self._study.splits):
            fresh_s = sum(folds.fitted_s.values()) - before_s
            model_s = time.process_time() - began_s - fresh_s
            self.costs.learn(trial.configuration, configuration, model_s)
        return self._score(configuration)

    def _compute(
        self,
        trial: Trial,
        configuration: Configuration,
        folds: Folds,
        missing: Mapping[int, Any],
        splits: list[int],
        models: int,
    ) -> int:
        """Evaluate what is missing, some folds at a time; return how many folds were."""
        grows, size = self._growth(configuration, trial.budget)
        left = [s for s in splits if s in missing and not self._has(configuration, s)]
        until = time.monotonic() + trial.budget - trial.spent
        computed, at_once = 0, folds.at_once
        while left:
            if self._deadline is not None and time.monotonic() > self._deadline and self._rows:
                self._evaluation.drop(configuration)
                raise Late
            if self.resource.name == "seconds" and computed and time.monotonic() > until:
                break
            now, left = left[:at_once], left[at_once:]
            outcome = folds.run(models, configuration, now, grows, size)
            computed += len(now)
            self._evaluation.take(outcome)
        return computed

    def _plan(self, trial: Trial, index: int) -> Configuration:
        parameters = dict(trial.configuration)
        parameters |= self.resource.parameters(self._configured(parameters).estimator, trial.budget)
        finish = lambda estimator: self.resource.finish(estimator, trial.budget)  # noqa: E731
        return self._planner.configure(index, parameters, finish)

    def _configured(self, parameters: Mapping[str, Any]) -> Configuration:
        return self._planner.configure(-1, parameters)

    def _splits(self, trial: Trial) -> list[int]:
        count = len(self._study.splits)
        return list(range(int(trial.budget) if self.resource.name == "folds" else count))

    def _growth(self, configuration: Configuration, budget: float) -> tuple[str, int]:
        """Return the final estimator's own parameter that a budget sets, and its value."""
        if self.resource.name == "epochs":
            return "epochs", int(budget)
        names = self.resource.parameters(configuration.estimator, budget)
        return next(iter(names), "").rpartition("__")[2], int(budget)

    def _take_over(self, origin: Configuration, mine: Configuration, splits: list[int]) -> None:
        """Take over what an earlier rung evaluated, where the budget changes nothing of it."""
        stages = [[(s.name, type(s.estimator), s.tokens) for s in c.stages] for c in (origin, mine)]
        known = all(s.tokens is not None for s in mine.stages)
        if self.resource.by_rows or not known or stages[0] != stages[1]:
            return
        for split in splits:
            record = self._evaluation.record(origin, split)
            if record is not None and record.source != "stopped":
                self._evaluation.adopt_record(mine, split, record)

    def _fill(self, configuration: Configuration) -> None:
        """Mark the folds that a budget did not reach."""
        count = len(self._study.splits)
        known = [s for s in range(count) if self._has(configuration, s)]
        like = self._evaluation.record(configuration, known[0])
        assert like is not None
        for split in range(count):
            if not self._has(configuration, split):
                why = f"the budget ended after {len(known)} folds"
                record = left_out(self._study, like, split, why)
                self._evaluation.adopt_record(configuration, split, record)

    def _score(self, configuration: Configuration) -> float:
        scores = self._evaluation.scores([configuration])[0]
        records = [self._evaluation.record(configuration, s) for s in range(len(scores))]
        seen = [
            score
            for score, record in zip(scores, records, strict=True)
            if isinstance(record, Record) and record.source != "stopped"
        ]
        if not np.isfinite(seen).all():
            raise Failed("a fold has no score")
        return float(np.mean(seen))

    def _has(self, configuration: Configuration, split: int) -> bool:
        return self._evaluation.record(configuration, split) is not None

    def _folds_at(self, budget: float) -> Folds:
        key = budget if self.resource.by_rows else self.resource.most
        if key not in self._folds:
            study = self._study
            if self.resource.by_rows:
                study = fewer_rows(study, int(budget), self._seed)
            self._folds[key] = Folds(study, self._search.n_jobs)
        return self._folds[key]

    def _ledger(self, folds: Folds) -> Ledger | None:
        if folds.study is self._study:
            return None
        count = len(folds.study.splits[0][0])
        if count not in self._ledgers:
            self._ledgers[count] = Ledger(folds.study, self._evaluation.store)
        return self._ledgers[count]


def best_row(results: Mapping[str, Any], metric: str) -> int:
    """Return the row with the best mean of those with the largest budget.

    Folds that a budget did not reach do not count.
    """
    budgets = np.asarray(results["n_resources"])
    means = np.where(budgets == budgets.max(), seen_means(results, metric), -np.inf)
    return int(np.argmax(np.where(np.isfinite(means), means, -np.inf)))


def seen_means(results: Mapping[str, Any], metric: str) -> Any:
    """Return the mean score of each row over the folds that it was evaluated on."""
    names = [n for n in results if n.startswith("split") and n.endswith(f"_{metric}")]
    table = np.stack([np.asarray(results[name], dtype=float) for name in names])
    known = np.isfinite(table)
    sums = np.where(known, table, 0.0).sum(axis=0)
    return np.divide(sums, known.sum(axis=0), where=known.any(axis=0), out=sums * np.nan)
