"""Where the registry is: the ports of the store of this place, handed in by `clew.app`."""

from __future__ import annotations

from typing import Protocol

from clew.entities import Event, Page
from clew.entities.place import Place
from clew.registry.ports import Aliases, RegisteredModels, Removals, Versions


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
    def removals(self) -> Removals:
        """What was removed and can come back."""

    @property
    def audit(self) -> Trail:
        """The audit trail."""


_place: Place[Ports] = Place()
set_opener = _place.set_opener
current = _place.current
