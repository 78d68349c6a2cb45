"""What is predicted: the kind of task, its metric, and its targets as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

Kind = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float64]

ERRORS = ("log_loss", "rmse", "mae")
"""Measures whose best value is 0; that of the others is 1."""

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
    priors : ndarray or None
        Shares of the classes.
    """

    kind: Kind
    metric: str
    classes: NDArray[Any] | None = None
    priors: Floats | None = None

    def score(self, y: Floats, predicted: Floats) -> float:
        """Return the measure of predictions; errors are negative, so that large is good.

        Parameters
        ----------
        predicted : ndarray of shape (n,) or (n, k)
            Values; probabilities of class 1; or of each class.
        """
        return _METRICS[self.metric][1](y, predicted)

    def decided(self, probabilities: Floats) -> NDArray[np.int64]:
        """Return the place of the class that is predicted, from probabilities of shape (n, k).

        The most probable one. Where all classes count the same (balanced accuracy) the one that is
        most probable beside its share of the rows.
        """
        if self.metric == "balanced_accuracy" and self.priors is not None:
            probabilities = probabilities / self.priors
        places: NDArray[np.int64] = np.argmax(probabilities, axis=1)
        return places

    def codes(self, y: Any) -> Floats:
        """Return targets as numbers, as the study counted them.

        Raises
        ------
        InvalidParameter
            When there is a label that the study did not see, or no number.
        """
        import pandas as pd

        if self.classes is None:
            found = pd.to_numeric(pd.Series(_flat(y)), errors="coerce")
            numbers: Floats = found.to_numpy(dtype=float)
            if not np.isfinite(numbers).all():
                raise InvalidParameter("Targets are missing, infinite or no numbers.")
            return numbers
        places: NDArray[np.int64] = pd.Index(self.classes).get_indexer(_flat(y))
        if (places < 0).any():
            unseen = _flat(y)[places < 0]
            raise InvalidParameter(
                "Targets have labels that the training rows lack.",
                got=", ".join(sorted({repr(label) for label in unseen})[:5]),
                expected=", ".join(map(repr, self.classes[:8].tolist())),
            )
        return places.astype(float)

    def constant(self, y: Floats) -> float:
        """Return the measure of the best constant prediction."""
        if self.kind == "regression":
            middle = np.median(y) if self.metric == "mae" else y.mean()
            return self.score(y, np.full(len(y), middle))
        shares = np.bincount(y.astype(int), minlength=2) / len(y)
        told = np.full(len(y), shares[1]) if self.kind == "binary" else np.tile(shares, (len(y), 1))
        return self.score(y, told)


def task_of(y: Any, metric: str = "auto", kind: str = "auto") -> tuple[Task, Floats]:
    """Return the task that targets pose, and the targets as numbers.

    Raises
    ------
    InvalidParameter
        When targets are missing or all the same, or the metric does not suit the task.
    """
    import pandas as pd

    values = pd.Series(_flat(y))
    if values.dtype == object and len(values) and values.map(_is_number).all():
        values = values.map(float)  # whole numbers beyond 64 bits, decimals
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
        if values.dtype.kind in "Mm":
            raise InvalidParameter("Targets are dates.", expected="numbers or labels")
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
        if np.isnan(numbers).any():
            raise InvalidParameter("Targets are no numbers.", hint="leave out kind='regression'")
        if not np.isfinite(numbers).all() or np.ptp(numbers) == 0:
            raise InvalidParameter("Targets are infinite, or all the same.")
        return Task("regression", chosen), numbers
    try:
        classes, codes = np.unique(values.to_numpy(), return_inverse=True)
    except TypeError as error:
        raise InvalidParameter(
            "Targets are of several types.", got=str(error), expected="numbers, or texts"
        ) from None
    if len(classes) < 2 or (kind == "binary" and len(classes) != 2):
        raise InvalidParameter("Targets do not suit the task.", got=f"{len(classes)} classes")
    if len(classes) > _MOST_CLASSES:
        raise InvalidParameter(
            "Too many classes.", got=str(len(classes)), hint='kind="regression" for numbers'
        )
    priors = np.bincount(codes) / len(codes)
    return Task(kind, chosen, classes, priors), codes.astype(float)  # type: ignore[arg-type]


def _flat(y: Any) -> Any:
    """Return targets as an array of one dimension."""
    array = y if getattr(y, "ndim", None) == 1 else np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InvalidParameter(
            "Targets are no single column.", got=f"shape {array.shape}", expected="(n,)"
        )
    if hasattr(array, "to_pandas"):
        array = array.to_pandas()
    return array.array if hasattr(array, "array") else array


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


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


def _average_precision(y: Floats, predicted: Floats) -> float:
    """Return the area under precision over recall, as a sum of steps (for rare classes)."""
    order = np.argsort(-predicted, kind="stable")
    hits = np.cumsum(y[order] > 0.5)
    # Equal scores are one threshold.
    ends = np.append(np.flatnonzero(np.diff(predicted[order])), len(y) - 1)
    precision, recall = hits[ends] / (ends + 1), hits[ends] / max(hits[-1], 1)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def _balanced_accuracy(y: Floats, predicted: Floats) -> float:
    """Return the mean of the classes' shares of hits; each class is weighed by its own share."""
    if predicted.ndim == 1:
        predicted = np.stack([1 - predicted, predicted], axis=1)
    shares = np.bincount(y.astype(int), minlength=predicted.shape[1]) / len(y)
    labels = np.argmax(predicted / np.where(shares > 0, shares, np.inf), axis=1)
    return float(np.mean([(labels[y == label] == label).mean() for label in np.unique(y)]))


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
    "average_precision": (("binary",), _average_precision),
    "accuracy": (("binary", "multiclass"), lambda y, p: float((_labels(p) == y).mean())),
    "balanced_accuracy": (("binary", "multiclass"), _balanced_accuracy),
    "log_loss": (("binary", "multiclass"), _log_loss),
    "rmse": (("regression",), lambda y, p: -float(np.sqrt(((y - p) ** 2).mean()))),
    "mae": (("regression",), lambda y, p: -float(np.abs(y - p).mean())),
    "r2": (("regression",), _r2),
}
