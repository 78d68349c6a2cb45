"""What comes of a search: its table, the best row of it, and the estimator fitted again."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.base import clone
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)

from clew.select.evaluate import Evaluation
from clew.select.heard import without_gaps
from clew.select.plainly import PlainSearch
from clew.select.sampled.trials import best_row, seen_means


class TabledSearch(PlainSearch):
    """A search that makes scikit-learn's attributes of what was evaluated."""

    _by_trials: Any
    race: Any

    def _tabulate(self, evaluation: Evaluation) -> dict[str, Any]:
        out = evaluation.results()
        if not out:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates?"
            )
        _warn_or_raise_about_fit_failures(out, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(out, self.error_score)
        self.n_splits_ = evaluation.n_splits
        candidates = [dict(c.parameters) for c in evaluation.finished]

        def table() -> dict[str, Any]:
            return dict(self._format_results(candidates, evaluation.n_splits, out))

        return table() if self.race is None else without_gaps(table)

    def _close(self, evaluation: Evaluation) -> None:
        self.explain_ = evaluation.explanations()
        self.account_ = evaluation.account()
        self.interrupted_ = evaluation.interrupted
        if evaluation.interrupted:
            warnings.warn(
                f"The search was interrupted; {len(evaluation.finished)} configurations were "
                f"finished on {evaluation.n_splits} folds and the best of them was kept.",
                UserWarning,
                stacklevel=3,
            )

    def _choose(self, results: Mapping[str, Any], refit_metric: Any) -> None:
        if not (self.refit or not self.multimetric_):
            return
        self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
        if not callable(self.refit):
            scores = results[f"mean_test_{refit_metric}"]
            if "n_resources" in results:
                scores = seen_means(results, f"test_{refit_metric}")
            self.best_score_ = scores[self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: Mapping[str, Any]) -> Any:
        """Return the row of the best configuration, of those with the largest budget."""
        if callable(refit) or "n_resources" not in results:
            return PlainSearch._select_best_index(refit, refit_metric, results)
        return best_row(results, f"test_{refit_metric}")

    def _refit(self, evaluation: Evaluation, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        started = time.time()
        if self._by_trials:  # what a budget set is no parameter of the space
            best = clone(evaluation.finished[self.best_index_].estimator)
        else:
            best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        self.best_estimator_ = evaluation.refit(self.best_index_, best, X, y, fit_params)
        self.refit_time_ = time.time() - started
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
