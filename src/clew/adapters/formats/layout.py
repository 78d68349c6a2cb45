"""The memory layout of an array: flat items in, the same order of axes, directions and gaps out.

Sums and products can depend on the layout in their last bits, so a content id covers it: C order,
Fortran order, or else for every axis from the outermost in memory its direction and whether it runs
into the next without a gap. How wide a gap is does not count, so it comes back one item wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Order = str | list[list[int]]
"""``"C"``, ``"F"``, or ``[axis, direction, is dense]`` for each axis, outermost first."""


def describe(array: Array) -> Order:
    """Return the layout of an array."""
    if array.flags.c_contiguous:
        return "C"
    if array.flags.f_contiguous:
        return "F"
    axes = [axis for axis, size in enumerate(array.shape) if size > 1]
    axes.sort(key=lambda axis: -abs(array.strides[axis]))
    found = []
    block = array.itemsize
    for axis in reversed(axes):
        stride = array.strides[axis]
        found.append([axis, (stride > 0) - (stride < 0), int(stride == block)])
        block = stride * array.shape[axis]
    return found[::-1]


def flatten(array: Array, order: Order) -> Array:
    """Return the items in one dimension: in memory order when contiguous, else in C order.

    Axes of stride 0 (broadcast ones) are written once.
    """
    if order == "F":
        return array.T.reshape(-1)
    if not isinstance(order, str):
        once = [slice(None)] * array.ndim
        for axis, direction, _ in order:
            if direction == 0:
                once[axis] = slice(1)
        array = array[tuple(once)]
    return np.ascontiguousarray(array).reshape(-1)


def restore(flat: Array, shape: Sequence[int], order: Order) -> Array:
    """Return an array of the given shape and layout; `flat` is taken over where it can be."""
    if order == "C":
        return flat.reshape(shape)
    if order == "F":
        return flat.reshape(shape[::-1]).T
    assert not isinstance(order, str)
    strides = _strides(shape, order, flat.itemsize)
    reach = [(size - 1) * stride for size, stride in zip(shape, strides, strict=True)]
    span = sum(map(abs, reach)) + flat.itemsize
    start = -sum(step for step in reach if step < 0)
    base = np.zeros(span // flat.itemsize, dtype=flat.dtype)
    array: Array = np.ndarray(shape, flat.dtype, buffer=base, offset=start, strides=strides)
    written = [1 if stride == 0 else size for size, stride in zip(shape, strides, strict=True)]
    once = tuple(slice(size) for size in written)
    array[once] = flat.reshape(written)
    if 0 in strides:
        array.flags.writeable = False  # One item stands for many: writing one would change all.
    return array


def _strides(shape: Sequence[int], order: list[list[int]], itemsize: int) -> list[int]:
    strides = [itemsize] * len(shape)
    block = itemsize
    for axis, direction, dense in reversed(order):
        stride = block if dense else direction * abs(block)
        clashes = stride == block and not dense
        if clashes or (direction and abs(stride) < itemsize):
            stride = direction * (abs(block) + itemsize)
        strides[axis] = stride if direction else 0
        block = strides[axis] * shape[axis]
    return strides
