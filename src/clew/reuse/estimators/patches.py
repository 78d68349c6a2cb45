"""Patched libraries: functions of the project's that were put into a library's class or module.

A library's class is named by its version, which says nothing once somebody writes
``StandardScaler.transform = mine``. So the attributes of its bases and the globals of its module
are compared with what they were at first sight, whenever the user's own code may have run since. A
function of the project's counts by its code; anything else that was put in place later has no name,
and the class's calls are executed. Patches in modules farther down are not seen.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.code import code_id

_QUIET = ("sklearn.base", "sklearn.utils")
"""Bases of everything, whose own globals no method of an estimator is looked up in."""

_MOCKS = "unittest.mock"
_Place = tuple[str, str]


class _Epoch:
    """Counts how often code of the user's may have run."""

    now = 0


_first: dict[_Place, dict[str, object]] = {}
_found: dict[type, tuple[int, bytes]] = {}


def user_code_ran() -> None:
    """Say that anything may be patched now."""
    _Epoch.now += 1


def patches_of(cls: type, is_library: Callable[[Any], bool]) -> bytes:
    """Return the identity of what was patched into a class's library bases ("" for nothing).

    Raises
    ------
    Unhashable
        When something was put in place that has no name.
    """
    known = _found.get(cls)
    if known is None or known[0] != _Epoch.now:
        parts = [
            frame(f"{place[0]}:{place[1]}.{name}".encode()) + frame(_identity(name, value))
            for place, table in _tables(cls, is_library)
            for name, value in _foreign(place, table, is_library)
        ]
        known = _found[cls] = (_Epoch.now, b"".join(parts))
    return known[1]


def _tables(cls: type, is_library: Callable[[Any], bool]) -> Iterator[tuple[_Place, Any]]:
    modules: dict[str, None] = {}
    for base in cls.__mro__[:-1]:
        if is_library(base):
            yield (base.__module__, base.__qualname__), vars(base)
            if not base.__module__.startswith(_QUIET):
                modules[base.__module__] = None
    for name in modules:
        module = sys.modules.get(name)
        if module is not None:
            yield (name, ""), vars(module)


def _foreign(
    place: _Place, table: Any, is_library: Callable[[Any], bool]
) -> Iterator[tuple[str, Any]]:
    """Yield what does not belong to the library."""
    now = {name: _plain(value) for name, value in list(table.items())}
    first = _first.setdefault(place, now)
    for name, value in now.items():
        changed = value is not first.get(name) and not _may_change(name, value)
        if changed or _is_project(value, is_library) or type(value).__module__ == _MOCKS:
            yield name, value


def _identity(name: str, value: Any) -> bytes:
    if isinstance(value, types.FunctionType):
        return code_id(value)
    raise Unhashable(f"{name} of its library was patched")


def _plain(value: Any) -> Any:
    """Return what stands behind a wrapper of this package."""
    value = getattr(value, "fn", value) if type(value).__module__.startswith("sklearn.") else value
    hooked = getattr(value, "__dict__", {}).get("__clew_hooked__") if callable(value) else None
    return value if hooked is None else hooked


def _is_project(value: Any, is_library: Callable[[Any], bool]) -> bool:
    if not isinstance(value, types.FunctionType):
        return False
    home = value.__globals__.get("__name__", "")
    return not home.startswith("clew.") and not is_library(home)


def _may_change(name: str, value: Any) -> bool:
    """Tell whether a library itself may have put this in place (an import, a cache of ABCs)."""
    if name.startswith("__") or name == "_abc_impl" or isinstance(value, types.ModuleType):
        return True
    home = value.__globals__.get("__name__", "") if isinstance(value, types.FunctionType) else ""
    return home.startswith("clew.")
