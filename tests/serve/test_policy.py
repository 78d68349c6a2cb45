"""Selection policies: what they learn, and that their state is all they know."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.serve.policy import (
    Contextual,
    EpsilonGreedy,
    Exp3,
    Exp4,
    Feedback,
    Selection,
    Static,
    Thompson,
    UpperBound,
    Vote,
    Weighted,
)

BANDITS = [EpsilonGreedy(), UpperBound(), Thompson(), Exp3()]
ALL = [*BANDITS, Static(), Exp4(), Weighted(), Contextual(Thompson(), ["region"])]


def play(policy: Any, state: Any, rewards: dict[str, float], n: int, seed: int = 0) -> Any:
    """Let a policy choose n times; arms pay 1 with their probability. Return state and choices."""
    generator, chosen = random.Random(seed), []
    for _ in range(n):
        selection = policy.select(state, {}, generator)
        got = {arm: float(generator.random() < rewards[arm]) for arm in selection.arms}
        chosen.append(selection.arms[0])
        state = policy.observe(state, {}, Feedback(selection, got))
    return state, chosen


@pytest.mark.parametrize("policy", BANDITS, ids=lambda p: type(p).__name__)
def test_the_better_arm_gets_the_traffic_and_a_degraded_one_is_left(policy: Any) -> None:
    state, chosen = play(policy, policy.init(["a", "b"]), {"a": 0.9, "b": 0.8}, 5000)
    assert chosen[2000:].count("a") > 0.85 * 3000
    _, chosen = play(policy, state, {"a": 0.6, "b": 0.8}, 2500, seed=1)
    assert chosen[-500:].count("b") > 0.85 * 500


@pytest.mark.parametrize("policy", ALL, ids=lambda p: type(p).__name__)
def test_a_state_is_plain_data_and_goes_on_where_it_was(policy: Any) -> None:
    state, _ = play(policy, policy.init(["a", "b"]), {"a": 0.9, "b": 0.2}, 50)
    again = json.loads(json.dumps(state))
    assert again == state
    for seed in range(20):
        first = policy.select(state, {}, random.Random(seed))
        assert policy.select(again, {}, random.Random(seed)) == first


@pytest.mark.parametrize("policy", ALL, ids=lambda p: type(p).__name__)
def test_observing_leaves_the_given_state_alone(policy: Any) -> None:
    state = policy.init(["a", "b"])
    before = json.dumps(state)
    selection = policy.select(state, {}, random.Random(0))
    policy.observe(state, {}, Feedback(selection, dict.fromkeys(selection.arms, 1.0)))
    assert json.dumps(state) == before


@given(seed=st.integers(0, 10_000), explore=st.floats(0, 1))
def test_the_probabilities_of_a_selection_sum_to_one(seed: int, explore: float) -> None:
    for policy in (EpsilonGreedy(explore=explore), Exp3(explore=explore)):
        state, _ = play(policy, policy.init(["a", "b", "c"]), {"a": 0.5, "b": 0.9, "c": 0}, 5, seed)
        selection = policy.select(state, {}, random.Random(seed))
        assert abs(sum(selection.probabilities.values()) - 1) < 1e-9
        assert set(selection.arms) <= set(selection.probabilities)


def test_an_ensemble_follows_its_best_member() -> None:
    policy = Exp4()
    state, _ = play(policy, policy.init(["good", "bad"]), {"good": 0.95, "bad": 0.3}, 200)
    votes = [Vote("good", "yes"), Vote("bad", "no")]
    prediction, confidence = policy.combine(state, {}, votes)
    assert prediction == "yes"
    assert confidence > 0.95


def test_a_straggler_lowers_the_confidence() -> None:
    policy = Weighted()
    state = policy.init(["a", "b"])
    both = policy.combine(state, {}, [Vote("a", "yes"), Vote("b", "yes")])
    one = policy.combine(state, {}, [Vote("a", "yes")])
    assert both == ("yes", 1.0)
    assert one == ("yes", 0.5)


def test_numbers_are_averaged_and_probabilities_weighed() -> None:
    policy = Weighted({"a": 3.0, "b": 1.0})
    state = policy.init(["a", "b"])
    assert policy.combine(state, {}, [Vote("a", 1.0), Vote("b", 5.0)]) == (2.0, 1.0)
    votes = [Vote("a", "x", {"x": 0.6, "y": 0.4}), Vote("b", "y", {"x": 0.0, "y": 1.0})]
    prediction, confidence = policy.combine(state, {}, votes)
    assert (prediction, round(confidence, 9)) == ("y", 0.55)


def test_contexts_learn_apart() -> None:
    policy = Contextual(EpsilonGreedy(explore=0.0), ["region"], most=2)
    state = policy.init(["a", "b"])
    for region, good in (("north", "a"), ("south", "b")):
        for arm in ("a", "b"):
            feedback = Feedback(Selection((arm,), {arm: 1.0}), {arm: float(arm == good)})
            state = policy.observe(state, {"region": region}, feedback)
    for region, good in (("north", "a"), ("south", "b")):
        assert policy.select(state, {"region": region}, random.Random(0)).arms == (good,)
    feedback = Feedback(Selection(("a",), {"a": 1.0}), {"a": 1.0})
    for region in ("east", "west"):
        state = policy.observe(state, {"region": region}, feedback)
    assert len(state["contexts"]) == 3  # two of their own, and one for all the rest


def test_bad_settings_and_rewards_are_refused() -> None:
    with pytest.raises(InvalidParameter):
        Thompson().init([])
    with pytest.raises(InvalidParameter):
        Thompson().init(["a", "a"])
    with pytest.raises(InvalidParameter):
        Thompson(explore=2)
    with pytest.raises(InvalidParameter):
        Static("c").init(["a", "b"])
    with pytest.raises(InvalidParameter):
        Weighted({"c": 1.0}).init(["a", "b"])
    with pytest.raises(InvalidParameter, match="0 to 1"):
        Exp3().observe(Exp3().init(["a"]), {}, Feedback(Selection(("a",), {"a": 1.0}), {"a": 1.5}))
    with pytest.raises(InvalidParameter, match="no model answered"):
        Exp4().combine(Exp4().init(["a"]), {}, [])
