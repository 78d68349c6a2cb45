"""Cascades: the bound holds, the lines are the best there are, and who answers is said."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from clew.errors import InvalidParameter, UnsupportedValue
from clew.serve import compile_model
from clew.serve.cascade import BlockDifference, Cascade, Costs, calibrate, choose
from clew.serve.cascade.choose import Runs, allowed_errors, upper_bound

COSTS = Costs(cheap_s=1.0, dear_s=100.0)


@given(st.integers(1, 400), st.data())
def test_the_bound_is_clopper_and_pearsons(n_rows: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, n_rows))
    expected = 1.0 if errors == n_rows else stats.beta.ppf(0.95, errors + 1, n_rows - errors)
    assert upper_bound(errors, n_rows, 0.95) == pytest.approx(expected, abs=1e-9)
    allowed = allowed_errors(n_rows, 0.05, 0.95)
    assert allowed == -1 or upper_bound(allowed, n_rows, 0.95) <= 0.05
    assert allowed == n_rows - 1 or upper_bound(allowed + 1, n_rows, 0.95) > 0.05


def lost(choice: Any, scores: Any, labels: Any) -> tuple[int, int]:
    decided = choice.decided(scores)
    return int(((decided >= 0) & (decided != labels)).sum()), int((decided >= 0).sum())


@given(st.data())
def test_no_two_lines_are_better(data: st.DataObject) -> None:
    """Compared with every pair of lines, on scores with ties."""
    n_rows = data.draw(st.integers(1, 14))
    second = np.array(data.draw(st.lists(st.integers(0, 6), min_size=n_rows, max_size=n_rows))) / 6
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n_rows, max_size=n_rows)))
    scores = np.stack([1 - second, second], axis=1)
    max_loss = data.draw(st.sampled_from([0.2, 0.5, 0.9]))
    choice = choose(scores, labels, COSTS, max_loss=max_loss, confidence=0.5)
    budget = allowed_errors(n_rows, max_loss, 0.5)
    errors, decided = lost(choice, scores, labels)
    assert errors <= max(budget, 0)
    best = 0
    for low, high in product([-1, *np.unique(second)], [*np.unique(second), 2]):
        if low < high:
            wrong = ((second <= low) & (labels == 1)).sum() + (
                (second >= high) & (labels == 0)
            ).sum()
            if wrong <= budget:
                best = max(best, int(((second <= low) | (second >= high)).sum()))
    if best and 1 + 100 * (1 - best / n_rows) < 100:
        assert decided == best
    assert choice.loss == errors / n_rows


@given(st.data())
def test_of_many_classes_the_surest_are_decided(data: st.DataObject) -> None:
    n_rows = data.draw(st.integers(1, 20))
    generator = np.random.default_rng(data.draw(st.integers(0, 1000)))
    scores = generator.dirichlet([0.5] * 3, n_rows).round(1)
    labels = generator.integers(0, 3, n_rows)
    choice = choose(scores, labels, COSTS, max_loss=0.5, confidence=0.5)
    errors, decided = lost(choice, scores, labels)
    assert errors <= max(allowed_errors(n_rows, 0.5, 0.5), 0)
    assert choice.shares[1] == pytest.approx(decided / n_rows)


def test_without_enough_held_rows_the_dear_model_answers_alone() -> None:
    scores = np.array([[1.0, 0.0]] * 50)
    choice = choose(scores, np.zeros(50, dtype=int), COSTS, max_loss=0.01)
    assert choice.shares == (0.0, 0.0, 1.0)
    assert choice.speedup == 1.0
    assert choose(np.repeat(scores, 8, 0), np.zeros(400, dtype=int), COSTS).shares[1] == 1.0
    with pytest.raises(InvalidParameter, match="held rows"):
        choose(scores, np.zeros(3, dtype=int), COSTS)


def test_what_a_run_repeats_counts_against_the_budget() -> None:
    labels = np.array([0] * 500 + [1] * 500)
    scores = np.eye(2)[labels] * 0.8 + 0.1
    costs = Costs(1.0, 100.0, 0.01)
    good, late = Runs(5.0, np.array([0, 500])), Runs(9.0, np.array([0, 600]))
    choice = choose(scores, labels, costs, runs=[good, late])
    assert (choice.difference, choice.loss) == (5.0, 0.0)
    assert choice.shares == pytest.approx((0.998, 0.002, 0.0))
    assert choose(scores, labels, costs, runs=[late]).difference is None
    assert choose(scores, labels, costs, runs=[late], max_loss=0.2).difference == 9.0


def models() -> tuple[Any, Any, Any]:
    X, y = make_classification(4000, 12, class_sep=1.8, random_state=1)
    frame = pd.DataFrame(X, columns=[f"x{at}" for at in range(12)])
    dear = RandomForestClassifier(60, random_state=0).fit(frame[:1000], y[:1000])
    cheap = LogisticRegression().fit(frame[:1000], dear.predict(frame[:1000]))
    return frame, cheap, dear


def test_a_pair_on_a_table_keeps_the_bound_on_other_rows() -> None:
    frame, cheap, dear = models()
    cascade = calibrate(cheap, dear, frame[1000:2500], max_loss=0.02)
    decided = cascade.decide(frame[2500:])
    assert (decided.labels != dear.predict(frame[2500:])).mean() <= 0.02
    assert (decided.stages == 1).mean() > 0.5
    assert cascade.choice.speedup > 1.5
    assert "cheaper" in cascade.choice.text


def test_a_cascade_serves_like_a_model() -> None:
    frame, cheap, dear = models()
    ready = compile_model(cheap, frame[:200])
    cascade = calibrate(ready, dear, frame[1000:2500], max_loss=0.02)
    compiled = compile_model(cascade, frame[:200], forms=["python"])
    fresh = frame[3000:3100]
    answers = compiled.answer(fresh.to_dict("records")).predictions
    assert (answers == cascade.predict(fresh)).all()


def clip(n_frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frames of a fixed camera: noise, light that drifts, now and then a bright thing."""
    generator = np.random.default_rng(seed)
    frames = 90 + 10 * np.sin(np.arange(n_frames) / 400)[:, None, None] + np.zeros((1, 32, 32))
    there = np.zeros(n_frames, dtype=int)
    for start in range(60, n_frames - 40, 120):
        for step in range(30):
            frames[start + step, 10:18, step : step + 2 + step % 3] += 80
            there[start + step] = 1
    return frames + generator.normal(0, 1, frames.shape), there


