"""An ONNX graph as a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from clew.debug.occlusion.network import Network, Op, convolution, elementwise, pool, whole_mean
from clew.errors import MissingExtra, WrongType

_MAPS: dict[str, Callable[..., Any]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Identity": lambda x: x,
    "Dropout": lambda x, *_: x,
    "HardSwish": functional.hardswish,
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
}


def network_of_graph(model: Any) -> Network:
    """Return an ONNX graph, or the file of one, as a network.

    Raises
    ------
    WrongType
        When it has several inputs, or an operation that is not known here.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtra("an ONNX graph needs onnx", hint="pip install 'clew[onnx]'") from error
    if isinstance(model, (str, Path)):
        model = onnx.load(str(model))
    graph = model.graph
    known = {
        one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer
    }
    inputs = [one.name for one in graph.input if one.name not in known]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise WrongType(
            "a graph of one image and one output",
            got=f"{len(inputs)} inputs, {len(graph.output)} outputs",
        )
    ops = [elementwise(inputs[0], ("image",), lambda x: x)]
    for node in graph.node:
        options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Constant":
            known[node.output[0]] = torch.from_numpy(numpy_helper.to_array(options["value"]).copy())
            continue
        ops.append(_op(node, options, known))
    return Network(tuple(ops), graph.output[0].name, tuple(known.values()))


def _op(node: Any, options: dict[str, Any], known: dict[str, Any]) -> Op:
    """Return a node of the graph as an operation."""
    name, kind = node.output[0], node.op_type
    inputs = tuple(one for one in node.input if one and one not in known)
    constants = {at: known[one] for at, one in enumerate(node.input) if one in known}
    if kind == "Conv" and 0 not in constants:
        return _conv(name, inputs[0], constants, options)
    if kind in ("MaxPool", "AveragePool"):
        found = _pool(name, inputs[0], kind, options)
        if found is not None:
            return found
    if kind == "GlobalAveragePool":
        return whole_mean(name, inputs[0], keep=True)
    if kind == "BatchNormalization":
        scale, shift, middle, spread = (constants[at] for at in range(1, 5))
        small = options.get("epsilon", 1e-5)
        return elementwise(
            name,
            inputs,
            lambda x: functional.batch_norm(x, middle, spread, scale, shift, eps=small),
        )
    if kind == "LeakyRelu":
        slope = options.get("alpha", 0.01)
        return elementwise(name, inputs, lambda x: functional.leaky_relu(x, slope))
    if kind == "Clip":
        low, high = constants.get(1, options.get("min")), constants.get(2, options.get("max"))
        return elementwise(name, inputs, lambda x: torch.clamp(x, low, high))
    if kind == "Concat" and options["axis"] == 1 and not constants:
        return elementwise(name, inputs, lambda *values: torch.cat(values, dim=1))
    if kind in _MAPS:
        return _map(name, inputs, constants, len(node.input), _MAPS[kind])
    return Op(name, inputs, _whole(kind, options, constants))


def _map(
    name: str,
    inputs: tuple[str, ...],
    constants: dict[int, Any],
    count: int,
    function: Callable[..., Any],
) -> Op:
    """Return a function place by place; a constant must be the same at every place."""

    def run(*values: Any) -> Any:
        left = iter(values)
        return function(*(constants[at] if at in constants else next(left) for at in range(count)))

    flat = all(one.ndim < 3 or one.shape[-2:] == (1, 1) for one in constants.values())
    alike = all(one.numel() == 1 or one.ndim > 2 for one in constants.values())
    return elementwise(name, inputs, run) if flat and alike else Op(name, inputs, run)


def _conv(name: str, source: str, constants: dict[int, Any], options: dict[str, Any]) -> Op:
    weight = constants[1]
    pads = _pads(options)
    return convolution(
        name,
        source,
        weight,
        constants.get(2),
        stride=tuple(options.get("strides", (1, 1))),
        padding=pads,
        dilation=tuple(options.get("dilations", (1, 1))),
        groups=int(options.get("group", 1)),
    )


def _pads(options: dict[str, Any]) -> tuple[int, int]:
    pads = tuple(options.get("pads", (0, 0, 0, 0)))
    told = options.get("auto_pad", b"NOTSET")
    if pads[:2] != pads[2:] or told not in (b"NOTSET", b"VALID"):
        raise WrongType("padding that is equal on both sides", got=f"{pads}, {told!r}")
    return int(pads[0]), int(pads[1])


def _pool(name: str, source: str, kind: str, options: dict[str, Any]) -> Op | None:
    """Return a pooling; one whose windows are cut at the edges cannot be followed."""
    padding = _pads(options)
    is_mean = kind == "AveragePool"
    if is_mean and padding != (0, 0) and not options.get("count_include_pad", 0):
        raise WrongType(
            "means over padding", got="count_include_pad=0", expected="1, or no padding"
        )
    if options.get("ceil_mode", 0) or tuple(options.get("dilations", (1, 1))) != (1, 1):
        raise WrongType("a pooling of whole windows", got="ceil_mode or dilations")
    return pool(
        name,
        source,
        kind="mean" if is_mean else "max",
        kernel=tuple(options["kernel_shape"]),
        stride=tuple(options.get("strides", (1, 1))),
        padding=padding,
    )


def _whole(kind: str, options: dict[str, Any], constants: dict[int, Any]) -> Callable[..., Any]:
    """Return an operation on whole values: what comes after the convolutions."""
    if kind == "Flatten" and options.get("axis", 1) == 1:
        return lambda x: x.flatten(1)
    if kind == "Reshape" and 1 in constants:
        shape = [int(one) for one in constants[1]]
        return lambda x: x.reshape(x.shape[0], *shape[1:])
    if kind == "Gemm" and not options.get("transA", 0) and 1 in constants:
        weight = constants[1].T if options.get("transB", 0) else constants[1]
        alpha, beta = options.get("alpha", 1.0), options.get("beta", 1.0)
        shift = constants.get(2, torch.zeros(1))
        return lambda x: alpha * (x @ weight) + beta * shift
    if kind == "MatMul" and 1 in constants:
        return lambda x: x @ constants[1]
    if kind in ("Softmax", "LogSoftmax"):
        axis = options.get("axis", -1)
        return lambda x: getattr(x, "softmax" if kind == "Softmax" else "log_softmax")(axis)
    if kind == "ReduceMean":
        axes = options.get("axes") or [int(one) for one in constants[1]]
        return lambda x: x.mean(tuple(axes), keepdim=bool(options.get("keepdims", 1)))
    raise WrongType("an operation that can be followed", got=kind, hint="give the torch module")
