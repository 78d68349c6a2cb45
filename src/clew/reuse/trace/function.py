"""Function-level reuse: a call whose inputs have the same lineage is not run again.

One look-up replaces those of all operations inside (LIMA, section 4.1, multi-level reuse), and the
call's trace is folded into a patch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ParamSpec, TypeVar, cast

from clew.errors import Unhashable
from clew.lineage.code import code_id as project_code_id
from clew.reuse.trace.array import TracedArray
from clew.reuse.trace.bind import Bound, bind
from clew.reuse.trace.cache import Entry, owned_bytes
from clew.reuse.trace.cell import Cell, Outer
from clew.reuse.trace.dispatch import flatten
from clew.reuse.trace.item import item_id
from clew.reuse.trace.link import current_cell, is_traced, wrap
from clew.reuse.trace.literal import Hole
from clew.reuse.trace.outputs import Arranged, spread
from clew.reuse.trace.patch import dedup
from clew.reuse.trace.report import RECALLED, REUSED
from clew.reuse.trace.session import Session
from clew.reuse.trace.tier import DEAR_S, heard
from clew.reuse.world import World
from clew.steps import observe
from clew.steps.observe import observing

P = ParamSpec("P")
R = TypeVar("R")

CodeId = Callable[[Callable[..., Any]], bytes]
_PREFIX = "function:"


def function(body: Callable[P, R] | None = None, *, code_id: CodeId | None = None) -> Any:
    """Reuse whole calls of a function of traced arrays.

    Parameters
    ----------
    body : callable
        A function of its arguments alone.
    code_id : callable, optional
        Gives the fingerprint of a function's code with all that it reads; clew's own by default.

    Notes
    -----
    A call is executed, operation by operation, when an argument or the code has no fingerprint,
    when no argument is traced, or when it returns something besides arrays, numbers and containers
    of them. A call that writes into an argument is never remembered. In a session with a store,
    what a dear call returned is kept there, unless it was seen to read files, the environment, the
    clock or fresh entropy.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.reuse.trace import function, trace
    >>> @function
    ... def gram(X):
    ...     return X.T @ X
    >>> X = trace(np.ones((3, 2)))
    >>> gram(X).lineage is gram(X).lineage
    True
    """
    if body is None:
        return functools.partial(function, code_id=code_id)
    signature = inspect.signature(body)
    fingerprint = project_code_id if code_id is None else code_id

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        traced = [v for v in flatten((given.args, given.kwargs)) if is_traced(v)]
        if not traced:
            return body(*args, **kwargs)
        session: Session = traced[0]._session
        try:
            opcode = f"{_PREFIX}{fingerprint(body).hex()}"
            bound = bind(session, given.args, given.kwargs)
        except Unhashable as error:
            session.note(body.__qualname__, error.message)
            return body(*args, **kwargs)
        return cast(R, _call(session, opcode, bound, body, args, kwargs, traced))

    return run


def _call(
    session: Session,
    opcode: str,
    bound: Bound,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    traced: list[TracedArray],
) -> Any:
    id = item_id(opcode, [cell.item for cell in bound.cells], bound.text)
    entry, reason = session.cache.get(id), REUSED
    if entry is None and session.tier is not None:
        entry, reason = session.tier.recall_call(id), RECALLED
        if entry is not None:
            session.stats.recalled += 1
            session.cache.admit(id, entry)
    found = None if entry is None else session._hit(entry)
    if found is not None:
        session.stats.function_hits += 1
        return spread(found[0], found[1], lambda cell: wrap(session, cell, reason))
    before, warned = [array._cell for array in traced], heard()
    start = perf_counter()
    with dedup(), _watched(session) as world:
        result = body(*args, **kwargs)
    if all(array._cell is cell for array, cell in zip(traced, before, strict=True)):
        entry = _remember(session, id, result, start)
        if entry is not None and session.tier is not None and entry.cost_s >= DEAR_S:
            if heard() != warned:
                session.note(body.__qualname__, "not kept in the store: it gave a warning")
            elif world is None or world.reason is None:
                session.stats.kept += session.tier.offer_call(id, opcode, entry, bound.cells)
            else:
                session.note(body.__qualname__, f"not kept in the store: {world.reason}")
    return result


@contextmanager
def _watched(session: Session) -> Iterator[World | None]:
    """Notice what a call reads of the world, where its result may outlive the process."""
    if session.tier is None:
        yield None
        return
    world = World(session.tier.location, observe._state.observer)
    try:
        with observing(world):
            yield world
    finally:
        world.close()


def _remember(session: Session, id: bytes, result: Any, start: float) -> Entry | None:
    cells: list[Cell] = []
    tree = _take(result, cells)
    arranged = Arranged(tree)
    # A product that is put off was asked for by name: the call cost what it costs.
    done = all(cell.ready or isinstance(cell.form, Outer) for cell in cells)
    if not arranged.lasting or not cells or not done:
        return None
    payload = None if isinstance(tree, Hole) else arranged
    size_bytes = owned_bytes(tuple(cells))
    entry = Entry(tuple(cells), perf_counter() - start, size_bytes, payload)
    session.cache.admit(id, entry)
    return entry


def _take(result: Any, cells: list[Cell]) -> Any:
    if isinstance(result, TracedArray):
        # A view of an argument, or of another output, must stay one: it cannot be handed out anew.
        if result._link is not None:
            return object()
        cells.append(current_cell(result))
        return Hole(len(cells) - 1)
    if type(result) in (tuple, list):
        return type(result)([_take(part, cells) for part in result])
    return result
