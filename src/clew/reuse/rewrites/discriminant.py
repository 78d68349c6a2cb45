"""Discriminant analysis: each class's moments are computed once, each regularisation shrinks them.

Bit-identical: shrinkage, `reg_param` and the number of components enter scikit-learn's formulas
after covariances and singular values.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.base import clone
from sklearn.covariance import empirical_covariance, shrunk_covariance
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
    _class_means,
)

from clew.reuse.rewrites.moments import Moments, Unfit, spectrum

_Array = np.ndarray[Any, Any]


class _Family:
    def __init__(self, members: Sequence[Any], X: Any) -> None:
        self._members, self._X = members, X

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's own answer."""
        return [getattr(member, method)(rows) for member in self._members]

    def output(self, index: int) -> Any:
        """Return what `fit_transform` of member `index` gives."""
        return self._members[index].transform(self._X)


class _Moments:
    """Means and covariances of the classes and of all rows; computed when first asked for."""

    def __init__(self) -> None:
        self.means: Any = None
        self._within: list[_Array] = []
        self._all: Any = None

    def see(self, X: _Array, y: _Array) -> None:
        """Take the rows as scikit-learn validated them."""
        if self.means is None:
            self.means = _class_means(X, y)
            self._within = [empirical_covariance(X[y == label, :]) for label in np.unique(y)]
            self._all = empirical_covariance(X)

    def take(self, means: _Array, within: list[_Array], everything: _Array) -> _Moments:
        """Take moments that are known, and return itself."""
        self.means, self._within, self._all = means, within, everything
        return self

    def within(self, priors: _Array, shrinkage: Any) -> _Array:
        """Return the weighted covariance within classes."""
        total = np.zeros(self._all.shape)
        for prior, covariance in zip(priors, self._within, strict=True):
            total += prior * np.atleast_2d(_shrunk(covariance, shrinkage))
        return total

    def all(self, shrinkage: Any) -> Any:
        """Return the covariance of all rows."""
        return _shrunk(self._all, shrinkage)


def _shrunk(covariance: _Array, shrinkage: Any) -> Any:
    return covariance if shrinkage is None else shrunk_covariance(covariance, shrinkage)


def _fit_linear(member: Any, moments: _Moments, X: Any, y: Any) -> None:
    """Fit as scikit-learn does, with moments that are known."""

    def begin(rows: _Array, labels: _Array, shrinkage: Any) -> None:
        moments.see(rows, labels)
        member.means_ = moments.means.copy()
        member.covariance_ = moments.within(member.priors_, shrinkage)

    def end() -> None:
        scores = -0.5 * np.diag(np.dot(member.means_, member.coef_.T))
        member.intercept_ = scores + np.log(member.priors_)

    def by_least_squares(rows: Any, labels: Any, shrinkage: Any, covariance_estimator: Any) -> None:
        begin(rows, labels, shrinkage)
        member.coef_ = linalg.lstsq(member.covariance_, member.means_.T)[0].T
        end()

    def by_eigenvectors(rows: Any, labels: Any, shrinkage: Any, covariance_estimator: Any) -> None:
        begin(rows, labels, shrinkage)
        between = moments.all(shrinkage) - member.covariance_
        values, vectors = linalg.eigh(between, member.covariance_)
        shares = np.sort(values / np.sum(values))[::-1]
        member.explained_variance_ratio_ = shares[: member._max_components]
        vectors = vectors[:, np.argsort(values)[::-1]]
        member.scalings_ = vectors
        member.coef_ = np.dot(member.means_, vectors).dot(vectors.T)
        end()

    member._solve_lstsq, member._solve_eigen = by_least_squares, by_eigenvectors
    try:
        member.fit(X, y)
    finally:
        del member._solve_lstsq, member._solve_eigen


