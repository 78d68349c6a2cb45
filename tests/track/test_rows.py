"""Rows kept beside a model: bounded, in the original's dtypes, and told from an example."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import clew
from clew.app import serving
from clew.registry import register
from clew.serve import Endpoint
from clew.track.rows import MOST_ROWS, FittedRows, read, some_rows, write


def there_and_back(rows: FittedRows, folder: Path) -> FittedRows | None:
    write(rows, folder)
    return read({path.name: path.read_bytes() for path in folder.iterdir()})


def test_a_frame_comes_back_with_its_dtypes(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "i": np.array([1, 2, 3], dtype=np.int8),
            "f": [1.5, np.nan, 2.0],
            "none": pd.Series(["a", None, "b"], dtype=object),
            "nan": pd.Series(["a", np.nan, "b"], dtype=object),
            "s": ["x", "y", "z"],
            "c": pd.Categorical(["u", "v", "u"], categories=["w", "v", "u"], ordered=True),
            "b": [True, False, True],
            "n": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    found = there_and_back(FittedRows(frame, "fit"), tmp_path)
    assert found.origin == "fit"
    pd.testing.assert_frame_equal(found.data, frame)
    assert found.data["none"].tolist()[1] is None
    assert list(found.data["c"].cat.categories) == ["w", "v", "u"]


@given(data=st.data())
def test_arrays_and_texts_come_back(data: st.DataObject, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("rows")
    if data.draw(st.booleans()):
        texts = data.draw(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
        assert there_and_back(some_rows(texts, "fit"), folder).data == texts
        return
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 4)))
    dtype = data.draw(st.sampled_from(["f8", "f4", "i8", "u1", "?"]))
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    found = there_and_back(some_rows(array, "example"), folder)
    assert (found.data == array).all()
    assert (found.data.dtype, found.origin) == (array.dtype, "example")


def test_rows_are_bounded_and_what_is_no_table_is_left() -> None:
    kept = some_rows(np.arange(3.0 * MOST_ROWS).reshape(-1, 1), "fit")
    assert kept.data.shape == (MOST_ROWS, 1)
    assert np.ptp(kept.data) > 2 * MOST_ROWS
    wide = some_rows(pd.DataFrame(np.zeros((2000, 1000))).rename(columns=str), "fit")
    assert wide.data.memory_usage(index=False).sum() <= 4 << 20
    assert some_rows(object(), "fit") is None
    assert some_rows([[1, 2], [3]], "fit") is None
    assert some_rows(pd.DataFrame({0: [1]}), "fit") is None


X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2)), columns=["a", "b"])
y = (X["a"] > 0).astype(int)


def logged(model: object, name: str, **options: object) -> None:
    with clew.run():
        register(clew.log_model(model, "model", **options), name, alias="champion")


def test_a_model_that_autologging_saw_is_proven_on_the_rows_of_its_fit() -> None:
    pytest.importorskip("onnxruntime")
    clew.autolog()
    try:
        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, y)
        logged(search.best_estimator_, "seen", input_example=X.head(3))
    finally:
        clew.autolog(disable=True)
    found = serving.find(clew.open(), "seen@champion")
    assert (len(found.sample), found.few_rows) == (300, False)
    endpoint = Endpoint("seen@champion")
    assert endpoint.compiled.form == "plan"
    assert endpoint.compiled.parity.rows > 300


def test_an_example_proves_nothing_and_the_object_serves() -> None:
    model = LogisticRegression().fit(X, y)
    logged(model, "shown", input_example=X.head())
    endpoint = Endpoint("shown@champion")
    assert endpoint.compiled.form == "python"
    assert "a few example rows prove nothing" in endpoint.compiled.reason
    assert Endpoint("shown@champion", X).compiled.form == "plan"
    logged(model, "shown", input_example=X)
    assert Endpoint("shown@champion").compiled.form == "plan"
