"""torch networks: the graph that torch.onnx writes, between rows of doubles and named answers.

The network computes in its own precision; softmax and sigmoid are in double precision, as
`TorchModel` computes them.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import Any

import numpy as np

from clew.adapters.formats.onnx.graph import (
    Graph,
    Outputs,
    both_sides,
    highest,
    label_of,
    positive,
)
from clew.errors import MissingExtra, UnsupportedValue
from clew.track.flavors.torch import TorchModel, program_of

_INNER, _OUTER = "network.rows", "network.outputs"
_DOUBLE = 11


def written(model: TorchModel) -> Any:
    """Return torch's graph of a network, whose input and output have names of their own.

    Raises
    ------
    UnsupportedValue
        When torch.onnx cannot write it.
    """
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "exporting a network needs onnxscript", got=str(error), hint="pip install 'clew[torch]'"
        ) from error
    import torch

    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it tells of extensions that are not installed
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            made: Any = torch.onnx.export(
                program_of(model),
                dynamo=True,
                input_names=[_INNER],
                output_names=[_OUTER],
                verbose=False,
            )
    except Exception as error:  # whatever comes up in the converter
        raise UnsupportedValue(
            "torch.onnx cannot write this network", got=f"{type(error).__name__}: {error}"[:400]
        ) from error
    finally:
        logger.setLevel(level)
    proto = made.model_proto
    if len(proto.graph.input) != 1 or len(proto.graph.output) != 1:
        raise UnsupportedValue("a network of several inputs or outputs has no export")
    return proto


def around(proto: Any, model: TorchModel, graph: Graph, x: str) -> Outputs:
    """Continue a network's graph with what its outputs mean; `x` is the matrix that it reads."""
    from onnx import helper

    kind = proto.graph.input[0].type.tensor_type.elem_type
    proto.graph.node.insert(0, helper.make_node("Cast", [x], [_INNER], to=kind))
    scores = graph.node("Cast", _OUTER, to=_DOUBLE)
    if not model.classes:
        return Outputs(value=scores)
    shape = proto.graph.output[0].type.tensor_type.shape.dim
    if len(shape) == 1 or shape[1].dim_value == 1:
        single = graph.node("Reshape", scores, graph.constant(np.array([-1, 1])))
        label = label_of(graph, model.classes_, positive(graph, single))
        return Outputs(label, both_sides(graph, graph.node("Sigmoid", single)))
    label = label_of(graph, model.classes_, highest(graph, scores))
    return Outputs(label, graph.node("Softmax", scores, axis=1))
