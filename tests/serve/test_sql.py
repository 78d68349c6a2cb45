"""Models in SQL: the model's own answers, row by row."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew
from clew.errors import InvalidParameter
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


def test_spark_is_given_the_same_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow")
    from clew.serve import spark

    model = LinearRegression().fit(X[["age"]], 2.0 * X["age"])
    monkeypatch.setitem(spark._models._opened, "twice", Endpoint(model, X[["age"]]))
    names, ages = pa.array(["twice"] * 3), pa.array([20, 30, 40])
    assert spark.predict_number(names, ages).to_pylist() == pytest.approx([40.0, 60.0, 80.0])
    assert [float(one) for one in spark.predict(names, ages).to_pylist()] == pytest.approx(
        [40.0, 60.0, 80.0]
    )
    assert spark.predict(pa.array([], pa.string()), pa.array([], pa.int64())).to_pylist() == []
    with pytest.raises(InvalidParameter, match="columns for model"):
        spark.predict(names, ages, ages)


@pytest.mark.slow
def test_a_model_of_the_store_answers_in_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed (extra spark)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from clew.serve import spark

    model = LogisticRegression().fit(X[["age"]], y)
    with clew.run():
        register_model(
            clew.log_model(model, "m", input_example=X[["age"]]), "old", alias="champion"
        )
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("CLEW_STORE", str(clew.open().path))
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    try:
        spark.register(session)
        ages = [{"age": int(age)} for age in X["age"][:500]]
        session.createDataFrame(ages).createOrReplaceTempView("people")
        asked = session.sql("SELECT clew_predict('old@champion', age) AS given FROM people")
        given = [row.given for row in asked.collect()]
    finally:
        session.stop()
    assert given == model.predict(X[["age"]][:500]).tolist()
