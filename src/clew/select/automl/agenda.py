"""What to fit next: first configurations that do well everywhere, then what seems to pay here.

A candidate is fitted on one fold first. The good ones get their other folds, in the order of their
first scores; of the others nothing more is asked. New configurations come from the neighbourhood
of good ones and from the spaces of good learners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clew.select.automl.board import Board, Candidate
from clew.select.automl.learners import Learner
from clew.select.automl.worker import Order
from clew.select.searchspace import SearchSpace

Start = tuple[str, Mapping[str, Any], str]
_PROMOTED = 0.5
_EXPLORED = 0.25
_AHEAD = 8


class Agenda:
    """Hands out orders, one by one.

    Parameters
    ----------
    learners : sequence of Learner
        Their starting configurations come first, in rounds: the first of each, the second, …
    proposed : sequence of (str, mapping, str)
        Learners and configurations that come before these, and the studies that propose them.
    """

    def __init__(
        self, learners: Sequence[Learner], board: Board, seed: int, proposed: Sequence[Start] = ()
    ) -> None:
        self.learners, self.board = {each.name: each for each in learners}, board
        self._rng = np.random.default_rng(seed)
        rounds = max((len(each.starts) for each in learners), default=0)
        usual = [
            (each.name, each.starts[i], "")
            for i in range(rounds)
            for each in learners
            if i < len(each.starts)
        ]
        known = [start[:2] for start in proposed]
        self._starts = [*proposed, *(start for start in usual if start[:2] not in known)]
        self._spaces = {each.name: SearchSpace(each.space) for each in learners}
        self._turn = 0

    def order(self, left_s: float) -> Order | None:
        """Return what to fit next, or None when nothing fits into the time that is left."""
        if self._starts:
            return self._first(self.board.add(*self._starts.pop(0)))
        self._turn += 1
        ways = [self._promotion, self._proposal]
        if self._turn % 4 == 0 and len(self.board.complete()) >= 2:
            ways.reverse()
        return ways[0](left_s) or ways[1](left_s)

    def _first(self, candidate: Candidate) -> Order:
        candidate.asked.add(0)
        return Order(candidate.number, candidate.learner, candidate.configuration, 0)

    def _promotion(self, left_s: float) -> Order | None:
        """Return the next fold of the most promising candidate that is not complete."""
        known = [c for c in self.board.first() if not c.error]
        worth = known[: max(3, int(len(known) * _PROMOTED))][:_AHEAD]
        best_of_family: dict[str, Candidate] = {}
        for candidate in known:
            best_of_family.setdefault(candidate.learner, candidate)
        # One of each family after the best few: members that err differently help an ensemble.
        worth += [c for c in best_of_family.values() if c not in worth]
        for candidate in worth:
            missing = [f for f in range(self.board.n_folds) if f not in candidate.asked]
            if missing and candidate.seconds() * (1 + len(missing) / 2) < left_s:
                candidate.asked.add(missing[0])
                return Order(
                    candidate.number, candidate.learner, candidate.configuration, missing[0]
                )
        return None

    def _proposal(self, left_s: float) -> Order | None:
        """Return a new configuration: a neighbour of a good one, or a draw of a good learner."""
        known = [c for c in self.board.first() if not c.error]
        if not known or known[0].seconds() * self.board.n_folds > 2 * left_s:
            return None
        parent = known[min(int(self._rng.geometric(0.5)) - 1, len(known) - 1)]
        space = self._spaces[parent.learner]
        for _ in range(20):
            if self._rng.random() < _EXPLORED:
                found = space.draw(self._rng)
            else:
                changes = 1 + int(self._rng.integers(0, 3))
                found = space.neighbour(parent.configuration, self._rng, 0.15, changes=changes)
            if all(c.configuration != found for c in self.board.candidates.values()):
                return self._first(self.board.add(parent.learner, found))
        return None
