"""Searches over all kinds of estimators, data and splits, small enough to run by the dozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFECV, SelectKBest, f_classif
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

Case = Callable[[], tuple[Any, Any, Any, dict[str, Any]]]
CASES: dict[str, Case] = {}
QUICK: set[str] = set()


def case(function: Case | None = None, *, quick: bool = False) -> Any:
    def add(made: Case) -> Case:
        CASES[made.__name__] = made
        if quick:
            QUICK.add(made.__name__)
        return made

    return add if function is None else add(function)


def dense(rows: int = 160, columns: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, columns))
    signal = X @ rng.normal(size=columns) + rng.normal(size=rows)
    return X, (signal > 0).astype(int), signal


def table(rows: int = 160) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(8)
    X = pd.DataFrame(
        {
            "age": rng.normal(40, 9, rows),
            "hours": rng.integers(1, 60, rows),
            "job": rng.choice(["clerk", "smith", "cook", "pilot"], rows),
            "sex": pd.Categorical(rng.choice(["f", "m"], rows)),
        }
    )
    X.loc[rng.random(rows) < 0.1, "age"] = np.nan
    y = ((X["hours"] > 30) ^ (X["job"] == "cook")).to_numpy(dtype=int)
    return X, y


def encoder(output: str = "default") -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["job", "sex"]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "hours"]),
        ]
    ).set_output(transform=output)


class Clip(TransformerMixin, BaseEstimator):
    """A user's own transformer."""

    def __init__(self, low: float = -1.0):
        self.low = low

    def fit(self, X: Any, y: Any = None) -> Clip:
        self.high_ = np.quantile(X, 0.9, axis=0)
        return self

    def transform(self, X: Any) -> Any:
        np.clip(X, self.low, self.high_, out=X)  # writes into what it is given
        return X


class Fussy(ClassifierMixin, BaseEstimator):
    """Fails for some of its parameters, warns for others."""

    def __init__(self, level: int = 0):
        self.level = level

    def fit(self, X: Any, y: Any) -> Fussy:
        if self.level == 2:
            raise ValueError("level 2 is too much")
        self.classes_ = np.unique(y)
        self.share_ = float(np.mean(y)) + self.level
        return self

    def predict(self, X: Any) -> Any:
        if self.level == 3:
            raise RuntimeError("cannot predict at level 3")
        return np.where(X[:, 0] > self.share_ - self.level, *self.classes_[::-1][:2])


def half_error(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(np.abs(y_true - y_pred) ** 0.5))


def spread(estimator: Any, X: Any, y: Any) -> dict[str, float]:
    found = estimator.predict(X)
    return {"mean": float(np.mean(found)), "hits": float(np.mean(found == y))}


@case(quick=True)
def ridge_pipeline() -> Any:
    X, _, y = dense()
    pipe = Pipeline([("s", StandardScaler()), ("p", PCA(5)), ("m", Ridge())])
    return GridSearchCV(pipe, {"m__alpha": [0.01, 1, 100], "p__n_components": [3, 5]}), X, y, {}


@case
def ridge_multi_output() -> Any:
    X, _, y = dense()
    Y = np.c_[y, y**2, -y]
    grid = {"alpha": [0.1, 1.0], "fit_intercept": [True, False], "solver": ["auto", "svd", "lsqr"]}
    return GridSearchCV(Ridge(), grid, return_train_score=True), X, Y, {}


@case
def ridge_weights() -> Any:
    X, _, y = dense()
    weights = np.linspace(0.1, 2, len(y))
    return GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10]}, cv=4), X, y, {"sample_weight": weights}


@case
def ridge_frame_and_float32() -> Any:
    X, _, y = dense()
    frame = pd.DataFrame(X.astype("float32"), columns=[f"c{i}" for i in range(X.shape[1])])
    return GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10]}), frame, pd.Series(y), {}


@case
def ridge_fortran_read_only() -> Any:
    X, _, y = dense()
    X = np.asfortranarray(X)
    X.flags.writeable = False
    return (
        GridSearchCV(make_pipeline(MinMaxScaler(), Ridge()), {"ridge__alpha": [0.1, 1]}),
        X,
        y,
        {},
    )


