"""Methods of ndarray on traced arrays: each is the function of the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clew.reuse.trace.dispatch import call
from clew.reuse.trace.functions import call_function
from clew.reuse.trace.link import Handle, current_cell
from clew.reuse.trace.mutate import call_into
from clew.reuse.trace.operate import operate

_FUNCTIONS = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "compress",
    "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel",
    "repeat", "reshape", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take",
    "trace", "transpose", "var",
)  # fmt: skip
"""Methods whose function of the same name takes the array first and the same arguments."""

_OWN = ("astype", "byteswap", "flatten", "view")
"""Methods that have no such function: traced as ``numpy.ndarray.NAME``."""

_WRITERS = ("fill", "partition", "put", "sort", "itemset")
"""Methods that change the array."""


class Methods(Handle):
    """Methods of ndarray."""

    __slots__ = ()

    @property
    def real(self) -> Any:
        """The real part."""
        return call_function(self._session, np.real, (self,), {})

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return call_function(self._session, np.imag, (self,), {})

    @property
    def flat(self) -> Any:
        """An iterator over the elements, as plain numbers."""
        return current_cell(self).value.flat

    @property
    def mT(self) -> Any:
        """The transpose of the last two axes."""
        return call_function(self._session, np.swapaxes, (self, -1, -2), {})

    def copy(self, order: str = "C") -> Any:
        """Return an array that later writes to this one do not reach."""
        return call_function(self._session, np.copy, (self,), {"order": order})

    def conj(self) -> Any:
        """Return the complex conjugate."""
        return operate(self._session, "numpy.conjugate", np.conjugate, (self,))

    conjugate = conj

    def item(self, *where: Any) -> Any:
        """Return one element as a Python number: it leaves the trace."""
        return current_cell(self).value.item(*where)

    def tolist(self) -> Any:
        """Return the elements as nested lists: they leave the trace."""
        return current_cell(self).value.tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the elements' bytes."""
        return current_cell(self).value.tobytes(order)


def _by_function(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if name in ("reshape", "transpose") and (len(args) > 1 or (name == "transpose" and args)):
            args = (args if len(args) > 1 or isinstance(args[0], int) else args[0],)
        if name == "transpose" and not args and not kwargs and len(self.shape) == 2:
            return self.T
        return call_function(self._session, function, (self, *args), kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"As ``numpy.{name}`` of this array."
    return method


def _by_method(name: str) -> Callable[..., Any]:
    function = getattr(np.ndarray, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self._session, f"numpy.ndarray.{name}", function, (self, *args), kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"As ``ndarray.{name}``."
    return method


def _by_write(name: str) -> Callable[..., Any]:
    function = getattr(np.ndarray, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> None:
        call_into(self._session, self, f"numpy.ndarray.{name}", function, (self, *args), kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"As ``ndarray.{name}``: this array then stands for the changed copy."
    return method


for _name in _FUNCTIONS:
    setattr(Methods, _name, _by_function(_name))
for _name in _OWN:
    setattr(Methods, _name, _by_method(_name))
for _name in _WRITERS:
    if hasattr(np.ndarray, _name):
        setattr(Methods, _name, _by_write(_name))
