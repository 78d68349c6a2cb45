"""Policies by name, with their settings as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.policy.bandit import EpsilonGreedy, Exp3, Split, Static, Thompson, UpperBound
from clew.serve.policy.base import SelectionPolicy, State
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


def of_arms(
    name: str, settings: Mapping[str, Any], keys: Mapping[str, str], *, by: Sequence[str] = ()
) -> SelectionPolicy:
    """Return a policy whose settings name arms by their roles.

    Parameters
    ----------
    keys : mapping of str to str
        What the policy is to call each role; roles of one version add up.
    """
    told = dict(settings)
    if "arm" in told:
        told["arm"] = keys.get(told["arm"], told["arm"])
    for field in ("shares", "weights"):
        if isinstance(told.get(field), Mapping):
            sums: dict[str, float] = {}
            for role, share in told[field].items():
                key = keys.get(role, role)
                sums[key] = sums.get(key, 0.0) + float(share)
            told[field] = sums
    return configured(name, told, by=by)


def carried(policy: SelectionPolicy, learned: State, arms: Sequence[str]) -> State:
    """Return what a policy knows once its arms have changed.

    What is known of an arm that stays is kept. A new one is as little known as at the beginning;
    where losses add up, it begins with the least of them.
    """
    if isinstance(policy, Contextual):
        inner = {
            key: carried(policy.policy, known, arms)
            for key, known in learned.get("contexts", {}).items()
        }
        return {**policy.init(arms), "contexts": inner}
    fresh = policy.init(arms)
    if "arms" in fresh and isinstance(learned.get("arms"), Mapping):
        known = learned["arms"]
        return {**fresh, "arms": {arm: known.get(arm, new) for arm, new in fresh["arms"].items()}}
    if "losses" in fresh and isinstance(learned.get("losses"), Mapping):
        known = {arm: loss for arm, loss in learned["losses"].items() if arm in fresh["losses"]}
        least = min(known.values(), default=0.0)
        return {"losses": {arm: known.get(arm, least) for arm in fresh["losses"]}}
    return fresh
