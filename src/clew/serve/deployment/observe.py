"""From feedback to a prediction to the rewards of the arms that were asked."""

from __future__ import annotations

from typing import Any

from clew.serve.deployment.reward import Judged, Reward
from clew.serve.journal.frame import Decision, Observed
from clew.serve.journal.read import Prediction


def observed(
    prediction: Prediction,
    decision: Decision,
    classes: dict[str, tuple[Any, ...]],
    rule: Reward,
    *,
    truth: Any,
    reward: float | None,
) -> Observed | None:
    """Return what feedback means for the arms of a deployment; None where it means nothing.

    A reward that was given is that of the answer, and so of each arm that gave the same one. A
    truth rewards every arm whose answer is kept, in the shadow too. An arm that was chosen and
    failed earns nothing.

    Parameters
    ----------
    decision : Decision
        How the prediction came about.
    classes : dict of str to tuple
        By arm, what the columns of its probabilities stand for.
    """
    labels = {arm: given[0] for arm, given in decision.votes.items()}
    labels = labels or dict.fromkeys(decision.arms, prediction.answer)
    rewards: dict[str, float] = {}
    for arm, label in labels.items():
        found = reward if label == prediction.answer else None
        if found is None and truth is not None:
            lone = len(labels) == 1
            shares = _named(classes.get(arm, ()), prediction.probabilities if lone else None)
            found = rule(truth, Judged(label, shares, prediction.row))
        if found is not None:
            rewards[arm] = found
    if truth is not None:
        for shadow in prediction.shadows:
            if shadow.error or shadow.arm in rewards:
                continue
            shares = _named(classes.get(shadow.arm, ()), shadow.probabilities)
            found = rule(truth, Judged(shadow.answer, shares, prediction.row))
            if found is not None:
                rewards[shadow.arm] = found
    if not rewards:
        return None
    for arm in decision.arms:
        if arm not in labels and arm not in decision.late:
            rewards[arm] = 0.0
    return Observed(
        decision.deployment,
        decision.arms,
        decision.chances,
        rewards,
        decision.contexts[0] if decision.contexts else {},
    )


def _named(classes: tuple[Any, ...], shares: list[float] | None) -> dict[Any, float] | None:
    if shares is None or len(classes) != len(shares):
        return None
    return dict(zip(classes, shares, strict=True))
