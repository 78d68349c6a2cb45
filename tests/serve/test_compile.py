"""What may serve: the fastest form that is equal to the model, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

import clew
from clew.errors import ClewError, InvalidParameter, WrongType
from clew.serve import Endpoint, compile_model

pytest.importorskip("onnxruntime")

from clew.adapters.formats.onnx.exporter import OnnxExporter


def frame(n_rows: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": generator.integers(17, 90, n_rows),
            "hours": generator.normal(40, 12, n_rows),
            "job": generator.choice(["clerk", "smith", "baker"], n_rows).astype(object),
        }
    )
    score = table["age"] / 30 + (table["job"] == "smith") + generator.normal(size=n_rows)
    return table, (score > 2).to_numpy().astype(int)


def pipeline(model: Any, numeric: Any = None) -> Pipeline:
    branches = [
        ("n", numeric or StandardScaler(), ["age", "hours"]),
        ("c", OneHotEncoder(handle_unknown="ignore"), ["job"]),
    ]
    return Pipeline([("columns", ColumnTransformer(branches)), ("model", model)])


@pytest.mark.parametrize("form", ["plan", "graph", "python"])
@pytest.mark.parametrize(
    "model", [LogisticRegression(), RandomForestClassifier(20, random_state=0)]
)
def test_every_form_gives_the_models_answers(model: Any, form: str) -> None:
    X, y = frame()
    fitted = pipeline(model).fit(X, y)
    compiled = compile_model(fitted, X, forms=[form])
    fresh = frame(400)[0][200:]
    answer = compiled.answer(fresh.to_dict("records"))
    assert compiled.form == form
    assert np.array_equal(answer.predictions, fitted.predict(fresh))
    assert np.abs(answer.probabilities - fitted.predict_proba(fresh)).max() < 1e-12


def test_the_comparison_looks_at_the_decision_boundary() -> None:
    X, y = frame()
    fitted = pipeline(RandomForestClassifier(20, random_state=0)).fit(X, y)
    parity = compile_model(fitted, X).parity
    assert parity is not None
    assert parity.passed
    assert parity.boundary_rows > 20
    assert parity.rows >= len(X) + parity.boundary_rows


class SinglePrecision(OnnxExporter):
    """Rounds what the model reads, as converters do by default: wrong only at thresholds."""

    def open(self, exported: bytes) -> Any:
        inner = super().open(exported)

        class Rounded:
            def run(self, feed: Mapping[str, Any]) -> dict[str, Any]:
                rounded = {
                    name: values.astype(np.float32).astype(np.float64)
                    if values.dtype == np.float64
                    else values
                    for name, values in feed.items()
                }
                return inner.run(rounded)

        return Rounded()


def test_a_form_that_is_wrong_only_at_thresholds_never_serves() -> None:
    X, y = frame()
    X["hours"] = X["hours"].round(1)
    from sklearn.ensemble import HistGradientBoostingClassifier

    fitted = pipeline(HistGradientBoostingClassifier(max_iter=20)).fit(X, y)
    fitted.set_params(columns__sparse_threshold=0)
    fitted.fit(X, y)
    compiled = compile_model(fitted, X, using=SinglePrecision())
    assert compiled.form == "python"
    assert [attempt.parity.flips > 0 for attempt in compiled.attempts if attempt.parity] == [
        True
    ] * 2
    assert "flip" in compiled.reason


def test_what_no_converter_knows_serves_as_the_object_and_says_why() -> None:
    X, y = frame()
    fitted = pipeline(LogisticRegression(), FunctionTransformer(np.log1p)).fit(
        X.assign(hours=X["hours"].abs()), y
    )
    compiled = compile_model(fitted, X.assign(hours=X["hours"].abs()))
    assert compiled.form == "python"
    assert "FunctionTransformer" in compiled.reason
    row = X.assign(hours=X["hours"].abs()).iloc[0].to_dict()
    assert (
        Endpoint(compiled).predict_one(row) == fitted.predict(X.assign(hours=X["hours"].abs()))[0]
    )


def test_with_the_object_excluded_nothing_serves() -> None:
    X, y = frame()
    fitted = pipeline(LogisticRegression()).fit(X, y)
    with pytest.raises(InvalidParameter, match="no form is equal"):
        compile_model(fitted, X, forms=["plan"], tolerance=-1.0)


def test_an_export_is_a_node_and_is_not_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = frame()
    fitted = pipeline(LogisticRegression()).fit(X, y)
    first = compile_model(fitted, X)
    node = clew.open().node(first.node)
    assert (node.kind, [edge.name for edge in node.inputs]) == (
        "export",
        ["model", "sample", "how"],
    )

    def refuse(*_: Any) -> bytes:
        raise AssertionError("exported again")

    monkeypatch.setattr(OnnxExporter, "of_matrix", refuse)
    second = compile_model(fitted, X)
    assert (second.node, second.graph, second.parity) == (first.node, first.graph, first.parity)
    rows = X.to_dict("records")
    assert np.array_equal(second.answer(rows).probabilities, first.answer(rows).probabilities)
    with pytest.raises(AssertionError, match="again"):
        compile_model(pipeline(LogisticRegression(C=0.5)).fit(X, y), X)
    with pytest.raises(AssertionError, match="again"):
        compile_model(fitted, X[:150])


def test_a_matrix_model_serves_rows_of_numbers() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    fitted = LinearRegression().fit(X, X @ [1.0, 2.0, 3.0])
    endpoint = Endpoint(fitted, X)
    assert endpoint.compiled.form == "graph"
    assert np.allclose(endpoint.predict(X[:5].tolist()), fitted.predict(X[:5]), rtol=1e-13)
    assert endpoint.predict_proba(X) is None
    with pytest.raises(InvalidParameter, match="shape"):
        endpoint.predict([[1.0, 2.0]])
    with pytest.raises(WrongType, match="no number"):
        endpoint.predict([[1.0, 2.0, "x"]])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"age": "old"}, WrongType, "row 0, column 'age'"),
        ({"job": 3}, WrongType, "row 0, column 'job'"),
        ({"age": [1]}, WrongType, "column 'age'"),
        ({"age": True}, WrongType, "column 'age'"),
        ({"age": 10**400}, InvalidParameter, "too large|double precision"),
        ({"age": None}, None, ""),
        ({"age": np.int64(3), "extra": 1}, None, ""),
        ({"job": "unseen"}, None, ""),
    ],
)
def test_a_bad_row_is_named(change: dict[str, Any], error: Any, text: str) -> None:
    X, y = frame()
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = pipeline(HistGradientBoostingClassifier(max_iter=3))
    model.set_params(columns__sparse_threshold=0)
    endpoint = Endpoint(model.fit(X, y), X)
    row = {**X.iloc[0].to_dict(), **change}
    if error is None:
        assert endpoint.predict_one(row) in (0, 1)
        return
    with pytest.raises(error, match=text):
        endpoint.predict_one(row)


def test_a_missing_column_and_a_row_of_the_wrong_form_are_named() -> None:
    X, y = frame()
    endpoint = Endpoint(pipeline(LogisticRegression()).fit(X, y), X)
    with pytest.raises(InvalidParameter, match=r"row 1 lacks a column[\s\S]*hours"):
        endpoint.predict([X.iloc[0].to_dict(), {"age": 3, "job": "clerk", "hour": 1}])
    with pytest.raises(WrongType, match="row 0 is no mapping"):
        endpoint.predict([[1, 2, 3]])


def test_a_sample_that_proves_nothing_is_refused() -> None:
    X, y = frame()
    fitted = pipeline(LogisticRegression()).fit(X, y)
    with pytest.raises(InvalidParameter, match="without rows"):
        compile_model(fitted, X[:0])
    with pytest.raises(WrongType, match="rows of features"):
        compile_model(fitted, y)
    with pytest.raises(WrongType, match="no model"):
        compile_model(object(), X)


def test_a_gap_that_the_model_refuses_is_refused_and_one_that_it_takes_is_compared() -> None:
    """A linear model computes on with NaN where scikit-learn's own refuses the row."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    X, y = frame()
    strict = Endpoint(pipeline(LogisticRegression()).fit(X, y), X)
    row = X.iloc[0].to_dict()
    for change, text in (
        ({"hours": None}, "row 0, column 'hours': a value is missing"),
        ({"age": float("nan")}, "row 0, column 'age': a value is missing"),
        ({"hours": float("inf")}, "infinite"),
    ):
        with pytest.raises(WrongType, match=text):
            strict.predict_one({**row, **change})
    assert strict.predict_one({**row, "job": None}) in (0, 1)

    model = pipeline(HistGradientBoostingClassifier(max_iter=5))
    model.set_params(columns__sparse_threshold=0)
    model.fit(X.mask(np.random.default_rng(0).random(X.shape) < 0.1), y)
    lenient = Endpoint(model, X)
    gap = X.head(1).assign(hours=np.nan)
    assert lenient.predict_one({**row, "hours": None}) == model.predict(gap)[0]

    matrix = np.random.default_rng(0).normal(size=(50, 3))
    line = Endpoint(LinearRegression().fit(matrix, matrix[:, 0]), matrix)
    with pytest.raises(WrongType, match="missing"):
        line.predict([[1.0, float("nan"), 2.0]])