@case
def ridge_classifier_balanced() -> Any:
    X, y, _ = dense()
    names = np.array(["no", "yes"], dtype=object)[y]
    grid = {"alpha": [0.1, 10.0], "class_weight": [None, "balanced"]}
    return GridSearchCV(RidgeClassifier(), grid, scoring="balanced_accuracy"), X, names, {}


@case(quick=True)
def ridge_sparse() -> Any:
    X, _, y = dense(120, 12)
    sparse = sp.csr_matrix(np.where(np.abs(X) > 1, X, 0))
    return GridSearchCV(Ridge(), {"alpha": [0.1, 1.0], "solver": ["auto", "lsqr"]}), sparse, y, {}


@case(quick=True)
def frame_with_missing_values() -> Any:
    X, y = table()
    pipe = Pipeline([("e", encoder()), ("m", LogisticRegression())])
    grid = {"m__C": [0.1, 1.0], "e__numbers__simpleimputer__strategy": ["mean", "median"]}
    return GridSearchCV(pipe, grid, scoring=["roc_auc", "f1"], refit="f1"), X, y, {}


@case(quick=True)
def pandas_output() -> Any:
    X, y = table()
    pipe = Pipeline([("e", encoder("pandas")), ("m", LogisticRegression())])
    return GridSearchCV(pipe, {"m__C": [0.1, 1.0]}), X, pd.Series(y, index=X.index), {}


@case
def polars_output() -> Any:
    X, y = table()
    pipe = Pipeline([("e", encoder("polars")), ("m", LogisticRegression())])
    return GridSearchCV(pipe, {"m__C": [0.1, 1.0]}), X, y, {}


@case
def polars_input() -> Any:
    import polars

    X, y = table()
    frame = polars.from_pandas(X.drop(columns="sex"))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encode = ColumnTransformer([("n", numbers, ["age", "hours"]), ("w", OneHotEncoder(), ["job"])])
    pipe = Pipeline([("e", encode), ("m", LogisticRegression())])
    return GridSearchCV(pipe, {"m__C": [0.1, 1.0]}), frame, y, {}


@case(quick=True)
def text() -> Any:
    rng = np.random.default_rng(3)
    words = np.array(["ball", "goal", "vote", "law", "team", "bill", "run", "tax"])
    docs = [" ".join(rng.choice(words, 9)) for _ in range(90)]
    y = np.array([doc.count("l") % 2 for doc in docs])
    pipe = Pipeline([("v", TfidfVectorizer()), ("m", MultinomialNB())])
    return (
        GridSearchCV(pipe, {"v__ngram_range": [(1, 1), (1, 2)], "m__alpha": [0.1, 1]}),
        docs,
        y,
        {},
    )


@case
def text_svd() -> Any:
    (_, docs, y, _) = text()
    svd = TruncatedSVD(3, random_state=0)
    pipe = Pipeline([("v", TfidfVectorizer(sublinear_tf=True)), ("d", svd), ("m", LinearSVC())])
    pipe.set_params(m__random_state=0)
    return GridSearchCV(pipe, {"m__C": [0.1, 1], "d__n_components": [2, 3]}), docs, y, {}


@case
def column_selectors_and_union() -> Any:
    X, y = table()
    numbers = make_column_selector(dtype_include="number")
    both = FeatureUnion(
        [("scale", StandardScaler()), ("bins", KBinsDiscretizer(3, subsample=None))]
    )
    encode = ColumnTransformer(
        [("n", make_pipeline(SimpleImputer(), both), numbers)],
        remainder=OrdinalEncoder(),
    )
    pipe = Pipeline([("e", encode), ("m", LogisticRegression(max_iter=30))])
    return (
        GridSearchCV(pipe, {"m__C": [0.01, 1.0], "e__n__featureunion__bins__n_bins": [3, 4]}),
        X,
        y,
        {},
    )


@case(quick=True)
def neighbours() -> Any:
    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), KNeighborsClassifier())
    grid = {
        "kneighborsclassifier__n_neighbors": [1, 3, 7],
        "kneighborsclassifier__algorithm": ["brute", "kd_tree"],
    }
    return GridSearchCV(pipe, grid), X, y, {}


