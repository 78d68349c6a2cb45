"""scikit-learn's gradient boosting, both kinds: sums of leaves on top of a first guess.

`GradientBoosting*` reads single-precision inputs as all its trees do; `HistGradientBoosting*`
compares the doubles themselves and sends missing values where training did.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.adapters.formats.onnx.forests import as_trees_read, tree_of
from clew.adapters.formats.onnx.graph import (
    TREE_DOMAIN,
    Graph,
    Outputs,
    both_sides,
    highest,
    label_of,
    positive,
)
from clew.adapters.formats.onnx.trees import Ensemble, Tree
from clew.errors import UnsupportedValue


def gradient_classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a `GradientBoostingClassifier`."""
    return _classes(model, graph, _gradient_raw(model, graph, x), zero_counts=True)


def gradient_regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a `GradientBoostingRegressor`."""
    return Outputs(value=_gradient_raw(model, graph, x))


def histogram_classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a `HistGradientBoostingClassifier`."""
    return _classes(model, graph, _histogram_raw(model, graph, x), zero_counts=False)


def histogram_regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add a `HistGradientBoostingRegressor`."""
    raw = _histogram_raw(model, graph, x)
    if model.loss in ("poisson", "gamma"):  # their predictions are the exponential of the sum
        raw = graph.node("Exp", raw)
    return Outputs(value=raw)


def _gradient_raw(model: Any, graph: Graph, x: str) -> str:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    first = model.init_
    if not (first == "zero" or type(first) in (DummyClassifier, DummyRegressor)):
        raise UnsupportedValue(
            "gradient boosting on top of another estimator has no exact export",
            got=f"init={type(first).__name__}",
        )
    guess = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
    ensemble = Ensemble(model.estimators_.shape[1])
    for stage in model.estimators_:
        for target, member in enumerate(stage):
            value = model.learning_rate * member.tree_.value[:, 0, 0]
            ensemble.add(tree_of(member.tree_, value, target))
    return _raw(graph, as_trees_read(graph, x), ensemble, guess)


def _histogram_raw(model: Any, graph: Graph, x: str) -> str:
    if model.is_categorical_ is not None and any(model.is_categorical_):
        raise UnsupportedValue(
            "histogram boosting with categorical features of its own has no exact export",
            hint="encode the categories in a step before it",
        )
    ensemble = Ensemble(model.n_trees_per_iteration_)
    for iteration in model._predictors:
        for target, predictor in enumerate(iteration):
            ensemble.add(_histogram_tree(predictor.nodes, target))
    return _raw(graph, x, ensemble, model._baseline_prediction)


def _histogram_tree(nodes: NDArray[Any], target: int) -> Tree:
    return Tree(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        leaf=nodes["is_leaf"].astype(bool),
        value=nodes["value"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        target=target,
    )


def _raw(graph: Graph, x: str, ensemble: Ensemble, guess: Any) -> str:
    total = graph.node("TreeEnsemble", x, domain=TREE_DOMAIN, **ensemble.attributes())
    first = np.asarray(guess, dtype=np.float64).reshape(1, -1)
    return graph.node("Add", graph.constant(first), total)


def _classes(model: Any, graph: Graph, raw: str, *, zero_counts: bool) -> Outputs:
    """Turn sums into classes and, where the loss has them, probabilities."""
    if len(model.classes_) > 2:
        probabilities = graph.node("Softmax", raw, axis=1)
        return Outputs(label_of(graph, model.classes_, highest(graph, raw)), probabilities)
    if getattr(model, "loss", "log_loss") == "exponential":  # AdaBoost's: expit(2 · raw)
        second = graph.node("Sigmoid", graph.node("Mul", graph.constant(np.array([2.0])), raw))
    else:
        second = graph.node("Sigmoid", raw)
    index = positive(graph, raw, zero_counts=zero_counts)
    return Outputs(label_of(graph, model.classes_, index), both_sides(graph, second))
