"""Permutation, partial dependence and Shapley values, each by its library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, MissingExtra, NotFound

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a score falls when a column is shuffled.

    Parameters
    ----------
    column : str
    fall, low, high : float
        The mean over shuffles, with an interval of 95 % of that mean.
    """

    column: str
    fall: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Shapley:
    """What each column adds to each answer.

    Parameters
    ----------
    columns : tuple of str
    values : array of shape (rows, columns)
    base : float
        The mean answer: with the values of a row it adds up to the answer.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    base: float

    @property
    def mean(self) -> dict[str, float]:
        """Mean absolute value of each column, the largest first."""
        size = np.abs(self.values).mean(axis=0)
        return {self.columns[at]: float(size[at]) for at in np.argsort(-size, kind="stable")}


def permuted(
    model: Any,
    rows: Any,
    truth: Any,
    *,
    scoring: str | None = None,
    repeats: int = 10,
    seed: int = 0,
) -> tuple[Importance, ...]:
    """Return how much worse a model is with each column shuffled, the most first.

    Parameters
    ----------
    model : estimator
    rows : frame of shape (rows, features)
        Rows that the model was not fitted on.
    truth : array of shape (rows,)
    scoring : str, optional
        A score of scikit-learn; by default the model's own.
    repeats : int
        Shuffles of each column, two at least.

    Raises
    ------
    InvalidParameter
        When there are too few shuffles.
    MissingExtra
        Without scikit-learn.
    """
    if repeats < 2:
        raise InvalidParameter("shuffles of a column", got=str(repeats), expected="2 or more")
    inspection = _inspection()
    found = inspection.permutation_importance(
        model, rows, truth, scoring=scoring, n_repeats=repeats, random_state=seed
    )
    listed = []
    for at, name in enumerate(_names(rows)):
        middle = float(found.importances_mean[at])
        spread = float(found.importances[at].std(ddof=1))
        half = _Z * spread / math.sqrt(repeats)
        listed.append(Importance(name, middle, middle - half, middle + half))
    return tuple(sorted(listed, key=lambda one: -one.fall))


def partial(
    model: Any, rows: Any, column: str, *, points: int = 20, positive: int = 1
) -> tuple[tuple[Any, float], ...]:
    """Return values of a column with the mean answer when all rows have them.

    Parameters
    ----------
    model : estimator
        Of a classifier the mean probability counts: of two classes that of the second, of more
        that of the class at `positive` in ``classes_``.
    rows : frame of shape (rows, features)
    points : int
        So many values between the 5th and the 95th hundredth, or all when there are fewer.

    Raises
    ------
    NotFound
        When there is no such column.
    """
    if column not in _names(rows):
        raise NotFound("no such column", got=column, expected=", ".join(_names(rows)))
    if hasattr(rows, "assign") and getattr(rows[column].dtype, "kind", "") in "iub":
        # Between whole numbers scikit-learn asks for numbers that the column could not hold.
        rows = rows.assign(**{column: rows[column].astype(float)})
    found = _inspection().partial_dependence(
        model,
        rows,
        [column],
        kind="average",
        method="brute",  # "recursion", which trees would choose, knows no probabilities.
        grid_resolution=points,
        response_method="predict_proba" if hasattr(model, "predict_proba") else "auto",
    )
    averages = found["average"]
    answers = averages[positive if len(averages) > 1 else 0]
    return tuple(
        (value, float(answer))
        for value, answer in zip(found["grid_values"][0].tolist(), answers, strict=True)
    )


def shapley(model: Any, rows: Any, background: Any, *, positive: int = 1) -> Shapley:
    """Return what each column adds to each answer.

    Parameters
    ----------
    model : estimator, or callable
        Of a classifier the probability of the class at `positive` in ``classes_`` counts.
    rows : frame of shape (rows, features)
        The rows to explain: numbers only.
    background : frame of shape (some rows, features)
        What a column is without its value: a hundred rows do.

    Raises
    ------
    MissingExtra
        Without shap.
    """
    try:
        import shap
    except ImportError as error:
        raise MissingExtra("Shapley values need shap", hint="pip install shap") from error
    names = _names(rows)

    def answer(values: Any) -> Any:
        asked = type(rows)(values, columns=list(names)) if hasattr(rows, "columns") else values
        if hasattr(model, "predict_proba"):
            return model.predict_proba(asked)[:, positive]
        return (model.predict if hasattr(model, "predict") else model)(asked)

    explainer = shap.Explainer(answer, np.asarray(background, dtype=float))
    found = explainer(np.asarray(rows, dtype=float))
    values = np.asarray(found.values, dtype=float)
    return Shapley(tuple(names), values, float(np.mean(found.base_values)))


def _names(rows: Any) -> Sequence[str]:
    if hasattr(rows, "columns"):
        return [str(name) for name in rows.columns]
    return [f"x{at}" for at in range(np.asarray(rows).shape[1])]


def _inspection() -> Any:
    try:
        from sklearn import inspection
    except ImportError as error:
        raise MissingExtra(
            "importances need scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    return inspection