def test_frames_are_answered_again_only_when_something_changes() -> None:
    frames, _ = clip(1500, 0)
    asked = []

    def dear(rows: Any) -> Any:
        asked.append(len(rows))
        return (np.asarray(rows).max(axis=(1, 2)) > 130).astype(int)

    def cheap(rows: Any) -> Any:
        share = np.clip((np.asarray(rows).std(axis=(1, 2)) - 2) / 10, 0, 1)
        return np.stack([1 - share, share], axis=1)

    cascade = calibrate(
        cheap,
        dear,
        frames,
        difference=BlockDifference(4, 1),
        costs=Costs(1e-4, 1e-2, 1e-6),
        classes=[0, 1],
    )
    assert cascade.choice.difference is not None
    fresh, _ = clip(1500, 7)
    asked.clear()
    decided = cascade.decide(fresh)
    assert sum(asked) == (decided.stages == 2).sum()
    assert (decided.stages == 0).mean() > 0.5
    assert (decided.labels != dear(fresh)).mean() <= 0.01
    stream = cascade.stream()
    assert [label for label, _ in stream.run(fresh[:200])] == decided.labels[:200].tolist()


def test_a_small_thing_is_seen_by_its_block() -> None:
    difference = BlockDifference(block=4, step=2)
    empty, thing = np.zeros((64, 64)), np.zeros((64, 64))
    thing[20:28, 20:28] = 10
    kept = difference.prepare(empty)
    assert difference.distance(kept, difference.prepare(empty)) == 0.0
    assert difference.distance(kept, difference.prepare(thing)) > 20
    assert difference.prepare(np.zeros((64, 64, 3))).shape == (32, 32)
    with pytest.raises(InvalidParameter, match="smaller than a block"):
        difference.prepare(np.zeros((3, 3)))
    with pytest.raises(InvalidParameter, match="picture"):
        difference.prepare(np.zeros(3))


def test_a_pair_that_is_none_is_refused() -> None:
    frame, cheap, dear = models()
    with pytest.raises(UnsupportedValue, match="no probabilities"):
        calibrate(object(), dear, frame, classes=[0, 1])
    with pytest.raises(UnsupportedValue, match="one of some classes"):
        Cascade(lambda rows: rows, dear, choose(np.array([[1.0, 0.0]]), np.array([0]), COSTS))
    other = RandomForestClassifier(3).fit(frame[:50], ["a", "b"] * 25)
    with pytest.raises(InvalidParameter, match="does not know"):
        calibrate(cheap, other, frame[:100])
