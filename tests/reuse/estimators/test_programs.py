"""Attack: any program over data and estimators gives under reuse what it gives without it.

A program fits, edits data in place, takes views, edits fitted models and results, clones, searches,
in threads too. Everything that it sees is compared bit by bit.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from clew.reuse.context import reuse

ROWS, WIDTH = 180, 6


class Clip(TransformerMixin, BaseEstimator):
    """Writes into what it is given."""

    def __init__(self, top: float = 1.0):
        self.top = top

    def fit(self, X: Any, y: Any = None) -> Clip:
        self.low_ = float(np.min(np.asarray(X)))
        return self

    def transform(self, X: Any) -> Any:
        if isinstance(X, np.ndarray) and X.flags.writeable:
            np.clip(X, self.low_, self.top, out=X)
        return X


def doubled(X: Any) -> Any:
    return X * 2


STAGES: list[Callable[[], Any]] = [
    StandardScaler,
    lambda: StandardScaler(copy=False),
    lambda: StandardScaler(with_mean=False),
    MinMaxScaler,
    MaxAbsScaler,
    lambda: PCA(3),
    lambda: TruncatedSVD(2, random_state=0),
    lambda: SelectKBest(k=2),
    lambda: KBinsDiscretizer(3, subsample=None, quantile_method="averaged_inverted_cdf"),
    lambda: OneHotEncoder(handle_unknown="ignore", max_categories=5),
    lambda: FunctionTransformer(doubled),
    Clip,
    lambda: FeatureUnion([("a", StandardScaler()), ("b", PCA(2))]),
    lambda: ColumnTransformer([("a", StandardScaler(), [0, 1])], remainder="passthrough"),
]
MODELS: list[Callable[[], Any]] = [
    Ridge,
    RidgeClassifier,
    lambda: LogisticRegression(max_iter=5),
    lambda: LogisticRegression(max_iter=5, warm_start=True),
    GaussianNB,
    lambda: KNeighborsClassifier(3),
    lambda: DecisionTreeClassifier(max_depth=3, random_state=0),
    lambda: DecisionTreeClassifier(max_depth=3, max_features=2),  # draws from the global generator
    lambda: RandomForestClassifier(3, max_depth=3, random_state=0),
    lambda: SGDClassifier(max_iter=3, tol=None, random_state=0),
    lambda: BaggingClassifier(GaussianNB(), n_estimators=2, random_state=0),
    lambda: VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression(max_iter=3))]),
]


def writes_then_scores(model: Any, X: Any, y: Any) -> float:
    if isinstance(X, np.ndarray) and X.flags.writeable:
        X[:, 0] = 0.0
    return float(get_scorer("r2")(model, X, y))


def scores_then_edits(model: Any, X: Any, y: Any) -> float:
    found = float(np.mean(model.predict(X)))
    last = model[-1] if isinstance(model, Pipeline) else model
    if isinstance(getattr(last, "coef_", None), np.ndarray):
        last.coef_ *= 0.5
    return found + float(np.mean(model.predict(X)))


SCORERS: list[Any] = [None, "neg_mean_squared_error", writes_then_scores, scores_then_edits]


class Program:
    """The data and the models of one run, and what was seen."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        X = np.round(rng.normal(size=(ROWS, WIDTH)), 1)
        self.tables: list[Any] = [X]
        self.y = (X.sum(axis=1) + rng.normal(size=ROWS) > 0).astype(int)
        self.weights = rng.random(ROWS)
        self.models: list[Any] = []
        self.outputs: list[Any] = []
        self.seen: list[Any] = []

    def see(self, value: Any) -> None:
        if isinstance(value, np.ndarray):
            order = value.flags.c_contiguous, value.flags.f_contiguous, value.flags.writeable
            content = value.tolist() if value.dtype.hasobject else value.tobytes()
            self.seen.append((value.dtype.str, value.shape, order, str(content)))
        elif sp.issparse(value):
            self.seen.append((value.format, value.shape))
            self.see(value.toarray())
        elif isinstance(value, pd.DataFrame):
            self.seen.append(tuple(value.columns))
            self.see(value.to_numpy())
        else:
            self.seen.append(value)

    def run(self, steps: list[tuple[Any, ...]]) -> list[Any]:
        np.random.seed(3)
        for step in steps:
            self.step(step)
        for table in self.tables:
            self.see(table)
        self.see(self.y)
        for model in self.models:
            self.look(model)
        self.see(float(np.random.random()))
        return self.seen

    def step(self, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        try:
            getattr(self, kind)(*rest)
        except Exception as error:
            self.seen.append((type(error).__name__, str(error).splitlines()[:1]))

    def table(self, number: int) -> Any:
        return self.tables[number % len(self.tables)]

    def model(self, number: int) -> Any:
        return self.models[number % len(self.models)]

    def look(self, model: Any) -> None:
        for part in model.named_steps.values() if isinstance(model, Pipeline) else [model]:
            for key, value in sorted(vars(part).items()):
                if isinstance(value, np.ndarray | float | int):
                    self.seen.append(key)
                    self.see(value)

    # -- data -----------------------------------------------------------------------------------
    def edit(self, number: int, row: int, value: float) -> None:
        table = self.table(number)
        if isinstance(table, pd.DataFrame):
            table.iloc[row % len(table), 0] = value
        elif sp.issparse(table):
            table.data[row % len(table.data)] = value
        else:
            table[row % len(table), row % table.shape[1]] = value

    def edit_target(self, row: int) -> None:
        self.y[row] = 1 - self.y[row]

    def edit_weight(self, row: int) -> None:
        self.weights[row] += 1.0

    def derive(self, number: int, how: str) -> None:
        X = self.table(number)
        values = X.toarray() if sp.issparse(X) else np.asarray(X)
        made = {
            "view": lambda: X[:] if isinstance(X, np.ndarray) else values,
            "reversed": lambda: values[:, ::-1],
            "fortran": lambda: np.asfortranarray(values),
            "float32": lambda: values.astype(np.float32),
            "integers": lambda: np.floor(values).astype(np.int64),
            "frame": lambda: pd.DataFrame(values, columns=list("abcdef")),
            "renamed": lambda: pd.DataFrame(values, columns=list("fedcba")),
            "sparse": lambda: sp.csr_matrix(values),
            "copy": lambda: X.copy(),
            "locked": lambda: _locked(values),
            "list": lambda: values.tolist(),
        }[how]()
        self.tables.append(made)

    # -- models ---------------------------------------------------------------------------------
    def make(self, stages: list[int], last: int) -> None:
        parts = [(f"s{i}", STAGES[n]()) for i, n in enumerate(stages)]
        self.models.append(Pipeline([*parts, ("m", MODELS[last]())]))

    def copy(self, number: int) -> None:
        self.models.append(clone(self.model(number)))

    def nest(self, number: int) -> None:
        self.models.append(Pipeline([("outer", StandardScaler()), ("m", self.model(number))]))

    def fit(self, number: int, on: int, weighted: bool) -> None:
        given = {"m__sample_weight": self.weights} if weighted else {}
        self.model(number).fit(self.table(on), self.y, **given)

    def predict(self, number: int, on: int, method: str) -> None:
        out = getattr(self.model(number), method)(self.table(on))
        self.see(out)
        self.outputs.append(out)

    def stage(self, number: int, on: int, edit: bool) -> None:
        model = self.model(number)
        out = clone(model[0]).fit_transform(self.table(on), self.y)
        self.see(out)
        if edit and isinstance(out, np.ndarray):
            out[:] = 0
            self.tables.append(out)
        else:
            self.tables.append(out)

    def edit_output(self, number: int) -> None:
        if self.outputs:
            self.outputs[number % len(self.outputs)][:] = 7

    def edit_model(self, number: int) -> None:
        for part in self.model(number).named_steps.values():
            for value in vars(part).values():
                if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                    value *= 0.5
                    return

    def change(self, number: int, value: int) -> None:
        last = self.model(number)[-1]
        for key in ("alpha", "C", "var_smoothing", "n_neighbors", "max_depth"):
            if key in last.get_params():
                last.set_params(**{key: value})

    def search(self, number: int, on: int, scorer: int) -> None:
        model = self.model(number)
        grid = {"m": [Ridge(), LogisticRegression(max_iter=4)]}
        found = GridSearchCV(
            *(clone(model), grid), cv=3, scoring=SCORERS[scorer], error_score=-1.0
        ).fit(self.table(on), self.y)
        for key, value in found.cv_results_.items():
            if key.startswith(("split", "mean_test", "rank")):
                self.see(value)
        self.models.append(found.best_estimator_)

    def validate(self, number: int, on: int, scorer: int, train: bool) -> None:
        options = {"return_train_score": train, "scoring": SCORERS[scorer], "error_score": -1.0}
        found = cross_validate(self.model(number), self.table(on), self.y, cv=3, **options)
        self.see(found["test_score"])
        self.see(found.get("train_score"))

    def predict_all(self, number: int, on: int) -> None:
        self.see(cross_val_predict(self.model(number), self.table(on), self.y, cv=3))

    def curve(self, on: int, scorer: int) -> None:
        model = SGDClassifier(max_iter=3, tol=None, random_state=0)
        options = {"exploit_incremental_learning": True, "scoring": SCORERS[scorer], "cv": 3}
        self.see(learning_curve(model, self.table(on), self.y, **options)[2])

    def threads(self, steps: list[tuple[Any, ...]]) -> None:
        parts = []
        for step in steps:
            part = Program(0)
            part.tables = [self.tables[0].copy()]
            part.y, part.weights = self.y.copy(), self.weights.copy()
            parts.append((part, threading.Thread(target=part.several, args=(step,))))
        for _, thread in parts:
            thread.start()
        for part, thread in parts:
            thread.join()
            self.seen.append(part.seen)

    def several(self, step: tuple[Any, ...]) -> None:
        self.make([0, 3], 0)
        for row in range(3):
            self.step(("edit", 0, row, 2.5))
            self.step(step)


def _locked(values: Any) -> Any:
    made = values.copy()
    made.flags.writeable = False
    return made


number = st.integers(0, 5)
DERIVED = (
    *("view", "reversed", "fortran", "float32", "integers", "frame", "renamed", "sparse"),
    *("copy", "locked", "list"),
)
STEP = st.one_of(
    st.tuples(st.just("edit"), number, st.integers(0, ROWS - 1), st.sampled_from([0.5, -2.0, 9.0])),
    st.tuples(st.just("edit_target"), st.integers(0, ROWS - 1)),
    st.tuples(st.just("edit_weight"), st.integers(0, ROWS - 1)),
    st.tuples(st.just("derive"), number, st.sampled_from(DERIVED)),
    st.tuples(
        st.just("make"),
        st.lists(st.integers(0, len(STAGES) - 1), max_size=2),
        st.integers(0, len(MODELS) - 1),
    ),
    st.tuples(st.just("copy"), number),
    st.tuples(st.just("nest"), number),
    st.tuples(st.just("fit"), number, number, st.booleans()),
    st.tuples(st.just("fit"), number, number, st.booleans()),
    st.tuples(
        st.just("predict"),
        number,
        number,
        st.sampled_from(["predict", "decision_function", "predict_proba"]),
    ),
    st.tuples(st.just("stage"), number, number, st.booleans()),
    st.tuples(st.just("edit_output"), number),
    st.tuples(st.just("edit_model"), number),
    st.tuples(st.just("change"), number, st.integers(1, 4)),
    st.tuples(st.just("search"), number, number, st.integers(0, 3)),
    st.tuples(st.just("validate"), number, number, st.integers(0, 3), st.booleans()),
    st.tuples(st.just("predict_all"), number, number),
    st.tuples(st.just("curve"), number, st.integers(0, 3)),
    st.tuples(
        st.just("threads"),
        st.lists(
            st.one_of(
                st.tuples(st.just("fit"), st.just(0), st.just(0), st.booleans()),
                st.tuples(st.just("validate"), st.just(0), st.just(0), number, st.booleans()),
                st.tuples(st.just("stage"), st.just(0), st.just(0), st.booleans()),
            ),
            min_size=2,
            max_size=3,
        ),
    ),
)


def check(seed: int, first: tuple[Any, ...], steps: list[tuple[Any, ...]]) -> None:
    steps = [first, *steps]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = Program(seed).run(steps)
        for _ in range(2):  # the second context finds what the first one stored
            with reuse():
                assert Program(seed).run(steps) == plain
                assert Program(seed).run(steps) == plain


FIRST = st.tuples(
    st.just("make"),
    st.lists(st.integers(0, len(STAGES) - 1), max_size=2),
    st.integers(0, len(MODELS) - 1),
)


@settings(max_examples=8)
@given(st.integers(0, 3), FIRST, st.lists(STEP, min_size=3, max_size=9))
def test_a_program_sees_the_same(seed: int, first: Any, steps: Any) -> None:
    check(seed, first, steps)


@pytest.mark.slow
@settings(max_examples=80)
@given(st.integers(0, 3), FIRST, st.lists(STEP, min_size=4, max_size=16))
def test_a_long_program_sees_the_same(seed: int, first: Any, steps: Any) -> None:
    check(seed, first, steps)
