"""The law of a planned search: whatever the space, it gives what a grid search gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.select.compare import assert_same, both

X, Y = make_classification(90, 6, n_informative=4, random_state=0)
GAPS = X.copy()
GAPS[::11, 2] = np.nan

FIRST = [
    SimpleImputer(),
    SimpleImputer(strategy="median"),
    ColumnTransformer([("a", SimpleImputer(), [0, 1, 2]), ("b", StandardScaler(), [3, 4])]),
    ColumnTransformer([("a", SimpleImputer(), [0, 1, 2]), ("b", MinMaxScaler(), [3, 4])]),
    Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler(copy=False))]),
    FeatureUnion([("a", SimpleImputer()), ("b", SimpleImputer(strategy="constant"))]),
]
SECOND = [
    "passthrough",
    StandardScaler(),
    StandardScaler(copy=False),
    FunctionTransformer(),
    SelectKBest(k=2),
    SelectKBest(k=3),
    PCA(2, random_state=0),
    PCA(3, random_state=0),
]
MODELS = [
    (LogisticRegression(), {"model__C": [0.1, 1.0]}),
    (KNeighborsClassifier(), {"model__n_neighbors": [1, 4], "model__weights": ["distance"]}),
    (ExtraTreesClassifier(random_state=0), {"model__n_estimators": [1, 3]}),
    (GradientBoostingClassifier(random_state=0), {"model__n_estimators": [1, 3]}),
    (DecisionTreeClassifier(random_state=0), {"model__ccp_alpha": [0.0, 0.05]}),
    (GaussianNB(), {"model__var_smoothing": [1e-9, 1.0]}),
]


@st.composite
def spaces(draw):
    grids = []
    for model, parameters in draw(st.lists(st.sampled_from(MODELS), min_size=1, max_size=2)):
        first = draw(st.lists(st.sampled_from(FIRST), min_size=1, max_size=2))
        second = draw(st.lists(st.sampled_from(SECOND), min_size=1, max_size=2))
        grids.append({"first": first, "second": second, "model": [model], **parameters})
    return grids


@settings(max_examples=12)
@given(
    space=spaces(),
    scoring=st.sampled_from([None, "roc_auc", "neg_log_loss"]),
    seen=st.booleans(),
)
def test_a_planned_search_is_a_grid_search(space, scoring, seen):
    steps = [("first", FIRST[0]), ("second", SECOND[0]), ("model", MODELS[0][0])]
    options = {"cv": 2, "scoring": scoring, "return_train_score": seen}
    plain, planned = both(Pipeline(steps), space, GAPS, Y, **options)
    assert_same(plain, planned, atol=1e-13)
    np.testing.assert_array_equal(plain.predict(GAPS), planned.predict(GAPS))
