"""Which handler encodes which type, found along the class's bases without importing anything."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from clew.errors import Unhashable

if TYPE_CHECKING:
    from clew.lineage.fingerprint.walk import Context

Handler = Callable[[Any, "Context"], bytes]
H = TypeVar("H", bound=Callable[..., bytes])


@dataclass(frozen=True, slots=True)
class Entry:
    """How values of one type are encoded.

    Parameters
    ----------
    encode : callable
        ``(value, ctx) -> bytes``.
    tag : str or None
        Name that stands for the type. None: the identity of the class (its code) does.
    subclasses : bool
        Whether the handler also sees everything that a subclass may add.
    shared : bool
        Whether aliasing can be told: mutable values are written once, then referred to.
    names_class : bool
        Whether the handler itself tells subclasses apart.
    owner : type or None
        The class that the handler was registered for.
    """

    encode: Handler
    tag: str | None
    subclasses: bool
    shared: bool
    names_class: bool
    owner: type | None = None


_by_type: dict[type, Entry] = {}
_by_name: dict[str, Entry] = {}
_loaders: dict[str, Callable[[], object]] = {}
_resolved: WeakKeyDictionary[type, Entry] = WeakKeyDictionary()


def register(
    target: type | str,
    *,
    tag: str | None = None,
    subclasses: bool = False,
    shared: bool = True,
    names_class: bool = False,
) -> Callable[[H], H]:
    """Register the decorated function as the handler of a type.

    Parameters
    ----------
    target : type or str
        The type, or its importable name (``"pandas.DataFrame"``): the name is looked up when a
        value of that package shows up, so that nothing is imported for it.
    tag : str, optional
        Name that stands for the type in the id. Without one the identity of the class does: its
        code when it is project code, its name and version when it is installed.
    subclasses : bool
        Use the handler for subclasses too. Their class identity joins the id; the handler must
        encode whatever state a subclass can add.
    shared : bool
        False for immutable types: two references to one value then equal two equal values.
    names_class : bool
        The handler tells subclasses apart itself, so their class identity is not added.

    Examples
    --------
    >>> from clew.lineage.fingerprint import encode, register
    >>> class Angle:
    ...     def __init__(self, degrees):
    ...         self.degrees = degrees
    >>> @register(Angle, tag="Angle", shared=False)
    ... def encode_angle(value, ctx):
    ...     return encode(value.degrees % 360, ctx)
    """

    def add(handler: H) -> H:
        owner = target if isinstance(target, type) else None
        entry = Entry(handler, tag, subclasses, shared, names_class, owner)
        if isinstance(target, type):
            _by_type[target] = entry
        else:
            _by_name[target] = entry
        _resolved.clear()
        return handler

    return add


def register_lazy(top_level_module: str, loader: Callable[[], object]) -> None:
    """Call `loader` (which registers handlers) when a value of that package first shows up."""
    _loaders[top_level_module] = loader
    _resolved.clear()


def entry_for(cls: type) -> Entry:
    """Return how values of `cls` are encoded: by the nearest base whose handler fits."""
    found = _resolved.get(cls)
    if found is None:
        _load(cls)
        bases = (_by_type[base] for base in cls.__mro__ if base in _by_type)
        found = next(entry for entry in bases if entry.owner is cls or entry.subclasses)
        _resolved[cls] = found
    return found


def _load(cls: type) -> None:
    packages = {_package(base) for base in cls.__mro__}
    for package, load in tuple(_loaders.items()):
        if package not in packages:
            continue
        try:
            load()
        except ImportError as error:
            raise Unhashable(
                f"the handlers for values of {package} cannot be imported: {error}", got=package
            ) from error
        _loaders.pop(package, None)
    for name in tuple(_by_name):
        if name.partition(".")[0] in packages:
            _bind(name)


def _bind(name: str) -> None:
    """Turn a registered name into its class; a class that only *claims* the name is not it."""
    module, _, attribute = name.rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)
    entry = _by_name.get(name)
    if isinstance(found, type) and entry is not None:
        _by_type[found] = replace(entry, owner=found)
        _by_name.pop(name, None)


def _package(cls: type) -> str:
    module = cls.__module__
    return module.partition(".")[0] if isinstance(module, str) else ""
