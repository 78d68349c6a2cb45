"""Deployments change: made, promoted, stopped, rolled back, followed."""

from __future__ import annotations

import re

from msgspec.structs import replace

from clew.app.deployments import record
from clew.app.promotion import OVERRIDE, demand
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.errors import InvalidState, NotFound
from clew.serve.deployment.config import Deployment
from clew.serve.deployment.state import Arm, State

_ALIAS = re.compile(r"(?:models:/)?([^/:@]+)@([\w-]+)")


def deploy(store: Store, config: Deployment, *, reason: str = "", actor: str = "") -> State:
    """Record a deployment; processes that serve it take it up.

    Raises
    ------
    NotFound
        When an arm names no model.
    InvalidParameter
        When the configuration makes no sense.
    InvalidState
        When the gates of a model have not passed a version that clients would be answered by, and
        the reason overrides nothing. Arms in the shadow need no verdict.
    """
    config.checked()
    before = record.find(tracking_of(store.runtime), config.name)
    state = State(
        config=config,
        arms=record.resolved(store, config),
        previous=None if before is None else before.id,
    )
    for role in config.answering:
        _demand(store, state.arm(role), reason)
    return record.put(store, state, "deployment.set", reason=reason, actor=actor)


def promote(
    store: Store, name: str, role: str | None = None, *, reason: str = "", actor: str = ""
) -> State:
    """Make an arm the champion: the canary, the only challenger, or the one that is named.

    Where the champion is an alias, the alias is pointed to the version; else the version takes its
    place in the configuration. The other arms that are not of this version stay.

    Raises
    ------
    InvalidState
        When it is not clear which arm is meant, or an alias cannot be pointed to it.
    """
    before = record.current(tracking_of(store.runtime), name)
    arm = _promoted(before, role)
    why = reason or f"{arm.key} ({arm.role}) takes the place of {before.champion.key}"
    champion = before.config.champion
    spec = before.config.arms[champion]
    if _ALIAS.fullmatch(spec):
        told = why if why.startswith(OVERRIDE) else f"deployment {name}: {why}"
        _point(store, spec, arm, reason=told, actor=actor)
    else:
        _demand(store, arm, why)
        spec = arm.spec if not _ALIAS.fullmatch(arm.spec) else arm.key
    gone = {one.role for one in before.arms if one.key == arm.key and one.role != champion}
    config = _without(before.config, gone)
    config = replace(config, arms={**config.arms, champion: spec}).checked()
    state = State(config=config, arms=record.resolved(store, config), previous=before.id)
    return record.put(store, state, "deployment.promote", reason=why, actor=actor)


def stop(store: Store, name: str, *, reason: str, actor: str = "", state: str = "") -> State:
    """Take a canary's share from it; the reason is kept.

    Parameters
    ----------
    state : str, optional
        Only if the deployment still is in this state, and its canary runs.
    """
    before = record.current(tracking_of(store.runtime), name)
    if before.config.canary is None:
        raise InvalidState(f"deployment {name!r} has no canary")
    if before.stopped or (state and before.id != state):
        return before
    return record.put(
        store, replace(before, stopped=reason), "deployment.stop", reason=reason, actor=actor
    )


def roll_back(store: Store, name: str, *, reason: str = "", actor: str = "") -> State:
    """Return a deployment to what it was before its last change, aliases included.

    Again, it goes one further back.

    Raises
    ------
    NotFound
        When there is nothing before.
    """
    tracking = tracking_of(store.runtime)
    now = record.current(tracking, name)
    target = next(
        (one for one in record.history(tracking, name, limit=10_000) if one.id == now.previous),
        None,
    )
    if target is None:
        raise NotFound(f"deployment {name!r} was nothing else before", got=now.action)
    why = reason or f"rolled back from {', '.join(arm.key for arm in now.arms)}"
    for arm in target.arms:
        if _ALIAS.fullmatch(arm.spec) and record.resolve(store, arm.role, arm.spec) != arm:
            _point(store, arm.spec, arm, reason=f"deployment {name}: {why}", actor=actor)
    return record.put(store, target, "deployment.rollback", reason=why, actor=actor)


def follow(store: Store, state: State) -> State | None:
    """Return the state that a serving process is to take up; None when it has the newest.

    Where an alias was moved, that is a new state, recorded here by whoever notices first.
    """
    now = record.current(tracking_of(store.runtime), state.name)
    arms = record.resolved(store, now.config)
    if arms != now.arms:
        moved = [
            f"{new.spec}: {old.key} → {new.key}"
            for old, new in zip(now.arms, arms, strict=True)
            if old != new
        ]
        canary = now.config.canary
        same = canary is not None and now.arm(canary.arm) in arms
        now = record.put(
            store,
            replace(now, arms=arms, previous=now.id, stopped=now.stopped if same else ""),
            "deployment.follow",
            reason="; ".join(moved),
        )
    return None if now.id == state.id else now


def _demand(store: Store, arm: Arm, reason: str) -> None:
    """Refuse a version that the gates of its model have not passed."""
    version = record.version_of(store, arm)
    if version is not None and not reason.startswith(OVERRIDE):
        tracking = tracking_of(store.runtime)
        demand(tracking.registered, tracking.audit, version)


def _promoted(state: State, role: str | None) -> Arm:
    others = {arm.role: arm for arm in state.arms if arm.key != state.champion.key}
    if role is None and state.config.canary is not None:
        role = state.config.canary.arm
    if role is None and len(others) == 1:
        role = next(iter(others))
    if role is None or role not in others:
        raise InvalidState(
            "which arm becomes the champion?",
            got=role,
            expected=", ".join(others) or "another version than the champion's",
        )
    return others[role]


def _point(store: Store, spec: str, arm: Arm, *, reason: str, actor: str) -> None:
    match = _ALIAS.fullmatch(spec)
    assert match is not None
    if arm.name != match[1] or not arm.version.isdigit():
        raise InvalidState(
            f"{spec} cannot be pointed to {arm.key}",
            expected=f"a version of {match[1]}",
            hint="register the model as a version of that name first",
        )
    tracking_of(store.runtime).aliases.set(
        match[1], match[2], int(arm.version), actor=actor, reason=reason
    )


def _without(config: Deployment, roles: set[str]) -> Deployment:
    """Return a configuration without some arms; who decided among them is not needed any more."""
    arms = {role: spec for role, spec in config.arms.items() if role not in roles}
    canary = config.canary if config.canary and config.canary.arm not in roles else None
    shadow = tuple(role for role in config.shadow if role not in roles)
    kept = replace(config, arms=arms, canary=canary, shadow=shadow)
    named = any(role in str(config.settings) for role in roles)
    if len(kept.choosing) == 1 or named:
        kept = replace(kept, policy="static", settings={}, by=())
    return kept
