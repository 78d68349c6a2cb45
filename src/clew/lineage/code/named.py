"""Things that a library holds under a name: the name and the version say all about them."""

from __future__ import annotations

import sys
from types import ModuleType

from clew.lineage.code.origin import is_project_module

_GENERATORS = (("random", "random", "_inst"), ("numpy.random", "numpy.random.mtrand", "_rand"))
_known: dict[int, tuple[object, tuple[str, str] | None]] = {}


def is_named(obj: object) -> bool:
    """Tell whether `obj` can be found under its own name in a library that is not the project."""
    return _look(obj) is not None


def library_name(obj: object) -> tuple[str, str]:
    """Return module and qualified name of something for which `is_named` holds."""
    found = _look(obj)
    if found is None:
        raise AssertionError("asked for the name of something without one")
    return found


def _look(obj: object) -> tuple[str, str] | None:
    known = _known.get(id(obj))
    if known is not None and known[0] is obj:
        return known[1]
    found = _find(obj)
    if found is not None:  # kept alive on purpose: what a library holds under a name stays
        _known[id(obj)] = (obj, found)
    return found


def _find(obj: object) -> tuple[str, str] | None:
    owner = getattr(obj, "__objclass__", None)
    module = getattr(obj, "__module__", None) or getattr(owner, "__module__", None)
    qualname = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    bound_to = getattr(obj, "__self__", None)
    if module is None and isinstance(bound_to, ModuleType):
        module = bound_to.__name__
    if not isinstance(qualname, str):
        return None
    for name in (module, "scipy.special"):  # scipy's ufuncs do not say where they are
        if isinstance(name, str) and not is_project_module(name) and _holds(name, qualname, obj):
            return name, qualname
    return None


def _holds(module: str, qualname: str, obj: object) -> bool:
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        if isinstance(found, ModuleType | type):
            found = vars(found).get(part)
        else:
            return False
    return found is obj


def well_known(value: object) -> tuple[str, str] | None:
    """Return the name of state of the process that libraries hold as plain objects."""
    for module, name in (("os", "environ"), ("sys", "argv"), ("sys", "stdin")):
        loaded = sys.modules.get(module)
        if loaded is not None and vars(loaded).get(name) is value:
            return module, name
    return None


def global_generator(value: object) -> tuple[str, str] | None:
    """Return the name of a function that draws from a library's global random generator."""
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, ModuleType | type):
        return None
    for module, holder, name in _GENERATORS:
        loaded = sys.modules.get(holder)
        if loaded is not None and vars(loaded).get(name) is owner:
            return module, getattr(value, "__name__", "")
    return None
