"""Deployments as they run: what all their processes told, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.app.deployments import record
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.errors import NotFound
from clew.serve.deployment import live
from clew.serve.deployment.learn import DEPLOYMENTS
from clew.serve.deployment.live import Told
from clew.serve.deployment.meter import Counted, together
from clew.serve.deployment.state import State


@dataclass(frozen=True, slots=True)
class ArmView:
    """One arm as it runs.

    Parameters
    ----------
    key : str
        ``adult/7``.
    part : str
        What it does: ``champion``, ``arm``, ``canary`` or ``shadow``.
    share : float or None
        Of the requests of the last minute that it answered; None when there were none.
    counted : Counted
        Since the deployment became what it is.
    rewards : int
        How many rewards feedback gave it.
    mean_reward : float or None
        Their mean.
    """

    key: str
    roles: tuple[str, ...]
    part: str
    share: float | None
    counted: Counted
    rewards: int
    mean_reward: float | None


@dataclass(frozen=True, slots=True)
class View:
    """A deployment, or a model that is served without one.

    Parameters
    ----------
    state : State or None
        What is recorded; None for a model that `clew serve` serves by its own name.
    processes : tuple of Told
        Those that serve it now.
    whole : Counted
        All its requests, added up over the processes.
    """

    name: str
    state: State | None
    policy: str
    processes: tuple[Told, ...]
    whole: Counted
    arms: tuple[ArmView, ...]


def views(store: Store) -> list[View]:
    """Return all deployments, and the plain models that are served now, by name."""
    states = {state.name: state for state in record.listing(tracking_of(store.runtime))}
    folder = store.path / DEPLOYMENTS
    names = set(states)
    if folder.is_dir():
        names |= {path.name for path in folder.iterdir() if any(map(live.alive, live.told(path)))}
    return [_view(store, name, states.get(name)) for name in sorted(names)]


def view(store: Store, name: str) -> View:
    """Return one deployment.

    Raises
    ------
    NotFound
        When nothing of that name is recorded or served.
    """
    state = record.find(tracking_of(store.runtime), name)
    found = _view(store, name, state)
    if state is None and not found.processes:
        record.current(tracking_of(store.runtime), name)
        raise NotFound("nothing of that name is served", got=name)
    return found


def _view(store: Store, name: str, state: State | None) -> View:
    told = live.told(record.folder_of(store, name))
    if state is not None:
        told = [one for one in told if one.state == state.id]
    running = tuple(one for one in told if live.alive(one))
    if state is None:
        told = list(running)
    return View(
        name=name,
        state=state,
        policy=state.config.policy if state else next((o.policy for o in running), ""),
        processes=running,
        whole=_since([one.whole for one in told], [one.whole for one in running]),
        arms=tuple(_arms(state, told, running)),
    )


def _since(told: Sequence[Counted], running: Sequence[Counted]) -> Counted:
    """Return the counts of all processes; of the last minute only those that run."""
    whole = together(told)
    whole.recent = together(running).recent
    return whole


def _arms(state: State | None, told: Sequence[Told], running: Sequence[Told]) -> list[ArmView]:
    roles: dict[str, list[str]] = {}
    for one in told:
        roles.update(one.versions)
    if state is not None:
        roles = state.roles()
    newest = max(told, key=lambda one: one.time_ms, default=None)
    counts = {
        key: _since(
            [one.arms[key] for one in told if key in one.arms],
            [one.arms[key] for one in running if key in one.arms],
        )
        for key in roles
    }
    parts = {key: _part(state, named) for key, named in roles.items()}
    total = sum(counts[key].recent.requests for key in roles if parts[key] != "shadow")
    found = []
    for key, named in roles.items():
        number, reward, _ = (newest.rewards.get(key) if newest else None) or (0.0, 0.0, 0.0)
        found.append(
            ArmView(
                key=key,
                roles=tuple(named),
                part=parts[key],
                share=counts[key].recent.requests / total
                if total and parts[key] != "shadow"
                else None,
                counted=counts[key],
                rewards=int(number),
                mean_reward=reward / number if number else None,
            )
        )
    return found


def _part(state: State | None, roles: Sequence[str]) -> str:
    if state is None or state.config.champion in roles:
        return "champion"
    canary = state.config.canary
    if canary is not None and canary.arm in roles:
        return "canary"
    return "shadow" if set(roles) <= set(state.config.shadow) else "arm"
