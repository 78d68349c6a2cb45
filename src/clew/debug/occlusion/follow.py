"""From what users have to a network: torch modules and ONNX graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.debug.occlusion.network import Network
from clew.errors import MissingExtra, WrongType


def network_of(model: Any) -> Network:
    """Return a torch module, or an ONNX graph or file, as a network.

    Raises
    ------
    WrongType
        When it is something else, or cannot be followed operation by operation.
    MissingExtra
        Without torch, or onnx for a graph.
    """
    if isinstance(model, Network):
        return model
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("occlusion needs torch", hint="pip install 'clew[torch]'") from error
    if isinstance(model, torch.nn.Module):
        from clew.debug.occlusion.modules import network_of_module

        return network_of_module(model)
    if isinstance(model, (str, Path)) or type(model).__name__ == "ModelProto":
        from clew.debug.occlusion.graphs import network_of_graph

        return network_of_graph(model)
    raise WrongType(
        "what is occluded is a network",
        got=type(model).__name__,
        expected="a torch module, an ONNX graph, or the path of one",
    )
