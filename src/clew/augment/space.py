"""Policies to search over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sklearn.utils import check_random_state

from clew.augment.catalogue import RAND_AUGMENT, operators
from clew.augment.kernel import alignment
from clew.augment.policy import Operation, Policy


@dataclass(frozen=True)
class Policies:
    """AutoAugment's space: sub-policies of operations with probability and magnitude.

    A distribution, as `clew.Search` and scikit-learn's searches take them.

    Parameters
    ----------
    operators
        What an operation is drawn from.
    subpolicies
        In a policy.
    length
        Operations in a sub-policy.
    steps
        Probabilities and magnitudes are multiples of 1 / steps; AutoAugment has 10.

    Examples
    --------
    >>> from clew.augment import Policies
    >>> policy = Policies(("rotate", "elastic"), subpolicies=3).rvs(random_state=0)
    >>> len(policy.subpolicies), len(policy.subpolicies[0])
    (3, 2)
    """

    operators: Iterable[str] = RAND_AUGMENT
    subpolicies: int = 5
    length: int = 2
    steps: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "operators", tuple(self.operators))
        for name in self.operators:
            Operation(name)

    def rvs(self, size: int | None = None, random_state: Any = None) -> Any:
        """Return a policy, or a list of `size` policies."""
        state = check_random_state(random_state)
        if size is not None:
            return [self.rvs(random_state=state) for _ in range(size)]
        operators = tuple(self.operators)
        shape = (self.subpolicies, self.length)
        chosen = state.randint(len(operators), size=shape)
        strengths = state.randint(1, self.steps + 1, size=(*shape, 2)) / self.steps
        return Policy(
            [
                [
                    Operation(operators[which], float(probability), float(magnitude))
                    for which, (probability, magnitude) in zip(row, numbers, strict=True)
                ]
                for row, numbers in zip(chosen, strengths, strict=True)
            ]
        )


def promising(
    X: Any, y: Any, among: Iterable[str] | None = None, *, keep: int = 8
) -> tuple[str, ...]:
    """Return the operators worth searching over: those that align best, without training.

    Each is judged by `alignment` at three magnitudes, and counts with its best one.

    Parameters
    ----------
    X, y
        Images or series, and their classes.
    among
        Operators of the kind of `X`; all on images by default.
    keep
        How many.
    """

    def best(name: str) -> float:
        tried = (Policy([[Operation(name, 1.0, m)]]) for m in (0.2, 0.4, 0.7))
        return max(alignment(policy, X, y, copies=4) for policy in tried)

    scores = {name: best(name) for name in among or operators("images")}
    return tuple(sorted(scores, key=lambda name: -scores[name])[:keep])


def joined(policies: Iterable[Policy], *, seed: int = 0) -> Policy:
    """Return one policy of all the sub-policies of several: what AutoAugment makes of its best."""
    return Policy([sub for policy in policies for sub in policy.subpolicies], seed=seed)
