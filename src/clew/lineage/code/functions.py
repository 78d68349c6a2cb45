"""Functions: text, defaults, closure, attributes, and everything that the body reads."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import FunctionType

from clew.lineage.code.named import is_named, library_name
from clew.lineage.code.origin import is_project_file
from clew.lineage.code.paths import paths_in
from clew.lineage.code.resolve import meaning, whole
from clew.lineage.code.static import Static, static_of
from clew.lineage.code.tokens import token
from clew.lineage.code.walk import Body, Edge, Shown, Walk, Where, key

_FUNCTOOLS = functools.singledispatch.__code__.co_filename


def function_token(walk: Walk, function: FunctionType, where: Where) -> bytes:
    """Return the token of a Python function."""
    if is_project_function(function):
        static = static_of(function.__code__, function.__globals__)
        walk.guards.function(function)
        place = Where(function.__module__ or where.module, function.__qualname__)
        shown = Shown("function", place, static.source)
        found = walk.unit(function, _project_body(function, static, place), shown)
        return found if function.__name__ == where.last else found + function.__name__.encode()
    if is_named(function):
        return walk.library(*library_name(function))
    walk.guards.is_loose = True
    if function.__code__.co_filename == _FUNCTOOLS and hasattr(function, "registry"):
        return walk.unit(function, _dispatch_body(function, where))
    return walk.unit(function, _library_body(function, where))


def is_project_function(function: FunctionType) -> bool:
    """Tell whether the code of a function (not of what it wraps) is the project's."""
    module = function.__globals__.get("__name__")
    name = module if isinstance(module, str) else ""
    return is_project_file(function.__code__.co_filename, name)


def _project_body(function: FunctionType, static: Static, where: Where) -> Body:
    def body(walk: Walk) -> Iterator[Edge]:
        yield key("code"), static.digest
        if walk.recording:
            walk.paths.update(paths_in(_texts(function)))
        yield from _defaults(walk, function, where)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        read = {item.name for _, item in static.reads if item.root == "free"}
        for name in static.free:
            walk.guards.cell(cells[name])
            if name not in read:
                yield (
                    key("free", str(static.free.index(name))),
                    whole(walk, cells[name], Where(where.module, name)),
                )
        for label, item in static.reads:
            yield label, meaning(walk, function, item, static, cells)
        yield from _attributes(walk, function, where)

    return body


def _texts(function: FunctionType) -> Iterator[object]:
    """Yield the constants of a function, but for sentences that document it."""
    for value in function.__code__.co_consts:
        if not (isinstance(value, str) and value == function.__doc__ and " " in value):
            yield value


def _defaults(walk: Walk, function: FunctionType, where: Where) -> Iterator[Edge]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    for name, value in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        yield key("default", name), token(walk, value, where.inside(name))
    for name, value in sorted((function.__kwdefaults__ or {}).items()):
        yield key("keyword", name), token(walk, value, where.inside(name))


def _attributes(walk: Walk, function: FunctionType, where: Where) -> Iterator[Edge]:
    """Yield what was set on the function object, but for clew's own marks."""
    for name, value in sorted(vars(function).items()):
        if not name.startswith(("__clew", "_clew")):
            yield key("attribute", name), token(walk, value, where.inside(name))


def _library_body(function: FunctionType, where: Where) -> Body:
    """Write a function that a library made at run time: its code by version, the rest by value."""

    def body(walk: Walk) -> Iterator[Edge]:
        module = str(function.__globals__.get("__name__"))
        yield key("made by"), walk.library(module, function.__code__.co_qualname)
        yield from _defaults(walk, function, where)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            yield key("cell", name), whole(walk, cell, where.inside(name))
        yield from _attributes(walk, function, where)

    return body


def _dispatch_body(function: FunctionType, where: Where) -> Body:
    """Write a `functools.singledispatch` function: its implementations by type."""

    def body(walk: Walk) -> Iterator[Edge]:
        registry = vars(function)["registry"]
        named = sorted((f"{k.__module__}.{k.__qualname__}", k) for k in registry)
        for name, kind in named:
            yield key("dispatched type", name), token(walk, kind, where.inside(name))
            yield key("dispatch", name), token(walk, registry[kind], where.inside(name))

    return body
