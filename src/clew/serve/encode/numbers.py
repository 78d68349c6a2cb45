"""Columns of numbers: imputation and scaling as a list of array operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, UnsupportedValue

Operation = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Some columns of numbers, and what is done to them in order.

    Parameters
    ----------
    sources : tuple of str
        Names of the input columns.
    """

    sources: tuple[str, ...]
    operations: tuple[Operation, ...]

    @property
    def width(self) -> int:
        """Columns of the output."""
        return len(self.sources)

    def fill(self, columns: dict[str, list[Any]], out: NDArray[np.float64]) -> None:
        """Write the encoded columns to `out` (n_rows, width)."""
        try:
            raw = np.array([columns[name] for name in self.sources], dtype=np.float64).T
        except OverflowError:
            raise InvalidParameter(
                "a number is beyond double precision", expected="numbers up to 1.8e308"
            ) from None
        for operation in self.operations:
            raw = operation(raw)
        out[:] = raw


def operations_of(transformer: Any) -> tuple[Operation, ...]:
    """Return what a fitted transformer of numbers does.

    Raises
    ------
    UnsupportedValue
        When it is not one that can be said exactly.
    """
    from sklearn.pipeline import Pipeline

    if type(transformer) is Pipeline:
        return tuple(op for _, step in transformer.steps for op in operations_of(step))
    if transformer == "passthrough":
        return ()
    maker = _MAKERS.get(type(transformer).__name__)
    if maker is None or not type(transformer).__module__.startswith("sklearn."):
        raise UnsupportedValue(
            "no plan for this transformer of numbers", got=type(transformer).__name__
        )
    return tuple(maker(transformer))


def _standard(scaler: Any) -> list[Operation]:
    steps: list[Operation] = []
    if scaler.with_mean:
        steps.append(_subtract(scaler.mean_))
    if scaler.with_std:
        steps.append(_divide(scaler.scale_))
    return steps


def _robust(scaler: Any) -> list[Operation]:
    steps: list[Operation] = []
    if scaler.with_centering:
        steps.append(_subtract(scaler.center_))
    if scaler.with_scaling:
        steps.append(_divide(scaler.scale_))
    return steps


def _min_max(scaler: Any) -> list[Operation]:
    scale, shift = scaler.scale_.copy(), scaler.min_.copy()
    steps: list[Operation] = [lambda x: x * scale + shift]
    if scaler.clip:
        low, high = scaler.feature_range
        steps.append(lambda x: np.clip(x, low, high))
    return steps


def _max_abs(scaler: Any) -> list[Operation]:
    return [_divide(scaler.scale_)]


def _function(transformer: Any) -> list[Operation]:
    if transformer.func is not None:  # None is what scikit-learn makes of "passthrough"
        raise UnsupportedValue(
            "no plan for this transformer of numbers", got="FunctionTransformer with a function"
        )
    return []


def _impute(imputer: Any) -> list[Operation]:
    missing = imputer.missing_values
    if imputer.add_indicator or not (isinstance(missing, float) and np.isnan(missing)):
        raise UnsupportedValue(
            "no plan for this imputer", got="add_indicator, or missing_values other than NaN"
        )
    fill = np.asarray(imputer.statistics_, dtype=np.float64)
    if np.isnan(fill).any():
        raise UnsupportedValue("no plan for an imputer that drops empty columns")
    return [lambda x: np.where(np.isnan(x), fill, x)]


def _subtract(amount: NDArray[np.float64]) -> Operation:
    kept = amount.copy()
    return lambda x: x - kept


def _divide(amount: NDArray[np.float64]) -> Operation:
    kept = amount.copy()
    return lambda x: x / kept


_MAKERS: dict[str, Callable[[Any], list[Operation]]] = {
    "FunctionTransformer": _function,
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": _max_abs,
    "SimpleImputer": _impute,
}
