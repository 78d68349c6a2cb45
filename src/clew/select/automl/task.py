"""What is predicted: the kind of task, its metric, and its targets as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

Kind = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float64]

_MOST_CLASSES = 200
_CLASSES_OF_NUMBERS = 20


@dataclass(frozen=True)
class Task:
    """A task, and the measure by which models are chosen (large is good).

    Parameters
    ----------
    kind : {"binary", "multiclass", "regression"}
    metric : str
        Name of the measure.
    classes : ndarray or None
        Labels, in the order of the columns of predictions.
    """

    kind: Kind
    metric: str
    classes: NDArray[Any] | None = None

    def score(self, y: Floats, predicted: Floats) -> float:
        """Return the measure of predictions; errors are negative, so that large is good.

        Parameters
        ----------
        predicted : ndarray of shape (n,) or (n, k)
            Values; probabilities of class 1; or of each class.
        """
        return _METRICS[self.metric][1](y, predicted)


def task_of(y: Any, metric: str = "auto", kind: str = "auto") -> tuple[Task, Floats]:
    """Return the task that targets pose, and the targets as numbers.

    Raises
    ------
    InvalidParameter
        When targets are missing or all the same, or the metric does not suit the task.
    """
    import pandas as pd

    values = pd.Series(np.asarray(y).ravel() if not isinstance(y, pd.Series) else y)
    if len(values) < 20:
        raise InvalidParameter("Too few rows.", got=str(len(values)), expected="20 or more")
    if values.isna().any():
        raise InvalidParameter(
            "Targets are missing.",
            got=f"{int(values.isna().sum())} of {len(values)} rows",
            hint="leave these rows out",
        )
    if kind == "auto":
        kind = _kind_of(values)
    if kind not in ("binary", "multiclass", "regression"):
        raise InvalidParameter(
            "No such task.", got=repr(kind), expected="binary, multiclass or regression"
        )
    chosen = _metric_of(kind, metric)
    if kind == "regression":
        numbers = pd.to_numeric(values).to_numpy(dtype=float)
        if not np.isfinite(numbers).all() or np.ptp(numbers) == 0:
            raise InvalidParameter("Targets are infinite, or all the same.")
        return Task("regression", chosen), numbers
    classes, codes = np.unique(values.to_numpy(), return_inverse=True)
    if len(classes) < 2 or (kind == "binary" and len(classes) != 2):
        raise InvalidParameter("Targets do not suit the task.", got=f"{len(classes)} classes")
    if len(classes) > _MOST_CLASSES:
        raise InvalidParameter(
            "Too many classes.", got=str(len(classes)), hint='kind="regression" for numbers'
        )
    return Task(kind, chosen, classes), codes.astype(float)  # type: ignore[arg-type]


def _kind_of(values: Any) -> str:
    import pandas as pd

    distinct = values.nunique()
    floats = pd.api.types.is_float_dtype(values) and not (values == values.round()).all()
    whole = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if distinct > 2 and (floats or (whole and distinct > _CLASSES_OF_NUMBERS)):
        return "regression"
    return "binary" if distinct == 2 else "multiclass"


def _metric_of(kind: str, metric: str) -> str:
    if metric == "auto":
        return {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[kind]
    if metric not in _METRICS or kind not in _METRICS[metric][0]:
        fitting = ", ".join(name for name, (kinds, _) in _METRICS.items() if kind in kinds)
        raise InvalidParameter(f"No metric of a {kind} task.", got=repr(metric), expected=fitting)
    return metric


def roc_auc(y: Floats, predicted: Floats) -> float:
    """Return the area under the ROC curve, ties counted half (Mann & Whitney)."""
    from scipy.stats import rankdata

    positive = y > 0.5
    n_positive = int(positive.sum())
    n_negative = len(y) - n_positive
    if not n_positive or not n_negative:
        return 0.5
    ranks = rankdata(predicted)[positive].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def _labels(predicted: Floats) -> Floats:
    if predicted.ndim == 1:
        return (predicted > 0.5).astype(float)
    labels: Floats = np.argmax(predicted, axis=1).astype(float)
    return labels


def _log_loss(y: Floats, predicted: Floats) -> float:
    if predicted.ndim == 1:
        predicted = np.stack([1 - predicted, predicted], axis=1)
    sums = predicted.sum(axis=1, keepdims=True)
    kept = np.clip(predicted / np.maximum(sums, 1e-12), 1e-12, 1)
    return float(np.log(kept[np.arange(len(y)), y.astype(int)]).mean())


def _r2(y: Floats, predicted: Floats) -> float:
    return float(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


_METRICS: dict[str, tuple[tuple[str, ...], Callable[[Floats, Floats], float]]] = {
    "roc_auc": (("binary",), roc_auc),
    "accuracy": (("binary", "multiclass"), lambda y, p: float((_labels(p) == y).mean())),
    "log_loss": (("binary", "multiclass"), _log_loss),
    "rmse": (("regression",), lambda y, p: -float(np.sqrt(((y - p) ** 2).mean()))),
    "mae": (("regression",), lambda y, p: -float(np.abs(y - p).mean())),
    "r2": (("regression",), _r2),
}
