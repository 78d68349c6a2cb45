"""Fewer bits, and no more lost than may be; a graph that is a model serves as itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew
from clew.app import serving
from clew.app.transfer import quantize
from clew.cli.main import main
from clew.errors import InvalidParameter, UnsupportedValue
from clew.registry import register
from clew.serve import Endpoint, compile_model
from clew.serve.cascade.choose import upper_bound
from clew.track import load_model
from clew.track.flavors.onnx import OnnxModel

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

draw = np.random.default_rng(0)
N = 3000
X = pd.DataFrame(
    {
        "age": draw.integers(17, 90, N),
        "hours": draw.normal(40, 12, N),
        "job": draw.choice(["clerk", "smith", "baker"], N),
    }
)
Y = np.where(X["age"] / 30 + (X["job"] == "smith") + draw.normal(0, 0.2, N) > 2, "more", "less")


def network(last: Any = None) -> Any:
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), ["age", "hours"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ]
    )
    if last is None:
        last = MLPClassifier((64, 32), max_iter=15, random_state=0)
    target = X["age"] + 3.0 * X["hours"] if isinstance(last, MLPRegressor) else Y
    return make_pipeline(columns, last).fit(X, target)


def found(model: Any, sample: Any = X, name: str = "adult") -> serving.Found:
    with clew.run():
        register(clew.log_model(model, name, input_example=sample), name, alias="champion")
    return serving.find(clew.open(), f"{name}@champion")


def test_the_smallest_form_within_the_loss_is_registered_and_serves() -> None:
    model = network()
    done = quantize(clew.open(), found(model), "small", alias="champion", max_loss=0.03)
    by_name = {line.method: line for line in done.lines}
    assert list(by_name) == ["as exported", "float32", "dynamic", "static", "static-per-channel"]
    exported = by_name["as exported"]
    assert exported.loss == 0
    assert by_name["float32"].size_bytes < 0.7 * exported.size_bytes
    chosen = by_name[str(done.chosen)]
    assert chosen.accepted
    assert chosen.size_bytes < 0.45 * exported.size_bytes
    assert chosen.size_bytes == min(line.size_bytes for line in done.lines[1:] if line.accepted)
    # What stands in the table is what comes out: on rows that took no part.
    small = load_model("models:/small/1")
    assert isinstance(small, OnnxModel)
    assert small.classes_.tolist() == ["less", "more"]
    changed = float(np.mean(small.predict(X) != model.predict(X)))
    assert changed <= chosen.loss_bound
    assert chosen.loss_bound == pytest.approx(
        upper_bound(round(chosen.loss * 1000), 1000, 0.95), abs=1e-9
    )
    row = {"age": 60, "hours": 40.0, "job": "smith"}
    endpoint = Endpoint("small@champion")
    assert endpoint.compiled.form == "graph"
    assert endpoint.predict_one(row) == small.predict(pd.DataFrame([row]))[0]
    node = clew.open().node(done.node)
    assert {edge.name for edge in node.inputs} == {"model", "rows", "how"}
    (table,) = [edge.value for edge in node.outputs if edge.name == "table"]
    assert [line["method"] for line in clew.open().value(table.hex())] == list(by_name)
    # The thread of the new version leads through it to the model that it was made of.
    thread = clew.open().lineage("small/1", up=True)
    assert "clew.app:quantize" in {one.operation for one in thread.nodes}


def test_true_labels_judge_where_they_are_known() -> None:
    model = network()
    rows, labels = X.iloc[:1500], Y[:1500]
    given = rows.assign(note="not a feature")
    done = quantize(clew.open(), found(model), "small", max_loss=0.03, test=(given, labels))
    with pytest.raises(InvalidParameter, match="columns that the model reads"):
        quantize(clew.open(), found(model), "small", test=(rows[["age"]], labels))
    right = model.predict(rows) == labels
    for line in done.lines:
        assert line.accuracy >= np.mean(right) - line.loss
    assert done.lines[0].accuracy == np.mean(right)
    with pytest.raises(InvalidParameter, match="labels of the test rows"):
        quantize(clew.open(), found(model), "small", test=(rows, labels[:9]))


def test_a_regressor_is_judged_by_what_changes() -> None:
    model = network(MLPRegressor(hidden_layer_sizes=(32,), max_iter=30, random_state=0))
    done = quantize(clew.open(), found(model), "small", max_loss=0.05)
    line = next(line for line in done.lines if line.method == done.chosen)
    said = load_model("models:/small/1").predict(X)
    expected = model.predict(X)
    assert np.sqrt(np.mean((said - expected) ** 2)) / expected.std() <= 2 * line.loss + 1e-6
    assert line.boundary is None


def test_what_loses_too_much_is_not_registered() -> None:
    place = found(network())
    done = quantize(clew.open(), place, "small", max_loss=0.0001)
    assert done.chosen is None
    assert all(not line.accepted for line in done.lines)
    assert "more than 0.0001" in done.lines[2].told
    words = ["model", "quantize", "adult@champion", "--name", "small", "--max-loss", "0.0001"]
    called = CliRunner().invoke(main, words)
    assert called.exit_code == 3
    assert "nothing was registered" in called.stderr
    assert CliRunner().invoke(main, [*words, "--target", "x"]).exit_code == 2


def test_what_has_no_products_says_so() -> None:
    with pytest.raises(UnsupportedValue, match="nothing in this model can be quantised"):
        quantize(clew.open(), found(network(RandomForestClassifier(5))), "small")


def test_a_few_rows_prove_nothing() -> None:
    with pytest.raises(InvalidParameter, match="few rows"):
        quantize(clew.open(), found(network(), X.head(5)), "small")
    with pytest.raises(InvalidParameter, match="max_loss"):
        quantize(clew.open(), found(network()), "small", max_loss=0)


def test_a_graph_of_others_serves_as_a_graph_where_it_says_enough() -> None:
    from skl2onnx import to_onnx

    numbers = X[["age", "hours"]].to_numpy("f4")
    rows = numbers.astype(float)
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0).fit(
        numbers, X["age"]
    )
    graph = to_onnx(regressor, numbers).SerializeToString()
    compiled = compile_model(OnnxModel(graph), rows)
    assert compiled.form == "graph", compiled.reason
    given = compiled.answer(rows[:50]).predictions
    assert np.allclose(given, OnnxModel(graph).predict(numbers[:50]), rtol=1e-6)
    classifier = MLPClassifier((8,), max_iter=5, random_state=0).fit(numbers, Y)
    for options, reason in (({"zipmap": False}, "name its classes"), ({}, "name its classes")):
        graph = to_onnx(classifier, numbers, options={id(classifier): options}).SerializeToString()
        compiled = compile_model(OnnxModel(graph), rows)
        assert compiled.form == "python"
        assert reason in compiled.reason
        assert (compiled.answer(rows[:50]).labels == classifier.predict(numbers[:50])).all()
