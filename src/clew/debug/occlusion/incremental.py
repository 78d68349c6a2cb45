"""Many copies of an image that differ in one patch: only what the patch reaches is recomputed.

Nakandala, S. et al. 2019, *Incremental and Approximate Inference for Faster Occlusion-based Deep
CNN Explanations*, SIGMOD. Of every operation the same size of window is recomputed for all copies,
the projective field of the patch; what it reads around the window comes from the image as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from clew.debug.occlusion.network import Network, Op, Pair


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What differs in each copy: a window of one size, at a place of its own.

    Parameters
    ----------
    values : tensor of shape (copies, channels, height, width)
    top, left : tensor of shape (copies,)
        Where it lies in the whole.
    """

    values: Any
    top: Any
    left: Any

    @property
    def size(self) -> Pair:
        """Height and width."""
        return int(self.values.shape[2]), int(self.values.shape[3])


@dataclass(slots=True, eq=False)
class Base:
    """The image as it is, through the whole network.

    Parameters
    ----------
    values : dict
        What each operation makes of it.
    field : float
        The share of a side that a window may have: 1 is exact, less cuts its rim.
    """

    network: Network
    values: dict[str, Any]
    field: float = 1.0

    def scores(self, patch: Window) -> Any:
        """Return the outputs of the copies, of shape (copies, ...)."""
        changed: dict[str, Any] = {"image": patch}
        count = len(patch.top)
        for op in self.network.ops:
            inputs = [changed[name] for name in op.inputs if name in changed]
            if not inputs:
                continue
            windows = all(isinstance(changed.get(name), Window) for name in op.inputs)
            if op.window is not None and windows:
                changed[op.name] = self._window(op, inputs)
            elif op.is_mean and windows:
                changed[op.name] = self._mean(op, inputs[0])
            else:
                whole = [self._whole(name, changed, count) for name in op.inputs]
                changed[op.name] = op.run(*whole)
        return self._whole(self.network.output, changed, count)

    def _window(self, op: Op, inputs: list[Window]) -> Window:
        """Return the window of the output that the windows of the inputs reach."""
        assert op.window is not None
        height, width = self.values[op.name].shape[2:]
        first = self._reach(op, inputs, 0, int(height))
        second = self._reach(op, inputs, 1, int(width))
        read = []
        for name, one in zip(op.inputs, inputs, strict=True):
            top, left = first[0] * op.stride[0], second[0] * op.stride[1]
            tall = (first[1] - 1) * op.stride[0] + op.kernel[0]
            wide = (second[1] - 1) * op.stride[1] + op.kernel[1]
            context = _cut(self._padded(op, name), top, left, tall, wide)
            _paste(context, one, top - op.padding[0], left - op.padding[1])
            read.append(context)
        return Window(op.window(*read), first[0], second[0])

    def _reach(self, op: Op, inputs: list[Window], axis: int, whole: int) -> tuple[Any, int]:
        """Return where the window of the output begins, and its size, down or across."""
        kernel, stride, padding = op.kernel[axis], op.stride[axis], op.padding[axis]
        starts = [one.top if axis == 0 else one.left for one in inputs]
        ends = [start + one.size[axis] for start, one in zip(starts, inputs, strict=True)]
        start, end = torch.stack(starts).amin(0), torch.stack(ends).amax(0)
        size = int((end - start).max())
        # Of the outputs that read any of it, the first; all copies get as many as one can have.
        low = -((-(start + padding - kernel + 1)) // stride)
        count = min(whole, (size + kernel - 2) // stride + 1)
        most = max(1, round(self.field * whole))
        if count > most:  # The rim of the field is left as it was.
            low = low + (count - most) // 2
            count = most
        return low.clamp(0, whole - count), count

    def _padded(self, op: Op, name: str) -> Any:
        value = self.values[name]
        down, across = op.padding
        if not (down or across):
            return value[0]
        pads = (across, across, down, down)
        return torch.nn.functional.pad(value, pads, value=op.fill)[0]

    def _mean(self, op: Op, one: Window) -> Any:
        """Return the means of the copies: the image's, and what the windows change."""
        value = self.values[op.inputs[0]]
        before = _cut(value[0], one.top, one.left, *one.size)
        change = (one.values - before).sum(dim=(2, 3)) / (value.shape[2] * value.shape[3])
        mean = self.values[op.name]
        return mean + change.reshape(len(change), *mean.shape[1:])

    def _whole(self, name: str, changed: dict[str, Any], count: int) -> Any:
        """Return the whole value of each copy."""
        found = changed.get(name)
        value = self.values[name]
        if found is None:
            return value.expand(count, *value.shape[1:])
        if not isinstance(found, Window):
            return found
        whole = value.repeat(count, 1, 1, 1)
        _paste(whole, found, torch.zeros_like(found.top), torch.zeros_like(found.left))
        return whole


def _cut(value: Any, top: Any, left: Any, tall: int, wide: int) -> Any:
    """Return windows of one size out of a value of shape (channels, height, width)."""
    down, row, across = value.stride()
    channels, height, width = value.shape
    places = value.as_strided(
        (height - tall + 1, width - wide + 1, channels, tall, wide),
        (row, across, down, row, across),
    )
    return places[top, left]


def _paste(context: Any, one: Window, top: Any, left: Any) -> None:
    """Write windows into larger ones that begin at `top`, `left`, as far as they overlap."""
    down, across = one.top - top, one.left - left
    places = torch.stack([down, across], dim=1)
    distinct, group = torch.unique(places, dim=0, return_inverse=True)
    tall, wide = context.shape[2:]
    for at, (y, x) in enumerate(distinct.tolist()):
        rows = (group == at).nonzero().ravel()
        y0, x0 = max(y, 0), max(x, 0)
        y1, x1 = min(y + one.size[0], tall), min(x + one.size[1], wide)
        if y1 <= y0 or x1 <= x0:
            continue
        part = one.values[rows, :, y0 - y : y1 - y, x0 - x : x1 - x]
        context[rows, :, y0:y1, x0:x1] = part


def operations(network: Network, values: dict[str, Any], size: Pair) -> tuple[float, float]:
    """Return the multiplications for one copy: of the whole network, and of what a patch reaches.

    Counted are convolutions, whose weights are seen in the size of what they read and make.
    """
    whole = reached = 0.0
    sizes: dict[str, Pair | None] = {"image": size}
    for op in network.ops:
        shape = values[op.name].shape
        known = [sizes.get(name) for name in op.inputs]
        if op.window is None or len(shape) != 4 or any(one is None for one in known):
            sizes[op.name] = None
            continue
        inside = [one for one in known if one is not None]
        found = []
        for axis in (0, 1):
            most = max(one[axis] for one in inside)
            count = (most + op.kernel[axis] - 2) // op.stride[axis] + 1
            found.append(min(int(shape[2 + axis]), count))
        sizes[op.name] = (found[0], found[1])
        cost = shape[1] * op.kernel[0] * op.kernel[1] * values[op.inputs[0]].shape[1]
        if op.kernel == (1, 1) and op.stride == (1, 1) and op.padding == (0, 0):
            cost = shape[1]
        whole += cost * shape[2] * shape[3]
        reached += cost * found[0] * found[1]
    return whole, reached
