"""The traced array: what the user holds.

It behaves like the ndarray that it stands for, through NumPy's protocols, and moves to another cell
when it is written to, so that names, views and in-place operators behave as in NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from clew.reuse.trace.bind import register_source
from clew.reuse.trace.cell import Array
from clew.reuse.trace.dispatch import call, materialise
from clew.reuse.trace.functions import call_function
from clew.reuse.trace.indexing import read
from clew.reuse.trace.item import Item
from clew.reuse.trace.link import Handle, Link, current_cell
from clew.reuse.trace.methods import Methods
from clew.reuse.trace.mutate import call_into, set_item
from clew.reuse.trace.namespace import namespace
from clew.reuse.trace.opcode import GETITEM, UFUNCS, name_of
from clew.reuse.trace.operate import operate
from clew.reuse.trace.operators import Operators
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import transpose


class TracedArray(Operators, Methods):
    """An array whose every operation is recorded, looked up and reused.

    Made by `clew.reuse.trace.trace`. What NumPy returns as a scalar is a traced array without
    dimensions here, so that lineage goes on; ``float(x)``, ``int(x)`` and ``bool(x)`` leave the
    trace.

    Attributes
    ----------
    reason : Reason
        Why the value is what it is: computed, reused, rewritten by a rule, put off.
    """

    __slots__ = ()
    __array_priority__ = 1000.0

    @property
    def lineage(self) -> Item:
        """Lineage of the current value."""
        return current_cell(self).item

    @property
    def made(self) -> Item:
        """Lineage of how the bytes were really computed: differs after a rewrite."""
        return current_cell(self).made

    @property
    def exact(self) -> bool:
        """Whether the bytes are those that plain NumPy gives."""
        return current_cell(self).exact

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each dimension."""
        shape: tuple[int, ...] = self._cell.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._cell.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._cell.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._cell.size

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._cell.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._cell.size_bytes

    @property
    def T(self) -> Any:
        """The transpose: a view."""
        if len(self._cell.shape) == 2:
            cell = transpose(current_cell(self))
            return TracedArray(cell, self._session, self.reason, Link(self, "numpy.transpose", ()))
        return self.transpose()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        value = current_cell(self).value
        if dtype is not None and np.dtype(dtype) != value.dtype:
            if copy is False:
                raise ValueError("Unable to avoid copy while creating an array as requested.")
            return value.astype(dtype)
        return value.copy(order="K") if copy else value.view()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            opcode = UFUNCS.get(ufunc)
            if opcode is not None:
                return operate(self._session, opcode, ufunc, inputs)
        return _ufunc(self._session, ufunc, method, inputs, kwargs)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not all(issubclass(kind, (TracedArray, np.ndarray)) for kind in types):
            return NotImplemented
        return call_function(self._session, function, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Return the array-API namespace: NumPy's, with creation functions that trace."""
        return namespace(self._session, api_version)

    def __getitem__(self, key: Any) -> Any:
        cell, reason = read(self._session, current_cell(self), key)
        link = Link(self, GETITEM, (key,)) if _is_basic(key) and cell.shape != () else None
        return TracedArray(cell, self._session, reason, link)

    def __setitem__(self, key: Any, value: Any) -> None:
        set_item(self, key, value)

    def __len__(self) -> int:
        if not self._cell.shape:
            raise TypeError("len() of unsized object")
        return int(self._cell.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self._cell.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[row] for row in range(self._cell.shape[0]))

    def __contains__(self, value: Any) -> bool:
        return value in current_cell(self).value

    def __bool__(self) -> bool:
        return bool(current_cell(self).value)

    def __int__(self) -> int:
        return int(current_cell(self).value)

    def __float__(self) -> float:
        return float(current_cell(self).value)

    def __complex__(self) -> complex:
        return complex(current_cell(self).value)

    def __index__(self) -> int:
        return current_cell(self).value.__index__()

    def __round__(self, digits: int | None = None) -> Any:
        scalar: Any = current_cell(self).value[()]
        return round(scalar, digits)

    def __hash__(self) -> int:
        if self._cell.shape:
            raise TypeError("unhashable type: 'TracedArray'")
        return hash(current_cell(self).value[()])

    def __format__(self, spec: str) -> str:
        value = current_cell(self).value
        return format(value[()] if not value.shape else value, spec)

    def __repr__(self) -> str:
        text = f"{current_cell(self).value!r}"
        return (
            f"TracedArray{text.removeprefix('array')}" if self._cell.shape else self._scalar_repr()
        )

    def _scalar_repr(self) -> str:
        return f"TracedArray({current_cell(self).value[()]})"

    def __str__(self) -> str:
        value = current_cell(self).value
        return str(value[()] if not value.shape else value)

    def __copy__(self) -> Any:
        return TracedArray(current_cell(self), self._session, self.reason)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def __reduce__(self) -> Any:
        return np.array, (np.array(current_cell(self).value),)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(current_cell(self).value, name)
        self._session.note(f"ndarray.{name}", "not traced: answered by the materialised array")
        return found

    def explain(self) -> str:
        """Return, in words, how this value came about and what left the trace on the way."""
        cell = current_cell(self)
        lines = [f"{cell.item.opcode} {cell.item.id.hex()[:12]}: {self.reason}"]
        if not cell.exact:
            lines.append("agrees with plain NumPy within a rewrite's tolerance, not bit by bit")
        lines.extend(f"note: {note}" for note in self._session.notes)
        return "\n".join(lines)


def _is_basic(key: Any) -> bool:
    parts = key if type(key) is tuple else (key,)
    kinds = (int, slice, type(None), type(Ellipsis), np.integer)
    return all(isinstance(part, kinds) and not isinstance(part, bool) for part in parts)


def _ufunc(
    session: Session, ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run a ufunc with keywords, an output, or one of its methods."""
    out = kwargs.get("out")
    target = out[0] if isinstance(out, tuple) and len(out) == 1 else None
    named = {k: v for k, v in kwargs.items() if k != "out" and v is not np._NoValue}
    opcode = name_of(ufunc)
    if any(_is_foreign(value) for value in inputs):
        return NotImplemented
    if opcode is None or (out is not None and target is None):
        return materialise(
            session, f"ufunc {ufunc.__name__}", getattr(ufunc, method), inputs, kwargs
        )
    name = opcode if method == "__call__" else f"{opcode}.{method}"
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    if method == "at":
        return call_into(session, inputs[0], name, function, (inputs[0], *inputs[1:]), named)
    if target is not None:
        return call_into(session, target, name, function, inputs, named, as_out=True)
    return call(session, name, function, inputs, named)


def _is_foreign(value: Any) -> bool:
    override = getattr(type(value), "__array_ufunc__", False)
    known = isinstance(value, (TracedArray, np.ndarray, np.generic))
    return not known and override is not False


Handle.kind = TracedArray
register_source(TracedArray, current_cell)
