"""scikit-learn's trees and forests: means of leaves.

Trees compare single-precision inputs with double-precision thresholds (`sklearn.tree._tree`), and a
forest is the mean of its trees' leaves in double precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.adapters.formats.onnx.graph import (
    TREE_DOMAIN,
    Graph,
    Outputs,
    both_sides,
    highest,
    label_of,
)
from clew.adapters.formats.onnx.trees import Ensemble, Tree
from clew.errors import UnsupportedValue

_FLOAT, _DOUBLE = 1, 11


def as_trees_read(graph: Graph, x: str) -> str:
    """Return the name of x rounded to single precision, in double: what these trees see."""
    return graph.node("Cast", graph.node("Cast", x, to=_FLOAT), to=_DOUBLE)


def tree_of(fitted: Any, value: NDArray[np.float64], target: int = 0) -> Tree:
    """Return a scikit-learn ``Tree`` whose leaves add `value` (n_nodes,) to a target."""
    return Tree(
        feature=fitted.feature,
        threshold=fitted.threshold,
        left=fitted.children_left,
        right=fitted.children_right,
        leaf=fitted.children_left < 0,
        value=value,
        missing_left=fitted.missing_go_to_left.astype(bool),
        target=target,
    )


def _members(model: Any) -> list[Any]:
    return [member.tree_ for member in getattr(model, "estimators_", [model])]


def classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a decision tree or a forest that votes by probabilities."""
    if model.n_outputs_ != 1:
        raise UnsupportedValue("a forest of several outputs has no exact export")
    members, n_classes = _members(model), len(model.classes_)
    # Of two classes the second's probability says all, at half the size.
    columns = [1] if n_classes == 2 else range(n_classes)
    ensemble = Ensemble(len(columns))
    for fitted in members:
        share = fitted.value[:, 0, :] / fitted.value[:, 0, :].sum(axis=1, keepdims=True)
        for target, column in enumerate(columns):
            ensemble.add(tree_of(fitted, share[:, column], target))
    total = _sum(graph, as_trees_read(graph, x), ensemble)
    mean = graph.node("Div", total, graph.constant(np.array([float(len(members))])))
    probabilities = both_sides(graph, mean) if n_classes == 2 else mean
    index = highest(graph, probabilities)
    return Outputs(label=label_of(graph, model.classes_, index), probabilities=probabilities)


def regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a decision tree or a forest of means."""
    members, n_outputs = _members(model), model.n_outputs_
    ensemble = Ensemble(n_outputs)
    for fitted in members:
        for target in range(n_outputs):
            ensemble.add(tree_of(fitted, fitted.value[:, target, 0], target))
    total = _sum(graph, as_trees_read(graph, x), ensemble)
    return Outputs(value=graph.node("Div", total, graph.constant(np.array([float(len(members))]))))


def _sum(graph: Graph, x: str, ensemble: Ensemble) -> str:
    return graph.node("TreeEnsemble", x, domain=TREE_DOMAIN, **ensemble.attributes())
