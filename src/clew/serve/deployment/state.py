"""A deployment as it stands: its configuration, and the versions that it means now."""

from __future__ import annotations

import msgspec

from clew.serve.deployment.config import Deployment


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """A version behind an endpoint.

    Parameters
    ----------
    role : str
        ``champion``, ``challenger`` …
    spec : str
        As configured: ``adult@champion``.
    name, version : str
        What that means now.
    content : str
        Content id of the model; "" where it is not known.
    """

    role: str
    spec: str
    name: str
    version: str
    content: str = ""

    @property
    def key(self) -> str:
        """What policies, rewards and the journal call it: ``adult/7``."""
        return f"{self.name}/{self.version}"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment at one time.

    Parameters
    ----------
    id : str
        The ULID of the event that brought it about.
    time_ms : int
        When.
    actor : str
        Who.
    action : str
        ``deployment.set``, ``.follow`` (an alias moved), ``.promote``, ``.stop``, ``.rollback``.
    reason : str
        Why.
    node : str
        Id of the node that holds the configuration and the versions.
    previous : str or None
        Id of the state that a rollback returns to.
    stopped : str
        Why the canary was stopped; "" while it runs.
    """

    config: Deployment
    arms: tuple[Arm, ...]
    id: str = ""
    time_ms: int = 0
    actor: str = ""
    action: str = "deployment.set"
    reason: str = ""
    node: str = ""
    previous: str | None = None
    stopped: str = ""

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.config.name

    @property
    def champion(self) -> Arm:
        """The champion."""
        return self.arm(self.config.champion)

    @property
    def canary_share(self) -> float:
        """Share of the requests that the canary gets now."""
        canary = self.config.canary
        return 0.0 if canary is None or self.stopped else canary.share

    def arm(self, role: str) -> Arm:
        """Return an arm by its role."""
        return next(arm for arm in self.arms if arm.role == role)

    def roles(self) -> dict[str, list[str]]:
        """Return the roles of each version, by its key: one version may have several."""
        found: dict[str, list[str]] = {}
        for arm in self.arms:
            found.setdefault(arm.key, []).append(arm.role)
        return found
