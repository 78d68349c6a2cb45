"""Deployments on record: each state is an event, and a node that reads the models.

An event has the state whole, so that the newest one says what a deployment is now, and an older one
what a rollback returns to. The node names configuration and models by content: the models' lineage
leads to the deployments that served them.
"""

from __future__ import annotations

import getpass
import json
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from clew.app.facts import makers_of
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.entities import Event, ModelVersion
from clew.errors import NotFound
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, call_id
from clew.lineage.ulid import new_ulid
from clew.serve.deployment.config import Deployment
from clew.serve.deployment.learn import DEPLOYMENTS
from clew.serve.deployment.state import Arm, State

OPERATION = "clew.serve:deploy"
SUBJECT = "deployment"
_MOST = 10_000
_decode = msgspec.json.Decoder(State).decode


def folder_of(store: Store, name: str) -> Path:
    """Return where serving processes keep what they know of a deployment."""
    return store.path / DEPLOYMENTS / name


def history(tracking: Tracking, name: str, limit: int = 100) -> list[State]:
    """Return the states of a deployment, newest first."""
    events = tracking.audit.events(subject=f"{SUBJECT}/{name}", limit=limit).items
    return [_state(event) for event in events if event.after is not None]


def current(tracking: Tracking, name: str) -> State:
    """Return a deployment as it stands.

    Raises
    ------
    NotFound
        When there is none of that name; says which there are.
    """
    found = find(tracking, name)
    if found is None:
        known = ", ".join(state.name for state in listing(tracking)) or "none"
        raise NotFound(
            "there is no such deployment",
            got=repr(name),
            expected=known,
            hint="clew deploy NAME --champion MODEL@ALIAS makes one",
        )
    return found


def find(tracking: Tracking, name: str) -> State | None:
    """Return a deployment as it stands, or None."""
    states = history(tracking, name, limit=1)
    return states[0] if states else None


def listing(tracking: Tracking) -> list[State]:
    """Return all deployments as they stand, by name."""
    newest: dict[str, State] = {}
    for event in tracking.audit.events(subject=SUBJECT, limit=_MOST).items:
        name = event.subject.partition("/")[2]
        if name not in newest and event.after is not None:
            newest[name] = _state(event)
    return [newest[name] for name in sorted(newest)]


def put(store: Store, state: State, action: str, *, reason: str = "", actor: str = "") -> State:
    """Record a new state of a deployment; return it with its id and node."""
    tracking = tracking_of(store.runtime)
    node = _recorded(store, state)
    event = Event(
        id=new_ulid(),
        time_ms=time.time_ns() // 1_000_000,
        actor=actor or _user(),
        action=action,
        subject=f"{SUBJECT}/{state.name}",
        after=msgspec.json.encode(msgspec.structs.replace(state, node=node.hex())).decode(),
        reason=reason or None,
    )
    tracking.audit.add(event)
    return _state(event)


def resolved(store: Store, config: Deployment) -> tuple[Arm, ...]:
    """Return the versions that a configuration means now.

    Raises
    ------
    NotFound
        When an arm names nothing.
    """
    return tuple(resolve(store, role, spec) for role, spec in config.arms.items())


def resolve(store: Store, role: str, spec: str) -> Arm:
    """Return the version that an arm means now."""
    from clew.app.serving import label_of, registered

    version = registered(store, spec)
    if version is not None:
        return Arm(
            role=role,
            spec=spec,
            name=version.name,
            version=str(version.version),
            content=version.content or "",
        )
    name, content = label_of(store, spec)
    return Arm(role=role, spec=spec, name=name, version=content[:12], content=content)


def version_of(store: Store, arm: Arm) -> ModelVersion | None:
    """Return the registered version that an arm is; None for the result of a step."""
    if not arm.version.isdigit() or len(arm.version) > 9:
        return None
    try:
        return tracking_of(store.runtime).versions.get(arm.name, int(arm.version))
    except NotFound:
        return None


def _recorded(store: Store, state: State) -> NodeId:
    """Record what a state is as a node."""
    runtime = store.runtime
    arms = [[arm.role, arm.spec, arm.key] for arm in state.arms]
    content = {"configuration": msgspec.to_builtins(state.config), "arms": arms}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    told = fingerprint(text)
    _, size_bytes = runtime.vault.put(text, told)
    inputs = [Edge("configuration", told)]
    for arm in state.arms:
        if arm.content:
            value = ValueId(Digest(bytes.fromhex(arm.content)))
            makers = makers_of(store, value)
            inputs.append(Edge(arm.role, value, makers[0] if makers else None))
    id = call_id(OPERATION, None, runtime.environment[0], None, inputs)
    node = Node(
        id=id,
        call=id,
        operation=OPERATION,
        kind="deployment",
        code=None,
        environment=runtime.environment[0],
        seed=None,
        inputs=tuple(inputs),
        outputs=(),
        created_ms=time.time_ns() // 1_000_000,
    )
    described = replace(describe(told, text), size_bytes=size_bytes, state="stored")
    runtime.store.add([node], [described])
    return id


def _state(event: Event) -> State:
    assert event.after is not None
    return msgspec.structs.replace(
        _decode(event.after),
        id=event.id,
        time_ms=event.time_ms,
        actor=event.actor,
        action=event.action,
        reason=event.reason or "",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
