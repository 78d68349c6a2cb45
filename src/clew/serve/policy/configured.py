"""Policies by name, with their settings as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.policy.bandit import EpsilonGreedy, Exp3, Split, Static, Thompson, UpperBound
from clew.serve.policy.base import SelectionPolicy
from clew.serve.policy.contextual import Contextual
from clew.serve.policy.ensemble import Exp4, Voting, Weighted

POLICIES: Mapping[str, type[Any]] = {
    "static": Static,
    "split": Split,
    "thompson": Thompson,
    "epsilon-greedy": EpsilonGreedy,
    "ucb": UpperBound,
    "exp3": Exp3,
    "linear": Weighted,
    "voting": Voting,
    "exp4": Exp4,
}


def configured(
    name: str, settings: Mapping[str, Any], *, by: Sequence[str] = ()
) -> SelectionPolicy:
    """Return a policy.

    Parameters
    ----------
    name : str
        One of `POLICIES`.
    settings : mapping
        Its own parameters.
    by : sequence of str
        Fields of a request for whose values it learns apart (`Contextual`).

    Raises
    ------
    InvalidParameter
        When there is no such policy, or it has no such setting.

    Examples
    --------
    >>> from clew.serve.policy import configured
    >>> configured("thompson", {"explore": 0.05})
    Thompson(memory=160.0, explore=0.05)
    """
    kind = POLICIES.get(name)
    if kind is None:
        raise InvalidParameter("policy", got=repr(name), expected=", ".join(POLICIES))
    known = [field.name for field in fields(kind)]
    strange = [key for key in settings if key not in known]
    if strange:
        raise InvalidParameter(
            f"settings of policy {name}",
            got=", ".join(strange),
            expected=", ".join(known) or "none",
        )
    try:
        policy: SelectionPolicy = kind(**settings)
    except TypeError as error:
        raise InvalidParameter(f"settings of policy {name}", got=str(error)) from None
    return Contextual(policy, tuple(by)) if by else policy
