"""Models as files: what comes back, what is refused, and where their thread leads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew
from clew import registry
from clew.app.tracking import tracking_here
from clew.entities import LoggedModel, Owner
from clew.errors import ClewError, InvalidParameter, NotFound, UnsafeLoad
from clew.track import callbacks, load_model
from clew.track.flavors import flavor_called

ROWS = pd.DataFrame({"age": np.arange(60.0), "sex": ["m", "f"] * 30})
TARGET = (ROWS["age"] > 30).astype(int)


class Doubler:
    """A model that no flavor knows."""

    factor = 2

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.factor * X


class Odd(LogisticRegression):
    """An estimator of the project's own."""


def fitted(learner: object = None) -> Pipeline:
    columns = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["sex"]))
    return make_pipeline(columns, LogisticRegression() if learner is None else learner).fit(
        ROWS, TARGET
    )


def files_of(logged: LoggedModel) -> dict[str, bytes]:
    artifacts = tracking_here().artifacts
    found = artifacts.list(Owner("model", logged.id))
    return {one.path: b"".join(artifacts.read(one)) for one in found}


@pytest.mark.parametrize(
    "learner",
    [
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0),
        GradientBoostingClassifier(n_estimators=3, random_state=0),
    ],
    ids=lambda learner: type(learner).__name__,
)
def test_a_model_comes_back(learner: object) -> None:
    model = fitted(learner)
    with clew.run() as run:
        logged = clew.log_model(model, "m", input_example=ROWS.head(3))
    for uri in (logged, logged.id, f"models:/{logged.id}", f"runs:/{run.id}/m"):
        again = load_model(uri)
        assert (again.predict_proba(ROWS) == model.predict_proba(ROWS)).all()
    assert logged.status == "ready"
    assert run.record.model_outputs[0].model_id == logged.id
    found = clew.open().find(learner=type(learner).__name__, features=["age", "sex"], since="1h")
    assert [one.id for one in found] == [run.id]
    assert clew.open().find(learner=type(learner).__name__, features=["ag"]) == []


def test_its_files_say_what_it_takes_and_needs() -> None:
    with clew.run():
        logged = clew.log_model(fitted(), input_example=ROWS.head(3))
    files = files_of(logged)
    described = json.loads(files["MLmodel"])
    assert described["flavors"]["sklearn"]["serialization_format"] == "skops"
    inputs = json.loads(described["signature"]["inputs"])
    assert [(one["name"], one["type"]) for one in inputs] == [("age", "double"), ("sex", "string")]
    example = json.loads(files["input_example.json"])
    assert example["data"][1] == [1.0, "f"]
    needs = files["requirements.txt"].decode().split()
    assert {need.partition("==")[0] for need in needs} >= {"scikit-learn", "skops", "pandas"}


def test_the_same_model_is_the_same_content() -> None:
    with clew.run():
        first, second = (clew.log_model(fitted()) for _ in range(2))
        other = clew.log_model(fitted(LogisticRegression(C=0.1)))
    one, two = files_of(first), files_of(second)
    assert one["model.skops"] == two["model.skops"] != files_of(other)["model.skops"]


def test_the_thread_leads_from_the_data_to_the_version() -> None:
    rows = clew.step(lambda: ROWS.copy())

    @clew.flow
    def train() -> Pipeline:
        return fit(load())

    run = train.run()
    logged = clew.log_model(run.result, "lr", run=run.id)
    version = registry.register(logged, "adult")
    assert version.content == logged.content
    assert version.node is not None
    operations = [node.operation for node in clew.open().lineage(version.node).nodes]
    assert any(operation.endswith(":load") for operation in operations)
    assert any(operation.endswith(":fit") for operation in operations)
    assert rows is not None


@clew.step
def load() -> pd.DataFrame:
    return ROWS.copy()


@clew.step
def fit(rows: pd.DataFrame) -> Pipeline:
    return fitted()


@pytest.mark.usefixtures("own_folder")  # Pickles are not read from just anybody.
def test_a_value_of_any_class_is_a_model() -> None:
    with clew.run():
        logged = clew.log_model(Doubler(), "any")
    assert load_model(logged).predict(np.array([2]))[0] == 4
    assert logged.tags["clew.flavor"] == "value"


