"""Samplers that walk: simulated annealing and recursive random search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.select.samplers.view import Seen, View


@dataclass(frozen=True, slots=True)
class AnnealingSampler:
    """Simulated annealing: accepts a worse neighbour with probability 1 / (1 + exp((f' - f) / T)).

    The walk starts at the best of some random draws, T starts at their spread and shrinks by
    `cooling`; after `patience` proposals without a new best it goes on from the best one. (A walk
    from a single draw is worse than random search at small budgets.)

    Parameters
    ----------
    start : int
        Random draws before the walk.
    cooling : float
        T ← cooling · T after each proposal.
    scale : float
        First step, as a share of a domain; it shrinks with T, to a twentieth.
    patience : int
        Proposals without a new best before the walk returns to the best.
    random_share : float
        Share of proposals that are drawn at random all the same.
    """

    start: int = 8
    cooling: float = 0.95
    scale: float = 0.2
    patience: int = 10
    random_share: float = 0.1

    def propose(self, view: View) -> dict[str, Any]:
        """Return a random draw, or a neighbour of where the walk stands."""
        first = view.seen[: self.start]
        if view.number < self.start or not first or view.rng.random() < self.random_share:
            return view.space.draw(view.rng)
        at, heat = self._walk(view, first)
        scale = self.scale * max(0.05, heat)
        return view.space.neighbour(at.configuration, view.rng, scale, changes=_changes(view))

    def _walk(self, view: View, first: list[Seen] | Any) -> tuple[Seen, float]:
        best = at = min(first, key=lambda seen: seen.loss)
        finite = [seen.values[0] for seen in first if math.isfinite(seen.values[0])]
        spread = float(np.std(finite)) if len(finite) > 1 else 1.0
        heat, idle = 1.0, 0
        for index, seen in enumerate(view.seen[len(first) :], len(first)):
            temperature = max(spread * heat, 1e-300)
            if view.chance_of(index).random() < acceptance(at, seen, temperature):
                at = seen
            idle += 1
            if seen.loss < best.loss:
                best, idle = seen, 0
            if idle >= self.patience:
                at, idle = best, 0
            heat *= self.cooling
        return at, heat


def acceptance(at: Seen, other: Seen, temperature: float) -> float:
    """Return the probability of moving from `at` to `other` (the lecture's rule)."""
    if at.violation != other.violation:
        return float(other.violation < at.violation)
    gap = other.values[0] - at.values[0]
    if not math.isfinite(gap):
        return float(math.isfinite(other.values[0]))
    return 1 / (1 + math.exp(min(gap / temperature, 700)))


@dataclass(frozen=True, slots=True)
class RecursiveSampler:
    """Recursive random search (Ye & Kalyanaraman, SIGMETRICS 2003).

    Explores by random draws until one is, with probability `confidence`, among the best
    `promising` of the space; then exploits: draws from a box around it, realigns the box to each
    better point, shrinks it after `failures` draws without one, and restarts when it is small.

    Parameters
    ----------
    confidence, promising : float
        The first `ln(1 - confidence) / ln(1 - promising)` draws explore.
    size, shrink, smallest : float
        Half width of the first box, its factor, and where it restarts.
    failures : int
        Draws without a better point before the box shrinks.
    """

    confidence: float = 0.8
    promising: float = 0.15
    size: float = 0.2
    shrink: float = 0.5
    smallest: float = 0.01
    failures: int = 4

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw from the space, or from the box."""
        centre, size = self._state(view)
        if centre is None:
            return view.space.draw(view.rng)
        return view.space.neighbour(centre.configuration, view.rng, size, changes=_changes(view))

    def _state(self, view: View) -> tuple[Seen | None, float]:
        explore = math.ceil(math.log(1 - self.confidence) / math.log(1 - self.promising))
        centre: Seen | None = None
        size, idle, drawn = self.size, 0, 0
        promising: Seen | None = None
        for seen in view.seen:
            if centre is None:
                drawn += 1
                promising = seen if promising is None or seen.loss < promising.loss else promising
                if drawn >= explore:
                    centre, size, idle = promising, self.size, 0
            elif seen.loss < centre.loss:
                centre, idle = seen, 0
            else:
                idle += 1
                if idle >= self.failures:
                    size, idle = size * self.shrink, 0
                if size < self.smallest:
                    centre, promising, drawn = None, None, 0
        return centre, size


def _changes(view: View) -> int:
    # Most steps change one or two names: a neighbour in all of them is hardly one.
    return 1 + int(view.rng.integers(0, max(1, min(3, len(view.space)))))
