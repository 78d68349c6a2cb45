"""Encoders in branches share categories, and give what they give alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from clew.select import categories
from tests.select.compare import assert_same, both

ENCODERS = [
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(handle_unknown="ignore", drop="if_binary", sparse_output=False),
    OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3),
    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=9, dtype=np.float32),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-5, max_categories=2),
    OneHotEncoder(handle_unknown="ignore", categories=[list("abc"), list("xy")]),
    OneHotEncoder(),  # fails in scoring where a test fold has a category of its own
    OneHotEncoder(max_categories=-1),  # fails in fitting
]


def table(rows: int, seed: int, kind: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    words = pd.DataFrame(
        {
            "a": rng.choice(list("abcdef"), rows, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05]),
            "b": rng.choice(list("xyz"), rows),
            "n": rng.normal(size=rows),
        }
    )
    if kind == "missing":
        words["a"] = words["a"].astype(object).where(rng.random(rows) > 0.1, np.nan)
    if kind == "category":
        words["b"] = words["b"].astype("category")
    return words, rng.integers(0, 2, size=rows)


def pipeline(shape: str) -> Any:
    words: Any = OneHotEncoder()
    if shape == "imputed":
        words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    parts = [("words", words, ["a", "b"]), ("numbers", StandardScaler(), ["n"])]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    if shape == "union":
        only = ColumnTransformer([("w", "passthrough", ["a", "b"])])
        return make_pipeline(only, FeatureUnion([("words", words)]), tree)
    return make_pipeline(ColumnTransformer(parts), tree)


PARAMS = {
    "plain": "columntransformer__words",
    "imputed": "columntransformer__words__onehotencoder",
    "union": "featureunion__words",
}


@settings(max_examples=8)
@given(
    st.lists(st.sampled_from(range(1, len(ENCODERS))), min_size=1, max_size=3, unique=True),
    st.sampled_from(sorted(PARAMS)),
    st.sampled_from(["words", "missing", "category"]),
    st.integers(40, 90),
    st.integers(0, 99),
)
@pytest.mark.filterwarnings("ignore")
def test_any_encoders_give_what_they_give_alone(chosen, shape, kind, rows, seed):
    X, y = table(rows, seed, kind)
    space = {PARAMS[shape]: [ENCODERS[number] for number in (0, *chosen)]}
    plain, found = both(pipeline(shape), space, X, y, cv=3, refit=False, error_score=-1.0)
    assert_same(plain, found)


@pytest.mark.parametrize("shape", sorted(PARAMS))
def test_categories_are_found_once_a_fold(shape, monkeypatch):
    made = []

    class Counting(categories.Codes):
        def __init__(self, X: Any) -> None:
            made.append(len(X) if hasattr(X, "__len__") else X.shape[0])
            super().__init__(X)

    monkeypatch.setattr(categories, "Codes", Counting)
    X, y = table(120, 0, "words")
    space = {PARAMS[shape]: ENCODERS[:5]}
    plain, found = both(pipeline(shape), space, X, y, cv=3)
    assert_same(plain, found)
    assert len(made) == 3
    made.clear()
    both(pipeline(shape), space, X, y, cv=3, extra={"rewrites": False})
    assert not made


@pytest.mark.parametrize("shape", sorted(PARAMS))
def test_shared_categories_are_told(shape):
    X, y = table(120, 0, "words")
    space = {PARAMS[shape]: ENCODERS[:5]}
    _, found = both(pipeline(shape), space, X, y, cv=3)
    assert all("categories found once" in str(one) for one in found.explain_)
    _, alone = both(pipeline(shape), space, X, y, cv=3, extra={"rewrites": False})
    assert not any(one.rewrite for one in alone.explain_)