def test_strange_types_need_trust(tmp_path: Path) -> None:
    import skops.io

    (tmp_path / "model.skops").write_bytes(skops.io.dumps(Odd()))
    flavor = flavor_called("sklearn")
    with pytest.raises(UnsafeLoad, match="no library"):
        flavor.load(tmp_path, {}, trust=False, into=None)
    assert type(flavor.load(tmp_path, {}, trust=True, into=None)) is Odd


def test_what_cannot_be_loaded_says_so() -> None:
    for uri in ("models:/nobody@champion", "models:/nobody/1", "m-" + "0" * 32):
        with pytest.raises(NotFound):
            load_model(uri)
    with pytest.raises(InvalidParameter, match="names no model"):
        load_model("s3://elsewhere")
    with pytest.raises(ClewError, match="no run is in progress"):
        clew.log_model(fitted())


def test_a_failed_save_is_marked() -> None:
    with clew.run(), pytest.raises(Exception, match=r".+"):
        clew.log_model(fitted(), input_example="not rows")
    (failed,) = tracking_here().search.models(["0"]).items
    assert failed.status == "failed"


def test_promotion_leaves_a_trail() -> None:
    with clew.run():
        logged = [clew.log_model(fitted(LogisticRegression(C=c))) for c in (1.0, 2.0)]
    for model in logged:
        registry.register(model, "it's mine")
    registry.promote("it's mine", 1, actor="ada")
    registry.promote("it's mine", 2, reason="better", actor="bob")
    champion = load_model("models:/it's mine@champion")
    assert champion[-1].C == 2.0
    assert registry.roll_back("it's mine", actor="ada").version == 1
    trail = [(e.actor, e.before, e.after) for e in registry.history("it's mine", alias="champion")]
    assert trail == [("ada", "2", "1"), ("bob", "1", "2"), ("ada", None, "1")]
    assert [one.version for one in registry.versions("it's mine")] == [2, 1]


def test_xgboost_comes_back() -> None:
    xgboost = pytest.importorskip("xgboost")
    data = xgboost.DMatrix(np.arange(40.0).reshape(20, 2), label=np.arange(20) % 2)
    with clew.run() as run:
        booster = xgboost.train(
            {"objective": "binary:logistic", "eval_metric": "logloss"},
            data,
            num_boost_round=4,
            evals=[(data, "train")],
            callbacks=[callbacks.xgboost()],
            verbose_eval=False,
        )
        logged = clew.log_model(booster)
    again = load_model(logged)
    assert (again.predict(data) == booster.predict(data)).all()
    history = tracking_here().histories.history(run.id, "train-logloss").items
    assert [point.step for point in history] == [0, 1, 2, 3]


def test_lightgbm_comes_back() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    X = np.random.default_rng(0).normal(size=(200, 3))
    data = lightgbm.Dataset(X, label=(X[:, 0] > 0).astype(int))
    with clew.run() as run:
        booster = lightgbm.train(
            {"objective": "binary", "verbose": -1, "num_threads": 1},
            data,
            num_boost_round=3,
            valid_sets=[data],
            callbacks=[callbacks.lightgbm()],
        )
        logged = clew.log_model(booster)
    assert (load_model(logged).predict(X) == booster.predict(X)).all()
    assert len(run.record.metrics) == 1


@clew.step
def boosted(rounds: int) -> bytes:
    import lightgbm

    X = np.arange(200.0).reshape(100, 2)
    data = lightgbm.Dataset(X, label=np.arange(100) % 2)
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(
        parameters, data, rounds, valid_sets=[data], callbacks=[callbacks.lightgbm()]
    )
    return booster.model_to_string().encode()


def test_rounds_in_a_step_are_logged_to_every_run_of_it() -> None:
    pytest.importorskip("lightgbm")
    histories = []
    for _ in range(2):
        with clew.run() as run:
            boosted(3)
        histories.append(tracking_here().histories.history(run.id, "training-binary_logloss").items)
    assert boosted.last.decision == "reused"
    assert [point.step for point in histories[0]] == [0, 1, 2]
    assert histories[0] == histories[1]
