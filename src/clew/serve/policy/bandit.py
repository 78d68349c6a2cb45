"""Policies that let one arm answer: a fixed one, or the one that feedback speaks for.

All but `Static` forget: an arm's evidence is discounted with each of its own observations, so that
an arm that gets worse is left although it was good for long, while the belief in an arm that is
rarely asked stays. `explore` is the share of requests that go to an arm drawn evenly, whatever is
believed.
"""

from __future__ import annotations

import math
import random as _random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.policy.base import (
    Context,
    Feedback,
    Selection,
    State,
    Vote,
    checked_arms,
    checked_rewards,
)


class _OneArm:
    """What the policies of this module share: the answer is the one arm's answer."""

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Return the arm's prediction and its own probability for it (1 where it has none)."""
        if not votes:
            raise InvalidParameter("no model answered", expected="one vote at least")
        vote = votes[0]
        known = vote.probabilities
        return vote.prediction, 1.0 if known is None else float(known.get(vote.prediction, 1.0))


def _chosen(
    arms: list[str], shares: dict[str, float], explore: float, random: _random.Random
) -> Selection:
    """Draw one arm from `shares`, mixed with an even draw."""
    even = explore / len(arms)
    mixed = {arm: (1 - explore) * shares.get(arm, 0.0) + even for arm in arms}
    (arm,) = random.choices(arms, weights=[mixed[a] for a in arms])
    return Selection((arm,), mixed)


@dataclass(frozen=True, slots=True)
class Static(_OneArm):
    """One arm answers always.

    Parameters
    ----------
    arm : str, optional
        Its name; the first by default.
    """

    arm: str | None = None

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        names = checked_arms(arms)
        if self.arm is not None and self.arm not in names:
            raise InvalidParameter("no such arm", got=self.arm, expected=", ".join(names))
        return {"arm": self.arm or names[0]}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose the arm."""
        return Selection((state["arm"],), {state["arm"]: 1.0})

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state as it is."""
        return state


@dataclass(frozen=True, slots=True)
class Split(_OneArm):
    """Each arm answers a fixed share of the requests, whatever feedback says.

    Parameters
    ----------
    shares : mapping of str to float
        By arm, in any unit; an arm that is not named gets nothing. Without any, even ones.
    """

    shares: Mapping[str, float] = field(default_factory=dict)

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        names = checked_arms(arms)
        given = {arm: float(self.shares.get(arm, 0.0 if self.shares else 1.0)) for arm in names}
        if min(given.values()) < 0 or not sum(given.values()):
            raise InvalidParameter(
                "shares of the arms", got=repr(given), expected="none below 0, one above"
            )
        total = sum(given.values())
        return {"shares": {arm: share / total for arm, share in given.items()}}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Draw an arm by its share."""
        return _chosen(list(state["shares"]), state["shares"], 0.0, random)

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state as it is."""
        return state


@dataclass(frozen=True, slots=True)
class _Counting(_OneArm):
    """Discounted sums of each arm's rewards, in ``state["arms"]`` as ``[weight, sum]``.

    Parameters
    ----------
    memory : float
        How many of its latest observations an arm is judged by, roughly.
    explore : float
        Share of requests that go to an arm drawn evenly.
    """

    memory: float = 160.0
    explore: float = 0.02

    def __post_init__(self) -> None:
        if not (self.memory >= 1 and 0 <= self.explore <= 1):
            raise InvalidParameter(
                "a policy's settings",
                got=f"memory={self.memory}, explore={self.explore}",
                expected="memory ≥ 1, explore within 0 and 1",
            )

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        return {"arms": {arm: [0.0, 0.0] for arm in checked_arms(arms)}}

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state with the rewards counted and the arm's older ones discounted."""
        kept = 1 - 1 / self.memory
        counted = dict(state["arms"])
        for arm, reward in checked_rewards(feedback).items():
            weight, total = counted[arm]
            counted[arm] = [weight * kept + 1.0, total * kept + reward]
        return {**state, "arms": counted}


@dataclass(frozen=True, slots=True)
class EpsilonGreedy(_Counting):
    """The arm of the highest mean answers, but for an even draw now and then."""

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose an arm; one without observations counts as the best."""
        means = {
            arm: total / weight if weight else 1.0 for arm, (weight, total) in state["arms"].items()
        }
        best = max(means.values())
        leaders = [arm for arm, mean in means.items() if mean == best]
        shares = {arm: 1 / len(leaders) for arm in leaders}
        return _chosen(list(means), shares, self.explore, random)


@dataclass(frozen=True, slots=True)
class UpperBound(_Counting):
    """The arm of the highest upper confidence bound answers (UCB1, Auer et al. 2002).

    The bound is ``mean + width · sqrt(2 · ln N / n)`` with discounted counts (Garivier and Moulines
    2011).
    """

    width: float = 0.5

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose an arm; one without observations comes first."""
        total_weight = sum(weight for weight, _ in state["arms"].values())
        log = math.log(max(total_weight, math.e))
        bounds = {
            arm: total / weight + self.width * math.sqrt(2 * log / weight) if weight else math.inf
            for arm, (weight, total) in state["arms"].items()
        }
        best = max(bounds, key=bounds.__getitem__)
        return _chosen(list(bounds), {best: 1.0}, self.explore, random)


@dataclass(frozen=True, slots=True)
class Thompson(_Counting):
    """The arm of the highest draw from its Beta posterior answers (Thompson 1933)."""

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose an arm."""
        draws = {
            arm: random.betavariate(1.0 + total, 1.0 + max(weight - total, 0.0))
            for arm, (weight, total) in state["arms"].items()
        }
        best = max(draws, key=draws.__getitem__)
        return _chosen(list(draws), {best: 1.0}, self.explore, random)


@dataclass(frozen=True, slots=True)
class Exp3(_OneArm):
    """Exponential weights over the estimated losses of all arms (Auer et al. 2002).

    Losses are divided by the probability of their arm, so that the estimates are unbiased, and
    discounted with every observation. `explore` bounds what one observation of a rare arm can do.

    Parameters
    ----------
    rate : float
        Learning rate η of the weights ``exp(−η · loss)``.
    memory : float
        How many of the latest observations count, roughly.
    """

    rate: float = 0.2
    memory: float = 600.0
    explore: float = 0.02

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        return {"losses": dict.fromkeys(checked_arms(arms), 0.0)}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Draw an arm by its weight."""
        losses = state["losses"]
        return _chosen(list(losses), weights_of(losses, self.rate), self.explore, random)

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state with the estimated losses added."""
        kept = 1 - 1 / self.memory
        losses = {arm: loss * kept for arm, loss in state["losses"].items()}
        for arm, reward in checked_rewards(feedback).items():
            probability = feedback.selection.probabilities.get(arm, 1.0)
            losses[arm] += (1 - reward) / probability
        return {"losses": losses}


def weights_of(losses: dict[str, float], rate: float) -> dict[str, float]:
    """Return weights ``exp(−rate · loss)`` that sum to one."""
    least = min(losses.values())
    raw = {arm: math.exp(-rate * (loss - least)) for arm, loss in losses.items()}
    total = sum(raw.values())
    return {arm: weight / total for arm, weight in raw.items()}
