"""A torch module as a network, followed by `torch.fx`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from clew.debug.occlusion.network import (
    Network,
    Op,
    convolution,
    elementwise,
    pair,
    pool,
    whole_mean,
)
from clew.errors import WrongType

_MAPS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardtanh),
    *(nn.Hardswish, nn.Hardsigmoid, nn.Softplus, nn.Identity, nn.Dropout, nn.Dropout2d),
)
_FUNCTIONS = {
    *(torch.relu, torch.sigmoid, torch.tanh, functional.relu, functional.relu6, functional.gelu),
    *(functional.silu, functional.leaky_relu, functional.elu, functional.hardswish),
    *(operator.add, operator.mul, operator.sub, torch.add, torch.mul, operator.iadd),
}
_METHODS = {"relu", "sigmoid", "tanh", "add", "mul", "contiguous"}


def network_of_module(module: nn.Module) -> Network:
    """Return a torch module in evaluation mode as a network.

    Raises
    ------
    WrongType
        When it cannot be followed: its flow depends on values.
    """
    if any(one.training for one in module.modules()):
        raise WrongType("a network in evaluation mode", got="training", hint="model.eval()")
    try:
        graph = fx.symbolic_trace(module).graph
    except Exception as error:
        raise WrongType(
            "this module cannot be followed operation by operation",
            got=f"{type(module).__name__}: {error}",
            hint="export it to ONNX, and occlude that",
        ) from error
    modules = dict(module.named_modules())
    ops: list[Op] = []
    output = ""
    for node in graph.nodes:
        if node.op == "placeholder":
            if ops or output:
                raise WrongType("a network of one image", got="several inputs")
            ops.append(elementwise(node.name, ("image",), lambda x: x))
        elif node.op == "output":
            result = node.args[0]
            if not isinstance(result, fx.Node):
                raise WrongType("a network of one output", got=str(result))
            output = result.name
        else:
            ops.append(_op(node, modules, module))
    return Network(tuple(ops), output, tuple(module.parameters()))


def _op(node: fx.Node, modules: dict[str, nn.Module], root: nn.Module) -> Op:
    inputs = tuple(one.name for one in node.all_input_nodes)
    run = _runner(node, modules, root)
    if node.op == "call_module":
        layer = modules[str(node.target)]
        return _layer(node.name, inputs, layer, run)
    if _is_local(node):
        return elementwise(node.name, inputs, run)
    return Op(node.name, inputs, run)


def _layer(name: str, inputs: tuple[str, ...], layer: nn.Module, run: Callable[..., Any]) -> Op:
    """Return a layer with how far it reaches, where that is known."""
    if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and layer.padding != "same":
        return convolution(
            name,
            inputs[0],
            layer.weight,
            layer.bias,
            stride=pair(layer.stride),
            padding=(0, 0) if layer.padding == "valid" else pair(layer.padding),
            dilation=pair(layer.dilation),
            groups=layer.groups,
        )
    if isinstance(layer, nn.MaxPool2d) and pair(layer.dilation) == (1, 1) and not layer.ceil_mode:
        sizes = {key: pair(getattr(layer, key)) for key in ("stride", "padding")}
        return pool(name, inputs[0], kind="max", kernel=pair(layer.kernel_size), **sizes)
    if isinstance(layer, nn.AvgPool2d) and not layer.ceil_mode and not layer.divisor_override:
        padding = pair(layer.padding)
        if padding == (0, 0) or layer.count_include_pad:
            kernel, stride = pair(layer.kernel_size), pair(layer.stride)
            return pool(name, inputs[0], kind="mean", kernel=kernel, stride=stride, padding=padding)
    if isinstance(layer, nn.AdaptiveAvgPool2d) and layer.output_size in (1, (1, 1)):
        return whole_mean(name, inputs[0], keep=True)
    if isinstance(layer, (nn.BatchNorm2d, *_MAPS)):
        return elementwise(name, inputs, run)
    return Op(name, inputs, run)


def _is_local(node: fx.Node) -> bool:
    """Tell whether each place of the output depends on the same place of the inputs only."""
    if node.op == "call_method":
        return node.target in _METHODS
    if node.op != "call_function":
        return False
    if node.target is torch.cat:
        dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        return bool(dim == 1)
    # With a constant of more than one number, places may differ.
    plain = all(isinstance(one, (fx.Node, int, float, bool)) for one in node.args)
    return plain and node.target in _FUNCTIONS


def _runner(node: fx.Node, modules: dict[str, nn.Module], root: nn.Module) -> Callable[..., Any]:
    """Return a node as a function of the values that it reads."""

    def run(*values: Any) -> Any:
        known = dict(zip(node.all_input_nodes, values, strict=True))
        args = fx.node.map_arg(node.args, lambda one: known[one])
        options = fx.node.map_arg(node.kwargs, lambda one: known[one])
        if node.op == "call_module":
            return modules[str(node.target)](*args, **options)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **options)
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(root)
        return node.target(*args, **options)

    return run
