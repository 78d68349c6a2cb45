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

    __add__, __radd__, __iadd__ = _forward(np.add), _reflected(np.add), _in_place(np.add)
    __sub__, __rsub__ = _forward(np.subtract), _reflected(np.subtract)
    __isub__ = _in_place(np.subtract)
    __mul__, __rmul__ = _forward(np.multiply), _reflected(np.multiply)
    __imul__ = _in_place(np.multiply)
    __truediv__, __rtruediv__ = _forward(np.true_divide), _reflected(np.true_divide)
    __itruediv__ = _in_place(np.true_divide)
    __floordiv__, __rfloordiv__ = _forward(np.floor_divide), _reflected(np.floor_divide)
    __ifloordiv__ = _in_place(np.floor_divide)
    __mod__, __rmod__ = _forward(np.remainder), _reflected(np.remainder)
    __imod__ = _in_place(np.remainder)
    __divmod__, __rdivmod__ = _forward(np.divmod), _reflected(np.divmod)
    __matmul__, __rmatmul__ = _forward(np.matmul), _reflected(np.matmul)
    __imatmul__ = _in_place(np.matmul)
    __and__, __rand__ = _forward(np.bitwise_and), _reflected(np.bitwise_and)
    __iand__ = _in_place(np.bitwise_and)
    __or__, __ror__ = _forward(np.bitwise_or), _reflected(np.bitwise_or)
    __ior__ = _in_place(np.bitwise_or)
    __xor__, __rxor__ = _forward(np.bitwise_xor), _reflected(np.bitwise_xor)
    __ixor__ = _in_place(np.bitwise_xor)
    __lshift__, __rlshift__ = _forward(np.left_shift), _reflected(np.left_shift)
    __ilshift__ = _in_place(np.left_shift)
    __rshift__, __rrshift__ = _forward(np.right_shift), _reflected(np.right_shift)
    __irshift__ = _in_place(np.right_shift)
    __pow__, __rpow__, __ipow__ = _power, _reflected_power, _in_place_power
    __lt__, __le__ = _forward(np.less), _forward(np.less_equal)
    __gt__, __ge__ = _forward(np.greater), _forward(np.greater_equal)
    __eq__ = _forward(np.equal)
    __ne__ = _forward(np.not_equal)
    __neg__, __pos__ = _unary(np.negative), _unary(np.positive)
    __abs__, __invert__ = _unary(np.absolute), _unary(np.invert)
