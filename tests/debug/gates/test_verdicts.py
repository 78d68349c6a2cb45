"""Verdicts: which rows are asked for, when a verdict stands, and how often it is wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.debug.gates import Adaptivity, Gate, Rows, Verdict, betting, binomial, judge, plan
from clew.errors import ClewError, InvalidParameter, InvalidState, NotFound

GAIN = Gate(("n - o > 0.04 +/- 0.05",), reliability=0.8, disagreement=0.3, assumed=True)


def drawn(n: int, gain: float, d: float = 0.3, seed: int = 0) -> tuple[Rows, dict[str, int]]:
    """Return a test set on which the new model has a gain, and its labels."""
    random = np.random.default_rng(seed)
    kind = random.random(n)
    new = np.where(kind < (d + gain) / 2, 1, np.where(kind < d, 2, 0))
    old = np.where(kind < (d + gain) / 2, 2, np.where(kind < d, 1, 0))
    ids = [f"row {at}" for at in range(n)]
    return Rows(ids, new, old), dict.fromkeys(ids, 1)


def asked_until_done(
    gate: Gate, rows: Rows, truth: dict[str, int], batch: int = 20
) -> tuple[Verdict, int]:
    labels: dict[str, int] = {}
    while True:
        verdict = judge(gate, rows, labels, batch=batch)
        if verdict.outcome != "NEEDS-LABELS":
            assert not verdict.asked
            return verdict, len(labels)
        assert 0 < len(verdict.asked) <= batch
        assert not set(verdict.asked) & labels.keys()
        labels |= {id: truth[id] for id in verdict.asked}


def test_only_disagreements_are_asked_for_and_none_twice() -> None:
    rows, truth = drawn(600, 0.1)
    differ = {id for id, a, b in zip(rows.ids, rows.new, rows.old, strict=True) if a != b}
    verdict = judge(GAIN, rows, {}, batch=10_000)
    assert verdict.outcome == "NEEDS-LABELS"
    assert set(verdict.asked) <= differ
    verdict, labels = asked_until_done(GAIN, rows, truth)
    assert labels <= len(differ)


def test_a_clear_gain_passes_early_and_a_clear_loss_fails_early() -> None:
    gate = replace(GAIN, reliability=0.999)
    n = plan(gate).rows
    worst = plan(gate).labels
    rows, truth = drawn(n, 0.28)
    verdict, labels = asked_until_done(gate, rows, truth, batch=1)
    assert verdict.outcome == "PASS"
    assert "bet" in verdict.findings[0].reason
    assert labels < worst / 2
    rows, truth = drawn(n, -0.28)
    verdict, labels = asked_until_done(gate, rows, truth, batch=1)
    assert verdict.outcome == "FAIL"
    assert labels < worst


@given(
    seed=st.integers(0, 10_000),
    gain=st.floats(-0.3, 0.3),
    batch=st.integers(1, 80),
    mode=st.sampled_from(["fp-free", "fn-free", "three-valued"]),
    early=st.sampled_from([0.0, 0.19, 0.5]),
)
def test_labels_one_by_one_lead_where_all_at_once_lead(
    seed: int, gain: float, batch: int, mode: str, early: float
) -> None:
    gate = replace(GAIN, mode=mode, early=early)
    rows, truth = drawn(320, gain, seed=seed)
    try:
        whole = judge(gate, rows, truth)
    except InvalidState:
        return  # The rows contradict what is assumed.
    parts, _ = asked_until_done(gate, rows, truth, batch=batch)
    assert parts.outcome == whole.outcome


def test_the_order_of_rows_depends_on_ids_alone() -> None:
    rows, _ = drawn(50, 0.1)
    again = Rows(list(reversed(rows.ids)), rows.new[::-1], rows.old[::-1])
    assert again.ids == rows.ids
    assert (again.new == rows.new).all()
    with pytest.raises(InvalidParameter, match="twice"):
        Rows(["a", "a"], [1, 2])
    with pytest.raises(InvalidParameter, match="number of rows"):
        Rows(["a", "b"], [1])


def test_answers_are_compared_as_they_are_told() -> None:
    rows = Rows(["a", "b", "c"], np.array([1.0, 0.0, 1.0]))
    labels, known = rows.known({"a": "1", "b": 0, "c": None})
    assert (labels[known] == rows.new[known]).all()
    assert {id for id, told in zip(rows.ids, known, strict=True) if told} == {"a", "b"}


def test_a_set_that_is_too_small_or_contradicts_is_refused() -> None:
    rows, truth = drawn(50, 0.1)
    with pytest.raises(InvalidState, match="too few rows"):
        judge(GAIN, rows, truth)
    rows, truth = drawn(400, 0.1, d=0.6)
    with pytest.raises(InvalidState, match="disagree more"):
        judge(GAIN, rows, truth)


def test_a_disagreement_that_is_measured_raises_the_cutoff() -> None:
    measured = replace(GAIN, assumed=False)
    rows, truth = drawn(600, 0.1, d=0.6)
    found = judge(measured, rows, truth).findings[0].evidence
    assert found["disagreement_at_most"] > 0.6
    calm, truth = drawn(600, 0.1, d=0.2)
    assert judge(measured, calm, truth).findings[0].evidence["cutoff"] < found["cutoff"]


def test_shares_slices_facts_and_sums() -> None:
    n = 4000
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, n)
    new = np.where(random.random(n) < 0.9, truth, 1 - truth)
    sex = np.where(random.random(n) < 0.5, "F", "M")
    ids = [str(at) for at in range(n)]
    rows = Rows(ids, new, truth, {"sex": sex})
    labels = dict(zip(ids, truth.tolist(), strict=True))

    def said(condition: str, facts: dict[str, float] | None = None) -> str:
        return judge(Gate((condition,)), rows, labels, facts=facts).outcome

    assert said("n > 0.8 +/- 0.04") == "PASS"
    assert said("n > 0.92 +/- 0.03") == "FAIL"
    assert said("error(new) < 0.2 +/- 0.04") == "PASS"
    assert said("accuracy(new, sex='F') > 0.8 +/- 0.04") == "PASS"
    assert said("recall(new, label='1') > 0.8 +/- 0.04") == "PASS"
    assert said("precision(new, label='0') > 0.8 +/- 0.04") == "PASS"
    assert said("d < 0.2 +/- 0.04") == "PASS"
    assert said("accuracy(new, sex='F') - accuracy(new, sex='M') > -0.4 +/- 0.15") == "PASS"
    assert said("accuracy(new, sex='F') - accuracy(new, sex='M') > 0.4 +/- 0.15") == "FAIL"
    assert said("latency_ms(new) < 20", {"latency_ms(new)": 3.0}) == "PASS"
    assert said("latency_ms(new) < 20", {"latency_ms(new)": 30.0}) == "FAIL"
    told = {"training_accuracy(new)": 0.99}
    assert said("training_accuracy(new) - n < 0.02 +/- 0.03", told) == "FAIL"
    assert said("training_accuracy(new) - n < 0.2 +/- 0.04", told) == "PASS"
    for condition in ("latency_ms(new) < 20", "training_accuracy(new) - n < 0.2 +/- 0.04"):
        with pytest.raises(NotFound, match="not measured"):
            said(condition)
    with pytest.raises(NotFound, match="column"):
        said("accuracy(new, age='3') > 0.8 +/- 0.04")


def test_a_clause_that_fails_without_labels_asks_for_none() -> None:
    rows, _ = drawn(3000, 0.1)
    gate = Gate(("n > 0.5 +/- 0.05", "d < 0.1 +/- 0.05"))
    verdict = judge(gate, rows, {})
    assert verdict.outcome == "FAIL"
    assert not verdict.asked
    assert [one.outcome for one in verdict.findings] == ["UNKNOWN", "FAIL"]


def test_rows_of_a_label_are_taken_in_order() -> None:
    """A recall counts no row before the labels of all rows before it are known."""
    n = 1200
    truth = np.random.default_rng(0).integers(0, 2, n)
    ids = [str(at) for at in range(n)]
    rows = Rows(ids, truth)
    gate = Gate(("recall(new, label='1') > 0.5 +/- 0.1",))
    known = dict(zip(ids, truth.tolist(), strict=True))
    kept = {id: label for id, label in known.items() if label == 1}
    assert judge(gate, rows, kept).outcome == "NEEDS-LABELS"
    assert asked_until_done(gate, rows, known)[0].outcome == "PASS"


@given(
    low=st.floats(-0.3, 0.5),
    more=st.floats(0.01, 0.3),
    d=st.floats(0.02, 1.0),
    part=st.floats(-1, 1),
)
def test_no_bet_gains_when_there_is_no_gain(low: float, more: float, d: float, part: float) -> None:
    gain = min(low, part * d)  # Whatever the disagreement is, no more than what is to be refuted.
    if gain < -d:
        return
    win, loss = (d + gain) / 2, (d - gain) / 2
    bets = betting.shares(low, low + more, max(d, low + more))
    assert sum(weight for _, weight in bets) == pytest.approx(1)
    for bet, _ in bets:
        factors = 1 + bet * (1 - low), 1 - bet * (1 + low), 1 - bet * low
        assert min(factors) > 0
        mean = win * factors[0] + loss * factors[1] + (1 - d) * factors[2]
        assert mean <= 1 + 1e-12


def test_capital_is_the_product_of_its_factors() -> None:
    outcomes = np.array([1, 0, -1, 1], dtype=np.int8)
    bets = ((0.2, 0.75), (0.5, 0.25))
    found = betting.capital(outcomes, 0.1, bets)
    for at in range(1, 5):
        capital = sum(
            weight * math.prod(1 + bet * (int(x) - 0.1) for x in outcomes[:at])
            for bet, weight in bets
        )
        assert math.exp(found[at - 1]) == pytest.approx(capital)


WORST = [
    ("fp-free", 0.19, False, 0.04, "PASS"),
    ("fp-free", 0.5, True, 0.04, "PASS"),
    ("fp-free", 0.0, True, 0.04, "PASS"),
    ("fp-free", 0.19, True, 0.14, "FAIL"),
    ("fn-free", 0.19, True, 0.04, "FAIL"),
    ("fn-free", 0.19, False, -0.06, "PASS"),
    ("three-valued", 0.19, True, 0.04, "PASS"),
    ("three-valued", 0.19, True, 0.04, "FAIL"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "early", "assumed", "gain", "wrong"), WORST)
def test_wrong_verdicts_are_as_rare_as_promised(
    mode: str, early: float, assumed: bool, gain: float, wrong: str
) -> None:
    """At the truth, and the disagreement, at which a wrong verdict is likeliest."""
    gate = replace(GAIN, mode=mode, early=early, assumed=assumed)
    n = plan(gate).rows
    histories, errors = 1500, 0
    for seed in range(histories):
        rows, truth = drawn(n, gain, seed=seed)
        try:
            errors += judge(gate, rows, truth).outcome == wrong
        except ClewError:
            pass  # What is assumed was contradicted: no verdict.
    promised = plan(gate).alpha
    assert binomial.lower(histories, errors, 1e-6) <= promised


@pytest.mark.slow
def test_verdicts_that_lead_to_the_next_model_stay_as_rarely_wrong() -> None:
    from bench import gates

    for design in gates.designs():
        planned = plan(design)
        for truth in ("bad", "good"):
            histories = 1000
            errors = sum(
                gates.history(planned, np.random.default_rng([seed, 3]), truth)
                for seed in range(histories)
            )
            assert binomial.lower(histories, errors, 1e-6) <= 1 - design.reliability


def test_adaptive_models_need_more_rows() -> None:
    sizes = [
        plan(replace(GAIN, adaptivity=Adaptivity(8, kind, 2 if kind == "retire" else 1))).rows
        for kind in ("hybrid", "retire", "full")
    ]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
