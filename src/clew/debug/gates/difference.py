"""The verdict on a difference of accuracies: labels are asked for where the models disagree only.

A PASS comes from the bet (`betting`) as soon as it carries it, or from the exact test at the end
(`paired`); each has its share of the probability of a wrong PASS. Either verdict also comes as soon
as no label that is missing could change it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import betting, binomial, paired, tails
from clew.debug.gates.plan import ClausePlan, Plan, fixed_share, measured_share
from clew.debug.gates.verdict import Finding, Outcome
from clew.errors import InvalidState

_STRANGE = 1e-3
"""How unlikely rows may be under an assumption that is kept."""


def difference(
    test: ClausePlan,
    plan: Plan,
    *,
    ids: Sequence[str],
    first: NDArray[Any],
    second: NDArray[Any],
    labels: NDArray[Any],
    known: NDArray[np.bool_],
    batch: int,
) -> Finding:
    """Return the verdict, or the rows to label next.

    Parameters
    ----------
    ids, first, second, labels, known : of shape (rows,)
        All rows of the set that count, in order: what the one that is to be better says, and the
        other, the labels, and which are known.
    """
    n, gate = test.rows, plan.gate
    differ = first != second
    bound = _bound(test, plan, differ)
    differ, known = differ[:n], known[:n]
    outcomes = np.zeros(n, dtype=np.int8)
    told = differ & known
    outcomes[told & (first[:n] == labels[:n])] = 1
    outcomes[told & (second[:n] == labels[:n])] = -1
    missing = np.flatnonzero(differ & ~known)
    score, left = int(outcomes.sum(dtype=np.int64)), len(missing)
    c = _cutoff(test, plan, bound)
    evidence: dict[str, float | int | str | None] = {
        "rows": n,
        "disagreements": int(differ.sum()),
        "labels": int(told.sum()),
        "wins": int((outcomes > 0).sum()),
        "losses": int((outcomes < 0).sum()),
        "cutoff": c,
        "disagreement_at_most": bound,
    }

    def found(outcome: Outcome, reason: str, asked: tuple[str, ...] = ()) -> Finding:
        return Finding(test.clause.text, outcome, test.method, reason, evidence, asked)

    won = f"{evidence['wins']} wins, {evidence['losses']} losses"
    if test.method == "exact paired" and gate.early > 0:
        stop = int(missing[0]) if left else n
        capital, needed = _capital(test, plan, outcomes[:stop])
        evidence["capital"], evidence["needed"] = capital, needed
        if capital >= needed:
            return found("PASS", f"the bet against it is lost after {told[:stop].sum()} labels")
    if score - left >= c:
        return found("PASS", f"{won} of {n} rows; a lead of {c} is enough")
    fails = _fails(test, plan, bound)
    if gate.mode == "three-valued":
        if score + left <= fails:
            return found("FAIL", f"{won} of {n} rows; a lead of {fails} or less shows no gain")
        if not left:
            return found("UNKNOWN", f"{won} of {n} rows: within the tolerance")
    elif score + left < c:
        return found("FAIL", f"{won} of {n} rows; a lead of {c} is needed")
    asked = tuple(ids[row] for row in missing[:batch])
    return found("NEEDS-LABELS", f"{won} so far; {left} disagreements are not labelled", asked)


def _bound(test: ClausePlan, plan: Plan, differ: NDArray[np.bool_]) -> float:
    """Return how much the models disagree at most, as measured on all rows, or as assumed."""
    gate, n, count = plan.gate, len(differ), int(differ.sum())
    if gate.assumed or test.method != "exact paired":
        if tails.successes(n, gate.disagreement, count) <= min(plan.alpha, _STRANGE):
            raise InvalidState(
                "the models disagree more than is assumed",
                got=f"{count} of {n} rows",
                expected=f"a share of {gate.disagreement:g}",
                hint="plan with a larger disagreement",
            )
        return gate.disagreement
    return binomial.upper(n, count, plan.alpha * measured_share(gate))


def _cutoff(test: ClausePlan, plan: Plan, bound: float) -> int:
    if test.method != "exact paired":
        # Within the tolerance of the estimate: `low` and half of what lies between.
        return math.floor(test.rows * (test.low + test.high) / 2) + 1
    return paired.cutoff(test.rows, test.low, bound, plan.alpha * fixed_share(plan.gate))


def _fails(test: ClausePlan, plan: Plan, bound: float) -> int:
    """Return the largest lead that shows that the gain is below the bar, for three values."""
    if test.method != "exact paired":
        return math.ceil(test.rows * (test.low - (test.high - test.low) / 2)) - 1
    return -paired.cutoff(test.rows, -test.low, bound, plan.beta)


def _capital(test: ClausePlan, plan: Plan, outcomes: NDArray[np.int8]) -> tuple[float, float]:
    """Return the logarithm of the most that the bet had, and of what it must reach."""
    needed = -math.log(plan.alpha * plan.gate.early)
    if not len(outcomes):
        return 0.0, needed
    bets = betting.shares(test.low, test.high, plan.gate.disagreement)
    return float(betting.capital(outcomes, test.low, bets).max()), needed
