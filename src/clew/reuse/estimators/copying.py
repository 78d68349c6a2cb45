"""Private copies of fitted states and results, in exactly the layout of the original.

`Copier` copies what a call left behind. Objects that belonged to the caller before (the training
data that a nearest-neighbour model keeps, a parameter that a fitted attribute refers to) become
`Slot`s, and the next caller's own object is put in their place.
"""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from clew.reuse.estimators.checks import package_of
from clew.reuse.estimators.classes import is_library
from clew.reuse.estimators.describe import is_plain
from clew.reuse.estimators.identity import SCALARS

_ATOMS = (
    str, int, float, bool, bytes, complex, type(None), type, np.generic, np.dtype, range, slice,
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType,
)  # fmt: skip


class Slot:
    """A place for an object that the caller owns."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Parts:
    """A library's C object (a search tree), taken apart: what rebuilds it."""

    __slots__ = ("arguments", "make", "state")

    def __init__(self, make: Any, arguments: Any, state: Any) -> None:
        self.make = make
        self.arguments = arguments
        self.state = state


class Copier:
    """One copy operation; what is met twice is copied once.

    Parameters
    ----------
    known : dict of int to object
        What to put in place of an object, by its address.
    owned : sequence of array
        Memory of the caller's. An array that shows all of one of them is copied as that one;
        `aliases` tells whether another that shows a part of one was met.
    """

    def __init__(
        self,
        known: dict[int, Any] | None = None,
        owned: Sequence[np.ndarray[Any, Any]] = (),
    ) -> None:
        self.aliases = False
        self._memo: dict[int, Any] = dict(known or {})
        self._kept: list[object] = []
        self._owned = owned

    def slot(self, value: Any) -> Slot | None:
        """Return the place that an object of the caller's stands for, if it is one."""
        found = self._memo.get(id(value))
        return found if isinstance(found, Slot) else None

    def copy(self, value: Any) -> Any:
        """Return a private copy of a value."""
        if type(value) in SCALARS:
            return value
        found = self._memo.get(id(value), self)
        if found is not self:
            return found
        cls = type(value)
        if isinstance(value, _ATOMS):
            return value
        made = self._copy(cls, value)
        self._memo[id(value)] = made
        self._kept.append(value)
        return made

    def _copy(self, cls: type, value: Any) -> Any:
        if cls is np.ndarray:
            return self._array(value)
        if cls is list:
            items: list[Any] = []
            self._memo[id(value)] = items
            items.extend(self.copy(item) for item in value)
            return items
        if cls is dict:
            pairs: dict[Any, Any] = {}
            self._memo[id(value)] = pairs
            pairs.update((self.copy(k), self.copy(v)) for k, v in value.items())
            return pairs
        if cls is tuple:
            return tuple([self.copy(item) for item in value])
        if cls in (set, frozenset):
            return cls(self.copy(item) for item in value)
        return self._object(cls, value)

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        for own in self._owned:
            if np.may_share_memory(value, own):
                whole = self._memo.get(id(own)) if _shows_all_of(value, own) else None
                if isinstance(whole, Slot):
                    return whole
                self.aliases = True
        if value.dtype.hasobject:
            made = np.empty_like(value)
            items = [self.copy(item) for item in value.ravel()]
            made[...] = _object_array(items).reshape(value.shape)
        else:
            made = copy_array(value)
        made.flags.writeable = value.flags.writeable
        return made

    def _object(self, cls: type, value: Any) -> Any:
        shared = shallow(value)
        if shared is not None:
            return shared
        if is_plain(cls) and not isinstance(value, dict | list | tuple | set | BaseException):
            made: Any = object.__new__(cls)
            self._memo[id(value)] = made
            made.__dict__.update({k: self.copy(v) for k, v in vars(value).items()})
            return made
        if cls is Parts:
            return self._rebuilt(value)
        if is_library(cls) and not hasattr(cls, "__deepcopy__"):
            return self._parts(value)
        return copy.deepcopy(value, self._memo)

    def _parts(self, value: Any) -> Any:
        reduced = value.__reduce_ex__(4)
        if not isinstance(reduced, tuple) or any(part is not None for part in reduced[3:]):
            return copy.deepcopy(value, self._memo)
        self._kept.append(reduced)
        made, arguments, state = (*reduced, None)[:3]
        return Parts(made, self.copy(arguments), self.copy(state))

    def _rebuilt(self, parts: Parts) -> Any:
        made = parts.make(*self.copy(parts.arguments))
        if parts.state is not None:
            _set_state(made, self.copy(parts.state))
        return made


def _set_state(made: Any, state: Any) -> None:
    """Give an object its state, as the copy protocol says."""
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        made.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(made, name, value)


def _shows_all_of(view: np.ndarray[Any, Any], array: np.ndarray[Any, Any]) -> bool:
    """Tell whether two arrays are the same but for being two objects."""
    return (
        view.ctypes.data == array.ctypes.data
        and (view.dtype, view.shape, view.strides) == (array.dtype, array.shape, array.strides)
        and view.flags.writeable == array.flags.writeable
    )


def _object_array(items: list[Any]) -> np.ndarray[Any, Any]:
    made = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        made[position] = item
    return made


def copy_array(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy with the same shape and the same strides.

    A linear-algebra routine may round differently on another layout, so a column of a matrix stays
    a strided column.
    """
    if array.dtype.names is not None and array.flags.c_contiguous and array.size:
        whole = np.empty_like(array)  # a tree's nodes: the gaps between fields are copied too
        whole.reshape(-1).view(np.uint8)[:] = array.reshape(-1).view(np.uint8)
        return whole
    if array.flags.c_contiguous or array.flags.f_contiguous or array.size == 0:
        return array.copy(order="K")
    if any(stride < 0 for stride in array.strides) or 0 in array.strides:
        return array.copy(order="K")
    extent = sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True))
    memory = np.zeros(extent + array.itemsize, dtype=np.uint8)
    made: np.ndarray[Any, Any] = np.ndarray(
        array.shape, array.dtype, buffer=memory.data, strides=array.strides
    )
    made[...] = array
    return made


def shallow(value: Any) -> Any:
    """Return a copy that shares memory which nobody can write through it, or None.

    pandas from version 3 on copies on write; Polars' columns and Arrow's arrays never change.
    """
    package = package_of(value)
    if package == "pandas":
        pandas = sys.modules["pandas"]
        if isinstance(value, pandas.Index):
            return value
        if copies_on_write() and type(value) in (pandas.DataFrame, pandas.Series):
            return value.copy(deep=False)
        return None
    if package == "polars":
        return value.clone() if hasattr(value, "clone") else None
    if package == "pyarrow":
        return value
    return None


def copies_on_write() -> bool:
    """Tell whether pandas, as loaded, always copies on write."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and int(pandas.__version__.split(".")[0]) >= 3
