"""Gates over a store: budgets, labels, records, and who may be promoted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import clew
from clew.app.gates import record
from clew.app.gates.run import Judged, Model, run
from clew.app.tracking import tracking_of
from clew.debug.gates import Adaptivity, Gate, Rows
from clew.errors import InvalidState, NotFound

GATE = Gate(
    ("n - o > 0.02 +/- 0.05",),
    name="adult",
    reliability=0.9,
    adaptivity=Adaptivity(3, "full"),
    disagreement=0.4,
)


def made(gain: float, seed: int = 0, n: int = 900, first: str = "r") -> tuple[Rows, dict[str, int]]:
    random = np.random.default_rng(seed)
    kind = random.random(n)
    new = np.where(kind < (0.35 + gain) / 2, 1, np.where(kind < 0.35, 2, 0))
    old = np.where(kind < (0.35 + gain) / 2, 2, np.where(kind < 0.35, 1, 0))
    ids = [f"{first}{at}" for at in range(n)]
    return Rows(ids, new, old), dict.fromkeys(ids, 1)


def whole(rows: Rows, truth: dict[str, int], gate: Gate = GATE, **more: object) -> Judged:
    new = more.pop("new", Model("new"))
    return run(clew.open(), gate, rows, truth, new=new, old=Model("old"), **more)  # type: ignore[arg-type]


def test_the_same_question_counts_once_and_a_spent_set_is_refused() -> None:
    for seed in range(3):
        rows, truth = made(-0.2, seed)
        first, again = whole(rows, truth), whole(rows, truth)
        assert first.outcome == again.outcome == "FAIL"
        assert first.node == again.node
        assert first.verdict == again.verdict
        assert first.set.left == 2 - seed
    rows, truth = made(-0.2, 9)
    with pytest.raises(InvalidState, match="spent: it has judged 3 of 3"):
        whole(rows, truth)
    rows, truth = made(-0.2, 0)
    assert whole(rows, truth).outcome == "FAIL"  # What it said, it says for ever.
    (left,) = record.sets(tracking_of(clew.open().runtime))
    assert (left.left, left.passed, len(left.judged)) == (0, 0, 3)


def test_hybrid_sets_end_at_the_first_pass() -> None:
    gate = replace(GATE, adaptivity=Adaptivity(3, "hybrid"))
    rows, truth = made(0.3)
    assert whole(rows, truth, gate).outcome == "PASS"
    rows, truth = made(0.3, 1)
    with pytest.raises(InvalidState, match="retired at PASS 1"):
        whole(rows, truth, gate)


def test_numbers_that_were_shown_spend_the_set() -> None:
    rows, truth = made(-0.2)
    assert whole(rows, truth).set.left == 2
    assert whole(rows, truth, show=True).set.left == 0
    rows, truth = made(-0.2, 1)
    with pytest.raises(InvalidState, match="were shown"):
        whole(rows, truth)
    nobody = replace(GATE, name="nobody", adaptivity=Adaptivity(3, "none"))
    rows, truth = made(-0.2, 2, first="n")
    assert whole(rows, truth, nobody, show=True).set.left == 2


def test_a_set_keeps_its_guarantee() -> None:
    rows, truth = made(-0.2)
    whole(rows, truth)
    for other in (
        replace(GATE, reliability=0.99),
        replace(GATE, mode="fn-free"),
        replace(GATE, adaptivity=Adaptivity(3, "hybrid")),
    ):
        with pytest.raises(InvalidState, match="another guarantee"):
            whole(*made(-0.2, 1), other)


def test_a_set_that_shares_rows_with_another_is_refused() -> None:
    rows, truth = made(-0.2)
    whole(rows, truth)
    fewer, truth = made(-0.2, n=899)
    with pytest.raises(InvalidState, match="another test set"):
        whole(fewer, truth)


def test_labels_are_kept_and_asked_for_once() -> None:
    rows, truth = made(0.02)
    store = clew.open()
    given: set[str] = set()
    labels: dict[str, int] = {}
    for _ in range(1000):
        done = run(store, GATE, rows, labels, new=Model("new"), old=Model("old"), batch=40)
        if done.outcome != "NEEDS-LABELS":
            break
        assert not given & set(done.asked)
        given |= set(done.asked)
        labels = {id: truth[id] for id in done.asked}
    assert done.set.left == 2
    assert set(record.labels(store, done.set.id)) == given
    other, _ = made(0.02, 1)
    again = run(store, GATE, other, new=Model("other"), old=Model("old"), batch=400)
    assert not given & set(again.asked)


def test_a_label_does_not_change_and_is_of_the_set() -> None:
    rows, truth = made(-0.2)
    whole(rows, truth)
    with pytest.raises(InvalidState, match="another label"):
        whole(rows, {rows.ids[0]: 2})
    with pytest.raises(NotFound, match="not in the test set"):
        whole(rows, {"nobody": 1})


def test_a_gate_that_is_refused_leaves_nothing() -> None:
    rows, truth = made(-0.2, n=50)
    with pytest.raises(InvalidState, match="too few rows"):
        whole(rows, truth)
    assert record.sets(tracking_of(clew.open().runtime)) == []


def test_a_verdict_is_followed_to_its_rows_and_survives_gc() -> None:
    store = clew.open()
    rows, truth = made(-0.2)
    done = whole(rows, truth)
    node = store.node(done.node)
    inputs = {edge.name: edge.value for edge in node.inputs}
    assert store.runtime.vault.get(inputs["labels"]) == dict.fromkeys(sorted(rows.ids), "1")
    assert store.runtime.vault.get(inputs["rows"]) == list(rows.ids)
    assert store.value(done.node)["outcome"] == "FAIL"
    dropped = store.gc(dry_run=False, older_than_s=0.0, grace_s=0.0, budget_bytes=0).dropped
    assert not {one.id for one in dropped} & set(inputs.values())
    assert whole(rows, truth).verdict == done.verdict


def test_two_at_once_do_not_spend_one_step_twice() -> None:
    clew.open()

    def judged(seed: int) -> str:
        try:
            return whole(*made(-0.2, seed)).outcome
        except InvalidState:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(judged, range(6)))
    assert outcomes == ["FAIL"] * 3 + ["refused"] * 3
    assert len(record.sets(tracking_of(clew.open().runtime))[0].judged) == 3
