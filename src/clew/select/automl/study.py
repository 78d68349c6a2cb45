"""`AutoML`: a table and targets in, an ensemble out, within a budget of seconds."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from clew.errors import InvalidParameter, NotFound
from clew.select.automl.agenda import Agenda
from clew.select.automl.blend import blended, selected
from clew.select.automl.board import Board, Candidate, Line, mean_score
from clew.select.automl.columns import LEFT_OUT, kinds_of, table
from clew.select.automl.folds import folds_of
from clew.select.automl.learners import available
from clew.select.automl.memory import Memory, Near, proposals
from clew.select.automl.model import BlendClassifier, BlendRegressor
from clew.select.automl.pool import Pool, pool
from clew.select.automl.profile import profile_of
from clew.select.automl.stack import MEMBERS, STACK, Judge, Stacked, judged
from clew.select.automl.suspicions import suspicions
from clew.select.automl.task import ERRORS, Floats, Task, task_of
from clew.select.automl.worker import Bench, Fitted, Material, Order, outputs

_LAST_SHARE, _LAST_S = 0.08, 1.0
_FIRST_ROWS = 6_000
_FIRST = {"learning_rate": 0.15, "max_leaf_nodes": 15, "l2_regularization": 1.0}
_OVERFIT, _MUCH = 0.3, 0.2
_AHEAD = 0.01
_MEMBERS = 24
_RESERVE = 0.02
_STACK_SHARE = 0.4


@dataclass(frozen=True)
class Progress:
    """What a study tells as it goes.

    Parameters
    ----------
    elapsed_s, budget_s : float
    model : str
        The candidate that has just been fitted.
    score, best_score : float
        Its measure on the fold, and the best of all on the first fold, which all were fitted on.
    dropped : int
        Candidates that get no further folds, as it stands.
    best_model : str
        The learner that has the best score.
    dropped_models : tuple of str
        The learners of the dropped candidates, those with the most first.
    fits : int
        Fits so far, of candidates on folds.
    """

    elapsed_s: float
    budget_s: float
    model: str
    score: float
    best_score: float
    dropped: int
    best_model: str = ""
    dropped_models: tuple[str, ...] = ()
    fits: int = 0


class AutoML(BaseEstimator):  # type: ignore[misc]
    """Chooses a learner and its parameters, and combines the best into an ensemble.

    Columns may be numbers, categories, texts and dates, with gaps. Workers fit on folds with one
    thread each; the process that was asked watches the clock and kills what would overrun it.

    Parameters
    ----------
    budget_s : float
        Seconds from the call of `fit` to its end.
    metric : str
        ``"roc_auc"``, ``"accuracy"``, ``"log_loss"``, ``"rmse"``, ``"mae"``, ``"r2"``; ``"auto"``:
        the first for two classes, log loss for more, root mean square for numbers.
    kind : {"auto", "binary", "multiclass", "regression"}
    learners : sequence of str, optional
        Names of those that may be used.
    folds : int
        Folds on which each candidate is fitted. Beyond 60,000 rows there is one held part.
    workers : int, optional
        Processes; by default one for each core.
    seed : int
    progress : callable, optional
        Called with a `Progress` after each fit.
    memory : Memory, optional
        Earlier searches: those on tables that are alike propose the first configurations.

    Attributes
    ----------
    model_ : BlendClassifier or BlendRegressor
        The ensemble, an ordinary estimator.
    leaderboard_ : list of Line
        All candidates, the best first.
    warnings_ : list of str
        What a person should look at before trusting the scores.
    first_model_s_ : float
        Seconds until there was a model that could be used.
    score_, quick_score_ : float
        The ensemble's measure out of fold, and the first model's.
    interrupted_ : bool
        Whether Ctrl-C ended the search: the model is the best of what was finished.
    task_ : Task
    profile_ : dict
        What the table is like, in numbers.
    near_ : list of Near
        Earlier searches that proposed configurations, the nearest first.
    """

    def __init__(
        self,
        budget_s: float = 60.0,
        *,
        metric: str = "auto",
        kind: str = "auto",
        learners: Sequence[str] | None = None,
        folds: int = 5,
        workers: int | None = None,
        seed: int = 0,
        progress: Callable[[Progress], None] | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.budget_s, self.metric, self.kind, self.learners = budget_s, metric, kind, learners
        self.folds, self.workers, self.seed, self.progress = folds, workers, seed, progress
        self.memory = memory

    def __getstate__(self) -> dict[str, Any]:
        """Leave the store out of a pickle: it is a place, not a part of what was found."""
        return {**super().__getstate__(), "memory": None}

    def fit(self, X: Any, y: Any) -> AutoML:
        """Search until the budget is spent.

        Raises
        ------
        InvalidParameter
            When rows and targets do not fit together, or an option makes no sense.
        """
        began = time.monotonic()
        if not self.budget_s > 0 or self.folds < 2:
            raise InvalidParameter("No such study.", expected="budget_s above 0, folds 2 or more")
        frame = table(X)
        self.task_, targets = task_of(y, self.metric, self.kind)
        if len(frame) != len(targets):
            raise InvalidParameter(
                "X and y differ in length.", got=f"{len(frame)} and {len(targets)} rows"
            )
        columns = kinds_of(frame)
        if all(column.kind in LEFT_OUT for column in columns):
            raise InvalidParameter("No column says anything.", got=", ".join(frame.columns[:8]))
        material = Material(
            frame, targets, columns, self.task_,
            folds_of(targets, self.task_, self.folds, self.seed), self.seed,
        )  # fmt: skip
        self.warnings_: list[str] = []
        self.profile_, self.n_folds_ = profile_of(material), len(material.folds)
        self.near_: list[Near] = []
        with tempfile.TemporaryDirectory(prefix="clew-automl-") as folder:
            self._search(material, Path(folder), began)
        self.warnings_ += self._overfit(targets)
        self.classes_ = self.task_.classes
        self.n_features_in_ = frame.shape[1]
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.seconds_ = time.monotonic() - began
        return self

    def _search(self, material: Material, folder: Path, began: float) -> None:
        deadline = began + self.budget_s
        last = deadline - max(min(_LAST_S, self.budget_s / 4), self.budget_s * _LAST_SHARE)
        board = Board(len(material.folds))
        self.interrupted_ = False
        with pool(material, folder, self.workers or _cores()) as opened:
            quick = self._first_model(material, folder)
            self.first_model_s_ = time.monotonic() - began
            self.quick_score_ = quick.score
            looked = suspicions(material.frame, material.columns, material.y, self.task_.kind)
            try:
                self._race(opened, board, material, began, last, looked)
            except KeyboardInterrupt:
                # Once: what is finished is combined. A second time ends that, too.
                self.interrupted_ = True
                self.warnings_.append("it was interrupted before its budget was spent")
        self._combine(board, material, quick, deadline)
        for told in looked:
            self.warnings_ += told
            if time.monotonic() > deadline - _RESERVE * self.budget_s / 2:
                self.warnings_.append("no time to look for leakage in all columns")
                break

    def _race(
        self, opened: Pool, board: Board, material: Material, began: float, last: float,
        looked: Iterator[list[str]],
    ) -> None:  # fmt: skip
        usable = available(self.task_, len(material.y), self.learners)
        if not usable:
            raise NotFound("No learner is left.", got=repr(self.learners))
        if self.memory is not None:
            self.near_ = self.memory.near(self.profile_, self.task_.kind)
        agenda = Agenda(usable, board, self.seed, proposals(self.near_, usable))
        waiting: Order | None = None
        while (left_s := last - time.monotonic()) > 0:
            while opened.idle() and (waiting := waiting or agenda.order(left_s)) is not None:
                opened.give(waiting)
                waiting = None
            if opened.idle() and not opened.running:
                return  # nothing fits into the time that is left
            # While workers are busy this process looks for what is suspicious, bit by bit.
            told = next(looked, None)
            self.warnings_ += told or []
            for fitted in opened.results(left_s if told is None else 0):
                candidate = board.take(fitted)
                self._tell(board, candidate, fitted, began)

    def _first_model(self, material: Material, folder: Path) -> Fitted:
        """Fit a sensible model at once, on some thousand rows, while workers start."""
        rng = np.random.default_rng(self.seed)
        fit, held = material.folds[0]
        some = rng.permutation(fit)[:_FIRST_ROWS]
        few = replace(material, folds=[(np.sort(some), held)])
        # One thread: several that wait for each other on a busy machine take many times as long.
        with threadpool_limits(1):
            found = Bench(few, folder).fit(Order(-1, "histogram", _FIRST, 0))
        if found.error:
            raise InvalidParameter("Not even a first model can be fitted.", got=found.error)
        return found

    def _combine(self, board: Board, material: Material, quick: Fitted, deadline: float) -> None:
        complete = board.complete()
        weights: dict[int, float] = {}
        members: list[Any] = []
        shares: list[float] = []
        stack: Judge | None = None
        first = -np.inf  # what the ensemble scores on the first fold's held rows
        if complete:
            weights, first, stack = self._weighed(board, complete, material, deadline)
            for number, weight in weights.items():
                if stack is not None and number == STACK:
                    members.append(_stacked(stack, board, self.task_))
                    shares.append(weight)
                    continue
                for fitted in board.candidates[number].folds.values():
                    members.append(_loaded(fitted))
                    shares.append(weight / len(material.folds))
        partly = [c.folds[0] for c in board.first() if c not in complete]
        single = max([quick, *partly], key=lambda fitted: fitted.score)
        if single.score > first + self._clearly(complete, material.y):
            # One fold's model is clearly better than all that the budget reached to complete.
            weights, members, shares = {single.order.candidate: 1.0}, [_loaded(single)], [1.0]
            self.score_ = single.score
            self.warnings_.append("the budget did not reach for the best candidate on all folds")
        build = BlendRegressor if self.task_.kind == "regression" else BlendClassifier
        self.model_ = build(members, shares, self.task_, material.columns).fit(None)
        self.leaderboard_ = [
            _line(candidate, weights.get(candidate.number, 0.0))
            for candidate in [*complete, *(c for c in board.first() if c not in complete)]
        ]
        if stack is not None and STACK in weights:
            self.leaderboard_.insert(0, self._stack_line(stack, board, material, weights[STACK]))
        if weights.get(quick.order.candidate):
            only = Candidate(-1, quick.order.learner, quick.order.configuration, {0: quick})
            self.leaderboard_.insert(0, _line(only, 1.0))
        failed = [c for c in board.candidates.values() if c.error]
        if failed:
            self.warnings_.append(f"{len(failed)} candidates failed: {failed[0].error[:200]}")

    def _weighed(
        self, board: Board, complete: list[Candidate], material: Material, deadline: float
    ) -> tuple[dict[int, float], float, Judge | None]:
        """Return the ensemble's weights, its score on the first fold's held rows, and a stack."""
        rows = len(material.y)
        held = np.zeros(rows, dtype=bool)
        for _, part in material.folds:
            held[part] = True
        whole = {c.number: board.out_of_fold(c, material.folds, rows) for c in complete[:_MEMBERS]}
        y, now = material.y[held], time.monotonic()
        stack = judged(
            list(whole)[:MEMBERS], [of[held] for of in whole.values()][:MEMBERS], y, self.task_,
            self.seed, now + (deadline - now) * _STACK_SHARE,
        )  # fmt: skip
        if stack is not None:
            whole[STACK] = np.zeros_like(whole[complete[0].number])
            whole[STACK][held] = stack.predicted
        weights = selected(
            {number: predicted[held] for number, predicted in whole.items()},
            y,
            self.task_,
            deadline=deadline - _RESERVE * self.budget_s,
        )
        mixed = blended(whole, weights)
        self.score_ = self.task_.score(y, mixed[held])
        part = material.folds[0][1]
        return weights, self.task_.score(material.y[part], mixed[part]), stack

    def _stack_line(self, stack: Judge, board: Board, material: Material, weight: float) -> Line:
        held = np.concatenate([part for _, part in material.folds])
        y = material.y[np.sort(held)]
        names = [board.candidates[number].learner for number in stack.numbers]
        return Line(
            "stack", {"of": names}, self.task_.score(y, stack.predicted), stack.train_score,
            len(material.folds), stack.seconds, weight,
        )  # fmt: skip

    def _clearly(self, complete: list[Candidate], y: Floats) -> float:
        """Return by how much one fold's score must be above the ensemble's to mean something."""
        if not complete:
            return 0.0
        # The best of many scores on one fold is luck as far as folds differ.
        luck = float(np.std([fitted.score for fitted in complete[0].folds.values()]))
        return max(_AHEAD * self._way(y), luck)

    def _way(self, y: Floats) -> float:
        """Return how far it is from what a constant scores, where learning begins, to perfect."""
        perfect = 0.0 if self.task_.metric in ERRORS else 1.0
        return max(perfect - self.task_.constant(y), 1e-300)

    def _tell(self, board: Board, candidate: Candidate, fitted: Fitted, began: float) -> None:
        if self.progress is None:
            return
        first = board.first()
        best = first[0] if first else candidate
        dropped = Counter(c.learner for c in first if c.asked == {0})
        self.progress(
            Progress(
                time.monotonic() - began, self.budget_s, candidate.learner, fitted.score,
                best.first(), dropped.total(), best.learner,
                tuple(name for name, _ in dropped.most_common()),
                sum(len(c.folds) for c in board.candidates.values()),
            )
        )  # fmt: skip

    def _overfit(self, y: Floats) -> list[str]:
        way = self._way(y)
        return [
            f"overfit? {line.model}: {line.train_score:.3f} on its own rows, {line.score:.3f} else"
            for line in self.leaderboard_
            if line.weight > _MUCH and (line.train_score - line.score) / way > _OVERFIT
        ]

    def predict(self, X: Any) -> Any:
        """Return what the ensemble predicts."""
        return self.model_.predict(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return the ensemble's probabilities."""
        probabilities: Floats = self.model_.predict_proba(X)
        return probabilities

    def evaluate(self, X: Any, y: Any) -> float:
        """Return the measure on rows that took no part; errors are negative."""
        codes = self.task_.codes(y)
        if self.task_.classes is None:
            return self.task_.score(codes, self.model_.predict(X))
        mean = self.model_.predict_proba(X)
        told = mean[:, 1] if self.task_.kind == "binary" else mean
        return self.task_.score(codes, told)


def _cores() -> int:
    """Return how many cores this process may use."""
    asked = getattr(os, "sched_getaffinity", None)  # Linux alone
    return max(1, len(asked(0)) if asked is not None else os.cpu_count() or 1)


def _line(candidate: Candidate, weight: float) -> Line:
    fitted = list(candidate.folds.values())
    return Line(
        candidate.learner, candidate.configuration, mean_score(candidate),
        float(np.mean([each.train_score for each in fitted])), len(fitted),
        sum(each.seconds for each in fitted), weight, proposed_by=candidate.proposed_by,
    )  # fmt: skip


def _stacked(stack: Judge, board: Board, task: Task) -> Stacked:
    groups = [
        [_loaded(fitted) for fitted in board.candidates[number].folds.values()]
        for number in stack.numbers
    ]
    return Stacked(groups, stack.model, task)


def _loaded(fitted: Fitted) -> Any:
    # Written by this study's own workers, into a folder that is this user's alone.
    return pickle.loads(Path(fitted.path).read_bytes())  # noqa: S301


__all__ = ["AutoML", "Progress", "outputs"]
