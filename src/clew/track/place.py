"""Where tracking goes: the ports of the store of this place, handed in by `clew.app`."""

from __future__ import annotations

from typing import Protocol

from clew.entities import LoggedModel
from clew.entities.place import Place
from clew.track.ports import (
    Artifacts,
    Datasets,
    Experiments,
    Histories,
    LoggedModels,
    Logging,
    Runs,
    Search,
)


class Ports(Protocol):
    """What the verbs of tracking need of a store."""

    @property
    def experiments(self) -> Experiments:
        """Experiments."""

    @property
    def runs(self) -> Runs:
        """Runs."""

    @property
    def logging(self) -> Logging:
        """What runs log."""

    @property
    def histories(self) -> Histories:
        """Histories of metrics."""

    @property
    def search(self) -> Search:
        """Search."""

    @property
    def datasets(self) -> Datasets:
        """Datasets."""

    @property
    def models(self) -> LoggedModels:
        """Logged models."""

    @property
    def artifacts(self) -> Artifacts:
        """Files."""

    def model_of(self, uri: str) -> LoggedModel:
        """Return the logged model that a URI of the registry names (``models:/adult@champion``)."""


_place: Place[Ports] = Place()
set_opener = _place.set_opener
current = _place.current
