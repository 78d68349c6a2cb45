"""A planned search gives what `GridSearchCV` gives, over a catalogue of what people do."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_absolute_error, precision_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils._param_validation import InvalidParameterError

from clew.select import Search
from tests.select.compare import assert_same, both

X, Y = make_classification(150, 6, n_informative=4, random_state=0)
TARGET = X @ np.arange(6) + np.random.default_rng(0).normal(size=len(X))
GROUPS = np.arange(len(X)) % 7
MISSING = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
SCALED = make_pipeline(StandardScaler(), LogisticRegression())
C = {"logisticregression__C": [0.1, 1.0, 10.0]}
TABLE = pd.DataFrame(X[:, :3], columns=["a", "b", "c"]).assign(
    word=np.array(["x", "y", "z"])[np.abs(X[:, 3] * 10).astype(int) % 3],
    other=np.where(X[:, 4] > 0, "p", "q"),
)
TABLE.loc[::9, "b"] = np.nan
TEXTS = [f"{'good' if y else 'bad'} word{i % 5} word{i % 3}" for i, y in enumerate(Y)]


def columns(**options):
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    words = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer(
        [("numbers", numbers, ["a", "b", "c"]), ("words", words, ["word", "other"])], **options
    )


TABLE_GRID = {
    "columns__numbers__fill__strategy": ["mean", "median"],
    "columns__numbers__scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
    "columns__words": [OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder()],
    "model__C": [0.1, 1.0],
}
TABLE_PIPELINE = Pipeline([("columns", columns()), ("model", LogisticRegression(max_iter=500))])


class Centre(TransformerMixin, BaseEstimator):
    """A user's own transformer."""

    def __init__(self, by="mean"):
        self.by = by

    def fit(self, X, y=None):
        self.centre_ = getattr(np, self.by)(X, axis=0)
        return self

    def transform(self, X):
        return X - self.centre_


class Spoiler(Centre):
    """A transformer that writes into its input, as ``copy=False`` does."""

    def transform(self, X):
        X -= self.centre_
        return X


class Noisy(Centre):
    """A transformer that draws from NumPy's global generator without saying so."""

    def transform(self, X):
        return X + np.random.normal(size=np.shape(X))


class Majority(ClassifierMixin, BaseEstimator):
    """A user's own classifier."""

    def __init__(self, offset=0):
        self.offset = offset

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.common_ = self.classes_[(counts.argmax() + self.offset) % len(counts)]
        return self

    def predict(self, X):
        return np.full(len(X), self.common_)


def looks_inside(estimator, X, y):
    return float(np.abs(estimator.named_steps["logisticregression"].coef_).sum())


def several(estimator, X, y):
    return {"accuracy": estimator.score(X, y), "rows": len(X)}


def first(results):
    return 0


def spread(estimator, X, y=None):
    return float(estimator.transform(X).std())


