"""Epochs of a multi-layer perceptron: every shorter run is a snapshot of the longest one.

Bit-identical for `adam` and `sgd` without early stopping: nothing in an epoch depends on how many
are still to come. (Early stopping puts back the best weights at the end; `lbfgs` has no epochs.)
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes

_STATE = ("loss_", "best_loss_", "t_", "n_iter_", "_no_improvement_count")


def _snapshot(network: Any) -> dict[str, Any]:
    state = {name: getattr(network, name) for name in _STATE}
    for name in ("coefs_", "intercepts_"):
        state[name] = [weights.copy() for weights in getattr(network, name)]
    return {**state, "loss_curve_": list(network.loss_curve_)}


class _Family(PredictorFamily):
    def __init__(
        self, full: Any, members: Sequence[Any], snapshots: dict[int, dict[str, Any]]
    ) -> None:
        super().__init__(full, members, self._network)
        self._snapshots = snapshots

    def _network(self, full: Any, member: Any) -> Any:
        network = copy.copy(full)
        network.max_iter = member.max_iter
        for name, value in self._snapshots.get(member.max_iter, {}).items():
            setattr(network, name, value)
        return network


class Epochs:
    """Perceptrons that differ in `max_iter`."""

    name = "epochs of one run"
    classes: tuple[type, ...] = (MLPClassifier, MLPRegressor)
    sweeps = frozenset({"max_iter"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these runs are not snapshots of one, or ``""``."""
        first = members[0]
        if first.solver not in ("adam", "sgd"):
            return "the solver has no epochs"
        if first.early_stopping:
            return "early stopping puts back the best weights at the end"
        return refuse_sizes(members, "max_iter")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Run for the most epochs, keeping the weights where a member ends."""
        full = copy.copy(max(members, key=lambda m: m.max_iter))
        wanted = {member.max_iter for member in members} - {full.max_iter}
        snapshots: dict[int, dict[str, Any]] = {}
        count = full._update_no_improvement_count

        def listen(*arguments: Any) -> None:
            count(*arguments)
            if full.n_iter_ in wanted:
                snapshots[full.n_iter_] = _snapshot(full)

        full._update_no_improvement_count = listen
        try:
            full.fit(X, y)
        finally:
            del full._update_no_improvement_count
        for member in members:
            if member.max_iter in snapshots and not _stopped(full, snapshots[member.max_iter]):
                warnings.warn(
                    f"Stochastic Optimizer: Maximum iterations ({member.max_iter}) reached and "
                    "the optimization hasn't converged yet.",
                    ConvergenceWarning,
                    stacklevel=2,
                )
        return _Family(full, members, snapshots)


def _stopped(full: Any, snapshot: dict[str, Any]) -> bool:
    """Tell whether the run ended by itself at this very epoch."""
    return bool(full.n_iter_ == snapshot["n_iter_"])


REWRITES = (Epochs(),)
