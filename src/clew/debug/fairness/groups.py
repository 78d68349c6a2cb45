"""Metrics by group, with intervals, and the largest gaps between groups.

Shares of a group have exact intervals; the gap between the best and the worst group has that of a
bootstrap of rows, since which groups these are is chance as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import binomial
from clew.debug.gates.rows import told
from clew.errors import InvalidParameter, MissingExtra, NotFound

_DRAWS = 1_000

Number = tuple[float, float, float]
"""A number with its interval: value, low, high."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rows.

    Parameters
    ----------
    values : tuple of str
        Of the columns that make groups, in their order.
    rows : int
    selected : tuple of (value, low, high)
        Share that is given the positive answer.
    accuracy, recall, false_positives : tuple, or None
        Share that is right; of positive rows the share that is found; of negative rows the share
        that is not. None where the group has no such row.
    """

    values: tuple[str, ...]
    rows: int
    selected: Number
    accuracy: Number | None
    recall: Number | None
    false_positives: Number | None


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference of a metric between two groups.

    Parameters
    ----------
    metric : str
        ``selected``, ``accuracy``, ``recall``, ``false_positives``.
    difference, low, high : float
        With an interval.
    ratio : float
        The smallest to the largest.
    smallest, largest : tuple of str
        The groups.
    """

    metric: str
    difference: float
    low: float
    high: float
    ratio: float
    smallest: tuple[str, ...]
    largest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fairness:
    """Groups, the least accurate first, and the gaps between them.

    Parameters
    ----------
    demographic_parity, equalized_odds : float
        The largest difference of the share that is selected; the larger of the largest differences
        of recall and of false positives.
    skipped : int
        Rows of groups that were too small to be judged.
    """

    columns: tuple[str, ...]
    positive: str
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    demographic_parity: float
    equalized_odds: float
    skipped: int


def by_group(
    truth: Any,
    answers: Any,
    groups: Any,
    *,
    positive: object,
    least_rows: int = 30,
    confidence: float = 0.95,
    seed: int = 0,
) -> Fairness:
    """Return metrics by group.

    Parameters
    ----------
    truth, answers : array of shape (rows,)
        Labels, and what a classifier says.
    groups : frame, or mapping of str to array
        The columns that make groups; of several, each combination is one.
    positive : object
        The answer that is wished for: a loan, a job, release.
    least_rows : int
        Smaller groups are left out.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstrap.

    Raises
    ------
    NotFound
        When no row has the positive label or answer.
    InvalidParameter
        When lengths differ, or fewer than two groups are large enough.
    MissingExtra
        Without fairlearn.
    """
    columns = {str(name): np.array([str(v) for v in np.asarray(groups[name])]) for name in groups}
    true, said = _is(truth, positive), _is(answers, positive)
    if not columns or {len(one) for one in (true, said, *columns.values())} != {len(true)}:
        raise InvalidParameter("a label, an answer and a group for each row")
    if not true.any() and not said.any():
        raise NotFound("no row has the positive label or answer", got=told(positive))
    right = np.asarray([told(a) == told(b) for a, b in zip(truth, answers, strict=True)])
    keys, place, sizes = np.unique(
        np.column_stack(list(columns.values())), axis=0, return_inverse=True, return_counts=True
    )
    place = place.ravel()
    large = np.flatnonzero(sizes >= least_rows)
    if len(large) < 2:
        raise InvalidParameter(
            "two groups that are large enough", got=f"{len(large)}", hint="least_rows=…"
        )
    kept = np.isin(place, large)
    alpha = 1 - confidence
    found = [
        _group(tuple(keys[at]), true[place == at], said[place == at], right[place == at], alpha)
        for at in large
    ]
    found.sort(key=lambda one: one.accuracy[0] if one.accuracy else 1.0)
    known = (true[kept], said[kept], right[kept], np.searchsorted(large, place[kept]))
    gaps = _gaps(_frame(*known), _drawn(*known, len(large), seed), keys[large], alpha)
    sizes_of = {gap.metric: gap.difference for gap in gaps}
    return Fairness(
        columns=tuple(columns),
        positive=told(positive),
        groups=tuple(found),
        gaps=tuple(gaps),
        demographic_parity=sizes_of.get("selected", 0.0),
        equalized_odds=max(sizes_of.get("recall", 0.0), sizes_of.get("false_positives", 0.0)),
        skipped=int((~kept).sum()),
    )


def _is(values: Any, positive: object) -> NDArray[np.bool_]:
    wanted = told(positive)
    return np.array([told(one) == wanted for one in np.asarray(values).tolist()], dtype=bool)