@case
def knn_imputer_regressor() -> Any:
    X, _, y = dense()
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    pipe = make_pipeline(KNNImputer(), KNeighborsRegressor())
    return GridSearchCV(pipe, {"kneighborsregressor__n_neighbors": [2, 4]}, cv=3), X, y, {}


@case
def forest_seeded() -> Any:
    X, y, _ = dense(100)
    forest = RandomForestClassifier(random_state=3)
    return GridSearchCV(forest, {"n_estimators": [4, 8], "max_depth": [2, None]}, cv=3), X, y, {}


@case
def trees_and_selection() -> Any:
    X, y, _ = dense()
    pipe = Pipeline([("k", SelectKBest(f_classif)), ("m", DecisionTreeClassifier(random_state=0))])
    grid = [{"k__k": [2, 5, "all"], "m": [DecisionTreeClassifier(random_state=1), GaussianNB()]}]
    return GridSearchCV(pipe, grid), X, y, {}


@case
def boosting_regression() -> Any:
    X, _, y = dense(120)
    model = GradientBoostingRegressor(random_state=0)
    grid = {"n_estimators": [5, 10], "subsample": [0.5, 1.0]}
    return GridSearchCV(model, grid, cv=3, scoring="neg_mean_absolute_error"), X, y, {}


@case
def histogram_boosting_categories() -> Any:
    X, y = table()
    X["job"] = X["job"].astype("category")
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype", max_iter=5, random_state=0
    )
    return (
        GridSearchCV(model, {"learning_rate": [0.1, 0.5], "max_leaf_nodes": [3, 7]}, cv=3),
        X,
        y,
        {},
    )


@case
def support_vectors() -> Any:
    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), SVC())
    return GridSearchCV(pipe, {"svc__C": [0.1, 10], "svc__kernel": ["rbf", "linear"]}), X, y, {}


@case
def lasso_and_elastic_net() -> Any:
    X, _, y = dense()
    pipe = Pipeline([("poly", PolynomialFeatures(2)), ("m", Lasso(max_iter=50))])
    grid = [{"m__alpha": [1e-3, 0.1]}, {"m": [ElasticNet()], "m__l1_ratio": [0.2, 0.8]}]
    return GridSearchCV(pipe, grid, cv=3), X, y, {}


@case
def randomized() -> Any:
    from scipy.stats import loguniform

    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    space = {"logisticregression__C": loguniform(1e-2, 1e2)}
    return RandomizedSearchCV(pipe, space, n_iter=6, random_state=0), X, y, {}


@case
def halving() -> Any:
    X, y, _ = dense(200)
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.01, 0.1, 1, 10]}
    return HalvingGridSearchCV(pipe, grid, random_state=0, min_resources=60), X, y, {}


@case
def groups() -> Any:
    X, y, _ = dense()
    grid = {"model__C": [0.1, 1.0]}
    pipe = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    return GridSearchCV(pipe, grid, cv=GroupKFold(4)), X, y, {"groups": np.arange(len(y)) % 8}


@case
def time_series() -> Any:
    X, _, y = dense()
    model = TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)
    pipe = make_pipeline(StandardScaler(), model)
    grid = {"transformedtargetregressor__regressor__alpha": [0.1, 1.0, 5.0]}
    return GridSearchCV(pipe, grid, cv=TimeSeriesSplit(4)), X, y, {}


@case
def repeated_splits() -> Any:
    X, y, _ = dense()
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1)
    return GridSearchCV(make_pipeline(StandardScaler(), GaussianNB()), {}, cv=folds), X, y, {}


@case(quick=True)
def custom_scorers() -> Any:
    X, _, y = dense()
    pipe = make_pipeline(StandardScaler(), Ridge())
    scorers = {"half": make_scorer(half_error, greater_is_better=False), "r2": "r2"}
    grid = {"ridge__alpha": [0.1, 1.0]}
    return GridSearchCV(pipe, grid, scoring=scorers, refit="half"), X, y, {}


