"""Tables of numbers with more rows: minority classes filled up, noise, mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.errors import InvalidParameter, MissingExtra

METHODS = {
    "smote": "SMOTE",
    "smote-nc": "SMOTENC",
    "borderline": "BorderlineSMOTE",
    "adasyn": "ADASYN",
    "random": "RandomOverSampler",
}


def oversample(
    X: Any, y: Any, method: str = "smote", *, seed: int = 0, **options: Any
) -> tuple[Any, Any]:
    """Return the table with rows added to the smaller classes, by imbalanced-learn.

    Parameters
    ----------
    X, y
        A table and its classes.
    method
        ``"smote"``, ``"smote-nc"`` (with ``categorical_features``), ``"borderline"``,
        ``"adasyn"``, or ``"random"``, which repeats rows.
    seed
        Of the sampling.
    options
        As imbalanced-learn's class takes them: ``sampling_strategy``, ``k_neighbors``, ….

    Raises
    ------
    MissingExtra
        Without imbalanced-learn.
    """
    if method not in METHODS:
        raise InvalidParameter("the method", got=method, expected=", ".join(METHODS))
    try:
        import imblearn.over_sampling
    except ImportError as error:
        raise MissingExtra(
            "oversampling needs imbalanced-learn", hint="pip install 'clew[augment]'"
        ) from error
    sampler = getattr(imblearn.over_sampling, METHODS[method])(random_state=seed, **options)
    rows, labels = sampler.fit_resample(X, y)
    return rows, labels


def noise(X: Any, magnitude: float = 0.1, *, seed: int = 0) -> npt.NDArray[np.float64]:
    """Return numbers with noise of N(0, magnitude) of each column's own spread; NaN stays.

    Parameters
    ----------
    X
        Numbers of shape (n, columns).
    """
    if not magnitude >= 0:
        raise InvalidParameter("the magnitude", got=str(magnitude), expected="a number from 0")
    rows = np.asarray(X, np.float64)
    if rows.ndim != 2:
        raise InvalidParameter("the shape of a table", got=str(rows.shape), expected="(n, columns)")
    if not len(rows):
        return rows.copy()
    with np.errstate(invalid="ignore"):
        centre = np.nanmean(np.where(np.isfinite(rows), rows, np.nan), axis=0)
        finite = np.where(np.isfinite(rows), rows - centre, 0.0)
    spread = np.sqrt((finite**2).sum(axis=0) / np.maximum(np.isfinite(rows).sum(axis=0), 1))
    grain = np.random.default_rng(seed).normal(size=rows.shape)
    return np.asarray(rows + grain * spread * magnitude)


def mixup(
    X: Any, y: Any, alpha: float = 0.2, *, seed: int = 0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mixtures of pairs of rows, and the same mixtures of their targets.

    Source: Zhang, Cisse, Dauphin, Lopez-Paz, *mixup: beyond empirical risk minimization*, ICLR
    2018.

    Parameters
    ----------
    X
        Numbers of shape (n, ...).
    y
        Numbers of shape (n,) or (n, classes); for classes, one column per class.
    alpha
        Of the Beta(alpha, alpha) that the shares are drawn from.

    Raises
    ------
    InvalidParameter
        When ``y`` has classes instead of numbers.
    """
    if not alpha > 0:
        raise InvalidParameter("alpha", got=str(alpha), expected="a number above 0")
    rows, targets = np.asarray(X, np.float64), np.asarray(y)
    if targets.dtype.kind not in "fiub":
        raise InvalidParameter(
            "the targets of mixup",
            got=str(targets.dtype),
            expected="numbers: one column per class",
            hint="sklearn.preprocessing.LabelBinarizer makes them",
        )
    if len(targets) != len(rows):
        raise InvalidParameter("the targets", got=str(len(targets)), expected=f"{len(rows)}")
    rng = np.random.default_rng(seed)
    share = rng.beta(alpha, alpha, len(rows))
    other = rng.permutation(len(rows))

    def mixed(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        part = share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(part * values + (1.0 - part) * values[other])

    return mixed(rows), mixed(targets.astype(np.float64))