def _group(
    values: tuple[str, ...],
    true: NDArray[np.bool_],
    said: NDArray[np.bool_],
    right: NDArray[np.bool_],
    alpha: float,
) -> Group:
    selected = _share(said, alpha)
    assert selected is not None
    return Group(
        values=tuple(map(str, values)),
        rows=len(true),
        selected=selected,
        accuracy=_share(right, alpha),
        recall=_share(said[true], alpha),
        false_positives=_share(said[~true], alpha),
    )


def _share(hits: NDArray[np.bool_], alpha: float) -> Number | None:
    n, count = len(hits), int(hits.sum())
    if not n:
        return None
    return count / n, binomial.lower(n, count, alpha / 2), binomial.upper(n, count, alpha / 2)


def _frame(
    true: NDArray[np.bool_],
    said: NDArray[np.bool_],
    right: NDArray[np.bool_],
    place: NDArray[np.int64],
) -> Any:
    """Return fairlearn's frame of metrics."""
    try:
        from fairlearn.metrics import (
            MetricFrame,
            false_positive_rate,
            selection_rate,
            true_positive_rate,
        )
    except ImportError as error:
        raise MissingExtra(
            "fairness needs fairlearn", hint="pip install 'clew[fairness]'"
        ) from error

    def accuracy(y_true: Any, y_pred: Any, right: Any) -> float:
        return float(np.mean(right))

    metrics: Mapping[str, Callable[..., Any]] = {
        "selected": selection_rate,
        "accuracy": accuracy,
        "recall": _where(true_positive_rate, 1),
        "false_positives": _where(false_positive_rate, 0),
    }
    return MetricFrame(
        metrics=metrics,
        y_true=true.astype(int),
        y_pred=said.astype(int),
        sensitive_features=place,
        sample_params={"accuracy": {"right": right}},
    )


def _where(rate: Callable[..., Any], label: int) -> Callable[[Any, Any], float]:
    """Return a rate that is no number in groups without such a row."""

    def found(y_true: Any, y_pred: Any) -> float:
        if not (np.asarray(y_true) == label).any():
            return float("nan")
        return float(rate(y_true, y_pred, pos_label=1))

    return found


def _drawn(
    true: NDArray[np.bool_],
    said: NDArray[np.bool_],
    right: NDArray[np.bool_],
    place: NDArray[np.int64],
    groups: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the largest difference of each metric in draws of as many rows.

    Rows that count alike are drawn together: a draw is a count of each kind of row.
    """
    n, kind = len(true), 4 * true + 2 * said + right
    cells = np.bincount(place * 8 + kind, minlength=groups * 8)
    draws = np.random.default_rng(seed).multinomial(n, cells / n, size=_DRAWS)
    draws = draws.reshape(_DRAWS, groups, 8)
    kinds = np.arange(8)
    is_true, is_said, is_right = kinds >= 4, kinds // 2 % 2 == 1, kinds % 2 == 1
    wanted = {
        "selected": (is_said, np.ones(8, dtype=bool)),
        "accuracy": (is_right, np.ones(8, dtype=bool)),
        "recall": (is_true & is_said, is_true),
        "false_positives": (~is_true & is_said, ~is_true),
    }
    found = {}
    for metric, (above, below) in wanted.items():
        counts = draws[:, :, below].sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = draws[:, :, above].sum(axis=2) / counts
        low = np.where(counts > 0, shares, np.inf).min(axis=1)
        high = np.where(counts > 0, shares, -np.inf).max(axis=1)
        found[metric] = np.where(high >= low, high - low, 0.0)
    return found


def _gaps(
    frame: Any, draws: Mapping[str, NDArray[np.float64]], keys: NDArray[Any], alpha: float
) -> list[Gap]:
    """Return the largest difference of each metric that two groups have."""
    ratio, found = frame.ratio(), []
    for metric in frame.by_group.columns:
        values = frame.by_group[metric].dropna()
        if len(values) < 2:
            continue
        size = float(values.max() - values.min())
        low, high = np.quantile(draws[metric], [alpha / 2, 1 - alpha / 2])
        found.append(
            Gap(
                metric=str(metric),
                difference=size,
                low=min(float(low), size),
                high=max(float(high), size),
                ratio=float(ratio[metric]) if values.max() > 0 else 1.0,
                smallest=tuple(map(str, keys[values.idxmin()])),
                largest=tuple(map(str, keys[values.idxmax()])),
            )
        )
    return found
