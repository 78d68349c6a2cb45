"""Many models in one process: what is equal is held once and computed once, answers unchanged."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from clew.errors import InvalidParameter, NotFound, UnsupportedValue
from clew.serve import Compiled, Fleet, Shelf, compile_model
from clew.serve.shared import Pool
from clew.serve.text.stage import TextStage

TEXTS = [
    " ".join(np.random.default_rng(at).choice(["win", "free", "song", "love", "click", "here"], 4))
    for at in range(60)
]
LABELS = np.array(["free" in text for text in TEXTS]).astype(int)


def pipelines(n: int = 6) -> dict[str, Any]:
    union = FeatureUnion(
        [
            ("w", TfidfVectorizer(ngram_range=(1, 2))),
            ("c", CountVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
        ]
    )
    made = {}
    for at in range(n):
        half = slice(at % 2 * 10, None)
        model = make_pipeline(union, LogisticRegression(C=2.0**at)).fit(TEXTS, LABELS)
        model[-1].fit(model[:-1].transform(TEXTS[half]), LABELS[half])
        made[f"m{at}"] = model
    return made


def compiled(models: dict[str, Any]) -> dict[str, Compiled]:
    return {name: compile_model(model, TEXTS, forms=["text"]) for name, model in models.items()}


def test_equal_stages_are_one_and_run_once_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    models = pipelines()
    ready = compiled(models)
    stages = {id(stage) for one in ready.values() for stage in one.ready.plan.stages}
    assert len(stages) == 2
    calls = []
    encode = TextStage.encode
    monkeypatch.setattr(
        TextStage, "encode", lambda self, text: calls.append(text) or encode(self, text)
    )
    fleet = Fleet(ready)
    fresh = ["free song here", "click love"]
    answers = fleet.answers(fresh)
    assert len(calls) == 2 * len(fresh)
    assert fleet.reused == 2 * len(fresh) * (len(models) - 1)
    for name, model in models.items():
        assert np.abs(answers[name].probabilities - model.predict_proba(fresh)).max() < 1e-12
        assert (fleet.answer(name, fresh).predictions == model.predict(fresh)).all()
    with pytest.raises(NotFound, match="no such model"):
        fleet.answer("other", fresh)


def test_a_stage_with_another_dictionary_is_another() -> None:
    first = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    second = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS[:9], LABELS[:9])
    third = make_pipeline(TfidfVectorizer(norm="l1"), LogisticRegression()).fit(TEXTS, LABELS)
    ready = compiled({"a": first, "b": second, "c": third})
    ids = {name: one.ready.plan.stages[0].id for name, one in ready.items()}
    assert len(set(ids.values())) == 3
    fleet = Fleet(ready)
    for name, model in (("a", first), ("b", second), ("c", third)):
        found = fleet.answers(["free win"])[name].probabilities
        assert np.abs(found - model.predict_proba(["free win"])).max() < 1e-12


def test_tables_with_equal_transformers_are_encoded_once() -> None:
    pytest.importorskip("onnxruntime")
    X = pd.DataFrame({"n": np.arange(40.0), "t": ["a", "b", "c", "d"] * 10})
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["n"]), ("t", OneHotEncoder(handle_unknown="ignore"), ["t"])]
    )
    models = {
        f"at{cut}": make_pipeline(columns, LogisticRegression()).fit(X, X["n"] > cut)
        for cut in (10, 20, 30)
    }
    fleet = Fleet({name: compile_model(model, X) for name, model in models.items()})
    plans = {id(one.ready.plan) for one in fleet._models.values()}
    assert len(plans) == 1
    rows = X.to_dict("records")
    for name, answer in fleet.answers(rows).items():
        assert (answer.predictions == models[name].predict(X)).all()


def test_a_shelf_gives_back_what_was_compiled(tmp_path: Path) -> None:
    models = pipelines()
    shelf = Shelf(tmp_path)
    for name, one in compiled(models).items():
        shelf.put(name, one)
    assert shelf.names() == sorted(models)
    # Two dictionaries, weights of one, and of each model what it has of its own.
    assert len(list((tmp_path / "parameters").glob("*.terms"))) == 2
    fleet = Fleet(Shelf(tmp_path))
    for name, model in models.items():
        found = fleet.answer(name, TEXTS)
        assert (found.predictions == model.predict(TEXTS)).all()
        assert np.abs(found.probabilities - model.predict_proba(TEXTS)).max() < 1e-12
    kept = Shelf(tmp_path).get("m0")
    assert kept.parity.passed
    assert isinstance(kept.ready.plan.head.coefficients, np.memmap)
    with pytest.raises(NotFound, match="no such compiled model"):
        shelf.get("m99")
    with pytest.raises(InvalidParameter, match="name"):
        shelf.get("../m0")


def test_an_opened_model_needs_no_scikit_learn(tmp_path: Path) -> None:
    Shelf(tmp_path).put("m", compiled(pipelines(1))["m0"])
    code = (
        "import sys; from clew.serve import Fleet, Shelf\n"
        f"print(Fleet(Shelf({str(tmp_path)!r})).answer('m', ['free win']).predictions[0],"
        " 'sklearn' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]


def test_graphs_are_shelved_and_objects_are_not(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    Shelf(tmp_path).put("g", compile_model(model, X))
    assert (Shelf(tmp_path).get("g").answer(X).predictions == model.predict(X)).all()
    with pytest.raises(UnsupportedValue, match="Python objects"):
        Shelf(tmp_path).put("p", compile_model(model, X, forms=["python"]))


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, float("nan")]), min_size=1), st.booleans())
def test_arrays_are_shared_by_content_alone(values: list[float], wide: bool) -> None:
    pool = Pool()
    array = np.array(values, dtype="f8" if wide else "f4")
    first, held = pool.keep_array(array)
    again, same = pool.keep_array(array.copy())
    assert first == again
    assert held is same
    assert held.tobytes() == array.tobytes()
    other, _ = pool.keep_array(array.astype("f4" if wide else "f8"))
    assert other != first
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 2.0


def test_what_nobody_holds_is_freed() -> None:
    pool = Pool()
    id, held = pool.keep_array(np.arange(5.0))
    assert pool.array(id) is held
    del held
    gc.collect()
    with pytest.raises(NotFound, match="no model holds"):
        pool.array(id)
