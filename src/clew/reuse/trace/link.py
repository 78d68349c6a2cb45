"""Views and writes: how a traced array follows the array that it is a view of.

Values never change. A write makes a new cell and the written array points to it; views of it (and
the base, when a view was written) take themselves anew from there when they are next used.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clew.errors import InvalidParameter
from clew.reuse.trace.bind import bind
from clew.reuse.trace.cell import Array, Cell
from clew.reuse.trace.indexing import read
from clew.reuse.trace.literal import Hole
from clew.reuse.trace.opcode import GETITEM, WRITEBACK, resolve
from clew.reuse.trace.report import Reason
from clew.reuse.trace.session import Session


class _Writes:
    """Counts writes to any traced array: while it stands still, no view can be stale."""

    count = 0
    numbers = itertools.count(1)


@dataclass(slots=True, eq=False)
class Link:
    """How a view was taken from its base.

    Parameters
    ----------
    base : TracedArray
        The array that it is a view of.
    opcode : str
        The operation that gave the view; its first argument is the base.
    args : tuple
        The other arguments, literal.
    path : tuple of int
        Which output, where the operation gave several.
    """

    base: Handle
    opcode: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    path: tuple[int, ...] = ()
    writable: bool = True
    epoch: int = field(default_factory=lambda: _Writes.count)

    def derive(self, session: Session, cell: Cell) -> Cell:
        """Take the view anew from the base's present cell."""
        if self.opcode == GETITEM:
            return read(session, cell, self.args[0])[0]
        function = resolve(self.opcode)
        bound = bind(session, (cell, *self.args), self.kwargs)
        cells, arrangement, _ = session.evaluate(
            self.opcode, function, bound.text, bound.cells, bound.args, bound.kwargs
        )
        found: Any = Hole(0) if arrangement is None else arrangement.tree
        for index in self.path:
            found = found[index]
        return cells[int(found.position)]


class Handle:
    """What the user holds of a cell: `TracedArray` adds the behaviour of an array."""

    __slots__ = ("__weakref__", "_cell", "_epoch", "_link", "_seen", "_session", "reason")
    _cell: Cell
    _session: Session
    kind: ClassVar[type[Handle]]
    """The class of traced arrays, set where it is defined."""

    def __init__(
        self, cell: Cell, session: Session, reason: Reason, link: Link | None = None
    ) -> None:
        self._cell = cell
        self._session = session
        self._link = link
        self.reason = reason
        if link is not None:
            self._seen = link.base._cell
            self._epoch = link.epoch


def wrap(session: Session, cell: Cell, reason: Reason, link: Link | None = None) -> Any:
    """Return a traced array of a cell."""
    return Handle.kind(cell, session, reason, link)


def is_traced(value: object) -> bool:
    """Tell whether a value is a traced array."""
    return isinstance(value, Handle)


def current_cell(array: Handle) -> Cell:
    """Return the cell that an array stands for now, after writes to what it is a view of."""
    link = array._link
    if link is None or array._epoch == _Writes.count:
        cell = array._cell
    else:
        _refresh(array)
        cell = array._cell
    if cell.guard is not None:
        cell.guard.check()
    return cell


def _refresh(array: Handle) -> None:
    chain = [array]
    while (link := chain[-1]._link) is not None:
        chain.append(link.base)
    count = _Writes.count
    for view in reversed(chain[:-1]):
        link = view._link
        assert link is not None
        if view._seen is not link.base._cell:
            view._cell = link.derive(view._session, link.base._cell)
            view._seen = link.base._cell
        view._epoch = count


def assign(array: Handle, cell: Cell) -> None:
    """Let an array stand for another cell, and write that back into what it is a view of.

    Raises
    ------
    ValueError
        When the array is a view that cannot be written through.
    """
    steps: list[tuple[Handle, Cell]] = [(array, cell)]
    view = array
    while (link := view._link) is not None:
        if not link.writable:
            raise ValueError("assignment destination is read-only")
        written = _write_back(view._session, link, current_cell(link.base), steps[-1][1])
        steps.append((link.base, written))
        view = link.base
    for target, value in reversed(steps):
        target._cell = value
        if target._link is not None:
            target._seen = target._link.base._cell
    _Writes.count = next(_Writes.numbers)


def _write_back(session: Session, link: Link, base: Cell, new: Cell) -> Cell:
    arguments = (base, new, link.opcode, link.args, link.kwargs, link.path)
    bound = bind(session, arguments, {})
    cells, _, _ = session.evaluate(WRITEBACK, write_back, bound.text, bound.cells, bound.args)
    return cells[0]


def write_back(
    base: Array, new: Array, opcode: str, args: tuple[Any, ...], kwargs: dict[str, Any],
    path: tuple[int, ...],
) -> Array:  # fmt: skip
    """Return a copy of `base` in which the view that an operation gives holds `new`.

    Raises
    ------
    InvalidParameter
        When the operation does not give a view of its first argument.
    """
    copy = base.copy(order="K")
    view = resolve(opcode)(copy, *args, **kwargs)
    for index in path:
        view = view[index]
    if view.base is None:
        raise InvalidParameter("This operation gives no view.", got=opcode)
    view[...] = new
    return copy
