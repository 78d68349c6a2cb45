"""A graph under construction, and what a model's part of it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

OPSET = 19
TREE_OPSET = 5
TREE_DOMAIN = "ai.onnx.ml"
IR_VERSION = 10


@dataclass(frozen=True, slots=True)
class Outputs:
    """Names of what a model's part of a graph computes; of a classifier both, of others `value`.

    Parameters
    ----------
    label : str or None
        (n_rows,) the predicted class.
    probabilities : str or None
        (n_rows, n_classes), where the model has them.
    value : str or None
        (n_rows,) or (n_rows, n_outputs), of a regressor.
    """

    label: str | None = None
    probabilities: str | None = None
    value: str | None = None


class Graph(Protocol):
    """Where nodes go: a graph of our own, or the one that scikit-learn's converter fills."""

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""

    def constant(self, values: Any) -> str:
        """Add a constant; return its name."""


class OwnGraph:
    """Nodes that are made here.

    Parameters
    ----------
    prefix : str
        Of the names, where nodes of others are beside them.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._count = 0

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        from onnx import helper

        name = self._name(operator.lower())
        self.nodes.append(
            helper.make_node(operator, list(inputs), [name], domain=domain, **attributes)
        )
        return name

    def constant(self, values: Any) -> str:
        """Add a constant; return its name."""
        from onnx import numpy_helper

        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(plain(values), name))
        return name

    def _name(self, word: str) -> str:
        self._count += 1
        return f"{self._prefix}{word}_{self._count}"


def plain(values: Any) -> NDArray[Any]:
    """Return an array that ONNX can hold: texts as objects, whole numbers as 64 bits."""
    array = np.asarray(values)
    if array.dtype.kind in "US":
        return array.astype(object)
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    return array


def label_of(graph: Graph, classes: NDArray[Any], index: str) -> str:
    """Return the name of the classes at the positions `index` (n_rows,)."""
    return graph.node("Gather", graph.constant(classes), index, axis=0)


def highest(graph: Graph, scores: str) -> str:
    """Return the name of the position of each row's highest score; the first, of equal ones."""
    return graph.node("ArgMax", scores, axis=1, keepdims=0)


def positive(graph: Graph, score: str, *, zero_counts: bool = False) -> str:
    """Return the name of the position (0 or 1) that a score (n_rows, 1) decides by its sign."""
    operator = "GreaterOrEqual" if zero_counts else "Greater"
    holds = graph.node(operator, score, graph.constant(np.zeros(1)))
    flat = graph.node("Reshape", holds, graph.constant(np.array([-1])))
    return graph.node("Cast", flat, to=7)  # 7: int64


def both_sides(graph: Graph, second: str) -> str:
    """Return the name of (n_rows, 2): 1 − p beside p, for p (n_rows, 1)."""
    first = graph.node("Sub", graph.constant(np.ones(1)), second)
    return graph.node("Concat", first, second, axis=1)
