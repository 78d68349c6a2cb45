"""What a model says of rows, and the Python object as something that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import MissingExtra
from clew.serve.signature import Columns, Signature


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of rows.

    Parameters
    ----------
    labels : (n_rows,) array or None
        Predicted classes.
    probabilities : (n_rows, n_classes) array or None
        Where the model has them.
    values : (n_rows,) or (n_rows, n_outputs) array or None
        Of a regressor.
    margins : (n_rows,) array or None
        How far apart the scores of the two best classes are; only asked of the model itself.
    """

    labels: NDArray[Any] | None = None
    probabilities: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    margins: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, outputs: Mapping[str, NDArray[Any]]) -> Answer:
        """Return the answer in a graph's outputs."""
        values = outputs.get("value")
        if values is not None and values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        return cls(outputs.get("label"), outputs.get("probabilities"), values)

    @property
    def predictions(self) -> NDArray[Any]:
        """What ``predict`` would return."""
        found = self.values if self.labels is None else self.labels
        assert found is not None
        return found

    def part(self, start: int, stop: int) -> Answer:
        """Return the answer for some of the rows."""
        cut = slice(start, stop)
        return Answer(
            None if self.labels is None else self.labels[cut],
            None if self.probabilities is None else self.probabilities[cut],
            None if self.values is None else self.values[cut],
        )


def asked(model: Any, rows: Any) -> Answer:
    """Return what the model object itself says of rows in its own form (frame or matrix)."""
    predicted = np.asarray(model.predict(rows))
    if not hasattr(model, "classes_"):
        return Answer(values=predicted)
    if hasattr(model, "predict_proba"):
        probabilities = np.asarray(model.predict_proba(rows))
        return Answer(predicted, probabilities, margins=_margins(probabilities))
    if hasattr(model, "decision_function"):
        return Answer(predicted, margins=_margins(np.asarray(model.decision_function(rows))))
    return Answer(predicted)


def _margins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.ndim == 1:
        return np.abs(scores)
    best = np.sort(scores, axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def frame_of(signature: Signature, columns: Columns) -> Any:
    """Return columns as the pandas frame that the model was fitted on, dtypes included.

    Raises
    ------
    MissingExtra
        When pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra(
            "this model reads pandas frames", got=str(error), hint="pip install 'clew[pandas]'"
        ) from error
    made = {}
    for column in signature.columns:
        values = columns[column.name]
        plain = column.kind != "text" and any(value is None for value in values)
        plain = plain or (column.kind == "integer" and not _whole(values, column.dtype))
        made[column.name] = pd.Series(values, dtype="float64" if plain else column.dtype or None)
    return pd.DataFrame(made)


def _whole(values: list[Any], dtype: str) -> bool:
    """Tell whether a column of whole numbers can hold all values as they are."""
    limits = np.iinfo(dtype.lower().partition("[")[0])  # also Int64, int64[pyarrow]
    return all(limits.min <= value <= limits.max and value == int(value) for value in values)
