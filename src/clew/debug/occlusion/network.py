"""A convolutional network as operations, of each of which it is known how far it reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operation.

    Parameters
    ----------
    name : str
        What it makes.
    inputs : tuple of str
        What it reads; the image is ``image``.
    run : callable
        From whole inputs to the whole output.
    window : callable, optional
        From windows of the inputs, with what they need around them and no padding, to a window of
        the output. None: an output depends on all of an input.
    kernel, stride, padding : (int, int)
        How far it reaches, down and across.
    fill : float
        What padding is.
    is_mean : bool
        It is the mean over all places of a channel.
    """

    name: str
    inputs: tuple[str, ...]
    run: Callable[..., Any]
    window: Callable[..., Any] | None = None
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    fill: float = 0.0
    is_mean: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network in evaluation mode: operations in an order in which they can run."""

    ops: tuple[Op, ...]
    output: str
    weights: tuple[Any, ...] = field(default=())

    def run(self, image: Any) -> Any:
        """Return the output for images of shape (n, channels, height, width)."""
        return self.values(image)[self.output]

    def values(self, image: Any) -> dict[str, Any]:
        """Return what each operation makes."""
        values = {"image": image}
        for op in self.ops:
            values[op.name] = op.run(*(values[name] for name in op.inputs))
        return values


def elementwise(name: str, inputs: Sequence[str], run: Callable[..., Any]) -> Op:
    """Return an operation of which each place depends on the same place of its inputs only."""
    return Op(name, tuple(inputs), run, run)


def convolution(
    name: str,
    source: str,
    weight: Any,
    bias: Any,
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Op:
    """Return a convolution."""
    from torch.nn.functional import conv2d

    reach = (
        dilation[0] * (weight.shape[2] - 1) + 1,
        dilation[1] * (weight.shape[3] - 1) + 1,
    )

    def run(x: Any, padding: Pair = padding) -> Any:
        return conv2d(x, weight, bias, stride, padding, dilation, groups)

    return Op(
        name,
        (source,),
        run,
        lambda x: run(x, (0, 0)),
        kernel=reach,
        stride=stride,
        padding=padding,
    )


def pool(name: str, source: str, *, kind: str, kernel: Pair, stride: Pair, padding: Pair) -> Op:
    """Return a pooling: ``max``, or ``mean`` with padding that counts as zeros."""
    from torch.nn.functional import avg_pool2d, max_pool2d

    if kind == "max":
        return Op(
            name,
            (source,),
            lambda x: max_pool2d(x, kernel, stride, padding),
            lambda x: max_pool2d(x, kernel, stride),
            kernel=kernel,
            stride=stride,
            padding=padding,
            fill=float("-inf"),
        )
    return Op(
        name,
        (source,),
        lambda x: avg_pool2d(x, kernel, stride, padding),
        lambda x: avg_pool2d(x, kernel, stride),
        kernel=kernel,
        stride=stride,
        padding=padding,
    )


def whole_mean(name: str, source: str, *, keep: bool) -> Op:
    """Return the mean over all places of each channel."""
    return Op(name, (source,), lambda x: x.mean(dim=(2, 3), keepdim=keep), is_mean=True)


def pair(value: Any) -> Pair:
    """Return a size as two numbers."""
    if isinstance(value, int):
        return value, value
    first, second = value
    return int(first), int(second)
