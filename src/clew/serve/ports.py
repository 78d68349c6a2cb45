"""What serving needs from outside: a format to export to, and something that runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from clew.errors import ClewError

if TYPE_CHECKING:
    from clew.serve.deployment.config import Deployment
    from clew.serve.deployment.state import State


class Runner(Protocol):
    """A prepared graph. May be called from several threads at once."""

    def run(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the outputs by name: ``label``, ``probabilities`` or ``value``."""


class Exporter(Protocol):
    """A portable format of models.

    Every method raises `UnsupportedValue` for what the format cannot say, and `MissingExtra` where
    its library is not installed.
    """

    name: str

    def versions(self) -> Mapping[str, str]:
        """Return the versions that decide what an export holds."""

    def of_matrix(self, model: Any, n_features: int) -> bytes:
        """Return a model that reads (n_rows, n_features) doubles called ``X``."""

    def of_frame(self, model: Any, columns: Mapping[str, str]) -> bytes:
        """Return a pipeline that reads named columns, each (n_rows, 1): ``"text"`` or numbers."""

    def open(self, exported: bytes) -> Runner:
        """Prepare an export to run."""


class Finder(Protocol):
    """Finds models of the store of this place."""

    def __call__(self, spec: str, *, trust: bool = False) -> tuple[Any, Any, bool]:
        """Return a model, rows that it was fitted on, and whether they are a mere example."""


class Deployments(Protocol):
    """The deployments of the store of this place; see `clew.serve.deployment.deploy`."""

    def deploy(self, deployment: Deployment, reason: str) -> State:
        """Record a deployment."""

    def promote(self, name: str, role: str | None, reason: str) -> State:
        """Make an arm the champion."""

    def roll_back(self, name: str, reason: str) -> State:
        """Return to the state before."""

    def current(self, name: str) -> State:
        """Return a deployment as it stands."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What `clew` hands in."""

    exporter: Callable[[], Exporter]
    find: Finder
    as_model: Callable[[Any, Any], Any]
    """Gives a torch module with an example as what has ``predict``; anything else as it is."""
    deployments: Callable[[], Deployments]


_outside: Outside | None = None


def set_outside(outside: Outside) -> None:
    """Tell where the exporter and named models are found (called by `clew`)."""
    global _outside
    _outside = outside


def outside() -> Outside:
    """Return what was handed in."""
    if _outside is None:
        # A part of clew was imported by its own name: only the root package knows the wiring.
        sys.modules["clew"]._wire()
    if _outside is None:
        raise ClewError("clew is not wired", hint="use clew.serve")
    return _outside
