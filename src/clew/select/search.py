"""`Search`: scikit-learn's search interface, planned as one graph."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_method_params, indexable

from clew.errors import InvalidParameter
from clew.reuse.rewrites.registry import Policy
from clew.select.evaluate import Evaluation
from clew.select.heard import without_gaps
from clew.select.outcome import TabledSearch
from clew.select.record import keep, propose
from clew.select.results import extra_columns
from clew.select.sampled.trials import Trials
from clew.select.searchspace import SearchSpace
from clew.select.space import batches
from clew.select.study import Study

DEFAULT_TOLERANCE = 1e-8
DEFAULT_MEMORY_BYTES = 1 << 30


class Search(TabledSearch):
    """Search over configurations, planned as one graph: nothing is computed twice.

    Configurations, folds and pipeline stages become one tree of unique work. Equal beginnings of
    pipelines run once a fold, equal branches of a ColumnTransformer too; estimators that differ in
    a parameter that a rewrite understands (forest size, boosting rounds, neighbours, components,
    ridge penalty, …) are fitted together. Results are those of `GridSearchCV`, bit by bit, but for
    rewrites whose declared tolerance is above 0 (``cv_results_["tolerance"]`` says which).

    Parameters
    ----------
    estimator : estimator
        As in `GridSearchCV`.
    space : dict, list of dict, or object with `propose`
        A grid, conditional grids, distributions (values with `rvs`), or a space that proposes
        configurations itself (`clew.select.space.Space`); with trials also a `SearchSpace`, or
        dicts of `choice`, `integer`, `real`, `when`.
    n_iter : int, optional
        Number of configurations drawn at random; by default a grid is searched whole and
        distributions are drawn 10 times.
    scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As in `GridSearchCV`.
    random_state : int, RandomState or None
        For drawing configurations.
    rewrites : bool
        Whether estimators may be computed together.
    tolerance : float
        Largest declared tolerance of a rewrite that is used. 0 allows bit-identical ones only;
        1e-2 and above also warm-started paths of logistic regression and the lasso.
    memory_bytes : int
        Budget for what is kept while a fold runs (branches of a ColumnTransformer, base columns
        of a Gram matrix, rows before unseeded stages), beyond the rows that are being worked on.
    store : StudyStore, "default" or None
        Where finished work is looked up and kept; None keeps nothing.
    progress : callable, optional
        Called with a `Progress` whenever configurations are done on a fold.
    race : float, optional
        A confidence, such as 0.95: folds run one after the other, and a configuration whose
        remaining folds cannot bring it before the best one, with this confidence, runs no
        further. Its remaining scores are NaN, its rank is last, and
        ``cv_results_["folds_left_out"]`` and `explain_` say so.
    start_from_best : bool
        Whether the best configuration that the store knows of an earlier study with the same rows,
        targets and estimator is evaluated too, first. The study then has an edge ``proposal``.
    n_trials, budget_s : int, float, optional
        Trials, proposed one after the other, and seconds after which no fold begins. One of the
        two, or any of the following, makes it a search by trials.
    sampler : str or Sampler, optional
        Who proposes, as in `Optimization`; ``"reuse"`` looks at what the plan would spend, too.
    scheduler : str or Scheduler, optional
        ``"halving"``, ``"hyperband"``, ``"asha"``, ``"bohb"``: promising configurations get more.
    resource : str, optional
        What they get more of: ``"rows"`` (default), ``"folds"``, ``"seconds"``, ``"epochs"``,
        ``"rounds"``, ``"trees"``, or a parameter's name. What can go on is not started again.
    budget : (float, float), optional
        Least and most of it; by default a ninth of the rows to all, one fold to all.
    factor : float
        What a rung multiplies the budget with.

    Attributes
    ----------
    cv_results_, best_estimator_, best_params_, best_score_, best_index_, scorer_, n_splits_, \
