"""Objects that stand for code: callables, wrappers, modules, containers of functions."""

from __future__ import annotations

import functools
import logging
import operator
import pathlib
import threading
import types
from collections.abc import Iterator
from typing import Any

from clew.errors import Unhashable
from clew.lineage.code.ambient import Finding
from clew.lineage.code.classes import class_token
from clew.lineage.code.functions import function_token
from clew.lineage.code.named import global_generator, is_named, library_name, well_known
from clew.lineage.code.origin import is_project
from clew.lineage.code.tokens import handles, otherwise, token
from clew.lineage.code.walk import Body, Edge, Shown, Walk, Where, key

_LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Event)
_OPERATORS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
_CODE = (types.FunctionType, type, types.MethodType, functools.partial, types.ModuleType)
_CONTAINER_LIMIT = 1000

handles(types.FunctionType)(function_token)
handles(type)(class_token)


@handles(int, bool, float, str, bytes, complex, type(None))
def _scalar(walk: Walk, value: object, where: Where) -> bytes:
    return walk.constant(value, where)


def _composite(
    walk: Walk, value: object, tag: str, parts: list[tuple[str, Any]], where: Where
) -> bytes:
    """Return the token of something that is made of other things."""

    def body(walk: Walk) -> Iterator[Edge]:
        yield key("kind"), tag.encode()
        for name, part in parts:
            yield key("part", name), token(walk, part, where.inside(name) if name else where)

    return walk.unit(value, body)


@handles(pathlib.PosixPath, pathlib.WindowsPath)
def _path(walk: Walk, value: pathlib.Path, where: Where) -> bytes:
    """Read a path by its text: what is there counts when it is opened, see `CodeRecord.paths`."""
    return _composite(walk, value, type(value).__name__, [("", str(value))], where)


@handles(types.MethodType)
def _method(walk: Walk, value: types.MethodType, where: Where) -> bytes:
    parts = [("", value.__func__), ("self", value.__self__)]
    return _composite(walk, value, "method", parts, where)


@handles(functools.partial)
def _partial(walk: Walk, value: functools.partial[Any], where: Where) -> bytes:
    parts = [("", value.func), *((f"args{i}", arg) for i, arg in enumerate(value.args))]
    parts += [(f"keyword {name}", arg) for name, arg in value.keywords.items()]
    return _composite(walk, value, "partial", parts, where)


@handles(staticmethod, classmethod)
def _wrapped_method(walk: Walk, value: Any, where: Where) -> bytes:
    return _composite(walk, value, type(value).__name__, [("", value.__func__)], where)


@handles(property)
def _property(walk: Walk, value: property, where: Where) -> bytes:
    methods = [("", value.fget), ("set", value.fset), ("delete", value.fdel)]
    parts = [(name, method) for name, method in methods if method is not None]
    return _composite(walk, value, "property", parts, where)


@handles(type(functools.lru_cache(abs)))
def _cached(walk: Walk, value: Any, where: Where) -> bytes:
    walk.note(Finding("cache", where.name))
    settings = tuple(value.cache_parameters().items())
    parts = [("", value.__wrapped__), ("size", settings)]
    return _composite(walk, value, "lru_cache", parts, where)


@handles(types.BuiltinFunctionType)
def _builtin(walk: Walk, value: Any, where: Where) -> bytes:
    owner = value.__self__
    walk.guards.is_loose |= not (owner is None or isinstance(owner, types.ModuleType))
    drawn = global_generator(value)
    if drawn is not None:
        return walk.library(*drawn)
    if owner is None or isinstance(owner, types.ModuleType):
        module = value.__module__ or getattr(owner, "__name__", "builtins")
        return walk.library(module, value.__qualname__)
    parts = [("self", owner), ("name", value.__name__)]
    return _composite(walk, value, "bound builtin", parts, where)


