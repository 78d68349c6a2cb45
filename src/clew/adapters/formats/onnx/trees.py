"""Tree ensembles as one ``TreeEnsemble`` node (ai.onnx.ml 5), exact in double precision.

The older ``TreeEnsembleClassifier`` and ``-Regressor`` round thresholds to single precision, so
that rows at a split take the other branch. Here a split compares doubles, and a leaf adds a double
to one target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Mode = Literal["<=", "<"]
_MODES: dict[Mode, int] = {"<=": 0, "<": 1}


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as arrays over its nodes, the root first.

    Parameters
    ----------
    feature, threshold : (n_nodes,) arrays
        What an inner node compares; of leaves they count for nothing.
    left, right : (n_nodes,) int arrays
        Where a row goes when the comparison holds, or does not.
    leaf : (n_nodes,) bool array
        Which nodes are leaves.
    value : (n_nodes,) float array
        What a leaf adds to the target.
    missing_left : (n_nodes,) bool array or None
        Whether a missing value goes left; None: it is compared (and goes right).
    target : int, default 0
        Column of the output that the leaves add to.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    leaf: NDArray[np.bool_]
    value: NDArray[np.float64]
    missing_left: NDArray[np.bool_] | None = None
    target: int = 0


@dataclass(slots=True)
class Ensemble:
    """Trees that add up.

    Parameters
    ----------
    n_targets : int
        Columns of the output.
    mode : {"<=", "<"}
        The comparison that sends a row left.
    dtype : numpy dtype
        Precision of inputs, thresholds and sums: double, or single for xgboost.
    """

    n_targets: int
    mode: Mode = "<="
    dtype: Any = np.float64
    _roots: list[int] = field(default_factory=list)
    _columns: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    _inner: int = 0
    _leaves: int = 0

    def add(self, tree: Tree) -> None:
        """Append one tree."""
        if tree.leaf[0]:
            tree = _with_a_split(tree)
        position = np.where(
            tree.leaf,
            self._leaves + np.cumsum(tree.leaf) - 1,
            self._inner + np.cumsum(~tree.leaf) - 1,
        )
        inner, leaves = ~tree.leaf, tree.leaf
        missing = np.zeros(len(inner), bool) if tree.missing_left is None else tree.missing_left
        self._roots.append(int(position[0]))
        self._keep("feature", tree.feature[inner])
        self._keep("threshold", tree.threshold[inner].astype(self.dtype))
        self._keep("missing", missing[inner])
        for side, child in (("true", tree.left[inner]), ("false", tree.right[inner])):
            self._keep(f"{side}_id", position[child])
            self._keep(f"{side}_leaf", tree.leaf[child])
        self._keep("weight", tree.value[leaves].astype(self.dtype))
        self._keep("target", np.full(int(leaves.sum()), tree.target))
        self._inner += int(inner.sum())
        self._leaves += int(leaves.sum())

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of the node."""
        from onnx import numpy_helper

        column = {name: np.concatenate(parts) for name, parts in self._columns.items()}
        modes = np.full(self._inner, _MODES[self.mode], dtype=np.uint8)
        attributes: dict[str, Any] = {
            "n_targets": self.n_targets,
            "aggregate_function": 1,
            "post_transform": 0,
            "tree_roots": self._roots,
            "nodes_modes": numpy_helper.from_array(modes),
            "nodes_featureids": column["feature"].tolist(),
            "nodes_splits": numpy_helper.from_array(column["threshold"]),
            "nodes_truenodeids": column["true_id"].tolist(),
            "nodes_trueleafs": column["true_leaf"].astype(int).tolist(),
            "nodes_falsenodeids": column["false_id"].tolist(),
            "nodes_falseleafs": column["false_leaf"].astype(int).tolist(),
            "leaf_targetids": column["target"].tolist(),
            "leaf_weights": numpy_helper.from_array(column["weight"]),
        }
        if column["missing"].any():
            attributes["nodes_missing_value_tracks_true"] = column["missing"].astype(int).tolist()
        return attributes

    def _keep(self, name: str, values: NDArray[Any]) -> None:
        self._columns.setdefault(name, []).append(values)


def _with_a_split(tree: Tree) -> Tree:
    """Return a tree of one leaf as a split with that leaf on both sides: the format wants one."""
    return Tree(
        feature=np.zeros(3, np.int64),
        threshold=np.zeros(3),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        leaf=np.array([False, True, True]),
        value=np.repeat(tree.value[:1], 3),
        target=tree.target,
    )