@case
def scorer_that_returns_a_dict() -> Any:
    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    return GridSearchCV(pipe, grid, scoring=spread, refit="hits"), X, y, {}


@case(quick=True)
def failing_configurations() -> Any:
    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), Fussy())
    return GridSearchCV(pipe, {"fussy__level": [0, 1, 2, 3]}, error_score=-1.0), X, y, {}


@case(quick=True)
def in_place_user_transformer() -> Any:
    X, y, _ = dense()
    pipe = make_pipeline(StandardScaler(), Clip(), LogisticRegression())
    return GridSearchCV(pipe, {"clip__low": [-1, 0], "logisticregression__C": [0.1, 1]}), X, y, {}


@case(quick=True)
def in_place_library_scaler() -> Any:
    X, _, y = dense()
    pipe = make_pipeline(PCA(6), StandardScaler(copy=False), MinMaxScaler(copy=False), Ridge())
    return GridSearchCV(pipe, {"ridge__alpha": [0.1, 1, 10]}), X, y, {}


@case
def in_place_ridge() -> Any:
    X, _, y = dense()
    pipe = make_pipeline(StandardScaler(), Ridge(copy_X=False))
    return GridSearchCV(pipe, {"ridge__alpha": [0.1, 1, 10]}), X, y, {}


@case
def function_transformers() -> Any:
    X, _, y = dense()
    pipe = Pipeline([("f", FunctionTransformer(np.tanh)), ("s", StandardScaler()), ("m", Ridge())])
    grid = {"m__alpha": [0.1, 1], "f__func": [np.tanh, np.sign, None]}
    return GridSearchCV(pipe, grid), X, y, {}


@case
def stacking() -> Any:
    X, y, _ = dense(120)
    parts = [("nb", GaussianNB()), ("k", make_pipeline(StandardScaler(), KNeighborsClassifier()))]
    stack = StackingClassifier(parts, LogisticRegression(), cv=3)
    return GridSearchCV(stack, {"final_estimator__C": [0.1, 1]}, cv=3), X, y, {}


@case
def voting_regressor() -> Any:
    X, _, y = dense(120)
    vote = VotingRegressor([("a", Ridge()), ("b", make_pipeline(StandardScaler(), Ridge(3)))])
    return GridSearchCV(vote, {"weights": [[1, 1], [1, 3]]}, cv=3), X, y, {}


@case
def calibrated() -> Any:
    X, y, _ = dense(120)
    model = CalibratedClassifierCV(make_pipeline(StandardScaler(), GaussianNB()), cv=3)
    return GridSearchCV(model, {"method": ["sigmoid", "isotonic"]}, cv=3), X, y, {}


@case
def one_against_rest() -> Any:
    X, _, signal = dense()
    y = np.digitize(signal, [-1, 1])
    pipe = make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression()))
    return GridSearchCV(pipe, {"onevsrestclassifier__estimator__C": [0.1, 1]}), X, y, {}


@case
def multi_label() -> Any:
    X, y, signal = dense()
    Y = np.c_[y, signal > 1]
    pipe = make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression()))
    grid = {"multioutputclassifier__estimator__C": [0.1, 1]}
    return GridSearchCV(pipe, grid, cv=KFold(3)), X, Y, {}


@case
def recursive_elimination() -> Any:
    X, y, _ = dense(120, 6)
    pipe = make_pipeline(StandardScaler(), RFECV(LogisticRegression(), cv=3))
    return GridSearchCV(pipe, {"rfecv__min_features_to_select": [1, 3]}, cv=3), X, y, {}


@case
def unseeded_forest_under_a_global_seed() -> Any:
    X, y, _ = dense(100)
    pipe = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=4))
    grid = {"randomforestclassifier__max_depth": [2, 3]}
    return GridSearchCV(pipe, grid, cv=ShuffleSplit(3, random_state=0)), X, y, {}


@case
def nested_search() -> Any:
    X, y, _ = dense(100)
    inner = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [0.1, 1]},
        cv=2,
    )
    return GridSearchCV(inner, {"cv": [2, 3]}, cv=2), X, y, {}
