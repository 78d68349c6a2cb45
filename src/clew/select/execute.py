"""Executing one fold: down the tree of stages, depth first, each shared stage once.

At most one intermediate a level is alive; it is dropped when its last reader is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from traceback import format_exception
from typing import Any

from sklearn.base import clone
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._validation import _score
from sklearn.utils._indexing import _safe_indexing
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _num_samples

from clew.reuse.rewrites.registry import Rewrite
from clew.select.branches import Branches
from clew.select.cutoff import Twins
from clew.select.family import FamilyRun
from clew.select.heard import Level, for_all, merged
from clew.select.plan import Configuration, Group, Member, Stage, grow
from clew.select.randomness import Unseeded, Watch
from clew.select.rows import Rows
from clew.select.score import Answers, assemble, needs_pipeline
from clew.select.shared import Shared
from clew.select.study import Outcome, Record, Study, stage_params

_CHEAP = tuple(
    f"sklearn.{name}"
    for name in ("linear_model.", "naive_bayes", "tree.", "discriminant_analysis", "dummy")
)
"""Where predicting costs next to nothing beside fitting: all answers are kept for later metrics."""
_ASKED = ("predict", "predict_proba", "decision_function")

Report = Callable[[Sequence[int], int], None]


class Fold:
    """One fold of a study.

    Parameters
    ----------
    study : Study
        What is evaluated.
    split : int
        Number of the fold.
    outcome : Outcome
        Where records go, as soon as they are known.
    report : callable, optional
        Called with the indices of configurations that are done on this fold.
    """

    def __init__(
        self, study: Study, split: int, outcome: Outcome, report: Report | None = None
    ) -> None:
        self.study, self.split, self.outcome = study, split, outcome
        self._report = report
        train, test = study.splits[split]
        self._train, self._test = train, test
        self.fit_params = _check_method_params(study.X, dict(study.fit_params), indices=train)
        params = dict(study.score_params)
        self._score_train = _check_method_params(study.X, params, indices=train)
        self._score_test = _check_method_params(study.X, params, indices=test)
        y = study.y
        self.y = Shared(lambda: _targets(y, train), readers=2)
        self.y_test = Shared(lambda: _targets(y, test), readers=2)
        self._random: set[type] = set()
        self._refused: dict[int, str] = {}
        self.branches = Branches(study.memory_bytes, rewrites=study.policy.enabled)

    def run(self, groups: Sequence[Group]) -> None:
        """Evaluate all configurations of a tree on this fold."""
        members = [m for g in groups for m in g.members]
        if not members:
            return
        started = time.perf_counter()
        rows = self.root(members[0].configurations[0].estimator, readers=len(members))
        self.branches.expect(c for m in members for c in m.configurations)
        self.descend(groups, rows, (), (time.perf_counter() - started) / _leaves(groups))

    def root(self, template: Any, readers: int) -> Rows:
        """Return the fold's rows as the first stage of `template` sees them."""
        X, y, train, test = self.study.X, self.study.y, self._train, self._test
        fitting = Shared(lambda: _safe_split(template, X, y, train)[0], readers)
        test_rows = Shared(lambda: _safe_split(template, X, y, test, train)[0], readers=2)
        self._n_test = _num_samples(test_rows.take())
        return Rows(fitting, test_rows, fitting)

    def descend(
        self, groups: Sequence[Group], rows: Rows, path: tuple[Any, ...], spent_s: float
    ) -> None:
        """Evaluate groups that read the same rows; `path` holds the fitted stages above."""
        transformers = sum(len(g.members) for g in groups if not g.final)
        merges = transformers > 1 and not needs_pipeline(self.study.scorer)
        twins = Twins(self.outcome, self.split) if merges else None
        for group in groups:
            if group.rewrite is not None:
                family = FamilyRun(self, group, rows, path, spent_s, twins)
                if family.run():
                    continue
                self._refused.update(dict.fromkeys(family.indices, family.refusal))
            for member in group.members:
                try:
                    if group.final:
                        self._predict(member, rows, path, spent_s)
                    else:
                        self._transform(member, rows, path, spent_s, twins)
                except Unseeded:
                    self._defer(member, "draws from a generator that has no seed")

    def _transform(
        self,
        member: Member,
        rows: Rows,
        path: tuple[Any, ...],
        spent_s: float,
        twins: Twins | None,
    ) -> None:
        started = time.perf_counter()
        told: list[Level] = []
        try:
            users = len(member.configurations)
            fitted, output = for_all(lambda: self.fit_transform(member.stage, rows), users, told)
        except Unseeded:
            raise
        except Exception as error:
            self.fail(member.configurations, error, spent_s, started)
            return
        share = spent_s + (time.perf_counter() - started) / len(member.configurations)
        self.below(member, rows, path, fitted, output, share, told, twins)

    def below(
        self,
        member: Member,
        rows: Rows,
        path: tuple[Any, ...],
        fitted: Any,
        output: Any,
        spent_s: float,
        told: list[Level],
        twins: Twins | None = None,
        rewrite: Rewrite | None = None,
    ) -> None:
        """Go down below a fitted transformer whose output for the training rows is known.

        Parameters
        ----------
        told : list of Level
            What its fit warned; what its transforms warn is added.
        """
        readers = sum(len(g.members) for g in member.below)
        users = len(member.configurations)
        above = (member.stage, rows, fitted, output, readers, rewrite)
        lower = self.lower(*above, users=users, told=told)
        del output
        groups = member.below if twins is None else self._unanswered(member, lower, path, twins)
        self.descend(groups, lower, (*path, fitted), spent_s)

    def _unanswered(
        self, member: Member, lower: Rows, path: tuple[Any, ...], twins: Twins
    ) -> Sequence[Group]:
        """Return what is left below a member after a twin's answers were taken over."""
        depth, seen = len(path) + 1, self.study.return_train_score
        left = twins.left(member, lower, depth, seen=seen)
        answered = {c.index for c in member.configurations} - {c.index for c in left}
        if self._report is not None and answered:
            self._report(sorted(answered), self.split)
        return grow(left, self.study.policy, depth) if answered else member.below

    def lower(
        self,
        stage: Stage,
        rows: Rows,
        fitted: Any,
        output: Any,
        readers: int,
        rewrite: Rewrite | None = None,
        *,
        told: list[Level],
        users: int = 1,
    ) -> Rows:
        """Return the rows as they are below a fitted transformer; `users` share what it warns."""

        def below(above: Shared, part: str) -> Shared:
            transform = self.branches.transform
            return Shared(
                lambda: for_all(lambda: transform(fitted, above.take(), part), users, told),
                readers=2,
            )

        fitting = Shared(lambda: self.fit_transform(stage, rows)[1], readers)
        fitting.fill(output)
        test, seen = below(rows.test, "test"), below(rows.seen, "seen")
        above = rows.key if stage.tokens is not None else None
        own = (rewrite.name,) if rewrite else self.branches.rewrites_of(stage, above)
        names, tolerance = (*rows.rewrites, *own), rows.record(rewrite).tolerance
        key, levels = rows.key_below(stage), (*rows.told, told)
        return Rows(fitting, test, seen, key, names, tolerance, levels)

    def fit_transform(self, stage: Stage, rows: Rows) -> tuple[Any, Any]:
        """Fit a transformer on the training rows; return it with its output."""
        params = stage_params(self.fit_params, stage)
        fitted, output = self.watched(stage, lambda: self._fit_transform(stage, rows, params))
        return fitted, output

    def _fit_transform(self, stage: Stage, rows: Rows, params: dict[str, Any]) -> tuple[Any, Any]:
        self.outcome.tally.transforms += 1
        fresh, X, y = clone(stage.estimator), rows.fitting.take(), self.y.take()
        above = rows.key if stage.tokens is not None else None
        return self.branches.fit_transform(fresh, above, X, y, params)

    def watched(self, stage: Stage, action: Callable[[], Any]) -> Any:
        """Run something; when it draws from a global generator, undo that and raise Unseeded."""
        if type(stage.estimator) in self._random:
            raise Unseeded
        watch = Watch()
        result = action()
        if watch.moved():
            watch.rewind()
            if stage.vain:
                return result
            self._random.add(type(stage.estimator))
            raise Unseeded
        return result

    def _predict(self, member: Member, rows: Rows, path: tuple[Any, ...], spent_s: float) -> None:
        started = time.perf_counter()
        told: list[Level] = []
        try:
            users, stage = len(member.configurations), member.stage
            fit = lambda: self.watched(stage, lambda: self.fit(stage, rows))  # noqa: E731
            model = for_all(fit, users, told)
        except Unseeded:
            raise
        except Exception as error:
            self.fail(member.configurations, error, spent_s, started)
            return
        fit_s = time.perf_counter() - started
        for configuration in member.configurations:
            record = rows.record()
            self.score(configuration, model, rows, path, spent_s + fit_s, record, told)

    def fit(self, stage: Stage, rows: Rows) -> Any:
        """Return a final estimator, fitted on the training rows."""
        model, X, y = clone(stage.estimator), rows.fitting.take(), self.y.take()
        params = stage_params(self.fit_params, stage)
        self.outcome.tally.fits += 1
        if y is None and stage.name is None:
            model.fit(X, **params)
        else:
            model.fit(X, y, **params)
        return model

    def score(
        self,
        configuration: Configuration,
        model: Any,
        rows: Rows,
        path: tuple[Any, ...],
        fit_s: float,
        record: Record,
        told: Sequence[Level],
        known: tuple[dict[str, Any] | None, dict[str, Any] | None] = (None, None),
    ) -> None:
        """Score a fitted final estimator and keep the record; `told` is what its fit warned."""
        started = time.perf_counter()
        fitted, train = (*path, model), None
        asking: list[Level] = []
        scoring: list[Level] = []
        ask = partial(self._scores, configuration, fitted, rows, asking)
        test, asked = for_all(lambda: ask(known[0], seen=False), 1, scoring)
        score_s = time.perf_counter() - started
        if self.study.return_train_score:
            train, _ = for_all(lambda: ask(known[1], seen=True), 1, scoring)
        record.result = self._result(test, train, fit_s, score_s, None)
        record.told = (*rows.warned(), merged([*told, *asking]), merged(scoring))
        if self.study.keep_answers:
            record.answers = known[0] or self._more_answers(model, rows, asked)
            record.classes = getattr(model, "classes_", None)
        record.cost_s = fit_s + score_s
        self.keep([configuration], record)

    def _more_answers(self, model: Any, rows: Rows, asked: Any) -> dict[str, Any] | None:
        """Return the answers that the scorer was given, and others that cost little."""
        if not isinstance(asked, Answers):
            return None
        if not type(model).__module__.startswith(_CHEAP):
            return asked.given or None
        try:
            final = rows.test.take()
            more = [m for m in _ASKED if m not in asked.given and hasattr(model, m)]
            return {**asked.given, **{m: getattr(model, m)(final) for m in more}}
        except Exception:  # they are a convenience; the score is known
            return asked.given or None

    def _scores(
        self,
        configuration: Configuration,
        fitted: tuple[Any, ...],
        rows: Rows,
        told: list[Level],
        known: dict[str, Any] | None,
        *,
        seen: bool,
    ) -> tuple[Any, Any]:
        y = self.y if seen else self.y_test
        params = self._score_train if seen else self._score_test
        if needs_pipeline(self.study.scorer):
            index = self._train if seen else self._test
            bare = [self.branches.bare(stage) for stage in fitted]
            estimator = assemble(configuration.estimator, bare)
            X, _ = _safe_split(estimator, self.study.X, self.study.y, index, self._train)
        else:
            final = rows.seen if seen else rows.test
            estimator, X = Answers(fitted[-1], final.take, known, told), None
        error_score = self.study.error_score
        score = _score(estimator, X, y.take(), self.study.scorer, params, error_score)
        return score, estimator

    def fail(
        self,
        configurations: Iterable[Configuration],
        error: Exception,
        spent_s: float,
        started: float,
    ) -> None:
        """Keep the failure of some configurations, or raise it where that was asked for."""
        if self.study.error_score == "raise":
            raise error
        scores: Any = self.study.error_score
        if isinstance(self.study.scorer, _MultimetricScorer):
            scores = dict.fromkeys(self.study.scorer._scorers, scores)
        fit_s = spent_s + time.perf_counter() - started
        trace = "".join(format_exception(error))
        for configuration in configurations:
            train = scores.copy() if isinstance(scores, dict) else scores
            result = self._result(scores, train, fit_s, 0.0, trace)
            self.keep([configuration], Record(result, source="failed"))

    def _result(
        self, test: Any, train: Any, fit_s: float, score_s: float, trace: str | None
    ) -> dict[str, Any]:
        result = {
            "fit_error": trace,
            "test_scores": test,
            "n_test_samples": self._n_test,
            "fit_time": fit_s,
            "score_time": score_s,
        }
        if self.study.return_train_score:
            result["train_scores"] = train
        return result

    def keep(self, configurations: Sequence[Configuration], record: Record) -> None:
        """Keep a record and tell who listens."""
        for configuration in configurations:
            record.reason = record.reason or self._refused.get(configuration.index, "")
            self.outcome.records[configuration.index, self.split] = record
        if self._report is not None:
            self._report([c.index for c in configurations], self.split)

    def _defer(self, member: Member, reason: str) -> None:
        for index in member.indices:
            self.outcome.deferred[index, self.split] = reason


def _targets(y: Any, index: Any) -> Any:
    return None if y is None else _safe_indexing(y, index)


def _leaves(groups: Sequence[Group]) -> int:
    return max(1, sum(len(m.configurations) for g in groups for m in g.members))
