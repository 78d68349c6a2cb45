"""Tasks that draw from a generator without a seed: one by one, in scikit-learn's order.

What they draw, and when, is what scikit-learn would have drawn; the stages before the first such
draw are the same for all of them and are kept within the memory budget.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

from sklearn.base import clone

from clew.select.branches import stage_key
from clew.select.execute import Fold, Report
from clew.select.heard import Level, for_all, retell
from clew.select.plan import Configuration, Stage
from clew.select.randomness import Unseeded
from clew.select.rows import Rows
from clew.select.shared import size_bytes
from clew.select.study import Outcome, Record, Study, stage_params

Task = tuple[Configuration, int]
_Level = tuple[Any, Rows]
_Slot = tuple[int, tuple[Hashable, ...]]


class Ordered:
    """Runs tasks in order, keeping the outputs of stages that come again.

    Parameters
    ----------
    study : Study
        Data, folds and scorers.
    outcome : Outcome
        Where records go.
    report : callable, optional
        Told of every task that is done.
    """

    def __init__(self, study: Study, outcome: Outcome, report: Report | None) -> None:
        self._study, self.outcome, self._report = study, outcome, report
        self._folds: dict[tuple[int, bool], tuple[Fold, Rows]] = {}
        self._kept: OrderedDict[_Slot, tuple[_Level, int]] = OrderedDict()
        self._left: Counter[_Slot] = Counter()

    def run(self, tasks: Sequence[Task]) -> None:
        """Evaluate the tasks, in their order."""
        for configuration, split in tasks:
            self._left.update((split, key) for key in _keys(configuration))
        for configuration, split in tasks:
            self._run(configuration, split)

    def _run(self, configuration: Configuration, split: int) -> None:
        fold, rows = self.fold(configuration, split)
        started = time.perf_counter()
        try:
            path, rows = self.path(fold, split, configuration, rows)
            model = fold.fit(configuration.stages[-1], rows)
        except Exception as error:
            fold.fail([configuration], error, 0.0, started)
            return
        self.outcome.tally.plain += 1
        reason = self.outcome.deferred.get((configuration.index, split), "")
        record = Record({}, source="plain", reason=reason)
        fit_s = time.perf_counter() - started
        fold.score(configuration, model, rows, path, fit_s, record, [None])

    def path(
        self, fold: Fold, split: int, configuration: Configuration, rows: Rows
    ) -> tuple[tuple[Any, ...], Rows]:
        """Return the fitted transformers of a configuration, and the rows below them."""
        path: list[Any] = []
        for stage in configuration.stages[:-1]:
            fitted, rows = self._stage(fold, split, stage, rows)
            path.append(fitted)
        return tuple(path), rows

    def fold(self, configuration: Configuration, split: int) -> tuple[Fold, Rows]:
        """Return a fold with its rows as the first stage sees them."""
        key = (split, configuration.stages[0].pairwise)
        if key not in self._folds:
            fold = Fold(self._study, split, self.outcome, self._report)
            self._folds[key] = (fold, fold.root(configuration.estimator, readers=2))
        return self._folds[key]

    def _stage(self, fold: Fold, split: int, stage: Stage, rows: Rows) -> _Level:
        """Return a fitted transformer and the rows below it, kept or fitted now."""
        key = rows.key_below(stage)
        if key is not None and not stage.random:
            slot = (split, key)
            if slot in self._kept and retell(self._kept[slot][0][1].told[-1]):
                self._kept.move_to_end(slot)
                return self._leave(slot, self._kept[slot][0])
            try:
                told: list[Level] = []
                fitted, output = for_all(lambda: fold.fit_transform(stage, rows), 1, told)
                level = (fitted, fold.lower(stage, rows, fitted, output, 2, told=told))
                return self._leave(slot, level, size_bytes(output))
            except Unseeded:
                pass
        told = []
        fitted, output = for_all(lambda: self._alone(fold, stage, rows), 1, told)
        return fitted, _unshared(fold.lower(stage, rows, fitted, output, 1, told=told))

    def _leave(self, slot: _Slot, level: _Level, size: int | None = None) -> _Level:
        """Keep a level for those who still need it, and drop it after the last one."""
        self._left[slot] -= 1
        if self._left[slot] == 0:
            self._kept.pop(slot, None)
        elif size is not None:
            self._kept[slot] = (level, size)
            while sum(s for _, s in self._kept.values()) > self._study.memory_bytes:
                self._kept.popitem(last=False)
        return level

    def _alone(self, fold: Fold, stage: Stage, rows: Rows) -> tuple[Any, Any]:
        fresh, X, y = clone(stage.estimator), rows.fitting.take(), fold.y.take()
        params = stage_params(fold.fit_params, stage)
        self.outcome.tally.transforms += 1
        return fold.branches.fit_transform(fresh, None, X, y, params)


def _unshared(rows: Rows) -> Rows:
    return Rows(rows.fitting, rows.test, rows.seen, None, told=rows.told)


def _keys(configuration: Configuration) -> list[tuple[Hashable, ...]]:
    keys: list[tuple[Hashable, ...]] = []
    for stage in configuration.stages[:-1]:
        if stage.tokens is None or stage.random:
            break
        keys.append((*(keys[-1] if keys else ()), stage_key(stage)))
    return keys
