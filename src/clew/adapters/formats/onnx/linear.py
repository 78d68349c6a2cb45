"""scikit-learn's linear models: one product, in double precision."""

from __future__ import annotations

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


def _scores(model: Any, graph: Graph, x: str) -> str:
    coefficients = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.broadcast_to(
        np.asarray(model.intercept_, dtype=np.float64), (coefficients.shape[0],)
    )
    product = graph.node("MatMul", x, graph.constant(np.ascontiguousarray(coefficients.T)))
    return graph.node("Add", product, graph.constant(intercept.copy()))


def regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a linear regressor."""
    return Outputs(value=_scores(model, graph, x))


def classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a linear classifier without probabilities."""
    scores = _scores(model, graph, x)
    binary = len(model.classes_) == 2
    index = positive(graph, scores) if binary else highest(graph, scores)
    return Outputs(label_of(graph, model.classes_, index))


def logistic(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a logistic regression, of two classes or of several (softmax)."""
    scores = _scores(model, graph, x)
    if len(model.classes_) == 2:
        label = label_of(graph, model.classes_, positive(graph, scores))
        return Outputs(label, both_sides(graph, graph.node("Sigmoid", scores)))
    label = label_of(graph, model.classes_, highest(graph, scores))
    return Outputs(label, graph.node("Softmax", scores, axis=1))
