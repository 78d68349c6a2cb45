"""Selection policies: how soon a model that got worse is left."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from typing import Any

from bench.figure import Figure

BEFORE, AFTER = 5000, 3000
GOOD, DEGRADED, OTHER = 0.9, 0.6, 0.8
WINDOW, SHARE = 200, 0.05


def figures(quick: bool) -> Iterator[Figure]:
    yield requests_to_leave(4 if quick else 20)


def requests_to_leave(n_seeds: int) -> Figure:
    """Two arms; after 5,000 requests the better one pays 0.6 instead of 0.9, the other 0.8.

    The value is the slower policy's median number of requests from there until the degraded arm
    has less than 5 % of 200 requests. What the policies earned is compared with the best fixed arm:
    they must earn more.
    """
    from clew.serve.policy import Exp3, Thompson

    medians, regrets = [], []
    for policy in (Exp3(), Thompson()):
        played = [play(policy, seed) for seed in range(n_seeds)]
        medians.append(statistics.median(left for left, _ in played))
        regrets.append(statistics.mean(regret for _, regret in played))
    return Figure(
        "policy.requests_to_leave",
        max(medians),
        "count",
        clew=max(medians),
        peer=max(regrets),
        peer_name="regret against the best fixed arm (peer)",
        agrees=max(regrets) < 0,
    )


def play(policy: Any, seed: int) -> tuple[int, float]:
    """Return the requests until the degraded arm is left, and the regret."""
    from clew.serve.policy import Feedback

    generator = random.Random(seed)
    state, chosen, earned = policy.init(["first", "second"]), [], 0.0
    for request in range(BEFORE + AFTER):
        selection = policy.select(state, {}, generator)
        (arm,) = selection.arms
        chance = OTHER if arm == "second" else GOOD if request < BEFORE else DEGRADED
        reward = float(generator.random() < chance)
        state = policy.observe(state, {}, Feedback(selection, {arm: reward}))
        chosen.append(arm)
        earned += reward
    best = max(BEFORE * GOOD + AFTER * DEGRADED, (BEFORE + AFTER) * OTHER)
    return left_after(chosen), best - earned


def left_after(chosen: list[str]) -> int:
    for start in range(BEFORE, BEFORE + AFTER - WINDOW):
        if chosen[start : start + WINDOW].count("first") < SHARE * WINDOW:
            return start - BEFORE
    return AFTER
