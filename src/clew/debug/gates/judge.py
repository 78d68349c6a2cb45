"""From rows and the labels that are known to a verdict, or to the rows that must be labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import binomial
from clew.debug.gates.condition import Quantity
from clew.debug.gates.difference import difference
from clew.debug.gates.gate import Gate
from clew.debug.gates.plan import BY_ROW, ClausePlan, Plan, plan
from clew.debug.gates.rows import Rows
from clew.debug.gates.verdict import Finding, Outcome, Verdict, combined
from clew.errors import InvalidState, NotFound

BATCH = 50
"""How many rows are asked for at once: more waste labels, fewer ask more often."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a test can see: rows, labels as far as they are known, measurements."""

    gate: Gate
    plan: Plan
    rows: Rows
    labels: NDArray[Any]
    known: NDArray[np.bool_]
    facts: Mapping[str, float]
    batch: int


def judge(
    gate: Gate,
    rows: Rows,
    labels: Mapping[str, object],
    *,
    facts: Mapping[str, float] | None = None,
    batch: int = BATCH,
) -> Verdict:
    """Return the verdict on a new model, or which rows to label next.

    Parameters
    ----------
    rows : Rows
        The test set with what the models say.
    labels : mapping of str to object
        The labels that are known, by the ids of rows; labels of other rows are left alone.
    facts : mapping, optional
        What was measured besides: ``{"latency_ms(new)": 3.1}``.
    batch : int
        How many rows to ask for at once.

    Raises
    ------
    InvalidState
        When the set has too few rows for the guarantee, or contradicts what is assumed of it.
    NotFound
        When a condition asks for a model, a column or a measurement that is not given.
    """
    facts = facts or {}
    planned = plan(gate, facts)
    values, known = rows.known(labels)
    seen = Seen(gate, planned, rows, values, known, facts, max(1, batch))
    findings = [_found(seen, test) for test in planned.tests]
    if any(finding.outcome == "FAIL" for finding in findings):
        findings = [_left_out(finding) for finding in findings]
    return combined(gate.name, tuple(findings), int(known.sum()))


def _left_out(finding: Finding) -> Finding:
    if finding.outcome != "NEEDS-LABELS":
        return finding
    reason = "another clause failed: no label is asked for"
    return replace(finding, outcome="UNKNOWN", reason=reason, asked=())


def _found(seen: Seen, test: ClausePlan) -> Finding:
    match test.kind:
        case "fact":
            return _fact(seen, test)
        case "gain":
            return _gain(seen, test)
        case "share":
            return _share(seen, test)
        case _:
            return _sum(seen, test)


def _fact(seen: Seen, test: ClausePlan) -> Finding:
    value = sum(factor * _measured(seen, quantity) for factor, quantity in test.clause.terms)
    clause = test.clause
    holds = value > clause.bar if clause.above else value < clause.bar
    said = f"measured {value:.6g}, {'' if holds else 'not '}{clause.sign} {clause.bar:g}"
    outcome: Outcome = "PASS" if holds else "FAIL"
    return Finding(clause.text, outcome, test.method, said, {"measured": value})


def _measured(seen: Seen, quantity: Quantity) -> float:
    value = seen.facts.get(str(quantity))
    if value is None or math.isnan(value):
        raise NotFound(
            "a condition asks for what was not measured",
            got=str(quantity),
            expected=", ".join(sorted(seen.facts)) or "a measurement of it",
            hint=f"clew gate run … --fact '{quantity}=1.5'",
        )
    return value


def _gain(seen: Seen, test: ClausePlan) -> Finding:
    quantity = test.clause.terms[0][1]
    chosen = _members(seen, quantity, labelled=False)[0]
    _demand(seen, test, len(chosen))
    new, old = _answers(seen, "new"), _answers(seen, "old")
    first, second = (new, old) if test.new_wins else (old, new)
    return difference(
        test,
        seen.plan,
        ids=[seen.rows.ids[row] for row in chosen],
        first=first[chosen],
        second=second[chosen],
        labels=seen.labels[chosen],
        known=seen.known[chosen],
        batch=seen.batch,
    )


def _share(seen: Seen, test: ClausePlan) -> Finding:
    quantity = next(q for _, q in test.clause.terms if q.metric in BY_ROW)
    for _, other in test.clause.terms:
        if other.metric not in BY_ROW:
            _measured(seen, other)
    counted = _counted(seen, test, quantity)
    if isinstance(counted, Finding):
        return counted
    hits, n = counted
    if test.complement:
        hits = n - hits
    alpha, beta = seen.plan.alpha, seen.plan.beta
    c = binomial.cutoff(n, test.low, alpha)
    evidence = {"rows": n, "count": hits, "share": hits / n, "cutoff": c, "bar": test.low}
    outcome: Outcome = "PASS" if hits >= c else "FAIL"
    if seen.gate.mode == "three-valued" and outcome == "FAIL":
        shows_less = n - hits >= binomial.cutoff(n, 1 - test.low, beta)
        outcome = "FAIL" if shows_less else "UNKNOWN"
    what = "not counted" if test.complement else "counted"
    said = f"{hits} of {n} rows {what}; {c} show a share above {test.low:.6g}"
    return Finding(test.clause.text, outcome, test.method, said, evidence)


