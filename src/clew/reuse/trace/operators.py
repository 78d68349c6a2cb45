"""Python's operators on traced arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from clew.reuse.trace.link import assign, current_cell
from clew.reuse.trace.opcode import UFUNCS
from clew.reuse.trace.operate import operate

Operator = Callable[[Any, Any], Any]
_SIMPLE = frozenset({float, int, bool, complex, np.ndarray, np.float64})


def _defers(other: Any) -> bool:
    """Tell whether the other operand wants to run the operation itself (pandas, SciPy sparse)."""
    return getattr(other, "__array_ufunc__", False) is None or (
        not isinstance(other, (Operators, np.ndarray, np.generic))
        and getattr(other, "__array_priority__", 0) > 0
    )


def _forward(ufunc: np.ufunc) -> Operator:
    opcode = UFUNCS[ufunc]

    def method(self: Any, other: Any) -> Any:
        if type(other) not in _SIMPLE and _defers(other):
            return NotImplemented
        return operate(self._session, opcode, ufunc, (self, other))

    return method


def _reflected(ufunc: np.ufunc) -> Operator:
    opcode = UFUNCS[ufunc]

    def method(self: Any, other: Any) -> Any:
        if _defers(other):
            return NotImplemented
        return operate(self._session, opcode, ufunc, (other, self))

    return method


def _in_place(ufunc: np.ufunc) -> Operator:
    opcode = UFUNCS[ufunc]

    def method(self: Any, other: Any) -> Any:
        result = operate(self._session, opcode, ufunc, (self, other))
        if result is NotImplemented or not self.shape:
            return result
        return store(self, other, result, ufunc)

    return method


def _family(ufunc: np.ufunc) -> tuple[Operator, Operator, Operator]:
    """Return the three methods of a binary operator: ``x + y``, ``y + x``, ``x += y``."""
    return _forward(ufunc), _reflected(ufunc), _in_place(ufunc)


def store(array: Any, other: Any, result: Any, ufunc: np.ufunc) -> Any:
    """Let `array` stand for the result of an in-place operator, as NumPy would cast it."""
    same = getattr(result, "shape", None) == array.shape and result.dtype == array.dtype
    if same and isinstance(result, Operators):
        assign(array, current_cell(result))  # type: ignore[arg-type]
        return array
    return ufunc(array, other, out=array)


def _unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    opcode = UFUNCS[ufunc]
    return lambda self: operate(self._session, opcode, ufunc, (self,))


def _power(self: Any, other: Any) -> Any:
    # The operator has fast paths (square, sqrt) that np.power has not: last bits may differ.
    return NotImplemented if _defers(other) else operate(
        self._session, "operator.pow", operator.pow, (self, other)
    )  # fmt: skip


def _reflected_power(self: Any, other: Any) -> Any:
    return NotImplemented if _defers(other) else operate(
        self._session, "operator.pow", operator.pow, (other, self)
    )  # fmt: skip


def _in_place_power(self: Any, other: Any) -> Any:
    result = _power(self, other)
    if result is NotImplemented or not self.shape:
        return result
    return store(self, other, result, np.power)


class Operators:
    """Arithmetic, comparison and bit operators, as NumPy defines them on arrays."""

    __slots__ = ()

    __add__, __radd__, __iadd__ = _family(np.add)
    __sub__, __rsub__, __isub__ = _family(np.subtract)
    __mul__, __rmul__, __imul__ = _family(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _family(np.true_divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _family(np.floor_divide)
    __mod__, __rmod__, __imod__ = _family(np.remainder)
    __matmul__, __rmatmul__, __imatmul__ = _family(np.matmul)
    __and__, __rand__, __iand__ = _family(np.bitwise_and)
    __or__, __ror__, __ior__ = _family(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = _family(np.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = _family(np.left_shift)
    __rshift__, __rrshift__, __irshift__ = _family(np.right_shift)
    __divmod__, __rdivmod__ = _forward(np.divmod), _reflected(np.divmod)
    __pow__, __rpow__, __ipow__ = _power, _reflected_power, _in_place_power
    __lt__, __le__ = _forward(np.less), _forward(np.less_equal)
    __gt__, __ge__ = _forward(np.greater), _forward(np.greater_equal)
    __eq__ = _forward(np.equal)
    __ne__ = _forward(np.not_equal)
    __neg__, __pos__ = _unary(np.negative), _unary(np.positive)
    __abs__, __invert__ = _unary(np.absolute), _unary(np.invert)
