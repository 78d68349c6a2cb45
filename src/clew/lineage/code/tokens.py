"""The table of what clew can read in code: one handler per kind of object."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from clew.lineage.code.guards import FIRM
from clew.lineage.code.walk import Walk, Where

Handler = Callable[[Walk, Any, Where], bytes]

_HANDLERS: dict[type, Handler] = {}
_fallback: list[Handler] = []


def handles(*kinds: type) -> Callable[[Handler], Handler]:
    """Register the handler of objects whose type is exactly one of `kinds`."""

    def register(handler: Handler) -> Handler:
        for kind in kinds:
            _HANDLERS[kind] = handler
        return handler

    return register


def otherwise(handler: Handler) -> Handler:
    """Register the handler of everything else."""
    _fallback[:] = [handler]
    return handler


def token(walk: Walk, value: Any, where: Where) -> bytes:
    """Return the token of anything that code can refer to.

    Raises
    ------
    clew.errors.Unhashable
        If it has no sound content id.
    """
    value = behind_hook(value)
    if type(value) not in FIRM:
        walk.guards.is_loose = True
    handler = _HANDLERS.get(type(value)) or _fallback[0]
    return handler(walk, value, where)


def behind_hook(value: Any) -> Any:
    """Return what one of clew's own hooks stands for: it changes no result, so no identity."""
    if type(value) is FunctionType and "__clew_hooked__" in vars(value):
        module = value.__globals__.get("__name__")  # a copy of the attributes is not the hook
        if isinstance(module, str) and module.startswith("clew."):
            return value.__dict__["__clew_hooked__"]
    return value
