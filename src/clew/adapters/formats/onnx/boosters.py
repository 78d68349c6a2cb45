"""xgboost's and lightgbm's trees, read from the models' own JSON.

xgboost compares and adds in single precision (``x < threshold``); lightgbm compares doubles
(``x <= threshold``). A missing value follows the direction that training chose for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

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

_FLOAT, _DOUBLE = 1, 11


def xgboost_classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add an `XGBClassifier`."""
    objective, raw = _xgboost_raw(model, graph, x)
    return _classes(np.asarray(model.classes_), graph, raw, objective, "binary:logistic", "multi:")


def xgboost_regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add an `XGBRegressor` of squared or absolute error."""
    objective, raw = _xgboost_raw(model, graph, x)
    if objective not in ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"):
        raise UnsupportedValue("this xgboost objective has no exact export", got=objective)
    return Outputs(value=raw)


def _xgboost_raw(model: Any, graph: Graph, x: str) -> tuple[str, str]:
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        raise UnsupportedValue("this xgboost booster has no exact export", got=booster["name"])
    if not (model.missing is None or np.isnan(model.missing)):
        raise UnsupportedValue("xgboost with a missing value that is a number has no exact export")
    objective = learner["objective"]["name"]
    limit = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
    members, columns = booster["model"]["trees"], booster["model"]["tree_info"]
    n_targets = max(columns) + 1
    if limit is not None:
        used = (limit + 1) * n_targets * (model.get_params().get("num_parallel_tree") or 1)
        members, columns = members[:used], columns[:used]
    ensemble = Ensemble(n_targets, "<", np.float32)
    for member, target in zip(members, columns, strict=True):
        ensemble.add(_xgboost_tree(member, target))
    base = json.loads(learner["learner_model_param"]["base_score"].lower())
    first = np.atleast_1d(np.asarray(base, dtype=np.float64))
    if objective == "binary:logistic":
        first = np.log(first / (1 - first))
    narrow = graph.node("Cast", x, to=_FLOAT)
    total = graph.node("TreeEnsemble", narrow, domain=TREE_DOMAIN, **ensemble.attributes())
    guess = graph.constant(first.astype(np.float32).reshape(1, -1))
    return objective, graph.node("Cast", graph.node("Add", guess, total), to=_DOUBLE)


def _xgboost_tree(member: Mapping[str, Any], target: int) -> Tree:
    if any(member["split_type"]):
        raise UnsupportedValue("xgboost's own categorical splits have no exact export")
    left = np.asarray(member["left_children"], dtype=np.int64)
    conditions = np.asarray(member["split_conditions"], dtype=np.float64)
    return Tree(
        feature=np.asarray(member["split_indices"], dtype=np.int64),
        threshold=conditions,
        left=left,
        right=np.asarray(member["right_children"], dtype=np.int64),
        leaf=left < 0,
        value=conditions,  # of a leaf, its value stands where a split has its threshold
        missing_left=np.asarray(member["default_left"], dtype=bool),
        target=target,
    )


def lightgbm_classifier(model: Any, graph: Graph, x: str) -> Outputs:
    """Add an `LGBMClassifier`."""
    objective, raw = _lightgbm_raw(model, graph, x)
    return _classes(np.asarray(model.classes_), graph, raw, objective, "binary", "multiclass ")


def lightgbm_regressor(model: Any, graph: Graph, x: str) -> Outputs:
    """Add an `LGBMRegressor` of an error that needs no link."""
    objective, raw = _lightgbm_raw(model, graph, x)
    if objective.split()[0] not in ("regression", "regression_l1", "huber", "quantile", "mape"):
        raise UnsupportedValue("this lightgbm objective has no exact export", got=objective)
    if "sqrt" in objective:
        raise UnsupportedValue("lightgbm's reg_sqrt has no exact export")
    return Outputs(value=raw)


def _lightgbm_raw(model: Any, graph: Graph, x: str) -> tuple[str, str]:
    dumped = model.booster_.dump_model(num_iteration=model.best_iteration_ or None)
    if dumped["average_output"]:
        raise UnsupportedValue("lightgbm's random forest mode has no exact export")
    n_targets = dumped["num_tree_per_iteration"]
    ensemble = Ensemble(n_targets)
    for index, member in enumerate(dumped["tree_info"]):
        ensemble.add(_lightgbm_tree(member["tree_structure"], index % n_targets))
    attributes = ensemble.attributes()
    return dumped["objective"], graph.node("TreeEnsemble", x, domain=TREE_DOMAIN, **attributes)


def _lightgbm_tree(root: Mapping[str, Any], target: int) -> Tree:
    rows: list[tuple[int, float, int, int, bool, float, bool]] = []

    def visit(node: Mapping[str, Any]) -> int:
        position = len(rows)
        if "leaf_value" in node:
            rows.append((0, 0.0, 0, 0, True, node["leaf_value"], False))
            return position
        rows.append((0, 0.0, 0, 0, False, 0.0, False))
        left, right = visit(node["left_child"]), visit(node["right_child"])
        rows[position] = (
            node["split_feature"],
            node["threshold"],
            left,
            right,
            False,
            0.0,
            _lightgbm_missing_left(node),
        )
        return position

    visit(root)
    feature, threshold, left, right, leaf, value, missing = zip(*rows, strict=True)
    return Tree(
        feature=np.asarray(feature, dtype=np.int64),
        threshold=np.asarray(threshold, dtype=np.float64),
        left=np.asarray(left, dtype=np.int64),
        right=np.asarray(right, dtype=np.int64),
        leaf=np.asarray(leaf, dtype=bool),
        value=np.asarray(value, dtype=np.float64),
        missing_left=np.asarray(missing, dtype=bool),
        target=target,
    )


def _lightgbm_missing_left(node: Mapping[str, Any]) -> bool:
    """Tell whether a missing value goes left; lightgbm reads it as 0 where training saw none."""
    if node["decision_type"] != "<=":
        raise UnsupportedValue("lightgbm's own categorical splits have no exact export")
    zero_left = bool(node["threshold"] >= 0)
    if node["missing_type"] == "None":
        return zero_left
    if node["missing_type"] == "Zero" and bool(node["default_left"]) != zero_left:
        raise UnsupportedValue("lightgbm with zero as missing has no exact export")
    return bool(node["default_left"])


def _classes(
    classes: Any, graph: Graph, raw: str, objective: str, binary: str, several: str
) -> Outputs:
    if objective.startswith(several):
        probabilities = graph.node("Softmax", raw, axis=1)
        return Outputs(label_of(graph, classes, highest(graph, raw)), probabilities)
    if objective.split()[0] != binary or ("sigmoid:" in objective and "sigmoid:1" not in objective):
        raise UnsupportedValue("this objective has no exact export", got=objective)
    second = graph.node("Sigmoid", raw)
    return Outputs(label_of(graph, classes, positive(graph, raw)), both_sides(graph, second))
