"""Deployments of the store of this place: what `clew.serve` asks."""

from __future__ import annotations

from clew.app.deployments import change, record
from clew.app.store import open_store
from clew.app.tracking import tracking_here
from clew.serve.deployment.config import Deployment
from clew.serve.deployment.state import State


def deploy(deployment: Deployment, reason: str) -> State:
    """Record a deployment."""
    return change.deploy(open_store(), deployment, reason=reason)


def promote(name: str, role: str | None, reason: str) -> State:
    """Make an arm the champion."""
    return change.promote(open_store(), name, role, reason=reason)


def roll_back(name: str, reason: str) -> State:
    """Return to the state before."""
    return change.roll_back(open_store(), name, reason=reason)


def current(name: str) -> State:
    """Return a deployment as it stands."""
    return record.current(tracking_here(), name)