refit_time_, multimetric_, classes_, n_features_in_, feature_names_in_
        As in `GridSearchCV`; ``cv_results_`` ends with the columns ``rewrite`` and ``tolerance``.
    explain_ : tuple of Explanation
        For each configuration what was computed, reused, rewritten, and why not.
    account_ : Account
        Counts of the whole study: fits that ran, work that was saved.
    study_id_ : str or None
        Id of the study's node in the store (``clew study show ID``); None where nothing is kept.
    optimization_ : Optimization
        The study of a search by trials: `trials`, `best`, `pareto`.
    continued_ : int
        Fits of a search by trials that went on from an earlier rung's.
    proposal_ : Proposal or None
        The configuration that an earlier study proposed, and its table's id.
    interrupted_ : bool
        Whether Ctrl-C ended the search early; the best finished result was kept.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> search = Search(KNeighborsClassifier(), {"n_neighbors": [1, 5, 9]}).fit(X, y)
    >>> search.best_params_
    {'n_neighbors': 5}
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TabledSearch._parameter_constraints,
        "space": "no_validation",
        "n_iter": [numbers.Integral, None],
        "random_state": ["random_state"],
        "rewrites": ["boolean"],
        "tolerance": [numbers.Real],
        "memory_bytes": [numbers.Integral],
        "store": "no_validation",
        "progress": [callable, None],
        "race": [Interval(numbers.Real, 0.5, 1.0, closed="neither"), None],
        "start_from_best": ["boolean"],
        "n_trials": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "budget_s": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "sampler": "no_validation",
        "scheduler": "no_validation",
        "resource": [str, None],
        "budget": "no_validation",
        "factor": [Interval(numbers.Real, 1, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        space: Any,
        *,
        n_iter: int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
        rewrites: bool = True,
        tolerance: float = DEFAULT_TOLERANCE,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        store: Any = "default",
        progress: Callable[[Any], None] | None = None,
        race: float | None = None,
        start_from_best: bool = False,
        n_trials: int | None = None,
        budget_s: float | None = None,
        sampler: Any = None,
        scheduler: Any = None,
        resource: str | None = None,
        budget: tuple[float, float] | None = None,
        factor: float = 3.0,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.space = space
        self.n_iter = n_iter
        self.random_state = random_state
        self.rewrites = rewrites
        self.tolerance = tolerance
        self.memory_bytes = memory_bytes
        self.store = store
        self.progress = progress
        self.race = race
        self.start_from_best = start_from_best
        self.n_trials = n_trials
        self.budget_s = budget_s
        self.sampler = sampler
        self.scheduler = scheduler
        self.resource: Any = resource
        self.budget = budget
        self.factor = factor

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, **params: Any) -> Search:
        """Run the search.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Targets.
        **params : dict
            Passed to `fit`, the splitter (`groups`) and the scorers, as in `GridSearchCV`.

        Returns
        -------
        Search
            Itself, fitted.
        """
        reason = self._plain_reason()
        if reason and self._by_trials:
            raise InvalidParameter(f"Trials must be planned, yet {reason}.")
        if reason:
            self._fit_plainly(reason, X, y, params)
            return self
        return self._fit_planned(X, y, params)

    def _fit_planned(self, X: Any, y: Any, params: Mapping[str, Any]) -> Search:
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        study = self._study(X, y, scorers, routed)
        evaluation = Evaluation(self, study)
        parts = {"X": X, "y": y, "estimator": self.estimator, "space": self.space, "cv": self.cv}
        with evaluation.live as live:
            self.proposal_ = propose(evaluation.store, parts) if self.start_from_best else None
            results = self._evaluate(evaluation)
            self._close(evaluation)
            self.multimetric_ = isinstance(evaluation.results()[0]["test_scores"], dict)
            if callable(self.scoring) and self.multimetric_:
                self._check_refit_for_multimetric(evaluation.results()[0]["test_scores"])
                refit_metric = self.refit
            self._choose(results, refit_metric)
            if self.refit:
                self._refit(evaluation, X, y, routed.estimator.fit)
            self.scorer_ = scorers._scorers if isinstance(scorers, _MultimetricScorer) else scorers
            raced = self.race is not None
            self.cv_results_: dict[str, Any] = {
                **results,
                **extra_columns(self.explain_, raced=raced),
            }
            best = getattr(self, "best_params_", None)
            outcome = (self.cv_results_, best, self.proposal_, self.account_, self.explain_)
            self.study_id_ = keep(evaluation.store, parts, *outcome)
            live.end(self.study_id_)
        return self

    def _study(self, X: Any, y: Any, scorers: Any, routed: Any) -> Study:
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self._checked_cv_orig = splitter
        split_params = routed.splitter.split
        self.n_splits_ = splitter.get_n_splits(X, y, **split_params)
        splits = list(splitter.split(X, y, **split_params))
        if len(splits) != self.n_splits_:
            raise ValueError(
                "cv.split and cv.get_n_splits return inconsistent results. "
                f"Expected {self.n_splits_} splits, got {len(splits)}"
            )
        return Study(
            X,
            y,
            splits,
            scorers,
            routed.estimator.fit,
            routed.scorer.score,
            self.error_score,
            self.return_train_score,
            Policy(enabled=self.rewrites, tolerance=self.tolerance),
            self.memory_bytes,
        )

    @property
    def _by_trials(self) -> bool:
        """Whether configurations are proposed one after the other."""
        said = (self.n_trials, self.budget_s, self.sampler, self.scheduler)
        return isinstance(self.space, SearchSpace) or any(each is not None for each in said)

    def _evaluate(self, evaluation: Evaluation) -> dict[str, Any]:
        if self._by_trials:
            return self._evaluate_trials(evaluation)
        results: list[dict[str, Any]] = []
        for batch in self._batches(results):
            if self.verbose > 0:
                n, k = self.n_splits_, len(batch)
                print(f"Fitting {n} folds for each of {k} candidates, totalling {n * k} fits")
            evaluation.run(batch)
            results.append(self._tabulate(evaluation))
            if evaluation.interrupted:
                break
        if not results:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates?"
            )
        return results[-1]

    def _evaluate_trials(self, evaluation: Evaluation) -> dict[str, Any]:
        if self.race is not None:
            raise InvalidParameter("Trials do not race folds.", hint="scheduler='asha'")
        trials = Trials(self, evaluation)
        self.optimization_ = trials.run()
        self.continued_ = trials.continued
        results = without_gaps(lambda: self._tabulate(evaluation))
        if self.scheduler is None:
            return results
        marks = {"iter": np.array(trials.rungs), "n_resources": np.array(trials.budgets)}
        return {**marks, **results}

    def _batches(self, results: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
        """Yield the batches of the space, what an earlier study proposes first."""
        known = self.proposal_
        for batch in batches(self.space, self.n_iter, self.random_state, results):
            if known is not None and known.parameters not in batch:
                yield [dict(known.parameters), *batch]
            else:
                yield batch
            known = None
