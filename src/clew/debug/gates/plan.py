"""How many rows and labels a gate needs, clause by clause, before anything is labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from clew.debug.gates import binomial, bounds, paired
from clew.debug.gates.condition import Clause, Quantity
from clew.debug.gates.gate import Gate
from clew.errors import InvalidParameter

Kind = Literal["fact", "share", "gain", "sum"]
BY_ROW = ("accuracy", "error", "disagreement", "precision", "recall")
"""What is a mean over rows, each of which counts 0 or 1."""
_UNBOUNDED = frozenset(
    {"auc", "roc_auc", "average_precision", "f1", "mcc", "kappa", "balanced_accuracy"}
    | {"r2", "rmse", "mse", "mae", "log_loss", "brier"}
)
_MEASURED = 0.001
"""The share of a wrong PASS's probability that the bound of a measured disagreement may use."""


@dataclass(frozen=True, slots=True)
class ClausePlan:
    """How one clause is judged.

    Parameters
    ----------
    kind : {"fact", "share", "gain", "sum"}
        What is measured already; a share of rows; the difference of two accuracies on the same
        rows; any other sum.
    method : str
        By which test.
    rows : int
        How many rows it looks at.
    labels : int
        How many of them have to be labelled, in the mean and at most: of a difference only those on
        which the models disagree, and fewer when it stops early.
    low, high : float
        What is judged is brought to "above": `low` or less may pass, `high` or more may fail with
        the probabilities of the gate.
    new_wins : bool
        Of a difference: whether the new model is to be better, or the old one.
    complement : bool
        Of a share: whether the rows that do not count are to be many.
    """

    clause: Clause
    kind: Kind
    method: str
    rows: int
    labels: int
    low: float = 0.0
    high: float = 0.0
    new_wins: bool = True
    complement: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a gate needs.

    Parameters
    ----------
    rows : int
        How many rows the test set must have; where conditions select rows, so many of each kind.
    labels : int
        How many of them are labelled at most, in the mean, when all clauses are followed to their
        end.
    alpha, beta : float
        The probability of a wrong PASS of one model, and of a wrong FAIL of one clause.
    """

    gate: Gate
    tests: tuple[ClausePlan, ...]
    alpha: float
    beta: float

    @property
    def rows(self) -> int:
        """How many rows the test set must have."""
        return max((test.rows for test in self.tests), default=0)

    @property
    def labels(self) -> int:
        """How many labels the hungriest clause takes: clauses share them."""
        return max((test.labels for test in self.tests), default=0)


def plan(gate: Gate, facts: Mapping[str, float] | None = None) -> Plan:
    """Return what a gate needs.

    Parameters
    ----------
    facts : mapping, optional
        What was measured, by the name that conditions use: ``{"latency_ms(new)": 3.1}``.

    Raises
    ------
    InvalidParameter
        When no bound is valid for what a clause asks.
    """
    tests = tuple(_test(gate, clause, facts or {}) for clause in gate.clauses)
    return Plan(gate, tests, gate.alpha, gate.beta)


def _test(gate: Gate, clause: Clause, facts: Mapping[str, float]) -> ClausePlan:
    for _, quantity in clause.terms:
        _check(clause, quantity)
    by_row = tuple(term for term in clause.terms if term[1].metric in BY_ROW)
    if not by_row:
        if clause.tolerance is not None:
            raise InvalidParameter(
                "what is measured is compared as it is", got=clause.text, expected="no tolerance"
            )
        return ClausePlan(clause, "fact", "measured", 0, 0, clause.bar, clause.bar)
    if clause.tolerance is None:
        raise InvalidParameter(
            "an estimate from rows needs a tolerance",
            got=clause.text,
            expected=f"{clause.text} +/- 0.01",
        )
    measured = sum(
        factor * facts.get(str(quantity), math.nan)
        for factor, quantity in clause.terms
        if quantity.metric not in BY_ROW
    )
    bar = clause.bar - measured
    if gate.test == "exact" and len(by_row) == 1:
        return _share(gate, clause, by_row[0], bar)
    if gate.test in ("exact", "bennett") and _is_gain(by_row):
        return _gain(gate, clause, by_row, bar)
    return _sum(gate, clause, by_row, bar)


def _check(clause: Clause, quantity: Quantity) -> None:
    name = quantity.metric
    if name in _UNBOUNDED:
        raise InvalidParameter(
            f"no bound here is valid for {name}: it is no mean over rows that each count 0 or 1",
            got=clause.text,
            expected=", ".join(BY_ROW),
        )
    both = quantity.subject == "both"
    if name in BY_ROW and both != (name == "disagreement"):
        expected = "disagreement(new, old)" if both else f"{name}(new) or {name}(old)"
        if name == "disagreement":
            expected = "d, or disagreement(new, old)"
        raise InvalidParameter("of which model?", got=str(quantity), expected=expected)
    labelled = [column for column, _ in quantity.where if column == "label"]
    if (name in ("precision", "recall")) != bool(labelled):
        raise InvalidParameter(
            "precision and recall are those of a label, and nothing else is",
            got=str(quantity),
            expected="recall(new, label='X'), accuracy(new, COLUMN='X')",
        )


def _interval(gate: Gate, bar: float, tolerance: float) -> tuple[float, float]:
    if gate.mode == "fn-free":
        return bar - 2 * tolerance, bar
    return bar, bar + 2 * tolerance


def _share(gate: Gate, clause: Clause, term: tuple[float, Quantity], bar: float) -> ClausePlan:
    factor, quantity = term
    assert clause.tolerance is not None
    bar, tolerance = bar / abs(factor), clause.tolerance / abs(factor)
    complement = (factor > 0) != clause.above
    # -m > b is 1 - m > 1 + b, and m < b is 1 - m > 1 - b.
    if complement:
        bar = 1 - bar if factor > 0 else 1 + bar
    elif factor < 0:
        bar = -bar
    low, high = _interval(gate, bar, tolerance)
    at_worst = (0.5 - tolerance, 0.5 + tolerance)
    rows = binomial.size(*(at_worst if math.isnan(low) else (low, high)), gate.alpha, gate.beta)
    if gate.mode == "three-valued" and not math.isnan(low):
        rows = max(rows, binomial.size(1 - low, 1 - low + 2 * tolerance, gate.alpha, gate.beta))
    labels = 0 if quantity.metric == "disagreement" else rows
    return ClausePlan(
        clause, "share", "exact binomial", rows, labels, low, high, complement=complement
    )


def _is_gain(terms: tuple[tuple[float, Quantity], ...]) -> bool:
    if len(terms) != 2:
        return False
    (a, one), (b, two) = terms
    return (
        {one.subject, two.subject} == {"new", "old"}
        and one.metric == two.metric
        and one.metric in ("accuracy", "error")
        and one.where == two.where
        and abs(a + b) < 1e-12 * abs(a)
    )


def _gain(
    gate: Gate, clause: Clause, terms: tuple[tuple[float, Quantity], ...], bar: float
) -> ClausePlan:
    assert clause.tolerance is not None
    factor, first = terms[0]
    bar, tolerance = bar / abs(factor), clause.tolerance / abs(factor)
    signs = (factor > 0, first.subject == "new", first.metric == "accuracy", clause.above)
    new_wins = sum(signs) % 2 == 0
    if not clause.above:
        bar = -bar
    if math.isnan(bar):
        raise InvalidParameter(
            "a difference is compared with a number", got=clause.text, expected="n - o > 0.02"
        )
    low, high = _interval(gate, bar, tolerance)
    p = gate.disagreement
    if gate.test == "bennett":
        rows = bounds.bennett(tolerance, _log_inverse(gate), p)
        return ClausePlan(clause, "gain", "Bennett", rows, math.ceil(rows * p), low, high, new_wins)
    asked = paired.Paired(low, high, p, gate.alpha * fixed_share(gate), gate.beta)
    rows = paired.size(asked)
    if gate.mode == "three-valued":
        other = paired.Paired(-low, -low + 2 * tolerance, p, gate.alpha, gate.beta)
        rows = max(rows, paired.size(other))
    return ClausePlan(
        clause, "gain", "exact paired", rows, math.ceil(rows * p), low, high, new_wins
    )


def fixed_share(gate: Gate) -> float:
    """Return what of a wrong PASS's probability the test at the end has."""
    return 1 - gate.early - (0.0 if gate.assumed else _MEASURED)


def measured_share(gate: Gate) -> float:
    """Return what of it the bound of the measured disagreement has."""
    return 0.0 if gate.assumed else _MEASURED


def _sum(
    gate: Gate, clause: Clause, terms: tuple[tuple[float, Quantity], ...], bar: float
) -> ClausePlan:
    """Plan each mean on its own, as published: tolerance and probability are shared out."""
    assert clause.tolerance is not None
    total = sum(abs(factor) for factor, _ in terms)
    log_inverse = _log_inverse(gate) + math.log(len(terms))
    rows = bounds.hoeffding(clause.tolerance / total, log_inverse)
    free = all(quantity.metric == "disagreement" for _, quantity in terms)
    bar = bar if clause.above else -bar
    low, high = _interval(gate, bar, clause.tolerance)
    return ClausePlan(clause, "sum", "Hoeffding", rows, 0 if free else rows, low, high)


def _log_inverse(gate: Gate) -> float:
    """Return ``ln(1/δ')`` of one clause of one model."""
    return gate.log_inverse + math.log(len(gate.clauses))