@handles(types.ModuleType)
def module_token(walk: Walk, module: types.ModuleType, where: Where) -> bytes:
    """Return the token of a module that is passed around: all that it holds."""
    if not is_project(module):
        return walk.library(module.__name__, "")
    walk.guards.is_loose = True
    place = Where(module.__name__, module.__name__)
    return walk.unit(module, _module_body(module), Shown("module", place))


def _module_body(module: types.ModuleType) -> Body:
    def body(walk: Walk) -> Iterator[Edge]:
        for name, value in sorted(vars(module).items()):
            if not (name.startswith("__") and name.endswith("__")) or name == "__getattr__":
                yield key("member", name), token(walk, value, Where(module.__name__, name))

    return body


@handles(tuple, list)
def _sequence(walk: Walk, value: Any, where: Where) -> bytes:
    if len(value) > _CONTAINER_LIMIT or not any(isinstance(item, _CODE) for item in value):
        return walk.constant(value, where)
    parts = [(str(index), item) for index, item in enumerate(value)]
    return _composite(walk, value, type(value).__name__, parts, where)


@handles(dict, types.MappingProxyType)
def _mapping(walk: Walk, value: Any, where: Where) -> bytes:
    if type(value) is types.MappingProxyType:
        value = dict(value)
    if len(value) > _CONTAINER_LIMIT or not any(isinstance(v, _CODE) for v in value.values()):
        return walk.constant(value, where)
    parts = [
        part
        for index, (key, item) in enumerate(value.items())
        for part in ((f"key {index}", key), (str(index), item))
    ]
    return _composite(walk, value, "dict", parts, where)


@handles(*_OPERATORS)
def _operator(walk: Walk, value: Any, where: Where) -> bytes:
    parts = [("kind", type(value)), ("arguments", value.__reduce__()[1:])]
    return _composite(walk, value, "operator", parts, where)


@otherwise
def _other(walk: Walk, value: Any, where: Where) -> bytes:
    """Return the token of an object whose exact type has no handler."""
    if isinstance(value, type):
        return class_token(walk, value, where)
    if isinstance(value, types.ModuleType):
        return module_token(walk, value, where)
    if isinstance(value, functools.partial):
        return _partial(walk, value, where)
    if isinstance(value, logging.Logger | logging.LoggerAdapter):
        return walk.library("logging", type(value).__name__)  # writes; what it reads is its own
    if isinstance(value, _LOCKS):
        return walk.library("threading", type(value).__name__)
    name = _name(value)
    if name is not None:
        return walk.library(*name)
    stands_for = _code_behind(value)
    if stands_for is not None:
        return _composite(walk, value, "step", stands_for, where)
    return _instance(walk, value, where)


def _name(value: Any) -> tuple[str, str] | None:
    known = well_known(value)
    if known is not None:
        return known
    return library_name(value) if callable(value) and is_named(value) else None


def _code_behind(value: Any) -> list[tuple[str, Any]] | None:
    """Return what a clew wrapper stands for: ``__clew_code__``, or the function that it wraps."""
    kind = type(value)
    stated = getattr(kind, "__clew_code__", None)
    if stated is not None:
        return [("", part) for part in value.__clew_code__()]
    if kind.__module__.partition(".")[0] == "clew" and hasattr(value, "__wrapped__"):
        return [("", value.__wrapped__)]
    return None


def _instance(walk: Walk, value: Any, where: Where) -> bytes:
    try:
        return walk.constant(value, where)
    except Unhashable:
        if not (callable(value) or hasattr(type(value), "__get__")) or not _is_plain(type(value)):
            raise
    state = [(name, part) for name, part in sorted(vars(value).items()) if name != "__doc__"]
    return _composite(walk, value, "object", [("type", type(value)), *state], where)


def _is_plain(kind: type) -> bool:
    """Tell whether all state of the instances is in their ``__dict__``: no slots, no C fields."""
    pointers = 2 * (tuple.__itemsize__)  # the dictionary and the list of weak references
    return kind.__dictoffset__ != 0 and kind.__basicsize__ <= object.__basicsize__ + pointers
