"""Intervals hold as often as they promise."""

from __future__ import annotations

import numpy as np
import pytest

from clew.debug.reports import intervals


def test_the_area_is_in_its_interval() -> None:
    random = np.random.default_rng(0)
    truth = 0.7602499389  # Of two normal scores one standard deviation apart.
    held = 0
    for _ in range(300):
        positive = random.random(200) < 0.3
        scores = random.normal(size=200) + positive
        found = intervals.area(scores, positive, 0.1)
        held += found["low"] <= truth <= found["high"]
    assert held / 300 == pytest.approx(0.9, abs=0.05)


def test_a_difference_of_areas_is_paired() -> None:
    random = np.random.default_rng(1)
    positive = random.random(500) < 0.5
    good = random.normal(size=500) + positive
    near = good + random.normal(0, 0.05, 500)
    found = intervals.area(good, positive, 0.05, minus=near)
    alone = intervals.area(good, positive, 0.05)
    assert found["high"] - found["low"] < 0.3 * (alone["high"] - alone["low"])
    assert intervals.area(good, np.ones(500, dtype=bool), 0.05) is None


def test_a_score_of_a_matrix_is_in_its_interval() -> None:
    random = np.random.default_rng(2)
    shares = np.array([[0.6, 0.1], [0.05, 0.25]])
    truth = float(intervals.macro_f1(shares[None])[0])
    held = 0
    for seed in range(200):
        matrix = random.multinomial(400, shares.ravel()).reshape(2, 2)
        found = intervals.of_matrix(matrix, intervals.macro_f1, 0.1, seed)
        held += found["low"] <= truth <= found["high"]
    assert held / 200 == pytest.approx(0.9, abs=0.06)
