"""Models by name: from the registry and from flows, and predictions followed back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import clew
from clew.app import serving
from clew.app.trace_back import origin
from clew.errors import NotFound, WrongType
from clew.registry import register
from clew.serve import Endpoint

pytest.importorskip("onnxruntime")


@clew.step
def rows(n: int) -> pd.DataFrame:
    generator = np.random.default_rng(n)
    return pd.DataFrame({"a": generator.normal(size=n), "b": generator.normal(size=n)})


@clew.step
def fit(table: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(table, (table["a"] > 0).astype(int))


@clew.flow
def train(n: int = 80):
    return fit(rows(n))


def test_a_step_of_a_flow_serves_with_rows_from_its_lineage() -> None:
    run = train.run()
    endpoint = Endpoint("last:fit")
    assert endpoint.predict_one({"a": 2.0, "b": 0.0}) == 1
    assert endpoint.compiled.parity.rows > 80
    found = serving.find(clew.open(), f"{run.id}:fit")
    assert list(found.sample.columns) == ["a", "b"]
    with pytest.raises(WrongType, match="no model"):
        serving.find(clew.open(), "last:rows")


def test_an_alias_names_the_version_that_it_points_to() -> None:
    table = pd.DataFrame({"a": [-1.0, 1.0, -2.0, 2.0], "b": [0.0, 1.0, 1.0, 0.0]})
    for sign in (1, -1):
        model = LogisticRegression().fit(table, (sign * table["a"] > 0).astype(int))
        with clew.run():
            logged = clew.log_model(model, "line", input_example=table)
        register(logged, "line", alias="champion")
    store = clew.open()
    assert serving.find(store, "line@champion").version == "2"
    assert Endpoint("line@champion").predict_one({"a": 2.0, "b": 0.0}) == 0
    assert Endpoint("line/1").predict_one({"a": 2.0, "b": 0.0}) == 1
    with pytest.raises(NotFound):
        serving.find(store, "line/9")
    with pytest.raises(NotFound, match="name one") as told:
        serving.find(store, "line")
    assert "line/2, or line@ALIAS" in str(told.value.expected)


def test_a_model_without_rows_asks_for_a_sample(tmp_path: Path) -> None:
    matrix = np.array([[-1.0, 0.0], [1.0, 1.0], [-2.0, 1.0], [2.0, 0.0]])
    with clew.run():
        logged = clew.log_model(LogisticRegression().fit(matrix, [0, 1, 0, 1]), "bare")
    register(logged, "bare")
    with pytest.raises(NotFound, match="no stored rows"):
        serving.find(clew.open(), "bare/1")


def test_a_prediction_is_followed_back() -> None:
    train.run()
    store = clew.open()
    writer = serving.writer_of(store)
    hosted = serving.hosted(serving.find(store, "last:fit"), writer=writer)
    (answered,) = hosted._score([(1.5, 0.5)])
    found = origin(store, serving.journal_of(store), answered.id)
    assert found.prediction.row == {"a": 1.5, "b": 0.5}
    operations = [step.operation.partition(":")[2] for step in found.steps]
    assert operations == ["fit", "rows"]
