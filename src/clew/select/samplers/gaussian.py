"""Bayesian optimisation with a Gaussian process, by scikit-learn's regressor."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from clew.select.samplers.optuna import comparable
from clew.select.samplers.view import Seen, View

Floats = NDArray[np.float64]
_MOST_SEEN = 200


@dataclass(frozen=True, slots=True)
class GaussianSampler:
    """Expected improvement under a Gaussian process (Matérn 5/2) over the encoded configuration.

    Parameters
    ----------
    start : int
        Random draws before the first model.
    candidates : int
        How many configurations the improvement is computed for: three quarters drawn, one
        quarter neighbours of the best.
    """

    start: int = 8
    candidates: int = 400

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then the candidate with the largest expected improvement."""
        seen = [s for s in comparable(view.seen, self.start) if np.isfinite(s.values[0])]
        if view.number < self.start or len(seen) < 3:
            return view.space.draw(view.rng)
        seen = _kept(seen)
        candidates = drawn_and_near(view, seen, self.candidates)
        X = np.stack([view.space.encode(each.configuration) for each in seen])
        y = losses(seen)
        pending = [view.space.encode(each) for each in view.pending]
        mean, spread = predict(X, y, pending, np.stack([view.space.encode(c) for c in candidates]))
        gain = expected_improvement(mean, spread, float(y.min()))
        return candidates[int(np.argmax(gain))]


def predict(X: Floats, y: Floats, pending: Sequence[Floats], at: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the process at `at`.

    What is pending counts as seen with its predicted mean (the kriging believer).
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0) * Matern(
        np.full(X.shape[1], 0.5), (0.05, 20.0), nu=2.5
    ) + WhiteKernel(1e-3, (1e-6, 0.5))
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length scale at its bound is no news to the user
        process.fit(X, y)
        if pending:
            believed = np.stack(pending)
            y = np.concatenate([y, process.predict(believed)])
            process = GaussianProcessRegressor(process.kernel_, optimizer=None, normalize_y=True)
            process.fit(np.concatenate([X, believed]), y)
        mean, spread = process.predict(at, return_std=True)
    return np.asarray(mean, dtype=float), np.asarray(spread, dtype=float)


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """Return by how much each candidate is expected to be below `best` (Jones et al. 1998)."""
    spread = np.maximum(spread, 1e-12)
    z = (best - mean) / spread
    return np.asarray((best - mean) * norm.cdf(z) + spread * norm.pdf(z), dtype=float)


def losses(seen: Sequence[Seen]) -> Floats:
    """Return what is minimised; broken constraints are put above the worst that was seen."""
    values = np.array([each.values[0] for each in seen], dtype=float)
    broken = np.array([each.violation for each in seen], dtype=float)
    worst = values.max() if len(values) else 0.0
    # A few terrible values would flatten the rest: they are cut at the upper quartile's reach.
    low, middle, high = np.quantile(values, [0.0, 0.5, 0.75])
    reach = high + 3 * max(high - low, middle - low)
    cut: Floats = np.where(broken > 0, min(worst, reach) + broken, np.minimum(values, reach))
    return cut


def drawn_and_near(view: View, seen: Sequence[Seen], count: int) -> list[dict[str, Any]]:
    """Return candidates: draws, and neighbours of the best five; nothing that was seen already."""
    best = sorted(seen, key=lambda each: each.loss)[:5]
    found = [view.space.draw(view.rng) for _ in range(count - count // 4)]
    for i in range(count // 4):
        origin = best[i % len(best)].configuration
        scale = (0.02, 0.05, 0.1, 0.2)[i // len(best) % 4]
        changes = 1 + int(view.rng.integers(0, max(1, len(view.space) // 2)))
        found.append(view.space.neighbour(origin, view.rng, scale, changes=changes))
    known = [dict(each.configuration) for each in seen] + [dict(each) for each in view.pending]
    fresh = [candidate for candidate in found if candidate not in known]
    return fresh or found


def _kept(seen: list[Seen]) -> list[Seen]:
    if len(seen) <= _MOST_SEEN:
        return seen
    best = sorted(seen, key=lambda each: each.loss)[: _MOST_SEEN // 2]
    rest = [each for each in seen if all(each is not b for b in best)]
    return best + rest[-(_MOST_SEEN // 2) :]
