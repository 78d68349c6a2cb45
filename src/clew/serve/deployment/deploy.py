"""The verbs of deployments, on the store of this place."""

from __future__ import annotations

from clew.serve.deployment.config import Deployment
from clew.serve.deployment.state import State
from clew.serve.ports import outside


def deploy(deployment: Deployment, *, reason: str = "") -> State:
    """Record a deployment; processes that serve it (`clew serve NAME`) take it up.

    Raises
    ------
    NotFound
        When an arm names no model.
    InvalidParameter
        When the configuration makes no sense.
    """
    return outside().deployments().deploy(deployment, reason)


def promote(name: str, arm: str | None = None, *, reason: str = "") -> State:
    """Make an arm of a deployment its champion: the one of this role, or the canary.

    Where the champion is an alias of the registry, the alias is pointed to the version.

    Raises
    ------
    InvalidState
        When it is not clear which arm is meant, or an alias cannot be pointed to it.
    """
    return outside().deployments().promote(name, arm, reason)


def roll_back(name: str, *, reason: str = "") -> State:
    """Return a deployment to what it was before its last change, aliases included.

    Raises
    ------
    NotFound
        When it was nothing else before.
    """
    return outside().deployments().roll_back(name, reason)


def deployed(name: str) -> State:
    """Return a deployment as it stands.

    Raises
    ------
    NotFound
        When there is none of that name.
    """
    return outside().deployments().current(name)
