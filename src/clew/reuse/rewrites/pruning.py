"""Cost-complexity pruning: one tree is grown, each `ccp_alpha` prunes a copy. Bit-identical."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_seed


def view(full: Any, member: Any) -> Any:
    """Return the fitted tree, pruned at ``member.ccp_alpha``."""
    tree = copy.copy(full)
    tree.ccp_alpha = member.ccp_alpha
    tree._prune_tree()
    return tree


class _Family(PredictorFamily):
    def __init__(self, full: Any, members: Sequence[Any]) -> None:
        super().__init__(full, members, view)
        self._pruned: dict[int, Any] = {}

    def model(self, index: int) -> Any:
        """Return member `index`, pruned once."""
        if index not in self._pruned:
            self._pruned[index] = view(self.full, self.members[index])
        return self._pruned[index]


class Pruning:
    """Decision trees that differ in `ccp_alpha`."""

    name = "pruned tree"
    classes: tuple[type, ...] = (DecisionTreeClassifier, DecisionTreeRegressor)
    sweeps = frozenset({"ccp_alpha"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these trees are not prunings of one, or ``""``."""
        if not all(isinstance(m.ccp_alpha, (int, float)) and m.ccp_alpha >= 0 for m in members):
            return "ccp_alpha must be a number that is not negative"
        return refuse_seed(members[0])

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Grow the tree that all members are pruned from."""
        full = copy.copy(members[0])
        full.ccp_alpha = 0.0
        return _Family(full.fit(X, y), members)


REWRITES = (Pruning(),)
