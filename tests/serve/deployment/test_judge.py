"""A canary that is worse is stopped; one that is not seldom is."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from clew.serve import Canary
from clew.serve.deployment.judge import due, fisher, verdict
from clew.serve.deployment.meter import Counted, Meter

CANARY = Canary(arm="new", share=0.1, least=50, risk=0.05)


def counted(latencies: Sequence[float], errors: int = 0) -> Counted:
    meter = Meter()
    for seconds in latencies:
        meter.answered(1, seconds)
    for _ in range(errors):
        meter.failed()
    return meter.counted()


def earned(rewards: Sequence[float]) -> list[float]:
    return [float(len(rewards)), sum(rewards), sum(r * r for r in rewards)]


def stopped(
    dice: random.Random, *, errors: float, slower: float, reward: float, upto: int = 800
) -> str:
    """Return why a canary is stopped at one of its judgements; the champion fails 2 %, earns .8."""
    tried: list[float] = []
    known: list[list[float]] = [[], []]
    champion: list[float] = []
    failures = [0, 0]
    judged = 0
    for n in range(1, upto + 1):
        for which, times in ((0, 9), (1, 1)):
            for _ in range(times):
                if dice.random() < (0.02, errors)[which]:
                    failures[which] += 1
                    continue
                latency = dice.lognormvariate(-4, 0.5)
                (champion, tried)[which].append(latency * (1, slower)[which])
                known[which].append(float(dice.random() < (0.8, reward)[which]))
        judgement = due(CANARY, n)
        if judgement > judged:
            judged = judgement
            reason = verdict(
                CANARY,
                judgement,
                counted(champion, failures[0]),
                counted(tried, failures[1]),
                (earned(known[0]), earned(known[1])),
            )
            if reason:
                return reason
    return ""


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"errors": 0.25, "slower": 1.0, "reward": 0.8}, "it fails more often"),
        ({"errors": 0.02, "slower": 3.0, "reward": 0.8}, "it is slower"),
        ({"errors": 0.02, "slower": 1.0, "reward": 0.55}, "it earns less"),
    ],
)
def test_a_worse_one_is_stopped(how: dict[str, float], reason: str) -> None:
    for seed in range(5):
        assert stopped(random.Random(seed), **how).startswith(reason)


def test_one_that_is_as_good_seldom_is() -> None:
    stops = [
        bool(stopped(random.Random(seed), errors=0.02, slower=1.0, reward=0.8, upto=400))
        for seed in range(200)
    ]
    assert sum(stops) <= 0.05 * 200 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_one_within_the_factor_is_not_slower() -> None:
    dice = random.Random(1)
    reasons = [stopped(dice, errors=0.02, slower=1.4, reward=0.8, upto=400) for _ in range(100)]
    assert sum("slower" in reason for reason in reasons) <= 2


def test_latencies_that_hardly_differ_are_no_reason() -> None:
    fast, slow = counted([1e-4] * 100), counted([1e-3] * 100)
    assert verdict(CANARY, 1, fast, slow, ([0.0] * 3, [0.0] * 3)) == ""


def test_it_is_judged_at_every_doubling() -> None:
    assert [due(CANARY, n) for n in (0, 49, 50, 99, 100, 200, 399, 400)] == [
        0, 0, 1, 1, 2, 3, 3, 4,
    ]  # fmt: skip


def test_fishers_test() -> None:
    # scipy.stats.fisher_exact([[3, 7], [1, 99]], "greater").pvalue
    assert fisher((1, 100), (3, 10)) == pytest.approx(0.0021149504129870655)
    assert fisher((0, 0), (0, 0)) == 1.0
    assert fisher((5, 100), (0, 100)) == 1.0
