"""Models in SQL: the model's own answers, row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew
from clew.registry import register as register_model
from clew.serve import Endpoint
from clew.serve.sql import register

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("onnxruntime")

generator = np.random.default_rng(0)
X = pd.DataFrame(
    {"age": generator.integers(17, 90, 3000), "job": generator.choice(["clerk", "smith"], 3000)}
)
y = np.where(X["age"] / 30 + (X["job"] == "smith") > 2, "more", "less")


def test_a_model_of_the_store_answers_in_sql() -> None:
    columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])])
    model = make_pipeline(columns, LogisticRegression()).fit(X, y)
    with clew.run():
        register_model(clew.log_model(model, "m", input_example=X), "adult", alias="champion")
    connection = duckdb.connect()
    register(connection)
    found = connection.sql(
        "SELECT clew_predict('adult@champion', age, job) AS given FROM X"
    ).fetchall()
    assert [row[0] for row in found] == model.predict(X).tolist()
    ((count,),) = connection.sql(
        "SELECT count(*) FROM X WHERE clew_predict('adult@champion', age, job) = 'more'"
    ).fetchall()
    assert count == (model.predict(X) == "more").sum()
    with pytest.raises(duckdb.Error, match="columns for model 'adult@champion'"):
        connection.sql("SELECT clew_predict('adult@champion', age) FROM X").fetchall()
    with pytest.raises(duckdb.Error, match="missing"):
        connection.sql("SELECT clew_predict('adult@champion', NULL::INT, 'clerk')").fetchall()


def test_several_models_answer_in_one_query() -> None:
    numbers = X[["age"]].astype(float)
    models = {
        f"times{n}": Endpoint(LinearRegression().fit(numbers, numbers["age"] * n), numbers)
        for n in (2, 3)
    }
    connection = duckdb.connect()
    register(connection, models=models)
    found = connection.sql(
        "SELECT age, n, clew_predict_number('times' || n, age::DOUBLE) "
        "FROM X, (VALUES (2), (3)) v(n)"
    ).fetchall()
    assert len(found) == 2 * len(X)
    assert all(given == pytest.approx(age * n) for age, n, given in found)
