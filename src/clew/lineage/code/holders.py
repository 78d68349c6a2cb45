"""Plain values behind attributes: of a settings object, only the settings that are read count."""

from __future__ import annotations

from types import SimpleNamespace

NOT_PLAIN = object()
_PLAIN = frozenset({int, bool, float, str, bytes, complex, type(None)})


def plain_attribute(holder: object, names: tuple[str, ...]) -> object:
    """Return the number or text that a chain of attributes ends at, else `NOT_PLAIN`.

    Each attribute must lie in the ``__dict__`` of an object that looks it up in the ordinary way,
    so that reading it runs no code.

    Examples
    --------
    >>> plain_attribute(SimpleNamespace(model=SimpleNamespace(depth=3)), ("model", "depth"))
    3
    """
    value = holder
    for name in names:
        held = getattr(value, "__dict__", None)
        if type(held) is not dict or name not in held or not _looks_up_plainly(type(value), name):
            return NOT_PLAIN
        value = held[name]
    return value if names and type(value) in _PLAIN else NOT_PLAIN


def _looks_up_plainly(kind: type, name: str) -> bool:
    if kind is SimpleNamespace:
        return True
    lookup: object = kind.__getattribute__
    if lookup is not object.__getattribute__ or hasattr(kind, "__getattr__"):
        return False
    owners = (vars(base) for base in kind.__mro__)
    described = next((held[name] for held in owners if name in held), None)
    return not hasattr(type(described), "__set__")
