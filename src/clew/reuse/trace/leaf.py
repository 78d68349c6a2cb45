"""Leaves of the trace: arrays that come from outside, named by their content."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from blake3 import blake3

from clew.errors import Unhashable
from clew.lineage.canonical import digest
from clew.reuse.trace.cell import Array, Cell, Guard, checksum, living
from clew.reuse.trace.item import READ, Item, make

ContentId = Callable[[Array], bytes]

_KINDS = "biufcmMSU"
_MEMO_BYTES = 1 << 16
"""From here on, looking up a content id by a checksum is cheaper than hashing again."""
_MEMO_ENTRIES = 256
_SNAPSHOT_BYTES = 1 << 20
"""Plain arrays up to this size are copied when an operation reads them, larger ones borrowed."""


def array_id(array: Array) -> bytes:
    """Return the content id of an array: dtype, shape, layout and bytes.

    Raises
    ------
    Unhashable
        For dtypes whose bytes are not the value (objects, structures with padding).
    """
    if array.dtype.kind not in _KINDS or array.dtype.metadata is not None:
        raise Unhashable(
            "Arrays of this dtype cannot be traced.",
            got=str(array.dtype),
            expected="booleans, numbers, times, fixed-width bytes or strings",
        )
    order = _order(array)
    flat = np.ascontiguousarray(array.transpose(order)).reshape(-1).view(np.uint8)
    header = [array.dtype.str.encode(), ",".join(map(str, array.shape)).encode()]
    layout = ",".join(map(str, order)).encode()
    return digest("trace-array", 1, [*header, layout, blake3(flat.data).digest()])


def _order(array: Array) -> tuple[int, ...]:
    """Return the axes from the slowest to the fastest in memory; C order where it does not matter.

    Axes of one element have no stride to speak of, and an array that is both C and F contiguous is
    told apart from neither.
    """
    if array.flags.c_contiguous:
        return tuple(range(array.ndim))
    return tuple(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))


class Leaves:
    """Makes leaves, and remembers the content ids of large arrays while they live unchanged."""

    def __init__(self, content_id: ContentId = array_id) -> None:
        self._content_id = content_id
        self._memo: OrderedDict[int, tuple[weakref.ref[Array], int, bytes]] = OrderedDict()

    def identify(self, array: Array) -> bytes:
        """Return the content id; a memo holds only while the array lives with the same checksum."""
        if array.nbytes < _MEMO_BYTES or array.dtype.kind not in _KINDS:
            return self._content_id(array)
        shape_and_sum = hash((checksum(array), array.shape, array.strides, array.dtype.str))
        found = self._memo.get(id(array))
        if found is not None and found[0]() is array and found[1] == shape_and_sum:
            return found[2]
        content = self._content_id(array)
        self._memo[id(array)] = (weakref.ref(array), shape_and_sum, content)
        while len(self._memo) > _MEMO_ENTRIES:
            self._memo.popitem(last=False)
        return content

    def keep(self, array: Array) -> Cell:
        """Return the cell of a traced array: a private, read-only copy of the same layout."""
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
        item = self._item(array)
        found = _held(item)
        if found is not None:
            return found
        if array.nbytes <= _SNAPSHOT_BYTES:
            return _private(item, array)
        cell = Cell(item, array)
        cell.borrowed = True
        return cell

    def own(self, cell: Cell) -> Cell:
        """Return a cell that does not change with the user's buffer."""
        return _private(cell.item, cell.value) if cell.borrowed else cell

    def _item(self, array: Array) -> Item:
        text = f"(b{self.identify(array).hex()};)"
        return make(READ, (), text)


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


def is_plain(array: Any) -> bool:
    """Tell whether a value is exactly an ndarray: subclasses (masked, matrix) mean more."""
    return type(array) is np.ndarray
