"""The plan of a pipeline's transformers against the transformers themselves, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from clew.errors import InvalidParameter, UnsupportedValue
from clew.serve.encode import FramePlan, plan_of
from clew.serve.signature import Signature

NUMERIC = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 1), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]),
    "passthrough",
]
CATEGORICAL = [
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False, drop="if_binary"),
    OneHotEncoder(drop="first"),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(encoded_missing_value=-2),
    Pipeline(
        [
            ("fill", SimpleImputer(strategy="most_frequent")),
            ("encode", OneHotEncoder(handle_unknown="ignore")),
        ]
    ),
    Pipeline(
        [
            ("fill", SimpleImputer(strategy="constant", fill_value="none")),
            ("encode", OrdinalEncoder()),
        ]
    ),
]


def frame(seed: int, n_rows: int = 40, missing: bool = False) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": generator.normal(size=n_rows) * 1e3,
            "count": generator.integers(-5, 90, n_rows),
            "colour": generator.choice(["red", "green", "blue"], n_rows).astype(object),
            "code": generator.choice([1, 2, 30], n_rows),
            "shape": generator.choice(["round", "flat"], n_rows).astype(object),
        }
    )
    if missing:
        table.loc[generator.random(n_rows) < 0.2, "size"] = np.nan
        table.loc[generator.random(n_rows) < 0.2, "colour"] = np.nan
        table.loc[0, ["size", "colour"]] = [1.0, "red"]
    return table


def planned(transformers: list[Any], table: pd.DataFrame) -> FramePlan:
    return plan_of(transformers, list(table.columns))


def encoded(plan: FramePlan, table: pd.DataFrame) -> np.ndarray:
    return plan.encode(Signature.of(table).columns_of(table.to_dict("records")))


def dense(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=float)


@settings(max_examples=120)
@given(
    seed=st.integers(0, 2**16),
    numeric=st.sampled_from(NUMERIC),
    categorical=st.sampled_from(CATEGORICAL),
    missing=st.booleans(),
    remainder=st.sampled_from(["drop", "passthrough"]),
)
def test_a_plan_gives_what_the_transformers_give(
    seed: int, numeric: Any, categorical: Any, missing: bool, remainder: str
) -> None:
    train, fresh = frame(seed, missing=missing), frame(seed + 1, missing=missing)
    branches = [("n", numeric, ["size", "count"]), ("c", categorical, ["colour", "shape"])]
    transformer = ColumnTransformer(branches, remainder=remainder).fit(train)
    plan = planned([transformer], train)
    try:
        expected = dense(transformer.transform(fresh))
    except ValueError:  # an encoder that refuses unknown categories refuses a new missing one
        with pytest.raises(InvalidParameter, match="does not know"):
            encoded(plan, fresh)
        return
    assert np.array_equal(encoded(plan, fresh), expected, equal_nan=True)


def test_transformers_of_the_whole_matrix_follow() -> None:
    table = frame(0)
    first = ColumnTransformer(
        [("n", "passthrough", ["size", "count"]), ("c", OneHotEncoder(), ["colour"])]
    )
    pipeline = Pipeline(
        [("columns", first), ("scale", StandardScaler()), ("best", SelectKBest(k=3))]
    ).fit(table, np.arange(40) % 2)
    plan = planned([step for _, step in pipeline.steps], table)
    assert plan.width == 3
    assert np.array_equal(encoded(plan, table), dense(pipeline.transform(table)))


def test_columns_can_be_named_in_every_way() -> None:
    table = frame(0)
    mask = [False, False, True, False, True]
    for columns in (["colour", "shape"], [2, 4], slice(2, 3), mask, "colour"):
        chosen = [columns] if columns == "colour" else columns
        transformer = ColumnTransformer([("c", OrdinalEncoder(), chosen)]).fit(table)
        assert np.array_equal(
            encoded(planned([transformer], table), table), dense(transformer.transform(table))
        )


def test_what_cannot_be_said_exactly_is_refused_by_name() -> None:
    table = frame(0)
    for transformer, name in (
        (FunctionTransformer(np.log1p), "FunctionTransformer"),
        (OneHotEncoder(min_frequency=5), "infrequent"),
        (SimpleImputer(add_indicator=True), "imputer"),
    ):
        columns = ["colour"] if name == "infrequent" else ["size"]
        fitted = ColumnTransformer([("t", transformer, columns)]).fit(
            table.assign(size=table["size"].abs())
        )
        with pytest.raises(UnsupportedValue, match=name):
            planned([fitted], table)


def test_an_unknown_category_is_named_with_those_that_are_known() -> None:
    table = frame(0)
    transformer = ColumnTransformer([("c", OneHotEncoder(), ["colour"])]).fit(table)
    other = table.head(2).assign(colour=["red", "mauve"])
    with pytest.raises(InvalidParameter, match=r"colour.*\n.*mauve.*\n.*blue"):
        encoded(planned([transformer], table), other)
