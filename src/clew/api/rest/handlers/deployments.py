"""Deployments as they stand, as they run, and how they change."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clew.api.access import Caller
from clew.api.rest.contract.deployments import (
    ArmLine,
    CanaryState,
    DeploymentDetail,
    DeploymentRow,
    DeploymentsTable,
    LiveFigures,
    NewDeployment,
    ProcessLine,
    Promotion,
    Rollback,
    StateLine,
    StopCanary,
)
from clew.api.rest.dispatch import Handler
from clew.app.deployments import change, record
from clew.app.deployments.view import ArmView, View, view, views
from clew.app.served import Served
from clew.serve.deployment.config import read
from clew.serve.deployment.meter import Counted
from clew.serve.deployment.state import State


def listed(served: Served) -> DeploymentsTable:
    """List all deployments."""
    return DeploymentsTable(rows=[_row(found) for found in views(served.store)])


def get(served: Served, name: str) -> DeploymentDetail:
    """Return one deployment."""
    found = view(served.store, name)
    states = record.history(served.tracking, name) if found.state else []
    return DeploymentDetail(
        deployment=_row(found),
        configuration=msgspec.to_builtins(found.state.config) if found.state else {},
        history=[state_line(state) for state in states],
    )


def set_(served: Served, body: NewDeployment, caller: Caller) -> DeploymentDetail:
    """Record a deployment."""
    config = read(body.configuration)
    change.deploy(served.store, config, reason=body.reason, actor=caller.actor)
    return get(served, config.name)


def promote(served: Served, name: str, body: Promotion, caller: Caller) -> DeploymentDetail:
    """Make an arm the champion."""
    change.promote(served.store, name, body.arm, reason=body.reason, actor=caller.actor)
    return get(served, name)


def rollback(served: Served, name: str, body: Rollback, caller: Caller) -> DeploymentDetail:
    """Return to the state before."""
    change.roll_back(served.store, name, reason=body.reason, actor=caller.actor)
    return get(served, name)


def stop(served: Served, name: str, body: StopCanary, caller: Caller) -> DeploymentDetail:
    """Stop the canary."""
    change.stop(served.store, name, reason=body.reason, actor=caller.actor)
    return get(served, name)


def state_line(state: State) -> StateLine:
    """Return a state as the contract has it."""
    return StateLine(
        id=state.id,
        time_ms=state.time_ms,
        actor=state.actor,
        action=state.action,  # type: ignore[arg-type]
        reason=state.reason,
        node=state.node,
        previous=state.previous,
        policy=state.config.policy,
        arms={arm.role: arm.key for arm in state.arms},
        stopped=state.stopped,
    )


def _row(found: View) -> DeploymentRow:
    state = found.state
    return DeploymentRow(
        name=found.name,
        declared=state is not None,
        state=state.id if state else "",
        node=state.node if state else "",
        policy=found.policy,
        by=list(state.config.by) if state else [],
        reward=state.config.reward if state else "auto",
        deadline_ms=state.config.deadline_ms if state else None,
        changed_ms=state.time_ms if state else None,
        changed_by=state.actor if state else "",
        change=state.action if state else None,  # type: ignore[arg-type]
        reason=state.reason if state else "",
        processes=[
            ProcessLine(
                pid=one.pid, address=one.address, started_ms=one.started_ms, told_ms=one.time_ms
            )
            for one in found.processes
        ],
        live=_figures(found.whole),
        arms=[_arm(found, arm) for arm in found.arms],
        canary=_canary(found),
    )


def _arm(found: View, arm: ArmView) -> ArmLine:
    model, _, version = arm.key.rpartition("/")
    known = found.state.arm(arm.roles[0]) if found.state and arm.roles else None
    return ArmLine(
        key=arm.key,
        roles=list(arm.roles),
        part=arm.part,  # type: ignore[arg-type]
        spec=known.spec if known else arm.key,
        model=model,
        version=version,
        content=known.content if known else "",
        share=arm.share,
        rewards=arm.rewards,
        mean_reward=arm.mean_reward,
        live=_figures(arm.counted),
    )


def _canary(found: View) -> CanaryState | None:
    state = found.state
    if state is None or state.config.canary is None:
        return None
    canary = state.config.canary
    key = state.arm(canary.arm).key
    return CanaryState(
        arm=canary.arm,
        key=key,
        state="stopped" if state.stopped else "running",
        share=canary.share,
        least=canary.least,
        risk=canary.risk,
        slower=canary.slower,
        requests=next((arm.counted.requests for arm in found.arms if arm.key == key), 0),
        reason=state.stopped,
    )


def _figures(counted: Counted) -> LiveFigures:
    recent = counted.recent
    seconds = max(recent.seconds, 1e-9)
    return LiveFigures(
        requests=counted.requests,
        rows=counted.rows,
        errors=counted.errors,
        late=counted.late,
        refused=counted.refused,
        p50_ms=_ms(recent.quantile_s(0.5)),
        p95_ms=_ms(recent.quantile_s(0.95)),
        p99_ms=_ms(recent.quantile_s(0.99)),
        requests_per_s=recent.requests / seconds if recent.requests else 0.0,
        rows_per_s=recent.rows / seconds if recent.rows else 0.0,
        errors_per_s=recent.errors / seconds if recent.errors else 0.0,
        batch_rows=recent.rows / recent.batches if recent.batches else None,
        largest_batch=counted.largest,
        cache_hits=counted.hits,
        cache_misses=counted.misses,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


HANDLERS: Mapping[str, Handler] = {
    "deployments.list": listed,
    "deployments.set": set_,
    "deployments.get": get,
    "deployments.promote": promote,
    "deployments.rollback": rollback,
    "deployments.stop": stop,
}
