"""Gradient descent for many linear models at once: one product with the rows serves them all.

Every column of `W` is one model: a penalty, a set of training rows (as weights), a target. Each
iteration of limited-memory BFGS takes two products with the rows, whatever the number of models
(Sparks et al., *Automating Model Search for Large Scale Machine Learning*, SoCC 2015); a line
search takes none, since predictions are linear in the step. Columns do not see one another: alone
or beside others a model takes the same steps, but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Index = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
_BLOCK = 1 << 15
"""Predictions that are looked at in one go: they stay in the processor's cache."""
_MEMORY = 10
_SUFFICIENT = 1e-4
_MOST_HALVINGS = 30


Loss = Callable[[Array, Array], tuple[Array, Array]]


def _log_loss(z: Array, t: Array) -> tuple[Array, Array]:
    margin = t * z
    small = np.exp(-np.abs(margin))
    share = small / (1.0 + small)
    value = np.log(1.0 + small) + np.maximum(-margin, 0.0)
    return value, -t * np.where(margin >= 0.0, share, 1.0 - share)


def _squared_hinge(z: Array, t: Array) -> tuple[Array, Array]:
    missing = np.maximum(0.0, 1.0 - t * z)
    return missing * missing, -2.0 * t * missing


def _squared_error(z: Array, t: Array) -> tuple[Array, Array]:
    error = z - t
    return 0.5 * error * error, error


def _huber(z: Array, t: Array) -> tuple[Array, Array]:
    error = z - t
    slope = np.clip(error, -1.0, 1.0)
    return slope * (error - 0.5 * slope), slope


