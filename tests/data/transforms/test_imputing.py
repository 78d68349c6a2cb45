"""Gaps: each column is filled by what proves best on it, and what is known stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from clew.data.transforms import FrameImputer
from clew.errors import InvalidParameter, NotFound

LANDS = {"Oslo": "Norway", "Bergen": "Norway", "Rome": "Italy", "Bern": "Switzerland"}


def table(rows: int = 600) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    town = draw.choice(list(LANDS), rows)
    height = draw.normal(170, 8, rows)
    age = draw.integers(18, 80, rows)
    return pd.DataFrame(
        {
            "town": town,
            "land": [LANDS[one] for one in town],
            "height": height,
            "weight": height - 100 + draw.normal(0, 1, rows),
            "age": age,
            "risk": np.where((age > 40) ^ (height > 170), "high", "low"),
            "noise": draw.normal(size=rows),
        }
    )


def spoiled(frame: pd.DataFrame, share: float = 0.1) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return frame.mask(draw.random(frame.shape) < share)


def test_each_column_gets_the_strategy_that_suits_it() -> None:
    whole = table()
    gappy = spoiled(whole)
    imputer = FrameImputer()
    filled = imputer.fit_transform(gappy)
    assert imputer.chosen_["land"] in ("dependency", "learned")
    assert imputer.chosen_["weight"] in ("correlated", "learned")
    assert imputer.chosen_["risk"] == "learned"
    assert imputer.chosen_["noise"] == "usual"
    assert not filled.isna().any().any()
    known = gappy.notna()
    for name in whole.columns:
        assert (filled[name][known[name]] == gappy[name][known[name]]).all()
    gaps = gappy["land"].isna() & gappy["town"].notna()
    assert (filled["land"][gaps] == whole["land"][gaps]).all()
    gaps = gappy["weight"].isna() & gappy["height"].notna()
    assert (filled["weight"][gaps] - whole["weight"][gaps]).abs().median() < 1.5
    assert np.equal(np.mod(filled["age"], 1), 0).all()
    assert imputer.errors_["noise"]["usual"] <= 1.2


def test_dependencies_are_named() -> None:
    imputer = FrameImputer("dependency").fit(spoiled(table()))
    assert imputer.determined_by_["land"] == ("town",)
    strange = table(5).assign(town="Paris", land=None)
    assert FrameImputer("dependency").fit(table()).transform(strange)["land"].notna().all()


@pytest.mark.parametrize("strategy", ["usual", "dependency", "correlated", "learned", "best"])
def test_new_rows_are_filled_too_and_alike(strategy: str) -> None:
    imputer = FrameImputer(strategy, random_state=3).fit(spoiled(table()))
    fresh = spoiled(table(50), 0.3)
    first = imputer.transform(fresh)
    assert not first.isna().any().any()
    again = clone(imputer).fit(spoiled(table())).transform(fresh)
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(imputer.transform(first), first)


def test_types_and_indexes_are_kept() -> None:
    frame = table(100)
    frame.index = [f"r{at}" for at in range(100)]
    frame["town"] = frame["town"].astype("category")
    frame["age"] = frame["age"].astype("Int64")
    frame["flag"] = pd.Series([True, False] * 50, index=frame.index, dtype="boolean")
    frame.loc["r3", ["town", "age", "flag"]] = pd.NA
    filled = FrameImputer(add_indicator=True).fit_transform(frame)
    assert list(filled.index) == list(frame.index)
    assert str(filled["town"].dtype) == "category"
    assert str(filled["age"].dtype) == "Int64"
    assert str(filled["flag"].dtype) == "boolean"
    assert filled.loc["r3", "age_missing"]
    assert not filled["age_missing"].drop("r3").any()


def test_it_stands_in_a_pipeline() -> None:
    frame = spoiled(table().drop(columns="risk"))
    numbers, texts = (
        make_column_selector(dtype_include="number"),
        make_column_selector(dtype_exclude="number"),
    )
    encode = make_column_transformer(
        ("passthrough", numbers), (OneHotEncoder(handle_unknown="ignore"), texts)
    )
    model = make_pipeline(FrameImputer(), encode, LogisticRegression(max_iter=5000))
    model.fit(frame, table()["risk"])
    assert len(model.predict(frame)) == len(frame)
    names = FrameImputer(add_indicator=True).fit(frame).get_feature_names_out()
    assert "age_missing" in names


def test_what_cannot_be_filled_is_told() -> None:
    with pytest.raises(InvalidParameter, match="strategy"):
        FrameImputer("guess").fit(table())
    with pytest.raises(InvalidParameter, match="without any value"):
        FrameImputer().fit(table().assign(age=np.nan))
    with pytest.raises(InvalidParameter, match="a frame"):
        FrameImputer().fit(np.zeros((3, 2)))
    with pytest.raises(NotFound, match="columns that were fitted"):
        FrameImputer().fit(table()).transform(table().drop(columns="age"))
    few = FrameImputer().fit(table(10))
    assert set(few.chosen_.values()) == {"usual"}