def test_a_form_never_answers_what_the_model_refuses():
    """An encoder that knows its categories refuses others; a graph would compute on."""
    frame = pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0] * 6, "t": ["a", "b", "c", "a"] * 6})
    columns = ColumnTransformer([("n", Normalizer(), ["n"]), ("t", OrdinalEncoder(), ["t"])])
    model = make_pipeline(columns, DecisionTreeClassifier(max_depth=2, random_state=0))
    compiled = compile_model(model.fit(frame, [0, 1, 1, 0] * 6), frame)
    with pytest.raises(ClewError):
        compiled.answer([{"n": 1.0, "t": "unseen"}])


@pytest.mark.parametrize("size", [1e39, -1e39, 1e308, 10**40])
def test_numbers_beyond_what_a_tree_reads_are_refused(size):
    frame = pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0] * 6, "m": [0.5, 1.5, 0.0, 1.0] * 6})
    model = RandomForestClassifier(3, random_state=0).fit(frame, [0, 1, 1, 0] * 6)
    with pytest.raises(ValueError, match="too large"), np.errstate(over="ignore"):
        model.predict(pd.DataFrame({"n": [float(size)], "m": [1.0]}))
    with pytest.raises(InvalidParameter, match="too large"):
        compile_model(model, frame).answer([{"n": size, "m": 1.0}])
    matrix = model.fit(frame.to_numpy(), [0, 1, 1, 0] * 6)
    with pytest.raises(InvalidParameter, match="too large"):
        compile_model(matrix, frame.to_numpy()).answer([[float(size), 1.0]])


def test_a_column_of_whole_numbers_takes_others_as_the_model_does():
    frame = pd.DataFrame({"n": [1, 2, 3, 4] * 6})
    model = RidgeClassifier().fit(frame, [0, 0, 1, 1] * 6)
    compiled = compile_model(model, frame, forms=["python"])
    for value in (1.5, 2**63, -(2**70)):
        expected = model.predict(pd.DataFrame({"n": [float(value)]}))
        assert compiled.answer([{"n": value}]).predictions == expected


def test_what_the_model_refuses_is_an_error_of_the_rows():
    frame = pd.DataFrame({"t": ["a", "b"] * 6})
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, [0, 1] * 6)
    compiled = compile_model(model, frame, forms=["python"])
    with pytest.raises(InvalidParameter, match="refuses"):
        compiled.answer([{"t": "unseen"}])
