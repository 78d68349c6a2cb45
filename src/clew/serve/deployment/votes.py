"""One answer of several: what the policy makes of the arms' votes, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.serve.deployment.ask import Votes
from clew.serve.deployment.running import Choice, Running
from clew.serve.hosted import Answered
from clew.serve.policy.base import Context, SelectionPolicy, Vote
from clew.serve.policy.base import State as Learned


@dataclass(frozen=True, slots=True)
class Made:
    """The answer to some rows.

    Parameters
    ----------
    arm : str
        Whose version the answer is said to be: the one that answered; of several, the champion, or
        the first that answered.
    confidence : list of float
        In each row's answer, from 0 to 1.
    """

    arm: str
    labels: list[Any]
    probabilities: list[list[float]] | None
    confidence: list[float]


def made_of(
    policy: SelectionPolicy,
    learned: Learned,
    context: Context,
    votes: Votes,
    running: Running,
    choice: Choice,
) -> Made:
    """Return one answer for each row.

    A lone answer of several arms that were asked is combined too: the confidence in it is lower.
    """
    (arm, answers), *_ = votes.given.items()
    if len(choice.arms) == 1 or arm not in choice.arms:
        return _alone(arm, answers)
    classes = {key: running.parts[key].hosted.compiled.classes for key in votes.given}
    labels, confidence, shares = [], [], []
    probable = all(answers[0].probabilities is not None for answers in votes.given.values())
    for at in range(len(next(iter(votes.given.values())))):
        row = [_vote(key, answers[at], classes[key]) for key, answers in votes.given.items()]
        label, sure = policy.combine(learned, context, row)
        labels.append(label)
        confidence.append(float(sure))
        if probable:
            shares.append(policy.shares(learned, context, row))  # type: ignore[attr-defined]
    champion = running.champion
    named = champion.hosted.compiled.classes
    return Made(
        champion.key if champion.key in votes.given else next(iter(votes.given)),
        labels,
        [[share.get(name, 0.0) for name in named] for share in shares] if probable else None,
        confidence,
    )


def _alone(arm: str, answers: Sequence[Answered]) -> Made:
    labels = [answer.prediction for answer in answers]
    if answers[0].probabilities is None:
        return Made(arm, labels, None, [1.0] * len(labels))
    shares = [answer.probabilities or [] for answer in answers]
    return Made(arm, labels, shares, [max(share) for share in shares])


def _vote(arm: str, answer: Answered, classes: Sequence[Any]) -> Vote:
    shares = answer.probabilities
    return Vote(
        arm, answer.prediction, None if shares is None else dict(zip(classes, shares, strict=True))
    )
