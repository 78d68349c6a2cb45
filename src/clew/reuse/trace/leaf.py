"""Leaves of the trace: arrays that come from outside, named by their content."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint
from clew.reuse.trace.cell import Array, Cell, Guard, living
from clew.reuse.trace.item import READ, Item, make

ContentId = Callable[[Array], bytes]

_KINDS = "biufcmMSU"
_SNAPSHOT_BYTES = 1 << 20
"""Plain arrays up to this size are copied when an operation reads them, larger ones borrowed."""


class Leaves:
    """Makes leaves out of arrays.

    Parameters
    ----------
    content_id : callable
        Names an array by dtype, shape, layout and elements.
    """

    def __init__(self, content_id: ContentId = fingerprint) -> None:
        self._content_id = content_id

    def keep(self, array: Array) -> Cell:
        """Return the cell of a traced array: a private, read-only copy of the same layout.

        Raises
        ------
        Unhashable
            For dtypes whose bytes are not the value (objects, structures).
        """
        return self._keep(_compact(array))

    def _keep(self, array: Array) -> Cell:
        item = self._item(array)
        return _held(item) or _private(item, array)

    def share(self, array: Array) -> Cell:
        """Return the cell of an array that stays the user's, checked whenever it is read."""
        item = self._item(array)
        view = array.view()
        view.flags.writeable = False
        # Never published: other holders of this content must not depend on the user's buffer.
        cell = Cell(item, view)
        cell.guard = Guard(array)
        return cell

    def pass_through(self, array: Array) -> Cell:
        """Return the cell of a plain array that one operation reads."""
        if array.nbytes <= _SNAPSHOT_BYTES:
            return self._keep(_compact(array))
        item = self._item(array)
        found = _held(item)
        if found is None:
            found = Cell(item, array)
            found.borrowed = True
        return found

    def own(self, cell: Cell) -> Cell:
        """Return a cell that does not change with the user's buffer."""
        return _private(cell.item, cell.value) if cell.borrowed else cell

    def _item(self, array: Array) -> Item:
        if array.dtype.kind not in _KINDS or array.dtype.metadata is not None:
            raise Unhashable(
                "Arrays of this dtype cannot be traced.",
                got=str(array.dtype),
                expected="booleans, numbers, times, fixed-width bytes or strings",
            )
        return make(READ, (), f"(b{self._content_id(array).hex()};)")


def _compact(array: Array) -> Array:
    """Return an array whose copies have its layout: one with gaps is copied now."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    return array.copy(order="K")


def _held(item: Item) -> Cell | None:
    found = living(item, 0)
    if found is None and item.value is not None:
        found = Cell(item, item.value).publish()
    return found


def _private(item: Item, array: Array) -> Cell:
    value = np.array(array, order="K", copy=True, subok=False)
    value.flags.writeable = False
    item.value = value
    return Cell(item, value).publish()
