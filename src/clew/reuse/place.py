"""Which store reuse keeps its results in: the one of this place, another one, or none."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from clew.errors import ClewError, StoreError, UnsafeLoad
from clew.steps import runtime as runtimes
from clew.steps.runtime import Runtime

HERE = "default"
"""Says: the store that steps use where the process stands."""

_opener: Callable[[str], Runtime] | None = None


def set_opener(opener: Callable[[str], Runtime]) -> None:
    """Tell how to open the store in a folder (called by `clew.app`)."""
    global _opener
    _opener = opener


def runtime_of(store: str | Path | None) -> Runtime | None:
    """Return the runtime over a store: `HERE`, a folder, or None for none.

    Raises
    ------
    UnsafeLoad
        When somebody else owns the folder or can write into it: results are unpickled.
    StoreError
        When it cannot be made.
    """
    if store is None:
        return None
    if store == HERE:
        return runtimes.current()
    _demand_own(Path(store))
    return runtime_at(str(Path(store).absolute()))


def runtime_at(location: str) -> Runtime:
    """Return the runtime over the store in a folder."""
    if _opener is None:
        # A part of clew was imported by its own name: only the root package knows the wiring.
        sys.modules["clew"]._wire()
    if _opener is None:
        raise ClewError("clew is not wired", hint="use clew.reuse, clew.trace, …")
    return _opener(location)


def _demand_own(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise StoreError("the folder of results cannot be made", got=str(folder)) from error
    others = stat.S_IWGRP | stat.S_IWOTH
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & others):
        raise UnsafeLoad(
            "the folder of results can be written by somebody else",
            got=str(folder),
            expected="a folder that you own and only you can write into",
            hint="its values are unpickled: choose another, or `chmod 700` it",
        )
