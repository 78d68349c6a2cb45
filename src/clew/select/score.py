"""Scoring: a scorer's answers from predictions that are already known.

Scorers of scikit-learn ask an estimator for `predict`, `predict_proba` or `decision_function` and
compare with the truth. `Answers` stands for a fitted pipeline whose final input is known, so that
no transformer runs again. Callables that may look at anything get a real pipeline.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics._scorer import (
    _BaseScorer,
    _MultimetricScorer,
    _PassthroughScorer,
    _Scorer,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import _check_response_method

from clew.select.heard import Level, for_all

_METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "score_samples",
    "transform",
)


class Answers(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Stands for a fitted pipeline on one set of rows.

    Parameters
    ----------
    model : estimator
        The fitted final estimator (of a family: the one that contains all members).
    rows : callable
        Returns the rows as the final estimator sees them.
    known : dict of str to array, optional
        Answers that are known already, by method.
    told : list of Level, optional
        Where it is added what the model warns when it is asked.
    """

    def __init__(
        self,
        model: Any,
        rows: Callable[[], Any],
        known: dict[str, Any] | None = None,
        told: list[Level] | None = None,
    ) -> None:
        self.model = model
        self.rows = rows
        self.known = known
        self.told = [] if told is None else told
        self.given: dict[str, Any] = {}

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.model)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "model" not in self.__dict__:
            raise AttributeError(name)
        value = getattr(self.model, name)
        if name not in _METHODS:
            return value
        answer = self._asked(name) if self.known is None else self._recalled(name)
        answer.__name__ = name  # scikit-learn reads the method's name
        return answer

    def _asked(self, name: str) -> Callable[..., Any]:
        def answer(X: Any, *args: Any, **kwargs: Any) -> Any:
            rows = self.rows()
            ask = functools.partial(getattr(self.model, name), rows, *args, **kwargs)
            value = for_all(ask, 1, self.told)
            if not args and not kwargs:
                self.given[name] = value
            return value

        return answer

    def _recalled(self, name: str) -> Callable[..., Any]:
        known = self.known or {}
        if name == "score":
            mixin = _stock_score(self.model)
            return lambda X, y, sample_weight=None: mixin.score(self, X, y, sample_weight)
        if name not in known:
            raise AttributeError(name)
        return lambda X: known[name]


_SAME_SCORE = {KNeighborsClassifier: ClassifierMixin}
"""Classes that define `score` anew only to document it."""


class Recalled:
    """Stands for a final estimator whose answers an earlier search kept: its class and classes."""

    def __init__(self, template: Any, classes: Any) -> None:
        self.template = template
        if classes is not None:
            self.classes_ = classes

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.template)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return getattr(self.template, name)
        raise AttributeError(name)


def _stock_score(model: Any) -> Any:
    """Return the mixin whose `score` a class uses unchanged, if any."""
    cls = type(model.template) if isinstance(model, Recalled) else type(model)
    if cls in _SAME_SCORE:
        return _SAME_SCORE[cls]
    for mixin in (ClassifierMixin, RegressorMixin):
        if getattr(cls, "score", None) is mixin.score:
            return mixin
    return None


def needs_pipeline(scorer: Any) -> bool:
    """Tell whether a scorer may look at more than the answers of the final estimator."""
    if isinstance(scorer, _MultimetricScorer):
        return any(needs_pipeline(each) for each in scorer._scorers.values())
    return type(scorer) not in (_Scorer, _PassthroughScorer)


def methods_of(scorer: Any, model: Any) -> tuple[str, ...] | None:
    """Return the methods that a scorer will call on `model`, or None when that is not known."""
    if isinstance(scorer, _MultimetricScorer):
        parts = [methods_of(each, model) for each in scorer._scorers.values()]
        if any(part is None for part in parts):
            return None
        return tuple(dict.fromkeys(name for part in parts for name in part or ()))
    if isinstance(scorer, _PassthroughScorer):
        return ("predict",) if _stock_score(model) is not None else None
    if isinstance(scorer, _BaseScorer) and not needs_pipeline(scorer):
        try:
            return (_check_response_method(model, scorer._response_method).__name__,)
        except AttributeError:
            return None
    return None


def assemble(template: Any, fitted: Sequence[Any]) -> Any:
    """Return a fitted pipeline like `template` from its fitted stages.

    Stages are copied one level deep, so that a scorer which sets attributes harms nobody.
    """
    stages = [copy.copy(stage) for stage in fitted]
    if type(template) is not Pipeline:
        return stages[-1]
    remaining = iter(stages)
    steps = [
        (name, step if step is None or step == "passthrough" else next(remaining))
        for name, step in template.steps
    ]
    pipeline = copy.copy(template)
    pipeline.steps = steps
    return pipeline
