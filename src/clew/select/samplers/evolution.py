"""Samplers that breed: regularised evolution, and NSGA-II for several objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.select.pareto import crowding, ranks
from clew.select.samplers.view import Seen, View


@dataclass(frozen=True, slots=True)
class EvolutionSampler:
    """Regularised evolution (Real et al., AAAI 2019): the oldest dies, not the worst.

    Parameters
    ----------
    population : int
        How many of the youngest may have children; the first ones are drawn.
    tournament : int
        The best of so many drawn ones is the parent.
    scale : float
        Step of a mutation, as a share of a domain.
    """

    population: int = 20
    tournament: int = 5
    scale: float = 0.15

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then children of the young."""
        if view.number < self.population or not view.seen:
            return view.space.draw(view.rng)
        young = view.seen[-self.population :]
        drawn = view.rng.choice(len(young), min(self.tournament, len(young)), replace=False)
        parent = min((young[i] for i in drawn.tolist()), key=lambda seen: seen.loss)
        return view.space.neighbour(parent.configuration, view.rng, self.scale)


@dataclass(frozen=True, slots=True)
class NSGA2Sampler:
    """NSGA-II (Deb et al. 2002), one child at a time: parents by rank, then by crowding.

    Parameters
    ----------
    population : int
        Size of the population; the first ones are drawn.
    crossover : float
        Probability that a child has two parents.
    scale : float
        Step of a mutation, as a share of a domain.
    """

    population: int = 24
    crossover: float = 0.9
    scale: float = 0.15

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then children of the best."""
        if view.number < self.population or len(view.seen) < 2:
            return view.space.draw(view.rng)
        alive = survivors(view.seen, self.population)
        mother = self._parent(alive, view.rng)
        genes = dict(mother.configuration)
        if view.rng.random() < self.crossover:
            father = self._parent(alive, view.rng).configuration
            genes |= {n: v for n, v in father.items() if view.rng.random() < 0.5}
        child = view.space.complete(genes, view.rng)
        if not view.space.allowed(child) or child == dict(mother.configuration):
            child = dict(mother.configuration)
        return view.space.neighbour(child, view.rng, self.scale)

    def _parent(self, alive: Sequence[Seen], rng: np.random.Generator) -> Seen:
        # Sorted by rank and crowding: of two drawn ones the earlier wins.
        return alive[int(rng.integers(len(alive), size=2).min())]


def survivors(seen: Sequence[Seen], count: int) -> list[Seen]:
    """Return the `count` best, sorted by broken constraints, rank and crowding."""
    values = np.array([each.values for each in seen], dtype=float)
    violations = np.array([each.violation for each in seen], dtype=float)
    rank = ranks(values, violations)
    space = crowding(values, rank)
    order = np.lexsort((-space, rank))
    return [seen[i] for i in order[:count].tolist()]
