"""The interface of selection policies, and the plain data that it passes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clew.errors import InvalidParameter

State = dict[str, Any]
"""JSON-like data; a policy's own, and all of its memory."""

Context = Mapping[str, Any]
"""What is known of a request besides its rows: user, region, any feature."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which arms answer one request.

    Parameters
    ----------
    arms : tuple of str
        Names of models.
    probabilities : mapping of str to float
        With which probability each arm of the policy was the one to be chosen: what unbiased
        feedback needs.
    """

    arms: tuple[str, ...]
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Vote:
    """One arm's answer to one row.

    Parameters
    ----------
    prediction : object
        A label or a number.
    probabilities : mapping of label to float, or None
        Where the model has them.
    """

    arm: str
    prediction: Any
    probabilities: Mapping[Any, float] | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came of an answer.

    Parameters
    ----------
    selection : Selection
        Which arms had answered.
    rewards : mapping of str to float
        Of each arm that answered, in [0, 1]: 1 is right, 0 is wrong.
    """

    selection: Selection
    rewards: Mapping[str, float]


class SelectionPolicy(Protocol):
    """A way to choose among models. Objects hold settings only and may be shared by threads."""

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""

    def select(self, state: State, context: Context, random: random.Random) -> Selection:
        """Choose the arms that answer a request."""

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Return one prediction and the confidence in it, in [0, 1].

        Fewer votes than arms were asked (stragglers) lower the confidence.
        """

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state after feedback; the given one stays as it is."""


def checked_arms(arms: Sequence[str]) -> list[str]:
    """Return the names of the arms; refuse none and doubles."""
    if not arms or len(set(arms)) != len(arms):
        raise InvalidParameter(
            "a policy needs arms of different names", got=repr(list(arms)), expected="at least one"
        )
    return list(arms)


def checked_rewards(feedback: Feedback) -> Mapping[str, float]:
    """Return the rewards of the arms that answered; refuse what is outside [0, 1]."""
    for arm, reward in feedback.rewards.items():
        if not 0.0 <= reward <= 1.0:
            raise InvalidParameter(f"reward of {arm!r}", got=str(reward), expected="0 to 1")
    return {a: r for a, r in feedback.rewards.items() if a in feedback.selection.arms}
