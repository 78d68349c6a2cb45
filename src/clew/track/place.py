"""Where tracking goes: the ports of the store of this place, handed in by `clew.app`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from clew.entities import LoggedModel
from clew.errors import ClewError
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
        raise ClewError("clew is not wired", hint="use clew.run, clew.log_metric, …")
    return _opener()
