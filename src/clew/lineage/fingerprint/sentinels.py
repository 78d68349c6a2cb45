"""Bare ``object()`` instances: nothing but an identity, so the name of a global must tell which.

Two sentinels are equal in every part and yet are different values: a step that compares with
``is`` tells them apart. One that a module holds is named by that place; any other is refused.
"""

from __future__ import annotations

import sys

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.walk import Context, home_of, refusal

_found: dict[int, tuple[object, str, str]] = {}


def encode_sentinel(value: object, ctx: Context) -> bytes:
    """Encode a bare object by the global that holds it."""
    known = _found.get(id(value))
    if known is None or not _holds(known[1], known[2], value):
        known = _found[id(value)] = (value, *_place(value))
    _, module, name = known
    return frame(home_of(module).encode()) + frame(name.encode())


def _place(value: object) -> tuple[str, str]:
    """Return the module and name of a global; the first in order where several hold it."""
    places = []
    for module in list(sys.modules):
        names = _globals(module)
        places += [(module, name) for name, held in list(names.items()) if held is value]
    if not places:
        raise refusal(value, "it is nothing but itself, and no module holds it under a name")
    return min(places, key=lambda place: (home_of(place[0]), place[1]))


def _holds(module: str, name: str, value: object) -> bool:
    return _globals(module).get(name) is value


def _globals(module: str) -> dict[str, object]:
    try:  # not `vars`: asking a lazy module for its names would load it
        names = object.__getattribute__(sys.modules[module], "__dict__")
    except (KeyError, AttributeError):
        return {}
    return names if isinstance(names, dict) else {}
