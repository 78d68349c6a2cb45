"""Folds of one trial, with what earlier trials left: stages that come again, models that go on."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed

from clew.select.halving import FoldLadder
from clew.select.plan import Configuration, Stage
from clew.select.study import Outcome, Study
from clew.select.unseeded import Ordered, beginnings

MOST_MODELS = 128
"""How many trials may leave models that go on, the latest ones."""

_here: dict[str, Ordered] = {}
"""What a worker process keeps between trials, for the study that it worked for last."""

_count = itertools.count()


@dataclass(slots=True)
class Told:
    """What one fold of one trial gave: records, its model, seconds of stages that were fitted."""

    outcome: Outcome
    model: Any
    continued: int
    fitted_s: dict[tuple[int, tuple[Hashable, ...]], float]


class Folds:
    """Evaluates the trials of one study, fold by fold.

    Parameters
    ----------
    study : Study
        Data, folds and scorers.
    n_jobs : int, optional
        Folds that run at once, as joblib counts.
    """

    def __init__(self, study: Study, n_jobs: int | None) -> None:
        self.study, self._n_jobs = study, n_jobs
        self._ordered = Ordered(study, Outcome(), None)
        self._models: OrderedDict[int, dict[int, Any]] = OrderedDict()
        self._elsewhere: set[tuple[int, tuple[Hashable, ...]]] = set()
        self._name = f"{os.getpid()}-{next(_count)}"
        self.fitted_s: dict[tuple[int, tuple[Hashable, ...]], float] = {}
        self.continued = 0

    @property
    def at_once(self) -> int:
        """How many folds run at once."""
        return int(effective_n_jobs(self._n_jobs))

    def run(
        self, root: int, configuration: Configuration, splits: Sequence[int], grows: str, size: int
    ) -> Outcome:
        """Evaluate a configuration on folds.

        Parameters
        ----------
        root : int
            Whose models go on: the trial that was the first with these parameters.
        splits : sequence of int
            Numbers of the folds.
        grows : str
            The parameter of the final estimator that grows; "" where it starts anew.
        size : int
            Its value.
        """
        mine = self._models.setdefault(root, {}) if grows else {}
        outcome = Outcome()
        if self.at_once == 1 or len(splits) == 1:
            parts = [
                evaluate(self._ordered, s, root, configuration, grows, size, mine.get(s))
                for s in splits
            ]
        else:
            parallel = Parallel(n_jobs=self._n_jobs)
            parts = parallel(
                delayed(_elsewhere)(
                    self._name, self.study, s, root, configuration, grows, size, mine.get(s)
                )
                for s in splits
            )
            self._elsewhere.update(key for part in parts for key in part.fitted_s)
        for split, part in zip(splits, parts, strict=True):
            outcome.merge(part.outcome)
            self.fitted_s.update(part.fitted_s)
            self.continued += part.continued
            if grows:
                mine[split] = part.model
        if grows:
            self._models.move_to_end(root)
            while len(self._models) > MOST_MODELS:
                self._models.popitem(last=False)
        return outcome

    def forget(self, root: int) -> None:
        """Drop the models of a trial that goes on no further."""
        self._models.pop(root, None)

    def holds(self, key: tuple[Hashable, ...], stage: Stage) -> bool:
        """Tell whether what a stage gives is kept, on every fold."""
        if self.at_once > 1:
            return all((s, key) in self._elsewhere for s in range(len(self.study.splits)))
        return all(self._ordered.holds(s, key, stage) for s in range(len(self.study.splits)))

    def stage_s(self, configuration: Configuration) -> list[float | None]:
        """Return what each shared stage cost altogether when it was fitted; None if it was not."""
        found: list[float | None] = []
        for key in beginnings(configuration):
            each = [self.fitted_s.get((s, key)) for s in range(len(self.study.splits))]
            found.append(sum(s for s in each if s is not None) if None not in each else None)
        return found


def evaluate(
    ordered: Ordered,
    split: int,
    root: int,
    configuration: Configuration,
    grows: str,
    size: int,
    model: Any,
) -> Told:
    """Evaluate a configuration on one fold."""
    ordered.outcome.clear()
    before = len(ordered.fitted_s)
    models = {} if model is None else {root: model}
    ladder = FoldLadder(ordered, split, grows, models)
    ladder.run(root, configuration, size)
    fresh = dict(itertools.islice(ordered.fitted_s.items(), before, None))
    return Told(ordered.outcome.copy(), models.get(root), ladder.continued, fresh)


def _elsewhere(name: str, study: Study, split: int, *rest: Any) -> Told:
    if name not in _here:
        _here.clear()
        _here[name] = Ordered(study, Outcome(), None)
    return evaluate(_here[name], split, *rest)
