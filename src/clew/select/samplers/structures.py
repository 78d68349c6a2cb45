"""Bayesian optimisation over structures: a Gaussian process on distances between graphs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.stats import norm

from clew.select.samplers.gaussian import expected_improvement, losses
from clew.select.samplers.view import Seen, View

Floats = NDArray[np.float64]
Embedding = Callable[[Mapping[str, Any]], Floats]

_LENGTHS = (1.0, 2.0, 4.0)
_NOISES = (1e-3, 1e-2, 1e-1)
_ANEW = 5


@dataclass(frozen=True)
class StructureSampler:
    """Expected improvement under a Gaussian process whose kernel averages several distances.

    Each embedding makes a vector of a configuration; the kernel is the mean of
    ``exp(-d² / 2l²)`` over the embeddings, its lengths those of the largest marginal likelihood.
    Losses are replaced by normal scores of their ranks, since architectures' errors have a long
    tail. After Kandasamy et al., "NASBOT", NeurIPS 2018 (a process on a graph distance), and Ru
    et al., "NAS-BOWL", ICLR 2021 (counts of sub-structures as features).

    Parameters
    ----------
    embeddings : sequence of callable
        Each takes a configuration and returns a vector of shape (k,).
    start : int
        Random draws before the first model.
    drawn, near : int
        Candidates that are drawn, and the best ones whose neighbours are candidates too.
    """

    embeddings: Sequence[Embedding]
    start: int = 8
    drawn: int = 500
    near: int = 10
    _known: dict[tuple[Any, ...], Floats] = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is known of embeddings: it decides nothing."""
        return {**self.__dict__, "_known": {}}

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then the candidate with the largest expected improvement."""
        if view.number < self.start or len(view.seen) < 2:
            return view.space.draw(view.rng)
        seen = [each for each in view.seen if np.isfinite(each.values[0])]
        if len(seen) < 2:
            return view.space.draw(view.rng)
        candidates = self._candidates(view, seen)
        scores = ranked(losses(seen))
        embedded = self._embedded([each.configuration for each in seen])
        lengths, noise = _fitted(embedded, scores, len(seen) - len(seen) % _ANEW)
        process = _Process(embedded, scores, lengths, noise)
        if view.pending:
            # What runs counts as seen with what is expected of it (the kriging believer).
            pending = self._embedded(view.pending)
            believed = process.predict(pending)[0]
            embedded = [np.concatenate(both) for both in zip(embedded, pending, strict=True)]
            scores = np.concatenate([scores, believed])
            process = _Process(embedded, scores, lengths, noise)
        mean, spread = process.predict(self._embedded(candidates))
        gain = expected_improvement(mean, spread, float(scores.min()))
        return candidates[int(np.argmax(gain))]

    def _candidates(self, view: View, seen: Sequence[Seen]) -> list[dict[str, Any]]:
        best = sorted(seen, key=lambda each: each.loss)[: self.near]
        found = [view.space.draw(view.rng) for _ in range(self.drawn)]
        for each in best:
            found += neighbours(view, each.configuration)
        taken = {_key(each.configuration) for each in view.seen} | {_key(p) for p in view.pending}
        fresh = {_key(candidate): candidate for candidate in found if _key(candidate) not in taken}
        return list(fresh.values()) or found

    def _embedded(self, configurations: Sequence[Mapping[str, Any]]) -> list[Floats]:
        widths: list[int] = []
        rows = []
        for configuration in configurations:
            key = _key(configuration)
            if key not in self._known:
                parts = [embedding(configuration) for embedding in self.embeddings]
                self._known[key] = np.concatenate([np.array([len(p) for p in parts]), *parts])
            row = self._known[key]
            widths = [int(width) for width in row[: len(self.embeddings)]]
            rows.append(row[len(self.embeddings) :])
        return np.split(np.stack(rows), np.cumsum(widths)[:-1], axis=1)


def neighbours(view: View, configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the configurations that differ in one name, each of its levels once."""
    found = []
    for name, value in configuration.items():
        domain = view.space.active(name, configuration)
        for other in domain.levels(5) if domain is not None else ():
            if other != value:
                changed = view.space.complete({**configuration, name: other}, view.rng)
                if view.space.allowed(changed):
                    found.append(changed)
    return found


def ranked(values: Floats) -> Floats:
    """Return normal scores of the ranks, with mean 0 and deviation 1; ties in their order."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    scores = norm.ppf((ranks + 0.5) / len(values))
    return np.asarray((scores - scores.mean()) / scores.std(), dtype=float)


class _Process:
    def __init__(
        self, at: Sequence[Floats], y: Floats, lengths: tuple[float, ...], noise: float
    ) -> None:
        self.at, self.lengths = at, lengths
        kernel = _kernel(at, at, lengths) + noise * np.eye(len(y))
        self.lower = np.linalg.cholesky(kernel)
        self.weights = cho_solve((self.lower, True), y)
        self.scale = max(float(y @ self.weights) / len(y), 1e-12)

    def predict(self, at: Sequence[Floats]) -> tuple[Floats, Floats]:
        kernel = _kernel(at, self.at, self.lengths)
        shared = solve_triangular(self.lower, kernel.T, lower=True)
        left = np.maximum(1 - (shared**2).sum(axis=0), 1e-9)
        return kernel @ self.weights, np.sqrt(left * self.scale)

    def likelihood(self, y: Floats) -> float:
        size = len(y)
        return float(-size / 2 * np.log(self.scale) - np.log(np.diag(self.lower)).sum())


def _fitted(at: Sequence[Floats], y: Floats, first: int) -> tuple[tuple[float, ...], float]:
    """Return the lengths and the noise that the first scores make most likely."""
    count = max(2, min(first, len(y)))
    at, y = [part[:count] for part in at], y[:count]
    best: tuple[float, tuple[float, ...], float] | None = None
    for lengths in itertools.product(_LENGTHS, repeat=len(at)):
        for noise in _NOISES:
            found = (_Process(at, y, lengths, noise).likelihood(y), lengths, noise)
            best = found if best is None or found > best else best
    assert best is not None
    return best[1], best[2]


def _kernel(one: Sequence[Floats], other: Sequence[Floats], lengths: Sequence[float]) -> Floats:
    total: Floats = np.zeros((len(one[0]), len(other[0])))
    for a, b, length in zip(one, other, lengths, strict=True):
        squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
        total += np.exp(-np.maximum(squared, 0) / (2 * length**2))
    return total / len(one)


def _key(configuration: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(configuration.items())
