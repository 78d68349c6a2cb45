"""A cascade at work: on a table of rows, or on a stream of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import UnsupportedValue
from clew.serve.cascade.choose import Choice
from clew.serve.cascade.difference import Difference
from clew.serve.outputs import Answer, asked

REPEATED, CHEAP, DEAR = 0, 1, 2
"""Who answered a row."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a cascade says of rows.

    Parameters
    ----------
    labels : (n_rows,) array
        The answers.
    stages : (n_rows,) array of int
        Who gave each: 0 the difference detector, 1 the cheap model, 2 the dear one.
    """

    labels: NDArray[Any]
    stages: NDArray[np.int8]


class Cascade:
    """Two models that answer as one. It has ``predict`` and ``classes_``, so it serves like one.

    Parameters
    ----------
    cheap, dear : estimator, Compiled, Endpoint, or callable
        What gives probabilities (n_rows, n_classes), and what gives labels (n_rows,); of the same
        classes.
    choice : Choice
        Where the cheap model decides.
    difference : Difference, optional
        What tells whether a row is still the last one; used by `predict` where rows are in order.
    classes : array, optional
        Of callables, which do not say them.
    """

    def __init__(
        self,
        cheap: Any,
        dear: Any,
        choice: Choice,
        *,
        difference: Difference | None = None,
        classes: Any = None,
    ) -> None:
        self.cheap, self.dear, self.choice = cheap, dear, choice
        self.difference = difference
        self.classes_ = classes_of(cheap if classes is None else classes)
        self._scores, self._labels = scores_of(cheap), labels_of(dear)

    def predict(self, rows: Any) -> NDArray[Any]:
        """Return the label of each row."""
        return self.decide(rows).labels

    def decide(self, rows: Any) -> Decided:
        """Return the label of each row, and who gave it."""
        if self.difference is None or self.choice.difference is None:
            return self._decide(rows)
        stream = self.stream()
        pairs = [stream.next(row) for row in rows]
        labels = np.array([label for label, _ in pairs], dtype=self.classes_.dtype)
        return Decided(labels, np.array([stage for _, stage in pairs], dtype=np.int8))

    def stream(self) -> Stream:
        """Return what answers rows one after the other, and repeats itself while they are alike."""
        return Stream(self)

    def _decide(self, rows: Any) -> Decided:
        decided = self.choice.decided(self._scores(rows))
        labels = self.classes_[np.maximum(decided, 0)]
        open_ = np.flatnonzero(decided < 0)
        if len(open_):
            labels[open_] = self._labels(rows_at(rows, open_))
        return Decided(labels, np.where(decided < 0, DEAR, CHEAP).astype(np.int8))


class Stream:
    """A cascade on rows in their order. Used by one thread."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._kept: Any = None
        self._label: Any = None

    def next(self, row: Any) -> tuple[Any, int]:
        """Return the label of the next row, and who gave it."""
        cascade = self._cascade
        line, difference = cascade.choice.difference, cascade.difference
        if line is not None and difference is not None:
            prepared = difference.prepare(row)
            if self._kept is not None and difference.distance(self._kept, prepared) < line:
                return self._label, REPEATED
            # Compared is with the last row that a model saw: a slow change adds up, and is seen.
            self._kept = prepared
        decided = cascade._decide(np.asarray(row)[None])
        self._label = decided.labels[0]
        return self._label, int(decided.stages[0])

    def run(self, rows: Iterable[Any]) -> Iterator[tuple[Any, int]]:
        """Yield the label of each row, and who gave it."""
        return map(self.next, rows)


def scores_of(model: Any) -> Callable[[Any], NDArray[np.float64]]:
    """Return what gives a model's probabilities of rows."""
    if hasattr(model, "answer"):  # compiled, or an endpoint
        return lambda rows: _probabilities(model.answer(rows), model)
    if hasattr(model, "predict_proba"):
        return lambda rows: np.asarray(model.predict_proba(rows), dtype=np.float64)
    if callable(model):
        return lambda rows: np.asarray(model(rows), dtype=np.float64)
    raise UnsupportedValue(
        "the cheap model of a cascade gives no probabilities", got=type(model).__name__
    )


def _probabilities(answer: Answer, model: Any) -> NDArray[np.float64]:
    if answer.probabilities is None:
        raise UnsupportedValue(
            "the cheap model of a cascade gives no probabilities", got=repr(model)[:100]
        )
    return answer.probabilities


def labels_of(model: Any) -> Callable[[Any], NDArray[Any]]:
    """Return what gives a model's labels of rows."""
    if hasattr(model, "answer"):
        return lambda rows: np.asarray(model.answer(rows).predictions)
    if hasattr(model, "predict"):
        return lambda rows: asked(model, rows).predictions
    return lambda rows: np.asarray(model(rows))


def classes_of(model: Any) -> NDArray[Any]:
    """Return the classes of a model, or an array of them as it is."""
    found = getattr(getattr(model, "compiled", model), "classes", None)
    found = getattr(model, "classes_", found)
    classes = np.asarray(model if found is None and not callable(model) else found)
    if classes.ndim != 1 or len(classes) < 2 or (classes.dtype == object and None in classes):
        raise UnsupportedValue(
            "a cascade answers with one of some classes",
            got=type(model).__name__,
            expected="a classifier with classes_, or classes=[…]",
        )
    return classes


def rows_at(rows: Any, positions: NDArray[np.intp]) -> Any:
    """Return some rows in the form of all."""
    if hasattr(rows, "iloc"):
        return rows.iloc[positions]
    if isinstance(rows, list):
        return [rows[at] for at in positions]
    return np.asarray(rows)[positions]