class ClassMoments:
    """Linear discriminant analyses that differ in `shrinkage` or `n_components`."""

    name = "shared moments"
    classes: tuple[type, ...] = (LinearDiscriminantAnalysis,)
    sweeps = frozenset({"shrinkage", "n_components"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members do not share their moments, or ``""``."""
        if not isinstance(X, np.ndarray) or X.dtype != np.float64:
            return "the rows are no array of float64"
        if members[0].covariance_estimator is not None:
            return "covariances are estimated in another way"
        values = [member.shrinkage for member in members]
        if members[0].solver == "svd":
            return "" if values == [None] * len(values) else "svd knows no shrinkage"
        usable = all(
            v is None or (isinstance(v, (int, float, np.floating)) and 0 <= v <= 1) for v in values
        )
        return "" if usable else "shrinkage is chosen by the rows"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Compute the moments once; solve each member."""
        if members[0].solver == "svd":
            full = copy.copy(members[0])
            full.n_components = None
            full.fit(X, y)
            return _Family([_with_components(full, member) for member in members], X)
        moments = _Moments()
        for member in members:
            _fit_linear(member, moments, X, y)
        return _Family(members, X)


def fit_linear(template: Any, classes: Sequence[Moments], X: Any, y: Any) -> Any:
    """Return a linear analysis, fitted with moments of the classes that are known.

    Raises
    ------
    Unfit
        When its solver does not use them, or the covariance is next to singular.
    """
    why = ClassMoments().refuse([template], X, y)
    if why or template.solver == "svd":
        raise Unfit(why or "its solver decomposes the rows")
    everything = sum(classes[1:], classes[0])
    means, within = np.stack([m.mean for m in classes]), [m.covariance for m in classes]
    moments = _Moments().take(means, within, everything.covariance)
    model = clone(template)
    _fit_linear(model, moments, X, y)
    spectrum(model.covariance_)
    return model


def fit_quadratic(template: Any, classes: Sequence[Moments], X: Any, y: Any) -> Any:
    """Return a quadratic analysis, fitted with covariances of the classes that are known.

    Raises
    ------
    Unfit
        When its solver does not use them, or a covariance is next to singular.
    """
    why = ClassSpectra().refuse([template], X, y)
    if why:
        raise Unfit(why)
    known = []
    for moments in classes:
        values, vectors = spectrum(moments.covariance)
        known.append((np.sqrt(values * moments.count), vectors))
    model = clone(template)
    _fit_quadratic(model, known, X, y)
    return model


def _with_components(full: Any, member: Any) -> Any:
    """Return a copy of a fitted analysis with the member's number of components."""
    model = copy.copy(full)
    count, limit = member.n_components, full._max_components
    if count is not None and not (type(count) is int and 1 <= count <= limit):
        raise ValueError("n_components is out of range")
    model.n_components = count
    model._max_components = model._n_features_out = limit if count is None else count
    model.explained_variance_ratio_ = full.explained_variance_ratio_[: model._max_components]
    return model


def _fit_quadratic(member: Any, known: list[tuple[_Array, _Array]], X: Any, y: Any) -> None:
    seen = iter(range(len(X)))

    def by_svd(rows: _Array) -> tuple[_Array, _Array, Any]:
        number = next(seen)
        if number == len(known):
            _, values, vectors = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
            known.append((values, vectors))
        values, vectors = known[number]
        scaling = (values**2) / rows.shape[0]
        scaling = ((1 - member.reg_param) * scaling) + member.reg_param
        covariance = scaling * vectors.T @ vectors if member.store_covariance else None
        return scaling, vectors.T, covariance

    member._solve_svd = by_svd
    try:
        member.fit(X, y)
    finally:
        del member._solve_svd


class ClassSpectra:
    """Quadratic discriminant analyses that differ in `reg_param`."""

    name = "shared spectra"
    classes: tuple[type, ...] = (QuadraticDiscriminantAnalysis,)
    sweeps = frozenset({"reg_param"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members do not share their decompositions, or ``""``."""
        first = members[0]
        if first.solver != "svd" or first.shrinkage is not None or first.covariance_estimator:
            return "another solver is used"
        if not isinstance(X, np.ndarray) or X.dtype != np.float64:
            return "the rows are no array of float64"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Decompose each class once; solve each member."""
        known: list[tuple[_Array, _Array]] = []
        for member in members:
            _fit_quadratic(member, known, X, y)
        return _Family(members, X)


REWRITES = (ClassMoments(), ClassSpectra())