def _sum(seen: Seen, test: ClausePlan) -> Finding:
    total, evidence = 0.0, dict[str, float | int | str | None]()
    asked: dict[str, None] = {}
    waiting: Finding | None = None
    for factor, quantity in test.clause.terms:
        if quantity.metric not in BY_ROW:
            _measured(seen, quantity)
            continue
        counted = _counted(seen, test, quantity)
        if isinstance(counted, Finding):
            waiting = counted
            asked |= dict.fromkeys(counted.asked)
            continue
        hits, n = counted
        evidence[str(quantity)] = hits / n
        total += factor * hits / n
    if waiting is not None:
        return Finding(
            waiting.clause, waiting.outcome, waiting.method, waiting.reason, {}, tuple(asked)
        )
    tolerance = test.clause.tolerance or 0.0
    value = total if test.clause.above else -total
    evidence |= {"rows": test.rows, "estimate": total, "tolerance": tolerance}
    shows_more, shows_less = value - tolerance > test.low, value + tolerance < test.low
    if seen.gate.mode == "three-valued":
        outcome: Outcome = "PASS" if shows_more else "FAIL" if shows_less else "UNKNOWN"
    else:
        outcome = "PASS" if shows_more else "FAIL"
    said = f"estimated {total:.6g} from {test.rows} rows each, within {tolerance:g}"
    return Finding(test.clause.text, outcome, test.method, said, evidence)


def _counted(seen: Seen, test: ClausePlan, quantity: Quantity) -> tuple[int, int] | Finding:
    """Return how many of the rows that a share is of count, and of how many; or what is missing."""
    free = quantity.metric == "disagreement"
    chosen, doubtful = _members(seen, quantity, labelled=quantity.metric == "recall")
    wanted = doubtful if quantity.metric == "recall" else chosen[: test.rows]
    if not free:
        missing = wanted[~seen.known[wanted]]
        enough = quantity.metric == "recall" and len(chosen) >= test.rows
        if len(missing) and not enough:
            asked = tuple(seen.rows.ids[row] for row in missing[: seen.batch])
            said = f"{len(missing)} labels are missing of {len(wanted)} rows"
            return Finding(test.clause.text, "NEEDS-LABELS", test.method, said, {}, asked)
    _demand(seen, test, len(chosen))
    chosen = chosen[: test.rows]
    if free:
        hits = _answers(seen, "new")[chosen] != _answers(seen, "old")[chosen]
    else:
        hits = _answers(seen, quantity.subject)[chosen] == seen.labels[chosen]
        hits = ~hits if quantity.metric == "error" else hits
    return int(hits.sum()), len(chosen)


def _members(
    seen: Seen, quantity: Quantity, *, labelled: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows that a quantity is of, and those that may be: their label is to decide."""
    may = np.ones(len(seen.rows), dtype=bool)
    label = None
    for column, value in quantity.where:
        if column == "label":
            label = value
            continue
        if column not in seen.rows.columns:
            raise NotFound(
                "a condition selects rows by a column that is not there",
                got=column,
                expected=", ".join(seen.rows.columns) or "a column of the test set",
            )
        may &= seen.rows.columns[column] == value
    if label is not None and not labelled:
        may &= _answers(seen, quantity.subject) == label
    sure = may & seen.known & (seen.labels == label) if labelled else may
    if not labelled:
        return np.flatnonzero(sure), np.flatnonzero(may)
    # Of a recall, rows are taken in order: no later one before the label of an earlier is known.
    rows = np.flatnonzero(may)
    unknown = np.flatnonzero(~seen.known[rows])
    stop = unknown[0] if len(unknown) else len(rows)
    before = rows[:stop]
    return before[seen.labels[before] == label], rows


def _answers(seen: Seen, subject: str) -> NDArray[Any]:
    found = seen.rows.new if subject == "new" else seen.rows.old
    if found is None:
        raise NotFound(f"a condition asks for the {subject} model, and none is given")
    return found


def _demand(seen: Seen, test: ClausePlan, there: int) -> None:
    if there < test.rows:
        raise InvalidState(
            "the test set has too few rows for this guarantee",
            got=f"{there} rows for {test.clause.text}",
            expected=f"{test.rows}",
            hint="more rows, a larger tolerance, a lower reliability or fewer steps",
        )
