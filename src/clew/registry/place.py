"""Where the registry is: the ports of the store of this place, handed in by `clew.app`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from clew.entities import Event, Page
from clew.errors import ClewError
from clew.registry.ports import Aliases, RegisteredModels, Versions


class Trail(Protocol):
    """What the registry reads of the audit trail."""

    def events(
        self, *, subject: str | None = None, limit: int = 100, page_token: str | None = None
    ) -> Page[Event]:
        """Return events, newest first."""


class Ports(Protocol):
    """What the verbs of the registry need of a store."""

    @property
    def registered(self) -> RegisteredModels:
        """Names."""

    @property
    def versions(self) -> Versions:
        """Versions."""

    @property
    def aliases(self) -> Aliases:
        """Aliases."""

    @property
    def audit(self) -> Trail:
        """The audit trail."""


_opener: Callable[[], Ports] | None = None


def set_opener(opener: Callable[[], Ports]) -> None:
    """Tell how to find the ports of the place where the process stands (called by `clew`)."""
    global _opener
    _opener = opener


def current() -> Ports:
    """Return the ports to use now."""
    if _opener is None:
        # A part of clew was imported by its own name: only the root package knows the wiring.
        sys.modules["clew"]._wire()
    if _opener is None:
        raise ClewError("clew is not wired", hint="import clew first")
    return _opener()
