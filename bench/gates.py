"""Gates: the published table, labels for the same guarantee, wrong verdicts, an over-fitted model.

Labels of the bet are counted over seeded random test sets in which the truth is what it says.
Wrong verdicts are counted over histories in which a developer who sees each verdict proposes the
next model by it, and goes on from what was lucky on this very test set.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.figure import Figure
from clew.debug.gates import Adaptivity, Gate, betting, binomial, plan
from clew.debug.gates.difference import difference
from clew.debug.gates.plan import Plan
from clew.errors import InvalidState

PUBLISHED = {
    ("n > 0.8 +/- 0.01", "hoeffding"): {"none": 63_381, "full": 156_956},
    ("n - o > 0.02 +/- 0.01", "hoeffding"): {"none": 267_385, "full": 641_684},
    ("n - o > 0.02 +/- 0.01", "bennett"): {"none": 29_048, "full": 67_706},
}
GAIN = Gate(
    ("n - o > 0.02 +/- 0.01",),
    reliability=0.9999,
    adaptivity=Adaptivity(32, "none"),
    disagreement=0.1,
)
SMALL = Gate(("n - o > 0.04 +/- 0.05",), reliability=0.8, disagreement=0.3)
"""A guarantee that is broken often enough to be counted, if it is broken."""


def figures(quick: bool) -> Iterator[Figure]:
    yield table()
    yield from labels(400 if quick else 40_000)
    yield wrong(500 if quick else 10_000)
    yield overfit()


def table() -> Figure:
    """How many numbers of the published table come out otherwise."""
    differ = 0
    for (condition, test), rows in PUBLISHED.items():
        for kind, expected in rows.items():
            gate = replace(
                GAIN, conditions=(condition,), test=test, adaptivity=Adaptivity(32, kind)
            )
            differ += plan(gate).rows != expected
    return Figure("gates.table_mismatches", differ, "count", peer_name="ease.ml/ci, published")


def labels(histories: int) -> Iterator[Figure]:
    """Labels in the worst case (those of all disagreements), and when the truth is clear."""
    planned = plan(GAIN)
    released = PUBLISHED["n - o > 0.02 +/- 0.01", "hoeffding"]["none"]
    peer = "ease.ml/ci as released"
    yield Figure(
        "gates.labels_worst", planned.labels, "count", planned.rows, released, peer_name=peer
    )
    mean = np.mean([stopped(planned, 0.04, seed) for seed in range(histories)])
    yield Figure("gates.labels_clear", float(mean), "count", planned.rows, released, peer)


def stopped(planned: Plan, gain: float, seed: int) -> int:
    """Return the labels after which the bet stops on one random test set."""
    gate, test = planned.gate, planned.tests[0]
    outcomes = drawn(np.random.default_rng(seed), test.rows, gate.disagreement, gain)
    bets = betting.shares(test.low, test.high, gate.disagreement)
    reached = betting.capital(outcomes, test.low, bets) >= -math.log(planned.alpha * gate.early)
    last = int(reached.argmax()) if reached.any() else test.rows - 1
    return int(np.count_nonzero(outcomes[: last + 1]))


def wrong(histories: int) -> Figure:
    """The share of histories with a wrong verdict, to what is allowed: the worst of the designs."""
    worst = 0.0
    for gate in designs():
        planned = plan(gate)
        delta = 1 - gate.reliability
        for truth in ("bad", "good"):
            errors = sum(
                history(planned, np.random.default_rng([seed, 7]), truth)
                for seed in range(histories)
            )
            low = binomial.lower(histories, errors, 0.01)
            worst = max(worst, low / delta)
    return Figure("gates.error_over_delta", worst, "ratio", peer_name="what is allowed")


def designs() -> Iterator[Gate]:
    for kind in ("none", "full", "hybrid", "retire"):
        yield replace(SMALL, adaptivity=Adaptivity(3, kind, 2 if kind == "retire" else 1))
    yield replace(SMALL, assumed=True, early=0.0)
    yield replace(SMALL, assumed=True, early=0.5)
    yield replace(SMALL, mode="fn-free")
    yield replace(SMALL, mode="three-valued")


def history(planned: Plan, random: np.random.Generator, truth: str) -> bool:
    """Tell whether any model of one history gets a wrong verdict.

    Two models whose gain lies in the middle are judged; from the one that seemed better on this
    test set (for ``"good"``: worse) the last one is made, whose gain is exactly at the end of the
    tolerance where a verdict must not err.
    """
    gate, test = planned.gate, planned.tests[0]
    steps, kind = gate.adaptivity.steps, gate.adaptivity.kind
    bad = truth == "bad"
    n, d, end = test.rows, gate.disagreement, test.low if bad else test.high
    middle = (test.low + test.high) / 2
    passes, chosen = 0, drawn(random, n, d, middle if steps > 1 else end)
    for step in range(steps):
        last = step == steps - 1
        if last and steps > 1:
            chosen = moved(random, chosen, d, middle, end)
        elif step:
            chosen_before, chosen = chosen, drawn(random, n, d, middle)
        try:
            outcome = verdict(planned, chosen)
        except InvalidState:  # What is assumed is contradicted: no verdict at all.
            return False
        if last:
            return outcome == ("PASS" if bad else "FAIL")
        passes += outcome == "PASS"
        if kind != "none" and step and (outcome == "PASS") != bad:
            chosen = chosen_before
        if gate.adaptivity.is_spent(step + 1, passes):
            return False
    return False


def verdict(planned: Plan, outcomes: np.ndarray) -> str:
    """Return the verdict on rows that the new model wins, loses or answers like the old one."""
    first = np.where(outcomes > 0, 1, np.where(outcomes < 0, 2, 0))
    second = np.where(outcomes > 0, 2, np.where(outcomes < 0, 1, 0))
    rows = np.arange(len(outcomes))
    return difference(
        planned.tests[0],
        planned,
        ids=rows,
        first=first,
        second=second,
        labels=np.ones(len(rows), dtype=int),
        known=np.ones(len(rows), dtype=bool),
        batch=1,
    ).outcome


def drawn(random: np.random.Generator, n: int, d: float, gain: float) -> np.ndarray:
    """Return rows that are won, lost or alike at a disagreement and a gain."""
    drawn = random.random(n)
    win = (d + gain) / 2
    return np.where(drawn < win, 1, np.where(drawn < d, -1, 0)).astype(np.int8)


def moved(
    random: np.random.Generator, outcomes: np.ndarray, d: float, gain: float, to: float
) -> np.ndarray:
    """Return the rows of a model whose gain was changed, the disagreement left as it is."""
    of = 1 if to < gain else -1
    share = abs(to - gain) / (d + of * gain)
    change = (outcomes == of) & (random.random(len(outcomes)) < share)
    return np.where(change, -of, outcomes).astype(np.int8)


def overfit() -> Figure:
    """Whether the model with the best training score is refused, with the reason."""
    from bench.gates_overfit import refused

    return refused()
