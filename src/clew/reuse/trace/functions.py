"""Functions that NumPy dispatches: which are traced, which write, which join, which leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from clew.reuse.trace.diagonal import diagonal_matrix
from clew.reuse.trace.dispatch import call, materialise
from clew.reuse.trace.joining import JOINS, join_parts
from clew.reuse.trace.link import current_cell, is_traced, wrap
from clew.reuse.trace.mutate import call_into
from clew.reuse.trace.opcode import MUTATORS, UNINITIALISED, UNTRACED, name_of, resolve
from clew.reuse.trace.session import Session

_ABOUT_SHAPE: dict[str, Callable[[Any], Any]] = {
    "numpy.shape": lambda array: array.shape,
    "numpy.ndim": lambda array: array.ndim,
}


def call_function(
    session: Session, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a function that NumPy dispatched (``__array_function__``)."""
    name = name_of(function)
    if name is None or name in UNTRACED or name.startswith("numpy.random"):
        return materialise(session, name or str(function), function, args, kwargs)
    if name in UNINITIALISED:
        name = UNINITIALISED[name]
        function = resolve(name)
    if name in _ABOUT_SHAPE and len(args) == 1 and not kwargs and is_traced(args[0]):
        return _ABOUT_SHAPE[name](args[0])
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    if name in MUTATORS:
        return call_into(session, args[0], name, function, args, kwargs)
    if name == "numpy.diag" and len(args) == 1 and not kwargs and is_traced(args[0]):
        diagonal = diagonal_matrix(session, current_cell(args[0]))
        if diagonal is not None:
            return wrap(session, *diagonal)
    if name in JOINS and "out" not in kwargs:
        execute = partial(call, session, name, function, args, kwargs)
        joined = join_parts(session, name, function, args, kwargs, execute)
        if joined is not None:
            return joined
    out = kwargs.pop("out", None)
    if out is not None:
        return call_into(session, out, name, function, args, kwargs, as_out=True)
    return call(session, name, function, args, kwargs)
