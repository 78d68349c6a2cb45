"""What a model says of rows, and the Python object as something that says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import MissingExtra, UnsupportedValue
from clew.serve.signature import Column, Columns, Signature


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of rows.

    Parameters
    ----------
    labels : (n_rows,) or (n_rows, n_outputs) array or None
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
    """Return what the model object itself says of rows in its own form (frame or matrix).

    A classifier of several outputs gives its labels (n_rows, n_outputs) and no probabilities: each
    output has classes of its own.

    Raises
    ------
    UnsupportedValue
        When what it says is not one answer for each row.
    """
    predicted = _plain(model, model.predict(rows), len(rows))
    if not hasattr(model, "classes_"):
        # Texts are labels, of a model that does not say which there are.
        return Answer(predicted) if predicted.dtype.kind in "OUS" else Answer(values=predicted)
    if predicted.ndim == 2:
        return Answer(predicted)
    if hasattr(model, "predict_proba"):
        probabilities = np.asarray(model.predict_proba(rows))
        return Answer(predicted, probabilities, margins=_margins(probabilities))
    if hasattr(model, "decision_function"):
        return Answer(predicted, margins=_margins(np.asarray(model.decision_function(rows))))
    return Answer(predicted)


def _plain(model: Any, predicted: Any, n_rows: int) -> NDArray[Any]:
    answers = np.asarray(predicted)
    if answers.ndim not in (1, 2) or len(answers) != n_rows:
        raise UnsupportedValue(
            "this model's predictions cannot be served",
            got=f"{type(predicted).__name__} of shape {answers.shape} from {type(model).__name__}",
            expected="an array (n_rows,) or (n_rows, n_outputs)",
        )
    return answers


def joined(answers: Sequence[Answer]) -> Answer:
    """Return answers to rows below one another."""

    def column(name: str) -> Any:
        parts = [getattr(answer, name) for answer in answers]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    return Answer(*(column(name) for name in ("labels", "probabilities", "values", "margins")))


def _margins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.ndim == 1:
        return np.abs(scores)
    best = np.sort(scores, axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def frame_of(signature: Signature, columns: Columns) -> Any:
    """Return columns as the pandas frame that the model was fitted on, dtypes included.

    A model of texts gets the list of them.

    Raises
    ------
    MissingExtra
        When pandas is not installed.
    """
    if signature.texts:
        return columns[signature.columns[0].name]
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra(
            "this model reads pandas frames", got=str(error), hint="pip install 'clew[pandas]'"
        ) from error
    return pd.DataFrame(
        {column.name: series_of(column, columns[column.name]) for column in signature.columns}
    )


def series_of(column: Column, values: list[Any]) -> Any:
    """Return one column's values as the pandas series that the model was fitted on.

    Categories keep their order and their numbers; one that the model was not fitted on comes after
    them, so that the model itself says what becomes of it.
    """
    import pandas as pd

    if column.categories is not None:
        known = set(column.categories)
        fresh = [v for v in dict.fromkeys(values) if v is not None and v not in known]
        dtype = pd.CategoricalDtype([*column.categories, *fresh], ordered=column.ordered)
        return pd.Series(values, dtype=dtype)
    if column.kind == "text" and not column.gap_is_none:
        values = [math.nan if value is None else value for value in values]
    plain = column.kind != "text" and any(value is None for value in values)
    plain = plain or (column.kind == "integer" and not _whole(values, column.dtype))
    return pd.Series(values, dtype="float64" if plain else column.dtype or None)


def _whole(values: list[Any], dtype: str) -> bool:
    """Tell whether a column of whole numbers can hold all values as they are."""
    limits = np.iinfo(dtype.lower().partition("[")[0])  # also Int64, int64[pyarrow]
    return all(
        value == value and limits.min <= value <= limits.max and value == int(value)
        for value in values
    )
