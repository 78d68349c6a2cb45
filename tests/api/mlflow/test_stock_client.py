"""The stock MLflow client and its autologging, unchanged, against the protocol."""

from __future__ import annotations

import importlib
import math
import os
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlflow import app
from clew.app.settings import load
from clew.app.tracking import open_tracking
from tests.api.mlflow.serving import served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="the stock client: clew[peers]"),
    # Its own and its dependencies' deprecations are not this project's.
    pytest.mark.filterwarnings("ignore"),
]

mlflow: Any = None


@pytest.fixture(scope="module", autouse=True)
def stock() -> None:
    """Import the client when the first test needs it, and keep it quiet."""
    global mlflow
    for name, value in {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        os.environ.setdefault(name, value)
    mlflow = importlib.import_module("mlflow")


@pytest.fixture
def uri(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    with served(app(open_tracking(load()))) as address:
        # The client writes these itself, and leaves the second behind for every later process.
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        monkeypatch.setenv("MLFLOW_REGISTRY_URI", address)
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        yield address
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)


@pytest.fixture
def client(uri: str):
    mlflow.set_experiment("stock")
    return mlflow.MlflowClient()


@pytest.fixture
def data():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_experiments_runs_and_what_they_log(client) -> None:
    with mlflow.start_run(run_name="r", tags={"a": "b"}) as run:
        mlflow.log_param("p", 1)
        mlflow.log_params({"q": "x" * 7000, "empty": ""})
        mlflow.log_metric("m", 0.5, step=3)
        mlflow.log_metrics({"nan": math.nan, "inf": math.inf, "-inf": -math.inf})
        mlflow.set_tag("note", "é")
        mlflow.set_tags({"x": 1, "y": 2})
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert got.info.run_name == "r"
    assert got.data.params["p"] == "1"
    assert len(got.data.params["q"]) == 6000
    assert got.data.metrics["m"] == 0.5
    assert math.isnan(got.data.metrics["nan"])
    assert (got.data.metrics["inf"], got.data.metrics["-inf"]) == (math.inf, -math.inf)
    assert got.data.tags["note"] == "é"
    with pytest.raises(mlflow.MlflowException, match="Changing param values is not allowed"):
        client.log_param(run.info.run_id, "p", 2)
    client.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(run.info.run_id)


def test_a_run_that_failed_and_one_that_goes_on(client) -> None:
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        1 / 0
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("more", 1)
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_nested_and_parallel_runs(client) -> None:
    with mlflow.start_run() as parent:
        for i in range(3):
            with mlflow.start_run(nested=True):
                mlflow.log_metric("i", i)
    exp = parent.info.experiment_id
    children = client.search_runs([exp], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert len(children) == 3

    runs = [client.create_run(exp).info.run_id for _ in range(8)]

    def log(run_id: str) -> None:
        own = mlflow.MlflowClient()
        for step in range(50):
            own.log_metric(run_id, "m", step, step=step)

    threads = [threading.Thread(target=log, args=(id,)) for id in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for id in runs:
        assert [m.step for m in client.get_metric_history(id, "m")] == list(range(50))


def test_artifacts(client, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(3 << 20))
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x y é.txt").write_text("x")
    with mlflow.start_run() as run:
        mlflow.log_text("t", "a/t.txt")
        mlflow.log_dict({"a": 1}, "d.json")
        mlflow.log_artifact(str(big))
        mlflow.log_artifacts(str(tmp_path / "d"), "folder")
        assert mlflow.artifacts.load_text(f"{mlflow.get_artifact_uri()}/a/t.txt") == "t"
        assert mlflow.artifacts.load_dict(f"{mlflow.get_artifact_uri()}/d.json") == {"a": 1}
    listed = {f.path: f.file_size for f in client.list_artifacts(run.info.run_id)}
    assert listed == {"a": None, "big.bin": 3 << 20, "d.json": 12, "folder": None}
    there = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, dst_path=str(tmp_path / "o")
    )
    assert (Path(there) / "big.bin").read_bytes() == big.read_bytes()
    assert (Path(there) / "folder" / "x y é.txt").read_text() == "x"


def test_datasets(client, data) -> None:
    import pandas as pd

    frame = pd.DataFrame(data[0], columns=list("abcd"))
    dataset = mlflow.data.from_pandas(frame, source="iris.csv", name="iris")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        mlflow.log_metric("acc", 0.9, dataset=dataset)
    (read,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest) == ("iris", dataset.digest)
    assert read.tags[0].value == "training"
    found = client.search_runs([run.info.experiment_id], "dataset.name = 'iris'")
    assert [r.info.run_id for r in found] == [run.info.run_id]


def test_models_from_log_to_alias(client, data) -> None:
    from sklearn.linear_model import LogisticRegression

    X, y = data
    fitted = LogisticRegression(max_iter=500).fit(X, y)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            fitted, name="model", input_example=X[:2], registered_model_name="iris"
        )
    assert (mlflow.sklearn.load_model(info.model_uri).predict(X) == fitted.predict(X)).all()
    client.set_registered_model_alias("iris", "champion", 1)
    client.set_model_version_tag("iris", "1", "k", "v")
    client.set_registered_model_tag("iris", "k", "v")
    client.update_model_version("iris", "1", description="good")
    assert client.get_model_version_by_alias("iris", "champion").description == "good"
    loaded = mlflow.pyfunc.load_model("models:/iris@champion")
    assert (loaded.predict(X) == fitted.predict(X)).all()
    assert (mlflow.pyfunc.load_model("models:/iris/1").predict(X) == fitted.predict(X)).all()
    again = mlflow.register_model(f"models:/{info.model_id}", "iris")
    assert again.version in (2, "2")
    client.transition_model_version_stage("iris", "1", "Production")
    assert client.get_latest_versions("iris", ["Production"])[0].version in (1, "1")
    assert client.search_model_versions("name='iris'", order_by=["version_number ASC"])[
        0
    ].version in (1, "1")
    assert client.search_registered_models("name LIKE 'ir%'")[0].aliases == {"champion": "1"}
    (model,) = mlflow.search_logged_models(
        experiment_ids=[run.info.experiment_id], output_format="list"
    )
    assert model.model_id == info.model_id
    client.copy_model_version("models:/iris/1", "copy")
    assert client.get_model_version_download_uri("copy", "1")
    client.delete_registered_model_alias("iris", "champion")
    client.delete_model_version("iris", "2")
    client.rename_registered_model("iris", "flower")
    client.delete_registered_model("flower")


def test_logged_models_by_hand(client) -> None:
    exp = mlflow.get_experiment_by_name("stock").experiment_id
    model = client.create_logged_model(exp, name="hand", tags={"a": "b"}, params={"p": "1"})
    client.set_logged_model_tags(model.model_id, {"c": "d"})
    client.log_model_params(model.model_id, {"q": "2"})
    client.finalize_logged_model(model.model_id, "READY")
    got = client.get_logged_model(model.model_id)
    assert (got.tags["c"], got.params["q"], str(got.status)) == ("d", "2", "READY")
    client.delete_logged_model_tag(model.model_id, "c")
    client.delete_logged_model(model.model_id)
    with pytest.raises(mlflow.MlflowException, match="not found"):
        client.get_logged_model(model.model_id)


def test_search_with_every_operator(client) -> None:
    exp = mlflow.get_experiment_by_name("stock").experiment_id
    for i in range(6):
        with mlflow.start_run(run_name=f"run {i}"):
            mlflow.log_metric("m", i / 10)
            mlflow.log_param("p", f"v{i}")
            mlflow.set_tag("team", "ab"[i % 2])
            if i == 5:
                mlflow.set_tag("only five", "x")

    def names(filter: str = "", **more) -> list[str]:
        found = client.search_runs([exp], filter, order_by=["metrics.m ASC"], **more)
        return [r.info.run_name.removeprefix("run ") for r in found]

    assert names("metrics.m > 0.3") == ["4", "5"]
    assert names("metrics.m >= 0.3 and metrics.m < 0.5") == ["3", "4"]
    assert names("metrics.m <= 0.1") == ["0", "1"]
    assert names("metrics.m = 0.2") == ["2"]
    assert names("metrics.m != 0.2 AND tags.team = 'a'") == ["0", "4"]
    assert names("params.p = 'v3'") == ["3"]
    assert names("params.p != 'v3' and metrics.m > 0.15") == ["2", "4", "5"]
    assert names("params.p LIKE 'v%' and tags.team = 'b'") == ["1", "3", "5"]
    assert names("params.p ILIKE 'V1'") == ["1"]
    assert names("tags.`only five` IS NOT NULL") == ["5"]
    assert names("tags.`only five` IS NULL and metrics.m > 0.25") == ["3", "4"]
    assert names("attributes.run_name = 'run 2'") == ["2"]
    assert names("attributes.run_name LIKE '%4'") == ["4"]
    assert names("attributes.status = 'FINISHED' and metrics.m > 0.45") == ["5"]
    assert names("attributes.start_time > 0") == list("012345")
    id = client.search_runs([exp], "params.p = 'v3'")[0].info.run_id
    assert names(f"attributes.run_id IN ('{id}')") == ["3"]
    assert names(f"attributes.run_id NOT IN ('{id}')") == list("01245")
    pages = client.search_runs([exp], order_by=["metrics.m DESC"], max_results=4)
    rest = client.search_runs(
        [exp], order_by=["metrics.m DESC"], max_results=4, page_token=pages.token
    )
    assert [r.data.params["p"] for r in [*pages, *rest]] == [f"v{i}" for i in (5, 4, 3, 2, 1, 0)]
    assert rest.token is None
    frame = mlflow.search_runs([exp], order_by=["metrics.m DESC"])
    assert list(frame["metrics.m"]) == [0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
    with pytest.raises(mlflow.MlflowException, match="Invalid"):
        names("metrics.m ~ 3")


def test_autolog_scikit_learn(client, data) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    mlflow.sklearn.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300).fit(*data)
        with mlflow.start_run() as search:
            GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.1, 1.0]}, cv=3).fit(*data)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["max_iter"] == "300"
    assert got.data.metrics["training_accuracy_score"] > 0.9
    assert len(got.outputs.model_outputs) == 1
    assert got.inputs.dataset_inputs
    loaded = mlflow.sklearn.load_model(f"models:/{got.outputs.model_outputs[0].model_id}")
    assert loaded.score(*data) > 0.9
    children = client.search_runs(
        [search.info.experiment_id], f"tags.`mlflow.parentRunId` = '{search.info.run_id}'"
    )
    assert len(children) == 2
    assert {f.path for f in client.list_artifacts(search.info.run_id)} >= {"cv_results.csv"}


