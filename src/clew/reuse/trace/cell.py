"""Cells: the immutable values of a traced computation.

A cell joins a lineage item with the array that it stands for. The user holds a `TracedArray`,
which points to a cell and moves to another when it is written to.

A cell's form says how it is made of others: rewrites look at it. It never changes what the array
is. Copies that have a form (concatenations, selections by index, diagonal matrices) are put off
until they are read, and so are products that are larger than their factors.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash

from clew.errors import MutatedArgument
from clew.reuse.trace.item import Item
from clew.reuse.trace.selector import Selector

Array = np.ndarray[Any, Any]

_forcing = threading.RLock()


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Rows (axis 0) or columns (axis 1) of a base; `drop` where one column became 1-D."""

    base: Cell
    axis: int
    selector: Selector
    drop: bool = False


@dataclass(slots=True, eq=False)
class Cat:
    """Parts after one another along an axis; all have the dimensions of the whole."""

    parts: tuple[Cell, ...]
    axis: int
    depth: int = 1
    """How many joined arrays lie in one another."""
    memo: Any = None
    """What a rewrite found out about the parts."""


@dataclass(frozen=True, slots=True, eq=False)
class Flip:
    """The transpose of a two-dimensional base."""

    base: Cell


@dataclass(frozen=True, slots=True, eq=False)
class Diag:
    """A square matrix with a vector on its diagonal and zeros elsewhere."""

    base: Cell


@dataclass(frozen=True, slots=True, eq=False)
class Outer:
    """A matrix product that is larger than its two factors together."""

    left: Cell
    right: Cell


Form = Take | Cat | Flip | Diag | Outer


def joined_depth(cell: Cell) -> int:
    """Return how many joined arrays lie in one another in an array; 0 where it is none."""
    form = cell.form
    if isinstance(form, Flip):
        return joined_depth(form.base)
    return form.depth if isinstance(form, Cat) else 0


class Cell:
    """One value: its lineage, its bytes (perhaps not yet copied together), how it was made.

    Attributes
    ----------
    item : Item
        Logical lineage: what the user's program says; the reuse key.
    made : Item
        How the bytes were really computed: differs from `item` after a rewrite.
    exact : bool
        Whether the bytes are those that NumPy gives for `item`; otherwise they agree within the
        tolerance that the rewrite declares.
    form : Form or None
        Structure that rewrites can use.
    scope : int
        Number of the session that computed it; 0 for leaves and what is merely cut out of them.
    borrowed : bool
        The buffer belongs to the user, who may change it once the operation is over.
    """

    __slots__ = (
        "__weakref__", "_thunk", "_value", "borrowed", "dtype", "exact", "form", "guard",
        "item", "made", "scope", "shape",
    )  # fmt: skip

    def __init__(
        self,
        item: Item,
        value: Array | None,
        *,
        made: Item | None = None,
        exact: bool = True,
        form: Form | None = None,
        scope: int = 0,
        thunk: Callable[[], Array] | None = None,
        shape: tuple[int, ...] = (),
        dtype: np.dtype[Any] | None = None,
    ) -> None:
        self.item = item
        self.made = item if made is None else made
        self.exact = exact
        self.form = form
        self.scope = scope
        self.borrowed = False
        self.guard: Guard | None = None
        self._value = value
        self._thunk = thunk
        if value is not None:
            self.shape = value.shape
            self.dtype: np.dtype[Any] = value.dtype
        else:
            assert dtype is not None
            self.shape = shape
            self.dtype = dtype

    @property
    def value(self) -> Array:
        """The array, read-only; a put-off copy is made now.

        Raises
        ------
        MutatedArgument
            When the array is shared with the user (``trace(X, copy=False)``) and was changed.
        """
        if self.guard is not None:
            self.guard.check()
        if self._value is None:
            self._force()
        return self._value  # type: ignore[return-value]

    def settle(self) -> None:
        """Copy the array together, and forget what it was made of: rules follow parts too deep."""
        if self._value is None:
            self._force()
        self.form = None

    @property
    def ready(self) -> bool:
        """Whether the bytes are there."""
        return self._value is not None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1

    @property
    def size_bytes(self) -> int:
        """Bytes of the elements."""
        return self.size * self.dtype.itemsize

    def _force(self) -> None:
        with _forcing:
            if self._value is None:
                assert self._thunk is not None
                value = self._thunk()
                value.flags.writeable = False
                self._value = value
                self._thunk = None

    def publish(self) -> Cell:
        """Let later operations of its session find this value for as long as it lives."""
        self.item._cell = weakref.ref(self)
        self.item._scope = self.scope
        return self


class Guard:
    """Notices changes of a buffer that is shared with the user."""

    __slots__ = ("array", "fingerprint")

    def __init__(self, array: Array) -> None:
        self.array = array
        self.fingerprint = checksum(array)

    def check(self) -> None:
        """Raise when the buffer is no longer what was traced."""
        if checksum(self.array) != self.fingerprint:
            raise MutatedArgument(
                "An array that is traced without a copy was changed.",
                expected="the content that it had when it was traced",
                hint="trace(X) keeps a private copy; call it again after the change.",
            )


def checksum(array: Array) -> int:
    """Return XXH3-64 of an array's elements: it detects changes and never names anything."""
    flat = array if array.flags.c_contiguous else array.T
    if not flat.flags.c_contiguous:
        flat = np.ascontiguousarray(array)
    if flat.dtype.kind in "mM":
        flat = flat.view(np.int64)
    return xxhash.xxh3_64_intdigest(flat.reshape(-1).view(np.uint8).data) if flat.size else 0


def living(item: Item, scope: int) -> Cell | None:
    """Return the cell of an item that is still in use somewhere in a session."""
    if item._cell is None or (item._scope and item._scope != scope):
        return None
    return item._cell()
