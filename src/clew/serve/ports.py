"""What serving needs from outside: a format to export to, and something that runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from clew.errors import ClewError


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


_find: Callable[[], Exporter] | None = None


def set_exporter(find: Callable[[], Exporter]) -> None:
    """Tell where the exporter is found (called by `clew`)."""
    global _find
    _find = find


def exporter() -> Exporter:
    """Return the exporter to use."""
    if _find is None:
        # A part of clew was imported by its own name: only the root package knows the wiring.
        sys.modules["clew"]._wire()
    if _find is None:
        raise ClewError("clew is not wired", hint="use clew.serve")
    return _find()
