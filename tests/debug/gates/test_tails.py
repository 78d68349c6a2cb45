"""Exact tails: against the sum over all outcomes, and monotone where cutoffs rely on it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.debug.gates import binomial, paired, tails
from clew.debug.gates.smallest import smallest
from clew.errors import InvalidParameter

shares = st.floats(0.01, 1.0)


def by_sum(n: int, d: float, g: float, c: int) -> float:
    """Return the tail as the sum over wins and losses."""
    win, loss = (d + g) / 2, (d - g) / 2
    total = 0.0
    for wins in range(n + 1):
        for losses in range(n - wins + 1):
            if wins - losses >= c:
                ways = math.comb(n, wins) * math.comb(n - wins, losses)
                total += ways * win**wins * loss**losses * (1 - d) ** (n - wins - losses)
    return total


@given(n=st.integers(1, 14), d=shares, part=st.floats(-1, 1), c=st.integers(-15, 15))
def test_a_tail_is_the_sum_and_never_less(n: int, d: float, part: float, c: int) -> None:
    found, exact = tails.at_least(n, d, part * d, c), by_sum(n, d, part * d, c)
    assert found == pytest.approx(exact, rel=1e-8, abs=1e-300)
    assert found >= exact * (1 - 1e-12)
    low = tails.below(n, d, part * d, c)
    assert low == pytest.approx(by_sum(n, d, -part * d, 1 - c), rel=1e-8, abs=1e-300)


@given(n=st.integers(50, 3000), d=st.floats(0.02, 0.9), z=st.floats(3, 30))
def test_far_tails_keep_their_precision(n: int, d: float, z: float) -> None:
    c = min(n, math.ceil(z * math.sqrt(n * d)))
    found = tails.at_least(n, d, 0.0, c)
    # Chernoff's bound is above the tail; the tail is never nothing where it is possible.
    assert 0 < found <= math.exp(-(c**2) / (2 * n * d + 2 * c / 3)) * (1 + 1e-6)


@given(
    n=st.integers(5, 400),
    low=st.floats(-0.1, 0.3),
    p=st.floats(0.02, 1.0),
    alpha=st.floats(1e-9, 0.3),
    part=st.floats(0.0, 1.0),
)
def test_no_smaller_disagreement_passes_more_often(
    n: int, low: float, p: float, alpha: float, part: float
) -> None:
    c = paired.cutoff(n, low, p, alpha)
    d = abs(low) + part * (p - abs(low))
    if c <= n and abs(low) < d <= p:
        assert tails.at_least(n, d, low, c) <= alpha * (1 + 1e-9)


@given(n=st.integers(1, 500), low=st.floats(0.001, 0.999), alpha=st.floats(1e-12, 0.4))
def test_a_share_at_the_bar_passes_rarely(n: int, low: float, alpha: float) -> None:
    c = binomial.cutoff(n, low, alpha)
    assert tails.successes(n, low, c) <= alpha
    assert c == 0 or tails.successes(n, low, c - 1) > alpha


@given(n=st.integers(1, 400), part=st.floats(0, 1), alpha=st.floats(1e-9, 0.4))
def test_a_measured_share_is_bounded_from_above(n: int, part: float, alpha: float) -> None:
    count = int(part * n)
    bound = binomial.upper(n, count, alpha)
    assert count / n <= bound <= 1
    if bound < 1:
        assert tails.fewer(n, bound, count + 1) == pytest.approx(alpha, rel=1e-5)


@pytest.mark.parametrize("n", [20_173, 20_230])
def test_sizes_on_both_sides_of_a_saw_tooth(n: int) -> None:
    asked = paired.Paired(0.02, 0.04, 0.1, 1e-4 / 32, 1e-4 / 32)
    assert paired.power_holds(n, asked)
    assert not paired.power_holds(20_220, asked)
    assert paired.power_holds(paired.size(asked), asked)


@given(edge=st.integers(1, 5000), tooth=st.integers(0, 60), near=st.integers(1, 8000))
def test_the_size_found_is_good_and_hardly_larger_than_the_least(
    edge: int, tooth: int, near: int
) -> None:
    def good(n: int) -> bool:
        return n >= edge + tooth or n == edge

    found = smallest(good, near)
    assert good(found)
    assert found <= edge + tooth


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="disagree this little"):
        paired.size(paired.Paired(0.02, 0.04, 0.03, 0.01, 0.01))
    with pytest.raises(InvalidParameter, match="no share"):
        binomial.size(1.0, 1.02, 0.01, 0.01)
