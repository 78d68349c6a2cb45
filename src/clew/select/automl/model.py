"""The model that comes out: an ordinary estimator, a weighted mean of fitted pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pandas.api.types import is_numeric_dtype
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from clew.errors import InvalidParameter
from clew.select.automl.columns import LEFT_OUT, Column, table, unreadable
from clew.select.automl.task import Floats, Task
from clew.select.automl.worker import outputs


class _Blend(BaseEstimator):  # type: ignore[misc]
    """Members and their weights; each member takes the table as it was given to the study."""

    def __init__(
        self, members: Sequence[Any] = (), weights: Sequence[float] = (), task: Task | None = None,
        columns: Sequence[Column] = (),
    ) -> None:  # fmt: skip
        self.members, self.weights, self.task, self.columns = members, weights, task, columns

    def fit(self, X: Any, y: Any = None) -> Any:
        """Do nothing but remember the columns: members come fitted."""
        self.n_features_in_ = len(self.columns)
        self.feature_names_in_ = np.asarray([c.name for c in self.columns], dtype=object)
        if self.task is not None and self.task.classes is not None:
            self.classes_ = self.task.classes
        self.is_fitted_ = True
        return self

    def _mean(self, X: Any) -> Floats:
        check_is_fitted(self, "is_fitted_")
        assert self.task is not None
        frame = self._checked(table(X))
        parts = zip(self.members, self.weights, strict=True)
        found: Floats = np.sum([w * outputs(m, frame, self.task) for m, w in parts], axis=0)
        return found

    def _checked(self, frame: Any) -> Any:
        """Return the columns that were fitted; say what a model cannot mean to be given."""
        needed = [column for column in self.columns if column.kind not in LEFT_OUT]
        missing = [column.name for column in needed if column.name not in frame.columns]
        if missing:
            raise InvalidParameter(
                "Columns are missing.", got=", ".join(map(str, frame.columns[:8])),
                expected=", ".join(missing[:8]),
            )  # fmt: skip
        frame = frame[[column.name for column in needed]]
        for column in needed:
            cells = frame[column.name]
            if column.kind == "date" and is_numeric_dtype(cells) and cells.notna().any():
                raise InvalidParameter(
                    f"{column.name!r} holds numbers.", got=str(cells.dtype), expected="dates"
                )
            if column.kind in ("number", "date") and not column.unread:
                unread = unreadable(cells, column.kind, column.form)
                if unread.any():
                    raise InvalidParameter(
                        f"{column.name!r} has cells that are no {column.kind}s.",
                        got=repr(cells[unread].iloc[0]),
                        expected=f"{column.kind}s, as in the rows that were fitted",
                        hint="what is not known is None or NaN",
                    )
        return frame


class BlendClassifier(ClassifierMixin, _Blend):  # type: ignore[misc]
    """A weighted mean of probabilities."""

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n, classes)."""
        mean = self._mean(X)
        if mean.ndim == 1:
            return np.stack([1 - mean, mean], axis=1)
        sums = mean.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.where(sums > 0, sums, 1), dtype=float)

    def predict(self, X: Any) -> Any:
        """Return the class of each row (`Task.decided`)."""
        assert self.task is not None
        return self.classes_[self.task.decided(self.predict_proba(X))]


class BlendRegressor(RegressorMixin, _Blend):  # type: ignore[misc]
    """A weighted mean of predictions."""

    def predict(self, X: Any) -> Floats:
        """Return a number for each row."""
        return self._mean(X)
