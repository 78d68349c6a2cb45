"""Submodules of libraries that are not loaded yet: found on disk, so that nothing is loaded.

Some libraries load their parts at the first use. What code reads of such a part has the same name
before and after.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.machinery import PathFinder


def deepest(module: str, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the module in which a chain of attributes leaves modules, and what is left of it.

    Examples
    --------
    >>> deepest("concurrent", ("futures", "thread", "ThreadPoolExecutor"))
    ('concurrent.futures.thread', ('ThreadPoolExecutor',))
    """
    while names and _is_module(f"{module}.{names[0]}"):
        module, names = f"{module}.{names[0]}", names[1:]
    return module, names


def _is_module(name: str) -> bool:
    return name in sys.modules or _places(name) is not None


@lru_cache(maxsize=4096)
def _places(name: str) -> tuple[str, ...] | None:
    """Return the folders in which a module's submodules lie; None where there is no module."""
    parent, _, _ = name.rpartition(".")
    try:
        if not parent:
            spec = importlib.util.find_spec(name)
        else:
            loaded: Iterable[str] | None = getattr(sys.modules.get(parent), "__path__", None)
            inside = _places(parent) if loaded is None else tuple(loaded)
            spec = PathFinder.find_spec(name, list(inside)) if inside else None
    except (ImportError, ValueError):
        return None
    return None if spec is None else tuple(spec.submodule_search_locations or ())
