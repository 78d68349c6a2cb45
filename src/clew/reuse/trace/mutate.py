"""Writes: ``x[i] = v``, ``out=``, and functions that change their argument.

Each is a function of the old value: it works on a copy, and the array then stands for the copy.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from clew.errors import Unhashable
from clew.reuse.trace.bind import bind
from clew.reuse.trace.dispatch import materialise, plain
from clew.reuse.trace.indexing import normalise
from clew.reuse.trace.link import Handle, assign, current_cell, is_traced
from clew.reuse.trace.opcode import MUTATE, SETITEM
from clew.reuse.trace.session import Session


def set_item(array: Handle, key: Any, value: Any) -> None:
    """Write ``array[key] = value``."""
    if not array._cell.shape and not is_array_key(key):
        raise TypeError("'TracedArray' object does not support item assignment")
    call_into(array._session, array, SETITEM, operator.setitem, (array, normalise(key), value), {})


def is_array_key(key: Any) -> bool:
    """Tell whether a key may address an array without dimensions."""
    return key in ((), Ellipsis) if isinstance(key, tuple) or key is Ellipsis else False


def call_into(
    session: Session,
    target: Any,
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    as_out: bool = False,
) -> Any:
    """Run a function that writes into `target`.

    Parameters
    ----------
    target : TracedArray or numpy.ndarray
        What is written: the first argument, or the output with `as_out`.
    name : str
        The function's opcode.

    Returns
    -------
    object
        The target with `as_out`, else None, as the functions themselves do.
    """
    if isinstance(target, tuple) and len(target) == 1:
        target = target[0]
    if not is_traced(target):
        return _into_plain(session, target, name, function, args, kwargs, as_out=as_out)
    arguments = (target, *args) if as_out else args
    opcode = f"{MUTATE}out:{name}" if as_out else f"{MUTATE}{name}"
    try:
        bound = bind(session, arguments, kwargs)
    except Unhashable as error:
        _without_lineage(session, target, name, function, args, kwargs, error, as_out=as_out)
        return target if as_out else None
    writer = write_out(function) if as_out else write_copy(function)
    cells, _, _ = session.evaluate(
        opcode, writer, bound.text, bound.cells, bound.args, bound.kwargs
    )
    assign(target, cells[0])
    return target if as_out else None


def write_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that lets `function` change a copy of its first argument."""

    def run(target: Any, *args: Any, **kwargs: Any) -> Any:
        copy = np.array(target, order="K")
        function(copy, *args, **kwargs)
        return copy

    return run


def write_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that lets `function` write its result into a copy of the first argument."""

    def run(target: Any, *args: Any, **kwargs: Any) -> Any:
        copy = np.array(target, order="K")
        function(*args, out=copy, **kwargs)
        return copy

    return run


def _into_plain(
    session: Session, target: Any, name: str, function: Callable[..., Any],
    args: tuple[Any, ...], kwargs: Mapping[str, Any], *, as_out: bool,
) -> Any:  # fmt: skip
    named = {**kwargs, "out": target} if as_out else dict(kwargs)
    reason = "writes into an array that is not traced"
    result = materialise(session, name, function, args, named, reason=reason)
    return target if as_out else result


def _without_lineage(
    session: Session, target: Handle, name: str, function: Callable[..., Any],
    args: tuple[Any, ...], kwargs: Mapping[str, Any], error: Unhashable, *, as_out: bool,
) -> None:  # fmt: skip
    """Write what has no lineage: the result becomes a leaf, named by its content."""
    session.note(name, error.message)
    copy = np.array(current_cell(target).value, order="K")
    arguments = plain(tuple(args)) if as_out else (copy, *plain(tuple(args[1:])))
    named = plain(dict(kwargs))
    function(*arguments, **named, **({"out": copy} if as_out else {}))
    assign(target, session.leaves.keep(copy))
