"""Tasks that draw from a generator without a seed: one by one, in scikit-learn's order.

What they draw, and when, is what scikit-learn would have drawn; the stages before the first such
draw are the same for all of them and are kept within the memory budget.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from sklearn.base import clone

from clew.reuse.rewrites.registry import Policy, rewrites_for
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

    Attributes
    ----------
    fitted_s : dict
        CPU seconds of each shared stage that was fitted, by fold and key (`beginnings`).
    """

    def __init__(self, study: Study, outcome: Outcome, report: Report | None) -> None:
        self._study, self.outcome, self._report = study, outcome, report
        self._folds: dict[tuple[int, bool], tuple[Fold, Rows]] = {}
        self._kept: OrderedDict[_Slot, tuple[_Level, int]] = OrderedDict()
        self._left: Counter[_Slot] = Counter()
        self._families: dict[tuple[Any, ...], tuple[_Slot, Any]] = {}
        self.fitted_s: dict[_Slot, float] = {}

    def run(self, tasks: Sequence[Task]) -> None:
        """Evaluate the tasks, in their order."""
        for configuration, split in tasks:
            self._left.update((split, key) for key in beginnings(configuration))
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
            began_s = time.process_time()
            try:
                level, size = self._derived(fold, slot, stage, rows) or self._fitted(
                    fold, stage, rows
                )
                self.fitted_s[slot] = time.process_time() - began_s
                self._families.update({f: (slot, r) for f, r in self._family(split, stage, rows)})
                return self._leave(slot, level, size)
            except Unseeded:
                pass
        told: list[Level] = []
        fitted, output = for_all(lambda: self._alone(fold, stage, rows), 1, told)
        return fitted, _unshared(fold.lower(stage, rows, fitted, output, 1, told=told))

    def _fitted(self, fold: Fold, stage: Stage, rows: Rows) -> tuple[_Level, int]:
        told: list[Level] = []
        fitted, output = for_all(lambda: fold.fit_transform(stage, rows), 1, told)
        level = (fitted, fold.lower(stage, rows, fitted, output, 2, told=told))
        return level, size_bytes(output)

    def _derived(
        self, fold: Fold, slot: _Slot, stage: Stage, rows: Rows
    ) -> tuple[_Level, int] | None:
        """Return a level that follows from a kept one, which differs in what a rewrite sweeps."""
        for family, rewrite in self._family(slot[0], stage, rows):
            known = self._kept.get(self._families.get(family, (slot, None))[0])
            fit_params = stage_params(fold.fit_params, stage)
            if known is None or fit_params or any(level != () for level in known[0][1].told[-1]):
                continue  # what one warned may not be what another one warns
            X = rows.fitting.take()
            member = clone(stage.estimator)
            if rewrite.refuse([member], X, None):
                continue
            fitted = rewrite.derive(known[0][0], member)
            output = fitted.transform(X)
            told: list[Level] = [()]
            lower = fold.lower(stage, rows, fitted, output, 2, rewrite, told=told)
            return (fitted, lower), size_bytes(output)
        return None

    def _family(self, split: int, stage: Stage, rows: Rows) -> Iterator[tuple[Any, Any]]:
        for family, rewrite in families(stage, self._study.policy):
            yield (split, rows.key, family), rewrite

    def holds(self, split: int, key: tuple[Hashable, ...], stage: Stage) -> bool:
        """Tell whether what a stage gives is kept, or follows from what is kept.

        Parameters
        ----------
        key : tuple
            One of the stage's `beginnings`: the stage is the last of it.
        """
        if (split, key) in self._kept:
            return True
        known = (
            self._families.get((split, key[:-1], family))
            for family, _ in families(stage, self._study.policy)
        )
        return any(each is not None and each[0] in self._kept for each in known)

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


def families(stage: Stage, policy: Policy) -> Iterator[tuple[Hashable, Any]]:
    """Yield what identifies the stages that follow from one another, and the rewrite that knows."""
    for rewrite in () if stage.tokens is None else rewrites_for(type(stage.estimator), policy):
        if hasattr(rewrite, "derive"):
            rest = tuple(pair for pair in stage.tokens or () if pair[0] not in rewrite.sweeps)
            yield (type(stage.estimator), rest), rewrite


def beginnings(configuration: Configuration) -> list[tuple[Hashable, ...]]:
    """Return the keys of the stages that may be shared, each with those above it."""
    keys: list[tuple[Hashable, ...]] = []
    for stage in configuration.stages[:-1]:
        if stage.tokens is None or stage.random:
            break
        keys.append((*(keys[-1] if keys else ()), stage_key(stage)))
    return keys
