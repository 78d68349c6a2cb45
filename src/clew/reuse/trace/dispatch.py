"""Running any function on traced arrays: traced where it has lineage, else on plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from clew.errors import Unhashable
from clew.reuse.trace.bind import bind
from clew.reuse.trace.cell import Cell
from clew.reuse.trace.link import Handle, Link, current_cell, is_traced, wrap
from clew.reuse.trace.outputs import spread
from clew.reuse.trace.session import Session


def call(
    session: Session,
    opcode: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Run an operation through lineage; fall back to plain NumPy where it has none."""
    try:
        bound = bind(session, args, kwargs)
    except Unhashable as error:
        return materialise(session, opcode, function, args, kwargs, reason=error.message)
    outputs, arrangement, reason = session.evaluate(
        opcode, function, bound.text, bound.cells, bound.args, bound.kwargs
    )
    if all(cell._value is None or cell._value.base is None for cell in outputs):
        return spread(outputs, arrangement, lambda cell: wrap(session, cell, reason))
    return _wrap_views(session, opcode, args, kwargs, (outputs, arrangement, reason))


def _wrap_views(
    session: Session, opcode: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], outcome: Any
) -> Any:
    """Wrap outputs of which some may be views of an argument, which a write must reach."""
    outputs, arrangement, reason = outcome
    bases = [value for value in flatten((args, tuple(kwargs.values()))) if is_traced(value)]

    def wrap_one(cell: Cell) -> Any:
        for base in bases:
            if cell.shape and np.may_share_memory(cell.value, base._cell.value):
                link = _link_to(base, opcode, args, kwargs, cell, arrangement, outputs)
                return wrap(session, cell, reason, link)
        return wrap(session, cell, reason)

    return spread(outputs, arrangement, wrap_one)


def _link_to(
    base: Handle, opcode: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], cell: Cell,
    arrangement: Any, outputs: tuple[Cell, ...],
) -> Link:  # fmt: skip
    path = () if arrangement is None else _path_to(arrangement.tree, outputs.index(cell))
    others = flatten((args[1:], tuple(kwargs.values())))
    simple = bool(args) and args[0] is base
    if not simple or any(is_traced(v) or isinstance(v, np.ndarray) for v in others):
        # Rare (broadcast_arrays): a write through it cannot be replayed, so it is refused.
        return Link(base, opcode, args[1:], dict(kwargs), path, writable=False)
    return Link(base, opcode, args[1:], dict(kwargs), path)


def _path_to(tree: Any, position: int) -> tuple[int, ...]:
    for index, part in enumerate(tree):
        if isinstance(part, (tuple, list)):
            deeper = _path_to(part, position)
            if deeper:
                return (index, *deeper)
        elif getattr(part, "position", None) == position:
            return (index,)
    return ()


def flatten(tree: Any) -> list[Any]:
    """Return the leaves of nested tuples, lists and dicts, in order."""
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flatten(part)]
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in flatten(part)]
    return [tree]


def plain(tree: Any) -> Any:
    """Return arguments with traced arrays replaced by their read-only values."""
    if is_traced(tree):
        value = current_cell(tree).value
        return value if value.shape else value[()]
    if isinstance(tree, (tuple, list)) and type(tree) in (tuple, list):
        return type(tree)(plain(part) for part in tree)
    if type(tree) is dict:
        return {key: plain(part) for key, part in tree.items()}
    return tree


def materialise(
    session: Session,
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    reason: str = "not traced: run on materialised arrays",
) -> Any:
    """Run a function on plain arrays, and note that it left the trace."""
    session.note(name, reason)
    return function(*plain(tuple(args)), **plain(dict(kwargs)))
