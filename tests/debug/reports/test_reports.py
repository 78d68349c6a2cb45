"""The report: its figures are scikit-learn's, its intervals hold, its findings are there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from clew.debug import report
from clew.debug.reports import reports
from clew.errors import InvalidParameter, NotFound


def split(bunch: Any) -> dict[str, pd.DataFrame]:
    frame = bunch.frame.sample(frac=1, random_state=0).reset_index(drop=True)
    half = len(frame) // 2
    return {"train": frame[:half], "test": frame[half:]}


@pytest.fixture(scope="module")
def cancer() -> tuple[dict[str, pd.DataFrame], Any]:
    data = split(load_breast_cancer(as_frame=True))
    train = data["train"]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return data, model.fit(train.drop(columns="target"), train["target"])


def test_scores_are_scikit_learns(cancer) -> None:
    data, model = cancer
    found = report(model, data, target="target", name="linear").document
    test = data["test"]
    said = model.predict(test.drop(columns="target"))
    chance = model.predict_proba(test.drop(columns="target"))
    truth = test["target"]
    scores = {name: one["value"] for name, one in found["scores"]["test"].items()}
    assert scores == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth, said),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, said),
            "f1_macro": metrics.f1_score(truth, said, average="macro"),
            "log_loss": metrics.log_loss(truth, chance),
            "brier": metrics.brier_score_loss(truth, chance[:, 1]),
            "roc_auc": metrics.roc_auc_score(truth, chance[:, 1]),
            "average_precision": metrics.average_precision_score(truth, chance[:, 1]),
        }
    )
    for one in found["scores"].values():
        assert all(score["low"] <= score["value"] <= score["high"] for score in one.values())
    assert found["confusion"]["matrix"] == metrics.confusion_matrix(truth, said).tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, said)
    told = found["classes"]
    assert [one["precision"]["value"] for one in told] == pytest.approx(list(precision))
    assert [one["recall"]["value"] for one in told] == pytest.approx(list(recall))
    assert [one["f1"]["value"] for one in told] == pytest.approx(list(f1))
    assert [one["support"] for one in told] == list(support)


def test_a_cell_opens_its_rows(cancer) -> None:
    data, model = cancer
    named = {
        name: frame.assign(id=[f"r{at}" for at in frame.index]) for name, frame in data.items()
    }
    found = report(model, named, target="target", id="id").document
    test = named["test"]
    said = model.predict(test.drop(columns=["target", "id"]))
    wrong = test["id"][(test["target"] == 0) & (said == 1)]
    cells = {(one["truth"], one["answer"]): one for one in found["confusion"]["cells"]}
    assert cells["0", "1"]["rows"] == wrong.tolist()
    assert {point["row"] for point in found["views"][0]["points"]} == set(test["id"])


def test_regression_is_scikit_learns() -> None:
    data = split(load_diabetes(as_frame=True))
    train, test = data["train"], data["test"]
    model = LinearRegression().fit(train.drop(columns="target"), train["target"])
    before = {name: np.full(len(frame), 150.0) for name, frame in data.items()}
    found = report(model, data, target="target", champion=before).document
    truth, said = test["target"], model.predict(test.drop(columns="target"))
    scores = found["scores"]["test"]
    assert found["task"] == "regression"
    assert scores["r2"]["value"] == pytest.approx(metrics.r2_score(truth, said))
    assert scores["mae"]["value"] == pytest.approx(metrics.mean_absolute_error(truth, said))
    assert scores["rmse"]["value"] == pytest.approx(metrics.root_mean_squared_error(truth, said))
    loss = metrics.mean_pinball_loss(truth, said, alpha=0.9)
    assert scores["quantile_loss_0.9"]["value"] == pytest.approx(loss)
    zero = 1 - ((truth - said) ** 2).sum() / (truth**2).sum()
    assert scores["r2_without_intercept"]["value"] == pytest.approx(zero)
    assert scores["r2_adjusted"]["value"] < scores["r2"]["value"]
    assert found["moments"]["response"]["stddev"]["value"] == pytest.approx(truth.std())
    assert found["champion"]["test"]["mae"]["high"] < 0
    assert len(found["qq"]) == 51
    assert len(found["residuals"]) == len(test)


def test_an_over_fitted_model_is_flagged_and_compared() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(1200, 3)), columns=["a", "b", "c"])
    y = ((X["a"] + random.normal(size=1200)) > 0).astype(int)
    frame = X.assign(y=y, part=np.where(np.arange(1200) < 600, "train", "test"))
    models = {
        "line": LogisticRegression().fit(X[:600], y[:600]),
        "tree": DecisionTreeClassifier(random_state=0).fit(X[:600], y[:600]),
    }
    found = reports(models, frame, target="y", split="part", champion="line")
    tree = found["tree"].document
    assert {gap["score"] for gap in tree["gaps"] if gap["flag"]} >= {"accuracy", "roc_auc"}
    kinds = {one["kind"] for one in tree["findings"]}
    assert {"over-fit", "gap", "champion"} <= kinds
    assert not any(gap["flag"] for gap in found["line"].document["gaps"])
    told = tree["champion"]["test"]["accuracy"]
    assert told["high"] < 0
    assert told["p_value"] < 0.01
    assert found["line"].document["champion"] is None


def test_costs_move_the_threshold(cancer) -> None:
    data, model = cancer

    def cheapest(**costs: float) -> float:
        found = report(model, data, target="target", costs=costs).document
        return found["thresholds"]["best"]["threshold"]

    assert cheapest(fp=10, fn=1) > cheapest(fp=1, fn=10)


def test_production_needs_no_labels_and_shift_is_told(cancer) -> None:
    data, model = cancer
    later = data["test"].drop(columns="target").copy()
    later["mean radius"] *= 2
    later["mean texture"] = later["mean texture"].to_numpy()[::-1]
    found = report(model, data | {"production": later}, target="target").document
    assert found["parts"][-1] == {"name": "production", "rows": len(later), "labelled": 0}
    shift = {one["part"]: one for one in found["shift"]}
    assert not shift["test"]["flag"]
    assert shift["production"]["flag"]
    assert shift["production"]["columns"][0]["column"] == "mean radius"
    part = [one for one in found["problems"] if one["part"] == "production"]
    assert any("mean radius" in one["columns"] for one in part)


def test_it_is_json_a_page_and_markdown(cancer) -> None:
    data, model = cancer
    named = {name: frame.rename(columns={"target": "<b>|x"}) for name, frame in data.items()}
    made = report(model, named, target="<b>|x", name="<script>alert(1)</script>")
    assert json.loads(made.json())["judged"] == "test"
    page = made.html()
    assert "<script" not in page
    assert "http" not in page
    assert page.count("<svg") == 4
    assert "&lt;b>\\|x" in made.markdown()
    assert "## Worst slices" in made.markdown()


def test_three_classes_and_the_layers_of_a_network() -> None:
    data = split(load_wine(as_frame=True))
    train = data["train"]
    network = MLPClassifier((8,), max_iter=80, solver="lbfgs", random_state=0)
    model = make_pipeline(StandardScaler(), network)
    model.fit(train.drop(columns="target"), train["target"])
    found = report(model, data, target="target", shown=("pca", "tsne", "autoencoder")).document
    assert [(one["of"], one["method"]) for one in found["views"]] == [
        (of, method)
        for method in ("pca", "tsne", "autoencoder")
        for of in ("inputs", "predictions", "layer 1")
    ]
    assert len(found["classes"]) == 3
    assert "thresholds" not in found


def test_stored_answers_of_words(cancer) -> None:
    data, _ = cancer
    words = {
        name: frame[["mean radius"]].assign(kind=np.where(frame["target"] == 1, "good", "bad"))
        for name, frame in data.items()
    }
    said = {name: frame["kind"].to_numpy() for name, frame in words.items()}
    found = report(said, words, target="kind").document
    assert found["scores"]["test"]["accuracy"]["value"] == 1
    assert found["slices"]["found"] == []
    assert found["label_errors"] is None
    assert found["cost"] == {"latency_ms": None, "rows_per_s": None}


def test_what_does_not_fit_is_refused(cancer) -> None:
    data, model = cancer
    with pytest.raises(NotFound, match="lacks the target"):
        report(model, data, target="no")
    with pytest.raises(InvalidParameter, match="names the parts"):
        report(model, data["test"], target="target")
    with pytest.raises(NotFound, match="mean radius"):
        report(model, {"test": data["test"].drop(columns="mean radius")}, target="target")
    with pytest.raises(NotFound, match="no such class"):
        report(model, data, target="target", positive="2")
    with pytest.raises(InvalidParameter, match="no row has a label"):
        report(model, {"test": data["test"].assign(target=None)}, target="target")
