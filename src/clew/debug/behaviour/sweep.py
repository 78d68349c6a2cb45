"""Each row again and again with one column changed, all else equal: how does the answer move?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import binomial
from clew.debug.gates.rows import told
from clew.errors import InvalidParameter, NotFound

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A row that shows it: what is asked is violated between two values of the column.

    Parameters
    ----------
    row : int
        Position of the row.
    low, high : float
        Two neighbouring values of the column.
    answer_low, answer_high : float
        The answers there, all else equal.
    """

    row: int
    low: float
    high: float
    answer_low: float
    answer_high: float


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How answers move with a column.

    Parameters
    ----------
    column, asked : str
        What was asked: ``rising``, ``falling``, or ``at most 0.1 per 1``.
    rows, violated : int
        How many rows were swept, and on how many it does not hold somewhere.
    share, low, high : float
        Share of such rows, with an exact interval for rows drawn alike.
    worst : float
        The largest step the wrong way, or the largest slope.
    examples : tuple of Counterexample
        The worst rows.
    """

    column: str
    asked: str
    rows: int
    violated: int
    share: float
    low: float
    high: float
    worst: float
    examples: tuple[Counterexample, ...]

    @property
    def holds(self) -> bool:
        """Whether no row violates it."""
        return self.violated == 0


def check_monotone(
    model: Any,
    rows: Any,
    column: str,
    direction: Literal["rising", "falling"],
    *,
    values: Sequence[float] | None = None,
    tolerance: float = 1e-9,
    positive: object = None,
    most_rows: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Behaviour:
    """Say whether answers only rise, or only fall, with a column, all else equal.

    Parameters
    ----------
    model : object with ``predict``, or callable
        Of two classes the probability of the second counts, or of `positive`.
    rows : frame
        Rows as the model meets them; so many as `most_rows` are drawn.
    column : str
        A column of numbers.
    values : sequence of float, optional
        What it is set to; by default twenty values of the rows, spread evenly by their rank.
    tolerance : float
        A step the wrong way that is not counted.

    Raises
    ------
    NotFound
        When there is no such column or class.
    InvalidParameter
        When it holds no numbers, or has one value only.
    """
    if direction not in ("rising", "falling"):
        raise InvalidParameter("a direction", got=repr(direction), expected="rising, falling")
    swept = _swept(model, rows, column, values, positive, most_rows, seed)
    sign = 1.0 if direction == "rising" else -1.0
    wrong = -sign * np.diff(swept.answers, axis=1)
    return _behaviour(swept, column, direction, wrong, tolerance, confidence)


def check_smooth(
    model: Any,
    rows: Any,
    column: str,
    most: float,
    *,
    per: float = 1.0,
    values: Sequence[float] | None = None,
    positive: object = None,
    most_rows: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Behaviour:
    """Say whether answers move by `most` at most when a column moves by `per`, all else equal.

    Parameters
    ----------
    values : sequence of float, optional
        What the column is set to; by default values `per` apart, between the rows' 1st and 99th
        hundredth, two hundred at most.

    See `check_monotone` for the others.
    """
    if most < 0 or per <= 0:
        raise InvalidParameter(
            "a bound for a step", got=f"{most}, {per}", expected="0 or more, > 0"
        )
    if values is None:
        known = _numbers(rows, column)
        low, high = np.quantile(known, [0.01, 0.99])
        values = np.arange(low, high + per, per)[:200].tolist()
    swept = _swept(model, rows, column, values, positive, most_rows, seed)
    steps = np.maximum(np.diff(swept.values) / per, 1.0)
    slopes = np.abs(np.diff(swept.answers, axis=1)) / steps
    asked = f"at most {most:g} per {per:g}"
    return _behaviour(swept, column, asked, slopes, most + 1e-9, confidence)


@dataclass(frozen=True, slots=True, eq=False)
class _Swept:
    """Answers of shape (rows, values)."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]
    answers: NDArray[np.float64]


def _swept(
    model: Any,
    rows: Any,
    column: str,
    values: Sequence[float] | None,
    positive: object,
    most_rows: int,
    seed: int,
) -> _Swept:
    known = _numbers(rows, column)
    if values is None:
        grid = np.unique(np.quantile(known, np.linspace(0, 1, 20), method="nearest"))
    else:
        grid = np.unique(np.asarray(values, dtype=float))
    if len(grid) < 2:
        raise InvalidParameter(f"{column!r} takes two values at least", got=str(grid.tolist()))
    places = np.sort(np.random.default_rng(seed).permutation(len(rows))[:most_rows])
    chosen = rows.iloc[places]
    long = chosen.iloc[np.repeat(np.arange(len(chosen)), len(grid))].reset_index(drop=True)
    told_of = np.tile(grid, len(chosen))
    kind = rows[column].dtype
    whole = bool((grid == np.round(grid)).all())
    long[column] = told_of.astype(kind) if kind.kind in "iu" and whole else told_of
    answers = np.asarray(_answer(model, positive)(long), dtype=float)
    return _Swept(places, grid, answers.reshape(len(chosen), len(grid)))


def _numbers(rows: Any, column: str) -> NDArray[np.float64]:
    if column not in rows.columns:
        raise NotFound("no such column", got=column, expected=", ".join(map(str, rows.columns)))
    if rows[column].dtype.kind not in "iuf":
        raise InvalidParameter(f"{column!r} holds numbers", got=str(rows[column].dtype))
    values = rows[column].to_numpy(dtype=float)
    known: NDArray[np.float64] = values[~np.isnan(values)]
    if not len(known):
        raise InvalidParameter(f"{column!r} has values", got="none")
    return known


def _answer(model: Any, positive: object) -> Callable[[Any], Any]:
    """Return what gives one number a row."""
    if not hasattr(model, "predict"):
        return model  # type: ignore[no-any-return]
    if not hasattr(model, "predict_proba"):
        return model.predict  # type: ignore[no-any-return]
    classes = [told(one) for one in model.classes_]
    if positive is None and len(classes) != 2:
        raise InvalidParameter(
            "which class is asked about", got=f"{len(classes)} classes", expected="positive=CLASS"
        )
    if positive is not None and told(positive) not in classes:
        raise NotFound("no such class", got=told(positive), expected=", ".join(classes))
    at = 1 if positive is None else classes.index(told(positive))
    return lambda rows: model.predict_proba(rows)[:, at]


def _behaviour(
    swept: _Swept,
    column: str,
    asked: str,
    wrong: NDArray[np.float64],
    bar: float,
    confidence: float,
) -> Behaviour:
    alpha = 1 - confidence
    largest, n = wrong.max(axis=1), len(wrong)
    bad = int((largest > bar).sum())
    examples = []
    for row in np.argsort(-largest, kind="stable")[:_EXAMPLES]:
        if largest[row] > bar:
            at = int(wrong[row].argmax())
            low, high = swept.values[at], swept.values[at + 1]
            answers = swept.answers[row, at], swept.answers[row, at + 1]
            place = int(swept.places[row])
            examples.append(Counterexample(place, float(low), float(high), *map(float, answers)))
    return Behaviour(
        column=column,
        asked=asked,
        rows=n,
        violated=bad,
        share=bad / n,
        low=binomial.lower(n, bad, alpha / 2),
        high=binomial.upper(n, bad, alpha / 2),
        worst=float(max(largest.max(), 0.0)),
        examples=tuple(examples),
    )