SEARCHES = {
    "one estimator": (LogisticRegression(), {"C": [0.1, 1.0]}, X, Y, {}),
    "pipeline": (SCALED, C, X, Y, {"return_train_score": True}),
    "conditional grids": (
        *(Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]),),
        [
            {"scale": [StandardScaler(), "passthrough", None], "model__C": [0.1, 1.0]},
            {"model": [DecisionTreeClassifier(random_state=0)], "model__max_depth": [2, 4]},
            {"model": [GaussianNB()]},
        ],
        *(X, Y, {}),
    ),
    "several metrics": (
        *(SCALED, C, X, Y),
        {"scoring": ["roc_auc", "f1", "accuracy"], "refit": "f1", "return_train_score": True},
    ),
    "metrics by name": (
        *(SCALED, C, X, Y),
        {"scoring": {"p": make_scorer(precision_score), "a": "accuracy"}, "refit": False},
    ),
    "callable scorer": (SCALED, C, X, Y, {"scoring": looks_inside, "return_train_score": True}),
    "callable with several": (SCALED, C, X, Y, {"scoring": several, "refit": "accuracy"}),
    "chosen by a function": (SCALED, C, X, Y, {"refit": first}),
    "no refit": (SCALED, C, X, Y, {"refit": False}),
    "regression": (
        *(make_pipeline(PolynomialFeatures(), StandardScaler(), Lasso()),),
        {"polynomialfeatures__degree": [1, 2], "lasso__alpha": [0.1, 1.0]},
        *(X, TARGET, {"scoring": "neg_mean_absolute_error"}),
    ),
    "own metric": (
        *(Ridge(), {"alpha": [0.1, 1.0]}, X, TARGET),
        {"scoring": make_scorer(mean_absolute_error, greater_is_better=False)},
    ),
    "missing values": (
        *(make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),),
        {"simpleimputer__strategy": ["mean", "median"], **C},
        *(MISSING, Y, {}),
    ),
    "pandas": (TABLE_PIPELINE, TABLE_GRID, TABLE, Y, {"return_train_score": True}),
    "pandas targets": (SCALED, C, TABLE[["a", "c"]], pd.Series(Y, index=TABLE.index[::-1]), {}),
    "polars": (SCALED, C, pl.DataFrame(X), pl.Series(Y), {}),
    "columns by type": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("n", SimpleImputer(), make_column_selector(dtype_include="number")),
                    ("w", OneHotEncoder(), make_column_selector(dtype_exclude="number")),
                ]
            ),
            LogisticRegression(),
        ),
        {"columntransformer__n__strategy": ["mean", "median"], **C},
        *(TABLE, Y, {}),
    ),
    "target encoding": (
        make_pipeline(
            ColumnTransformer(
                [("w", TargetEncoder(cv=StratifiedKFold(3)), ["word", "other"])],
                remainder="passthrough",
            ),
            SimpleImputer(),
            LogisticRegression(max_iter=500),
        ),
        {"columntransformer__w__smooth": ["auto", 5.0], **C},
        *(TABLE, Y, {"return_train_score": True}),
    ),
    "feature union": (
        make_pipeline(
            FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler()), ("c", "drop")]),
            LogisticRegression(),
        ),
        {"featureunion__a__with_mean": [True, False], "featureunion__b": [MinMaxScaler()], **C},
        *(X, Y, {}),
    ),
    "text": (
        *(make_pipeline(CountVectorizer(), TfidfTransformer(), MultinomialNB()),),
        {"tfidftransformer__use_idf": [True, False], "multinomialnb__alpha": [0.1, 1.0]},
        *(TEXTS, Y, {}),
    ),
    "sparse": (LogisticRegression(), {"C": [0.1, 1.0]}, sparse.csr_array(np.round(X)), Y, {}),
    "groups": (
        *(SCALED, C, X, Y),
        {"cv": GroupKFold(3), "fit_params": {"groups": GROUPS}},
    ),
    "time series": (SCALED, C, X, Y, {"cv": TimeSeriesSplit(3)}),
    "shuffled": (
        *(SCALED, C, X, Y),
        {"cv": ShuffleSplit(2, test_size=0.3, random_state=0)},
    ),
    "folds given": (SCALED, C, X, Y, {"cv": list(StratifiedKFold(3).split(X, Y))}),
    "many outputs": (
        *(LinearRegression(), {"fit_intercept": [True, False]}),
        *(X, np.column_stack([TARGET, Y]), {}),
    ),
    "weights": (
        *(LogisticRegression(), {"C": [0.1, 1.0]}, X, Y),
        {"fit_params": {"sample_weight": np.arange(len(X)) / 10.0}},
    ),
    "weights in a pipeline": (
        *(SCALED, C, X, Y),
        {"fit_params": {"logisticregression__sample_weight": np.arange(len(X)) / 10.0}},
    ),
    "precomputed kernel": (SVC(kernel="precomputed"), {"C": [0.1, 1.0]}, X @ X.T, Y, {}),
    "one against the rest": (
        *(OneVsRestClassifier(LogisticRegression()), {"estimator__C": [0.1, 1.0]}, X, GROUPS % 3),
        {},
    ),
    "stacking": (
        StackingClassifier([("nb", GaussianNB()), ("lr", LogisticRegression())], cv=2),
        *({"lr__C": [0.1, 1.0]}, X, Y, {}),
    ),
    "target transformed": (
        TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh),
        *({"regressor__alpha": [0.1, 1.0]}, X, TARGET, {}),
    ),
    "own classes": (
        *(make_pipeline(Centre(), Majority()),),
        {"centre__by": ["mean", "median"], "majority__offset": [0, 1]},
        *(X, Y, {}),
    ),
    "inputs spoilt": (
        *(make_pipeline(StandardScaler(), Spoiler(), KNeighborsClassifier()),),
        {"spoiler__by": ["mean", "median"], "kneighborsclassifier__p": [1, 2]},
        *(X, Y, {}),
    ),
    "inputs spoilt by copy=False": (
        *(make_pipeline(FunctionTransformer(), StandardScaler(copy=False), Ridge(copy_X=False)),),
        {"standardscaler__with_mean": [True, False], "ridge__solver": ["svd", "lsqr"]},
        *(X, TARGET, {}),
    ),
    "sets_output": (
        make_pipeline(StandardScaler(), LogisticRegression()).set_output(transform="pandas"),
        *(C, TABLE[["a", "c"]], Y, {}),
    ),
    "lists of numbers": (KNeighborsClassifier(), {"p": [1, 2]}, X.tolist(), Y.tolist(), {}),
    "no such metric twice": (SCALED, {"logisticregression__C": [1.0, 1.0]}, X, Y, {}),
    "unsupervised": (StandardScaler(), {"with_mean": [True, False]}, X, None, {"scoring": spread}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_planned_search_gives_what_grid_search_gives(name):
    estimator, space, rows, y, options = SEARCHES[name]
    plain, planned = both(estimator, space, rows, y, **{"cv": 3, **options})
    # scikit-learn's own linear algebra varies in the last bit with the alignment of its buffers
    assert_same(plain, planned, atol=1e-14)
    if hasattr(plain, "best_estimator_") and hasattr(plain.best_estimator_, "predict"):
        np.testing.assert_allclose(plain.predict(rows), planned.predict(rows), atol=1e-12)


@pytest.mark.parametrize("name", ["pandas", "several metrics", "pipeline", "weights in a pipeline"])
@pytest.mark.parametrize("n_jobs", [2])
def test_workers_change_nothing(name, n_jobs):
    estimator, space, rows, y, options = SEARCHES[name]
    plain, planned = both(estimator, space, rows, y, cv=3, n_jobs=n_jobs, **options)
    assert_same(plain, planned)


FAILING = {"logisticregression__C": [1.0, -1.0], "standardscaler__with_mean": [True, False]}


@contextmanager
def noted():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield warned


@pytest.mark.parametrize("error_score", [np.nan, 0.25])
def test_failing_configurations_get_the_error_score(error_score):
    with noted() as warned:
        plain, planned = both(
            SCALED, FAILING, X, Y, cv=3, error_score=error_score, return_train_score=True
        )
    assert_same(plain, planned)
    assert sum("6 fits failed" in str(w.message) for w in warned) == 2
    assert planned.explain_[2].failed == 3


def test_failing_transformers_fail_everything_below_them():
    pipeline = make_pipeline(SelectKBest(), StandardScaler(), LogisticRegression())
    space = {"selectkbest__k": [2, -1], **C}
    with noted():
        plain, planned = both(pipeline, space, X, Y, cv=3, scoring=["accuracy", "f1"], refit="f1")
    assert_same(plain, planned)


def test_errors_are_raised_where_that_is_asked_for():
    with pytest.raises(InvalidParameterError, match="'C' parameter"):
        Search(SCALED, FAILING, cv=3, error_score="raise", store=None).fit(X, Y)


def test_unknown_categories_fail_in_scoring_only():
    table = TABLE.assign(word=["new", *TABLE["word"][1:]])
    pipeline = make_pipeline(
        ColumnTransformer([("w", OneHotEncoder(), ["word"])]), LogisticRegression()
    )
    with noted():
        plain, planned = both(pipeline, C, table, Y, cv=3)
    assert_same(plain, planned)
    assert planned.explain_[0].failed == 0


def test_unseeded_estimators_run_plainly_and_in_order():
    space = {"scale__with_mean": [True, False], "model__max_depth": [2, 4]}
    forest = RandomForestClassifier(n_estimators=3)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", forest)])
    np.random.seed(0)
    plain = GridSearchCV(pipeline, space, cv=3).fit(X, Y)
    np.random.seed(0)
    planned = Search(pipeline, space, cv=3).fit(X, Y)
    assert_same(plain, planned)
    assert all("random_state is not set" in e.reason for e in planned.explain_)
    assert planned.account_.plain == 12


@pytest.mark.parametrize(
    "stage", [Noisy(), SelectKBest(mutual_info_classif, k=3)], ids=["hidden", "score_func"]
)
def test_what_draws_from_a_global_generator_is_never_shared(stage):
    pipeline = Pipeline([("stage", stage), ("model", LogisticRegression())])
    space = {"model__C": [0.1, 1.0, 10.0]}
    np.random.seed(0)
    plain = GridSearchCV(pipeline, space, cv=3).fit(X, Y)
    np.random.seed(0)
    planned = Search(pipeline, space, cv=3).fit(X, Y)
    assert_same(plain, planned)
    assert planned.account_.plain == 9


def test_nothing_is_warned_about_that_scikit_learn_is_silent_on():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both(TABLE_PIPELINE, {"model__C": [0.1, 1.0]}, TABLE, Y, cv=3)


class Entropic(Centre):
    """A transformer that draws fresh entropy: nobody could have seeded it."""

    def transform(self, X):
        return X + np.random.default_rng().normal(size=np.shape(X))


def jittered(X):
    return X + np.random.default_rng().normal(size=np.shape(X))


@pytest.mark.parametrize(
    "stage", [Entropic(), FunctionTransformer(jittered)], ids=["method", "function"]
)
def test_code_that_draws_fresh_entropy_is_never_shared(stage):
    pipeline = Pipeline([("stage", stage), ("model", LogisticRegression())])
    space = {"model__C": [1.0, 1.0, 1.0]}
    found = [Search(pipeline, space, cv=3).fit(X, Y) for _ in range(2)]
    for search in found:
        assert search.account_.plain == 9
        assert "entropy" in search.explain_[0].reason
        assert len(set(search.cv_results_["mean_test_score"])) > 1
