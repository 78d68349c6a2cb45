"""Hooks in estimator classes: a walk wraps the methods where a class or a mixin defines them.

The wrapper lies outside scikit-learn's own (`_fit_context`, `set_output`), so that what it keeps
is what the caller sees. Classes that come later are wrapped when they are made. Everything is put
back when the last context ends.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from clew.reuse.estimators.call import Call
from clew.reuse.estimators.invoke import invoke
from clew.reuse.estimators.policies import METHODS
from clew.reuse.estimators.session import current
from clew.reuse.estimators.watch import watched

_originals: list[tuple[type, str, Any, Any]] = []
_holders: list[object] = []
_HOOK_CODE: set[types.CodeType] = set()
_WRAPPERS = "sklearn.utils._set_output"
_PARTS = frozenset(
    {
        ("sklearn.ensemble._forest", "sklearn.tree._classes"),
        ("sklearn.linear_model._logistic", "sklearn.preprocessing._label"),
        ("sklearn.linear_model._ridge", "sklearn.preprocessing._label"),
    }
)
"""Who asks parts of its own, which cost little or are many: the call that has a key is theirs."""


def install() -> None:
    """Wrap the methods of all estimator classes that are loaded, until as many `remove`."""
    import sklearn.base as base

    _holders.append(base)
    if len(_holders) > 1:
        return
    seen: set[type] = set()
    for root in (base.BaseEstimator, *_mixins(base)):
        for cls in _family(root):
            if cls not in seen:
                seen.add(cls)
                wrap_class(cls)
    _watch(base.BaseEstimator)


def remove() -> None:
    """Put every method back, when nobody needs the hooks any more."""
    if _holders:
        _holders.pop()
    if _holders:
        return
    while _originals:
        cls, method, original, wrapper = _originals.pop()
        if vars(cls).get(method) is not wrapper:
            continue  # somebody else replaced it meanwhile
        if original is None:
            delattr(cls, method)
        else:
            setattr(cls, method, original)


def wrap_class(cls: type) -> None:
    """Wrap the methods that a class itself defines."""
    for method in METHODS:
        original = vars(cls).get(method)
        wrapper = _wrapped(original, method)
        if wrapper is not None:
            _put(cls, method, original, wrapper)


def _put(cls: type, method: str, original: Any, wrapper: Any) -> None:
    try:
        setattr(cls, method, wrapper)
    except (AttributeError, TypeError):
        return  # a class that does not allow it: its calls execute
    _originals.append((cls, method, original, wrapper))


def _mixins(base: types.ModuleType) -> Iterator[type]:
    for name, value in vars(base).items():
        if isinstance(value, type) and name.endswith("Mixin"):
            yield value


def _family(root: type) -> Iterator[type]:
    yield root
    children: list[type] = type.__subclasses__(root)
    for cls in children:
        yield from _family(cls)


def _wrapped(original: Any, method: str) -> Any:
    if isinstance(original, types.FunctionType):
        return None if is_hook(original) else wrap(original, method)
    function = getattr(original, "fn", None)
    check = getattr(original, "check", None)
    if isinstance(function, types.FunctionType) and check is not None and not is_hook(function):
        return type(original)(wrap(function, method), check, original.attribute_name)
    return None


def is_hook(function: Any) -> bool:
    """Tell whether a function is one of the wrappers (not a copy of its attributes)."""
    code = getattr(function, "__code__", None)
    return code is not None and code in _HOOK_CODE


def wrap(function: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Return a method that asks the context in force before it computes."""

    @functools.wraps(function)
    def hooked(self: Any, *args: Any, **kwargs: Any) -> Any:
        session = current()
        if session is None:
            return watched(function, method, self, args, kwargs, None)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller == _WRAPPERS:  # wrapped from outside after us: change places
            _adopt(type(self), method)
            return function(self, *args, **kwargs)
        if (caller, type(self).__module__) in _PARTS:
            return function(self, *args, **kwargs)
        call = Call(session, function, method, self, args, kwargs, caller.startswith("sklearn."))
        return watched(function, method, self, args, kwargs, lambda: invoke(call))

    hooked.__clew_hooked__ = function  # type: ignore[attr-defined]
    _HOOK_CODE.add(hooked.__code__)  # type: ignore[attr-defined]
    return hooked


def _adopt(cls: type, method: str) -> None:
    """Wrap a method again whose wrapper lies inside scikit-learn's (a class made late)."""
    for base in cls.__mro__:
        outer = vars(base).get(method)
        inner = getattr(outer, "__wrapped__", None)
        if isinstance(outer, types.FunctionType) and not is_hook(outer) and is_hook(inner):
            free = dict(zip(outer.__code__.co_freevars, outer.__closure__ or (), strict=True))
            cell = free.get("f")
            if cell is not None and cell.cell_contents is inner:
                cell.cell_contents = inner.__clew_hooked__
                outer.__dict__.pop("__clew_hooked__", None)
                outer.__dict__["__wrapped__"] = inner.__clew_hooked__
                _put(base, method, outer, wrap(outer, method))


def _watch(base: Any) -> None:
    """Wrap classes that are made while hooks are installed."""
    original = vars(base).get("__init_subclass__")

    def __init_subclass__(cls: Any, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)
        if _holders:
            wrap_class(cls)

    hook: Any = classmethod(__init_subclass__)  # type: ignore[arg-type]
    _originals.append((base, "__init_subclass__", original, hook))
    base.__init_subclass__ = hook
