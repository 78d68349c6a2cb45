"""Policies that let all arms answer and combine what they say."""

from __future__ import annotations

import random as _random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.policy.bandit import weights_of
from clew.serve.policy.base import (
    Context,
    Feedback,
    Selection,
    State,
    Vote,
    checked_arms,
    checked_rewards,
)


def combined(weights: Mapping[str, float], votes: Sequence[Vote]) -> tuple[Any, float]:
    """Return the weighted vote (labels) or mean (numbers), and the confidence in it.

    The confidence is the weight of the arms that answered, times the share of it that agrees: an
    arm that was too late lowers it.
    """
    if not votes:
        raise InvalidParameter("no model answered", expected="one vote at least")
    total = sum(weights.values()) or 1.0
    present = sum(weights.get(vote.arm, 0.0) for vote in votes) or 1e-12
    if all(isinstance(v.prediction, float) and v.probabilities is None for v in votes):
        mean = sum(weights.get(v.arm, 0.0) * v.prediction for v in votes) / present
        return mean, min(present / total, 1.0)
    shares = shares_of(weights, votes)
    best = max(shares, key=shares.__getitem__)
    return best, min(shares[best] * present / total, 1.0)


def shares_of(weights: Mapping[str, float], votes: Sequence[Vote]) -> dict[Any, float]:
    """Return the share of each label in the weight of the arms that answered."""
    present = sum(weights.get(vote.arm, 0.0) for vote in votes) or 1e-12
    shares: dict[Any, float] = defaultdict(float)
    for vote in votes:
        weight = weights.get(vote.arm, 0.0) / present
        for label, share in (vote.probabilities or {vote.prediction: 1.0}).items():
            shares[label] += weight * share
    return shares


@dataclass(frozen=True, slots=True)
class Weighted:
    """All arms answer; fixed weights, even ones by default."""

    weights: Mapping[str, float] = field(default_factory=dict)

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        names = checked_arms(arms)
        given = {arm: float(self.weights.get(arm, 0.0 if self.weights else 1.0)) for arm in names}
        if min(given.values()) < 0 or not sum(given.values()):
            raise InvalidParameter(
                "weights of an ensemble", got=repr(given), expected="none below 0, one above"
            )
        return {"weights": given}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose every arm that has a weight."""
        arms = tuple(arm for arm, weight in state["weights"].items() if weight > 0)
        return Selection(arms, dict.fromkeys(arms, 1.0))

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Return the weighted vote or mean."""
        return combined(state["weights"], votes)

    def shares(self, state: State, context: Context, votes: Sequence[Vote]) -> dict[Any, float]:
        """Return the share of each label."""
        return shares_of(state["weights"], votes)

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state as it is."""
        return state


@dataclass(frozen=True, slots=True)
class Voting(Weighted):
    """All arms answer; each has one vote of its weight, however sure it is."""

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Return the label of the most weight; numbers are averaged."""
        return combined(state["weights"], [Vote(vote.arm, vote.prediction) for vote in votes])

    def shares(self, state: State, context: Context, votes: Sequence[Vote]) -> dict[Any, float]:
        """Return the share of each label in the votes."""
        return shares_of(state["weights"], [Vote(vote.arm, vote.prediction) for vote in votes])


@dataclass(frozen=True, slots=True)
class Exp4:
    """All arms answer; their weights follow their losses (Auer et al. 2002, with full feedback).

    Parameters
    ----------
    rate : float
        Learning rate η of the weights ``exp(−η · loss)``.
    memory : float
        How many of the latest observations count, roughly.
    """

    rate: float = 0.15
    memory: float = 300.0

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        return {"losses": dict.fromkeys(checked_arms(arms), 0.0)}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose every arm."""
        arms = tuple(state["losses"])
        return Selection(arms, dict.fromkeys(arms, 1.0))

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Return the weighted vote or mean."""
        return combined(weights_of(state["losses"], self.rate), votes)

    def shares(self, state: State, context: Context, votes: Sequence[Vote]) -> dict[Any, float]:
        """Return the share of each label."""
        return shares_of(weights_of(state["losses"], self.rate), votes)

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state with each arm's loss added."""
        kept = 1 - 1 / self.memory
        losses = {arm: loss * kept for arm, loss in state["losses"].items()}
        for arm, reward in checked_rewards(feedback).items():
            losses[arm] += 1 - reward
        return {"losses": losses}