def test_autolog_xgboost(client, data) -> None:
    xgboost = pytest.importorskip("xgboost")
    mlflow.xgboost.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            xgboost.train(
                {"objective": "multi:softprob", "num_class": 3},
                xgboost.DMatrix(data[0], data[1]),
                num_boost_round=3,
                evals=[(xgboost.DMatrix(data[0], data[1]), "train")],
                verbose_eval=False,
            )
    finally:
        mlflow.xgboost.autolog(disable=True, silent=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["num_boost_round"] == "3"
    assert len(client.get_metric_history(run.info.run_id, "train-mlogloss")) == 3


def test_autolog_lightgbm(client, data) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    mlflow.lightgbm.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            train = lightgbm.Dataset(*data)
            lightgbm.train(
                {"objective": "multiclass", "num_class": 3, "verbose": -1},
                train,
                num_boost_round=3,
                valid_sets=[train],
            )
    finally:
        mlflow.lightgbm.autolog(disable=True, silent=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["num_boost_round"] == "3"
    assert len(client.get_metric_history(run.info.run_id, "training-multi_logloss")) == 3


def test_evaluate(client, data) -> None:
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame(data[0], columns=list("abcd"))
    fitted = LogisticRegression(max_iter=300).fit(frame, data[1])
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(fitted, name="m", input_example=frame[:2])
    with mlflow.start_run() as run:
        result = mlflow.models.evaluate(
            info.model_uri,
            frame.assign(target=data[1]),
            targets="target",
            model_type="classifier",
            evaluator_config={"log_explainer": False},
        )
    assert result.metrics["accuracy_score"] > 0.9
    got = client.get_run(run.info.run_id)
    assert got.data.metrics["accuracy_score"] == result.metrics["accuracy_score"]
    assert client.get_logged_model(info.model_id).metrics
    assert client.list_artifacts(run.info.run_id)


def test_async_logging_and_system_metrics(client) -> None:
    with mlflow.start_run(log_system_metrics=False) as run:
        waits = [mlflow.log_metric("m", i, step=i, synchronous=False) for i in range(200)]
        waits += [mlflow.log_param(f"p{i}", i, synchronous=False) for i in range(20)]
        for wait in waits:
            wait.wait()
    assert len(client.get_metric_history(run.info.run_id, "m")) == 200
    assert len(client.get_run(run.info.run_id).data.params) == 20
    pytest.importorskip("psutil")
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(1.5)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert any(key.startswith("system/") for key in metrics)


def test_spans_feedback_and_runs_of_traces(client, uri) -> None:
    import urllib.error
    import urllib.request

    with mlflow.start_run() as run, mlflow.start_span("outer") as outer:
        outer.set_inputs({"x": 1})
        with mlflow.start_span("inner") as inner:
            inner.set_attribute("k", "v")
        mlflow.update_current_trace(tags={"team": "a"})
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(outer.trace_id)
    assert [span.name for span in trace.data.spans] == ["outer", "inner"]
    assert trace.data.spans[1].attributes["k"] == "v"
    assert trace.info.tags["team"] == "a"
    mlflow.log_feedback(trace_id=outer.trace_id, name="quality", value=0.5)
    mlflow.log_expectation(trace_id=outer.trace_id, name="answer", value="z")
    found = {one.name for one in mlflow.get_trace(outer.trace_id).info.assessments}
    assert found == {"quality", "answer"}
    (of_run,) = mlflow.search_traces(run_id=run.info.run_id, return_type="list")
    assert of_run.info.trace_id == outer.trace_id
    # Spans one by one are not taken; the client knows this answer and sends the whole trace.
    request = urllib.request.Request(f"{uri}/v1/traces", data=b"", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 501
    assert b"REST OTLP span logging is not supported" in caught.value.read()


def test_traces(client) -> None:
    @mlflow.trace(name="outer")
    def outer(x: int) -> int:
        return x + 1

    assert outer(1) == 2
    mlflow.flush_trace_async_logging()
    exp = mlflow.get_experiment_by_name("stock").experiment_id
    (trace,) = client.search_traces(locations=[exp])
    assert trace.info.state == "OK"
    assert [span.name for span in trace.data.spans] == ["outer"]
    client.set_trace_tag(trace.info.trace_id, "k", "v")
    assert client.get_trace(trace.info.trace_id).info.tags["k"] == "v"
    assert client.delete_traces(exp, trace_ids=[trace.info.trace_id]) == 1


def test_experiments_by_hand(client) -> None:
    id = client.create_experiment("mine", tags={"a": "b"})
    client.set_experiment_tag(id, "mlflow.note.content", "# note")
    client.rename_experiment(id, "ours")
    assert client.get_experiment_by_name("ours").tags["mlflow.note.content"] == "# note"
    assert client.get_experiment_by_name("mine") is None
    found = client.search_experiments(filter_string="name LIKE 'ou%'", order_by=["name ASC"])
    assert [e.name for e in found] == ["ours"]
    client.delete_experiment(id)
    assert client.get_experiment(id).lifecycle_stage == "deleted"
    client.restore_experiment(id)
    with pytest.raises(mlflow.MlflowException, match="already exists"):
        client.create_experiment("ours")
