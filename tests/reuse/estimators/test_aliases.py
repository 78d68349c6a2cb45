"""Memory that two hands hold, and what a key must tell apart: results are those without reuse."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF
from sklearn.linear_model import LassoLarsIC, Ridge, SGDRegressor
from sklearn.manifold import MDS
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import clew

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6))
y = X @ np.arange(6.0) + RNG.normal(size=300)


class Looked(TransformerMixin, BaseEstimator):
    """Looks values up."""

    def __init__(self, table: Any = None) -> None:
        self.table = table

    def fit(self, X: Any, y: Any = None) -> Looked:
        return self

    def transform(self, X: Any) -> Any:
        return np.array([[self.table.get(int(v), self.table.other) for v in row] for row in X])


class Other(dict):
    """A mapping with an attribute."""

    def __init__(self, other: float) -> None:
        self.other = other


class Kept(RegressorMixin, BaseEstimator):
    """Keeps views of the data."""

    def fit(self, X: Any, y: Any) -> Kept:
        self.some_ = X[:10]
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.some_.sum())


class Means(TransformerMixin, BaseEstimator):
    """Gives its own array away."""

    def fit(self, X: Any, y: Any = None) -> Means:
        self.means_ = X.mean(0).reshape(1, -1)
        return self

    def transform(self, X: Any) -> Any:
        return self.means_


def _slices_of_columns() -> Any:
    frame = pd.DataFrame(X[:, :4], columns=["a", "a,sb", "b,sc", "c"])
    columns = [slice(np.int64(n), np.int64(n + 2)) for n in range(3)]
    columns += [slice("a,sb", "c"), slice("a", "b,sc")]
    for some in columns:
        yield ColumnTransformer([("scale", StandardScaler(), some)]).fit_transform(frame)


def _mappings_with_attributes() -> Any:
    table = Other(1.0)
    step = Looked(table).fit(X[:5])
    yield step.transform(X[:5])
    table.other = 2.0
    yield step.transform(X[:5])
    yield Looked(Other(3.0)).fit_transform(X[:5])
    for other in (1.0, 2.0):
        first = defaultdict(partial(float, other), {n: float(n) for n in range(-9, 9)})
        yield FunctionTransformer(_missing, kw_args={"table": first}).fit_transform(X[:5])


def _missing(X: Any, table: Any) -> Any:
    return np.full((len(X), 1), table.default_factory())


def _functions_that_write() -> Any:
    gaps = np.where(np.arange(300)[:, None] % 7 == 0, np.nan, X)
    fill = partial(np.nan_to_num, copy=False, nan=5.0)
    for alpha in (1.0, 2.0):
        steps = StandardScaler(), FunctionTransformer(fill), Ridge(alpha)
        yield make_pipeline(*steps).fit(gaps, y).predict(X)
    for _ in range(2):
        mine = X.copy()
        FunctionTransformer(np.ndarray.sort).fit_transform(mine)
        yield mine


def _first_guesses() -> Any:
    for _ in range(2):
        W, H = np.linspace(1, 2, 600).reshape(300, 2), np.linspace(1, 2, 12).reshape(2, 6)
        yield NMF(2, init="custom", max_iter=9, tol=0.1).fit_transform(np.abs(X), W=W, H=H)
        yield W
        coef, intercept = np.full(6, 0.1), np.array([0.2])
        model = SGDRegressor(random_state=0)
        yield model.fit(X, y, coef_init=coef, intercept_init=intercept).coef_
        yield coef
        mine = X.copy()
        LassoLarsIC().fit(mine, y, copy_X=False)
        yield mine


def _views_of_the_input() -> Any:
    for _ in range(2):
        mine = X.copy()
        model = Kept().fit(mine, y)
        mine[0] = 9.0
        yield model.predict(X)


def _results_that_are_state() -> Any:
    for _ in range(2):
        means = Means()
        means.fit_transform(X)[:] = 1.0
        yield means.means_.copy()
        means.transform(X)[:] = 2.0
        yield means.means_.copy()
        clusters = KMeans(3, n_init=1, random_state=0)
        clusters.fit_predict(X)[0] = 77
        yield clusters.labels_.copy()
        scaling = MDS(random_state=0, n_init=1, max_iter=5, init="random")
        scaling.fit_transform(X[:20])[0] = 77.0
        yield scaling.embedding_.copy()


def _names_of_an_index() -> Any:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    scaler = StandardScaler().set_output(transform="pandas").fit(frame)
    for name in ("one", "two"):
        frame.index.name = name
        yield np.array([scaler.transform(frame).index.name])


def _text_of_values() -> Any:
    text = FunctionTransformer(lambda X: np.array([[len(str(X))]]))
    for digits in (8, 3):
        with np.printoptions(precision=digits), pd.option_context("display.precision", digits):
            yield text.fit_transform(X)
            yield text.fit_transform(pd.DataFrame(X))


def _errors_that_are_told() -> Any:
    told: list[str] = []
    with np.errstate(all="call", call=lambda kind, flag: told.append(kind)):
        for _ in range(2):
            yield FunctionTransformer(np.log).fit_transform(X)
    yield np.array(told)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "program",
    [
        _slices_of_columns,
        _mappings_with_attributes,
        _functions_that_write,
        _first_guesses,
        _views_of_the_input,
        _results_that_are_state,
        _names_of_an_index,
        _text_of_values,
        _errors_that_are_told,
    ],
    ids=lambda program: program.__name__[1:],
)
def test_it_is_as_without_reuse(program: Any) -> None:
    plain = [np.array(found) for found in program()]
    with clew.reuse(store=None):
        reused = [np.array(found) for found in program()]
    for one, other in zip(plain, reused, strict=True):
        np.testing.assert_array_equal(one, other)