LOSSES: dict[str, Loss] = {
    "log_loss": _log_loss,
    "squared_hinge": _squared_hinge,
    "squared_error": _squared_error,
    "huber": _huber,
}
"""Losses by name: of predictions and targets, with their slopes by the prediction. Targets of the
first two are −1 and 1."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Models that are trained together: the mean loss plus ``alpha / 2 ‖w‖²`` each.

    Parameters
    ----------
    rows : array of shape (n_rows, n_base)
        All rows; a model's own columns are ``rows @ maps[k]``.
    maps : sequence of array of shape (n_base, n_columns), optional
        One for each set of training rows; without them the rows are the columns.
    shares : array of shape (n_sets, n_rows)
        Weight of each row in each training set: they add up to 1, other rows have 0.
    targets : array of shape (n_targets, n_rows)
        What is learned.
    set_of, target_of : array of shape (n_models,)
        Number of each model's training set and target.
    alphas : array of shape (n_models,)
        Penalties.
    loss : str
        Name in `LOSSES`.
    free : bool
        Whether the last column is an intercept, which is not penalised.
    """

    rows: Array
    maps: Sequence[Array] | None
    shares: Array
    targets: Array
    set_of: Index
    target_of: Index
    alphas: Array
    loss: str
    free: bool

    @property
    def width(self) -> int:
        """Number of coefficients of a model."""
        return int(self.rows.shape[1] if self.maps is None else self.maps[0].shape[1])

    def forward(self, weights: Array, models: Index) -> Array:
        """Return the predictions of some models for all rows, one model a column."""
        if self.maps is None:
            return np.asarray(self.rows @ weights)
        base = np.empty((self.rows.shape[1], weights.shape[1]))
        for number, columns in self.by_set(models):
            base[:, columns] = self.maps[number] @ weights[:, columns]
        return np.asarray(self.rows @ base)

    def evaluate(self, predictions: Array, models: Index) -> tuple[Array, Array]:
        """Return the mean losses of some models, and their gradients by the coefficients."""
        loss, sets = LOSSES[self.loss], self.by_set(models)
        alike = len(self.targets) == 1
        base, means = np.zeros((self.rows.shape[1], len(models))), np.zeros(len(models))
        height = max(64, _BLOCK // max(1, len(models)))
        for start in range(0, len(self.rows), height):
            some = slice(start, start + height)
            targets = self.targets[:, some].T
            targets = targets if alike else targets[:, self.target_of[models]]
            values, slopes = loss(predictions[some], targets)
            for number, columns in sets:
                share = self.shares[number, some]
                means[columns] += share @ values[:, columns]
                slopes[:, columns] *= share[:, None]
            base += self.rows[some].T @ slopes
        return means, self._backward(base, sets)

    def _backward(self, base: Array, sets: list[tuple[int, Index]]) -> Array:
        if self.maps is None:
            return base
        found = np.empty((self.width, base.shape[1]))
        for number, columns in sets:
            found[:, columns] = self.maps[number].T @ base[:, columns]
        return found

    def by_set(self, models: Index) -> list[tuple[int, Index]]:
        """Return the places of the models of each training set."""
        sets = self.set_of[models]
        return [(int(k), np.flatnonzero(sets == k)) for k in np.unique(sets)]


class _State:
    """Where the models that still move are: coefficients, predictions, values, gradients."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.models: Index = np.arange(len(problem.alphas))
        self.weights = np.zeros((problem.width, len(self.models)))
        self.predictions = np.zeros((len(problem.rows), len(self.models)))
        self.values, self.gradients = self._evaluate(self.weights, self.predictions, self.models)
        self.steps: list[tuple[Array, Array, Array]] = []
        self.stuck = np.zeros(len(self.models), dtype=bool)

    def _evaluate(self, weights: Array, predictions: Array, models: Index) -> tuple[Array, Array]:
        """Return the objectives of some models and their gradients."""
        means, gradients = self.problem.evaluate(predictions, models)
        alphas = self.problem.alphas[models]
        penalised = weights.copy()
        if self.problem.free:
            penalised[-1] = 0.0
        squares = np.einsum("ij,ij->j", penalised, penalised)
        return means + 0.5 * alphas * squares, gradients + alphas * penalised

    def direction(self) -> Array:
        """Return the quasi-Newton direction of each model (two loops over the last steps)."""
        found = -self.gradients
        shares = []
        for step, change, inverse in reversed(self.steps):
            share = inverse * np.einsum("ij,ij->j", step, found)
            found -= share * change
            shares.append(share)
        if self.steps:
            _, change, inverse = self.steps[-1]
            squares = np.einsum("ij,ij->j", change, change) * inverse
            found *= np.where(squares > 0, 1.0 / np.where(squares > 0, squares, 1.0), 1.0)
        else:
            found /= np.maximum(1.0, np.linalg.norm(self.gradients, axis=0))
        for (step, change, inverse), share in zip(self.steps, reversed(shares), strict=True):
            found += (share - inverse * np.einsum("ij,ij->j", change, found)) * step
        return found

    def move(self, direction: Array) -> None:
        """Go along a direction, each model as far as its own line search allows."""
        ahead = self.problem.forward(direction, self.models)
        slopes = np.einsum("ij,ij->j", direction, self.gradients)
        lengths = np.ones(len(slopes))
        values, gradients = self.values.copy(), self.gradients.copy()
        left: Index = np.arange(len(slopes))
        for _ in range(_MOST_HALVINGS):
            length = lengths[left]
            whole = len(left) == len(slopes)
            here = slice(None) if whole else left
            found = self._evaluate(
                self.weights[:, here] + length * direction[:, here],
                self.predictions[:, here] + length * ahead[:, here],
                self.models[left],
            )
            enough = found[0] <= self.values[left] + _SUFFICIENT * length * slopes[left]
            values[left[enough]] = found[0][enough]
            gradients[:, left[enough]] = found[1][:, enough]
            left = left[~enough]
            if not len(left):
                break
            lengths[left] *= 0.5
        lengths[left] = 0.0  # rounding is all that is left to gain
        step, change = lengths * direction, gradients - self.gradients
        self.weights = self.weights + step
        self.predictions += lengths * ahead
        self.values, self.gradients, self.stuck = values, gradients, lengths == 0.0
        curvature = np.einsum("ij,ij->j", step, change)
        inverse = np.where(curvature > 1e-300, 1.0 / np.maximum(curvature, 1e-300), 0.0)
        self.steps = [*self.steps[-(_MEMORY - 1) :], (step, change, inverse)]

    def keep(self, chosen: Array) -> None:
        """Go on with some of the models only."""
        self.models = self.models[chosen]
        self.weights, self.gradients = self.weights[:, chosen], self.gradients[:, chosen]
        self.predictions, self.values = self.predictions[:, chosen], self.values[chosen]
        self.steps = [(s[:, chosen], c[:, chosen], i[chosen]) for s, c, i in self.steps]


def solve(problem: Problem, tol: float, max_iter: int) -> tuple[Array, Array]:
    """Train all models of a problem.

    Parameters
    ----------
    problem : Problem
        The models.
    tol : float
        A model is done when no entry of its gradient is larger.
    max_iter : int
        Most iterations.

    Returns
    -------
    weights : array of shape (n_columns, n_models)
        Coefficients.
    iterations : array of shape (n_models,)
        How many iterations each model took; `max_iter` for one that is not done.
    """
    state = _State(problem)
    weights, iterations = state.weights.copy(), np.full(len(state.models), max_iter)
    for iteration in range(max_iter):
        done = np.abs(state.gradients).max(axis=0) <= tol
        if iteration:
            done |= state.stuck
        if done.any():
            finished = state.models[done]
            weights[:, finished], iterations[finished] = state.weights[:, done], iteration
            if done.all():
                return weights, iterations
            state.keep(~done)
        state.move(state.direction())
    weights[:, state.models] = state.weights
    return weights, iterations
