"""Models to and from other systems: what comes back says the same, or nothing is written."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import clew
from clew.app import serving
from clew.app.transfer import build, export, take
from clew.errors import (
    AlreadyExists,
    InvalidParameter,
    MissingExtra,
    NotFound,
    UnsafeLoad,
    UnsupportedValue,
)
from clew.registry import register
from clew.serve import Endpoint
from clew.track import load_model

pytest.importorskip("onnxruntime")

generator = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "age": generator.integers(17, 90, 200),
        "hours": generator.normal(40, 12, 200),
        "job": generator.choice(["clerk", "smith", "baker"], 200),
    }
)
y = np.where(X["age"] / 30 + (X["job"] == "smith") > 2, "more", "less")
NUMBERS = X[["age", "hours"]].astype(float)


def needs_nyoka() -> None:
    """Skip without nyoka; importing it here would leave its folder on the path."""
    if importlib.util.find_spec("nyoka") is None:
        pytest.skip("nyoka is not installed")


def fitted(model: Any = None) -> Any:
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), ["age", "hours"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ]
    )
    return make_pipeline(columns, model or LogisticRegression()).fit(X, y)


def found(model: Any, sample: Any = X, name: str = "adult") -> serving.Found:
    with clew.run():
        register(clew.log_model(model, name, input_example=sample), name, alias="champion")
    return serving.find(clew.open(), f"{name}@champion")


def test_a_pipeline_goes_out_and_comes_back_as_a_graph(tmp_path: Path) -> None:
    model = fitted()
    path = tmp_path / "deep" / "adult.onnx"
    done = export(found(model), "onnx", path)
    assert "equal within" in done.comparison
    came = take(path, "back", alias="champion")
    assert (came.version, came.format) == (1, "onnx")
    assert "32 rows that the file carries" in came.comparison
    back = load_model("models:/back@champion")
    assert (back.predict(X) == model.predict(X)).all()
    assert np.abs(back.predict_proba(X) - model.predict_proba(X)).max() < 1e-9
    assert back.classes_.tolist() == ["less", "more"]
    row = {"age": 60, "hours": 40.0, "job": "smith"}
    assert Endpoint("back@champion").predict_one(row) == "more"
    with pytest.raises(AlreadyExists):
        export(found(model), "onnx", path)


def test_what_no_graph_holds_exactly_is_not_written(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(np.abs), LogisticRegression()).fit(NUMBERS, y)
    with pytest.raises(InvalidParameter, match="no form is equal"):
        export(found(model, NUMBERS), "onnx", tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_a_graph_that_says_something_else_than_it_carries_is_refused(tmp_path: Path) -> None:
    import onnx

    path = tmp_path / "m.onnx"
    export(found(fitted()), "onnx", path)
    graph = onnx.load(path)
    for entry in graph.metadata_props:
        if entry.key == "clew.check":
            check = json.loads(entry.value)
            check["predictions"][3] = "other"
            entry.value = json.dumps(check)
    onnx.save(graph, path)
    with pytest.raises(InvalidParameter, match="says something else"):
        take(path, "wrong")
    path.write_bytes(b"no graph")
    with pytest.raises(InvalidParameter, match="no ONNX graph"):
        take(path, "wrong")


def test_a_graph_of_others_needs_rows(tmp_path: Path) -> None:
    from skl2onnx import to_onnx

    model = RandomForestRegressor(3, random_state=0).fit(NUMBERS.to_numpy("f4"), X["age"])
    path = tmp_path / "other.onnx"
    path.write_bytes(to_onnx(model, NUMBERS.to_numpy("f4")).SerializeToString())
    with pytest.raises(NotFound, match="no rows to compare"):
        take(path, "other")
    take(path, "other", sample=NUMBERS.to_numpy())
    given = load_model("models:/other/1").predict(NUMBERS.to_numpy())
    assert np.allclose(given, model.predict(NUMBERS.to_numpy("f4")), rtol=1e-5)


def test_a_folder_of_mlflow_goes_out_and_comes_back(tmp_path: Path) -> None:
    model = fitted()
    done = export(found(model), "pyfunc", tmp_path / "adult")
    assert "read back by" in done.comparison
    came = take(tmp_path / "adult", "again", alias="champion")
    assert came.format == "pyfunc"
    again = serving.find(clew.open(), "again@champion")
    assert (again.model.predict(X) == model.predict(X)).all()
    assert len(again.sample) == len(X)
    assert (again.sample.dtypes == X.dtypes).all()


def test_a_folder_whose_probabilities_differ_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clew.app.transfer import write

    def another(model: Any, path: Path, sample: Any) -> Any:
        other = fitted()
        other[-1].coef_ = other[-1].coef_ * 1.0001
        return real(other, path, sample)

    real = write.write_model
    monkeypatch.setattr(write, "write_model", another)
    with pytest.raises(UnsupportedValue, match="not equal"):
        export(found(fitted()), "pyfunc", tmp_path / "adult")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_runs_code_needs_trust(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: x\n")
    with pytest.raises(UnsafeLoad, match="trust"):
        take(tmp_path, "strange")


@pytest.mark.parametrize("model", [LogisticRegression(), LinearRegression()])
def test_linear_models_go_out_and_come_back_as_pmml(tmp_path: Path, model: Any) -> None:
    needs_nyoka()
    pytest.importorskip("sklearn_pmml_model")
    numbers = (y == "more").astype(int)
    path = tmp_path / "m.pmml"
    places = list(sys.path)
    done = export(found(model.fit(NUMBERS, numbers), NUMBERS), "pmml", path)
    assert "equal within" in done.comparison
    assert sys.path == places
    came = take(path, "back", alias="champion")
    assert "32 rows that the file carries" in came.comparison
    back = load_model("models:/back@champion")
    assert np.allclose(back.predict(NUMBERS), model.predict(NUMBERS), rtol=1e-12)
    assert list(back.feature_names_in_) == ["age", "hours"]
    row = NUMBERS.iloc[0].to_dict()
    assert np.allclose(Endpoint("back@champion").predict_one(row), model.predict(NUMBERS[:1]))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        DecisionTreeClassifier(max_depth=4, random_state=0),
        GradientBoostingClassifier(n_estimators=5),
    ],
)
def test_pmml_that_is_silently_wrong_is_not_written(tmp_path: Path, model: Any) -> None:
    """Its writer and reader lose scalers, and thresholds beyond single precision."""
    needs_nyoka()
    pytest.importorskip("sklearn_pmml_model")
    model.fit(NUMBERS, (y == "more").astype(int))
    with pytest.raises(UnsupportedValue, match=r"not equal|does not run"):
        export(found(model, NUMBERS), "pmml", tmp_path / "m.pmml")
    assert not list(tmp_path.iterdir())


def test_pmml_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nyoka", None)
    with pytest.raises(MissingExtra, match=r"clew\[pmml\]"):
        export(found(fitted()), "pmml", tmp_path / "m.pmml")


def test_a_folder_builds_into_an_image(tmp_path: Path) -> None:
    from clew.lineage.fingerprint import fingerprint

    folder = tmp_path / "image"
    model = fitted()
    done = build(found(model), folder)
    pinned = (folder / "requirements.txt").read_text().split()
    assert done.packages == len(pinned)
    assert all("==" in line for line in pinned)
    assert {"clew", "scikit-learn", "onnxruntime"} <= {line.split("==")[0] for line in pinned}
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, content in manifest["files"].items():
        assert fingerprint((folder / name).read_bytes()).hex() == content
    steps = [
        line.split(maxsplit=1)
        for line in (folder / "Dockerfile").read_text().splitlines()
        if line and line[0].isupper()
    ]
    known = ["FROM", "WORKDIR", "ENV", "COPY", "RUN", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"]
    assert {word for word, _ in steps} == set(known)
    copied = [name for word, rest in steps if word == "COPY" for name in rest.split()[:-1]]
    assert all((folder / name).exists() for name in copied)
    assert json.loads(dict(steps)["CMD"])[:3] == ["clew", "serve", "adult@champion"]
    # What the image does while it builds.
    came = take(folder / "model", "adult", alias="champion")
    assert (came.version, manifest["content"]) == (2, serving.find(clew.open(), "adult/1").content)
    assert Endpoint("adult@champion").compiled.form == "plan"
    with pytest.raises(AlreadyExists):
        build(found(model), folder)
