"""Where the verbs of a stage find the store of this place: `clew.app` hands its ports in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Generic, TypeVar

from clew.errors import ClewError

Ports = TypeVar("Ports")


class Place(Generic[Ports]):
    """The ports that a stage asks, wherever the process stands."""

    def __init__(self) -> None:
        self._opener: Callable[[], Ports] | None = None

    def set_opener(self, opener: Callable[[], Ports]) -> None:
        """Tell how to find the ports of the place where the process stands (called by `clew`)."""
        self._opener = opener

    def current(self) -> Ports:
        """Return the ports to use now."""
        if self._opener is None:
            # A part of clew was imported by its own name: only the root package knows the wiring.
            sys.modules["clew"]._wire()
        if self._opener is None:
            raise ClewError("clew is not wired", hint="import clew first")
        return self._opener()
