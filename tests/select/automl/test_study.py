"""Automated machine learning, as people call it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import clew
from clew.cli.main import main
from clew.errors import ClewError, InvalidParameter
from clew.select.automl.board import Board
from clew.select.automl.columns import kinds_of, table
from clew.select.automl.study import AutoML
from clew.select.automl.task import task_of
from clew.select.automl.worker import Fitted, Material, Order
from clew.track import load_model

QUICK = {"workers": 1, "learners": ["linear", "histogram"]}


def mixed(rows: int = 400) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    city = rng.choice(["Bonn", "Köln", "Ulm"], rows)
    age = rng.normal(40, 10, rows)
    X = pd.DataFrame(
        {
            "city": np.where(rng.random(rows) < 0.1, None, city),
            "age": np.where(rng.random(rows) < 0.1, np.nan, age),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, rows), "D"),
            "words": [f"some words about number {i} and more" for i in range(rows)],
        }
    )
    return X, pd.Series(np.where((city == "Ulm") ^ (age > 40), "buys", "leaves"), name="what")


def test_a_mixed_table_becomes_a_registered_model() -> None:
    X, y = mixed()
    told = []
    found = clew.automl(
        X[:300], y[:300], 10, test=(X[300:], y[300:]), name="buyers", progress=told.append, **QUICK
    )
    assert found.score_ > 0.75
    assert abs(found.test_score_ - found.score_) < 0.2
    assert set(found.predict(X)) == {"buys", "leaves"}
    assert found.predict_proba(X).shape == (400, 2)
    assert found.first_model_s_ < found.seconds_
    assert told
    assert [one.best_score for one in told] == sorted(one.best_score for one in told)
    assert [one.fits for one in told] == list(range(1, len(told) + 1))
    loaded = load_model("models:/buyers@1" if False else f"models:/buyers/{found.version_.version}")
    assert (loaded.predict(X) == found.predict(X)).all()
    store = clew.open()
    run = next(run for run in store.find(flow="automl"))
    assert run.id == found.run_id_
    assert dict(run.params)["metric"] == "roc_auc"
    best = [line for line in found.leaderboard_ if line.weight]
    assert abs(sum(line.weight for line in best) - 1) < 1e-9


@pytest.mark.slow
def test_the_budget_is_kept_and_scores_are_out_of_fold() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    study = AutoML(4, workers=1, learners=["linear", "forest"], seed=1).fit(X, rng.permutation(y))
    assert study.score_ < 0.65  # targets that nothing tells: no candidate may seem to know them
    assert study.seconds_ < 20  # a machine may be busy; four seconds were asked for
    assert all(
        line.train_score > line.score for line in study.leaderboard_ if line.model == "forest"
    )


@pytest.mark.slow
def test_numbers_are_predicted_too_and_polars_and_arrays_are_taken() -> None:
    polars = pytest.importorskip("polars")
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    study = AutoML(8, metric="r2", **QUICK).fit(polars.from_pandas(X), y)
    assert study.score_ > 0.15
    assert abs(study.evaluate(X, y) - study.score_) < 0.5
    array = AutoML(4, metric="r2", **QUICK).fit(X.to_numpy(), y.to_numpy())
    assert array.predict(X.to_numpy()).shape == (442,)


@pytest.mark.slow
def test_several_classes_have_a_column_each() -> None:
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    study = AutoML(6, **QUICK).fit(X, names)
    proba = study.predict_proba(X)
    assert proba.shape == (150, 3)
    assert np.allclose(proba.sum(axis=1), 1)
    assert (study.predict(X) == names).mean() > 0.9
    assert list(study.classes_) == ["setosa", "versicolor", "virginica"]


def test_a_tiny_budget_gives_the_first_model_and_says_so() -> None:
    X, y = mixed()
    study = AutoML(0.2, **QUICK).fit(X, y)
    assert set(study.predict(X)) <= {"buys", "leaves"}
    assert "the budget did not reach" in study.warnings_[0]


@pytest.mark.parametrize(
    ("X", "y", "options"),
    [
        (np.zeros((50, 2)), [0, 1] * 25, {}),
        (np.random.default_rng(0).normal(size=(50, 2)), [0, 1] * 24, {}),
        (np.random.default_rng(0).normal(size=(50, 2)), [0, 1] * 25, {"budget_s": 0}),
        (np.random.default_rng(0).normal(size=(50, 2)), [0, 1] * 25, {"learners": ["magic"]}),
        (np.random.default_rng(0).normal(size=(50, 2)), [0, 1] * 25, {"metric": "rmse"}),
    ],
)
def test_what_makes_no_study_is_refused(X, y, options) -> None:
    with pytest.raises(ClewError):
        AutoML(**{"budget_s": 2, "workers": 1, **options}).fit(X, y)


def test_rows_without_a_column_are_refused() -> None:
    X, y = mixed()
    study = AutoML(3, **QUICK).fit(X, y)
    with pytest.raises(InvalidParameter, match="missing"):
        study.predict(X.drop(columns="age"))
    shuffled = X[["words", "since", "age", "city"]]
    assert (study.predict(shuffled) == study.predict(X)).all()


def test_cells_that_mean_nothing_are_refused_by_name() -> None:
    X, y = mixed()
    study = AutoML(0.2, **QUICK).fit(X, y)
    row = X.head(3)
    assert len(study.predict(row.assign(city="Paris", age=None, words=None, since=pd.NaT))) == 3
    assert (study.predict(row.assign(age=row["age"].astype(object))) == study.predict(row)).all()
    assert (study.predict(row.assign(since=row["since"].astype(str))) == study.predict(row)).all()
    with pytest.raises(InvalidParameter, match="'age' has cells that are no numbers"):
        study.predict(row.assign(age="forty"))
    with pytest.raises(InvalidParameter, match="'since' holds numbers"):
        study.predict(row.assign(since=3.0))
    with pytest.raises(InvalidParameter, match="'since' has cells that are no dates"):
        study.predict(row.assign(since="yesterday"))
    as_text = AutoML(0.2, **QUICK).fit(X.assign(since=X["since"].astype(str)), y)
    with pytest.raises(InvalidParameter, match="'since' has cells that are no dates"):
        as_text.predict(row.assign(since="25/12/2020"))
    with pytest.raises(InvalidParameter, match="labels that the training rows lack"):
        study.evaluate(row, ["buys", "leaves", "returns"])


def test_an_interrupted_search_gives_what_it_found() -> None:
    X, y = mixed()

    def stop(progress) -> None:
        raise KeyboardInterrupt

    study = AutoML(600, progress=stop, **QUICK).fit(X, y)
    assert study.interrupted_
    assert any("interrupted" in told for told in study.warnings_)
    assert set(study.predict(X)) <= {"buys", "leaves"}


KILLED = """
import numpy, pandas
from clew.select.automl.board import Board
from clew.select.automl.columns import kinds_of, table
from clew.select.automl.study import AutoML
from clew.select.automl.task import task_of
from clew.select.automl.worker import Fitted, Material, Order
def told(progress):
    print("runs", flush=True)
X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(3000, 20)))
AutoML(600, workers=2, learners=["forest"], progress=told).fit(X, X[0] > 0)
"""


@pytest.mark.slow
def test_nothing_is_left_of_a_search_that_was_killed(tmp_path) -> None:
    places = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=places) as asked:
        assert asked.stdout is not None
        assert asked.stdout.readline() == b"runs\n"
        assert list(tmp_path.iterdir())
        asked.kill()
        # The pipe ends when the last worker has, to which it was handed down.
        asked.stdout.read()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_finds_a_model(tmp_path) -> None:
    X, y = mixed()
    data = tmp_path / "data.csv"
    X.assign(what=y).to_csv(data, index=False)
    ran = CliRunner().invoke(
        main,
        ["automl", str(data), "--target", "what", "--budget", "10", "--workers", "1", "--json"],
    )
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["metric"] == "roc_auc"
    assert told["leaderboard"][0]["score"] > 0.7
    wrong = CliRunner().invoke(main, ["automl", str(data), "--target", "nothing"])
    assert wrong.exit_code == 1
    assert "no such column" in wrong.output


@pytest.mark.parametrize(("first_fold", "ensemble"), [(-40.0, True), (-5.0, False)])
def test_luck_on_one_fold_does_not_take_the_ensembles_place(tmp_path, first_fold, ensemble) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(0, 50, 40)
    study = AutoML(5)
    study.task_, study.warnings_ = task_of(y, kind="regression")[0], []
    frame = table(rng.normal(size=(40, 1)))
    folds = [(np.arange(20, 40), np.arange(20)), (np.arange(20), np.arange(20, 40))]
    material = Material(frame, y, kinds_of(frame), study.task_, folds, 0)
    path = tmp_path / "model"
    path.write_bytes(pickle.dumps("model"))
    board = Board(2)

    def fit(number: int, fold: int, score: float) -> None:
        order = Order(number, "linear", {}, fold)
        board.take(Fitted(order, score, score, y[folds[fold][1]] + 45, str(path)))

    for name in ("linear", "forest"):
        board.add(name, {})
    fit(0, 0, -48.0)
    fit(0, 1, -34.0)
    fit(1, 0, first_fold)
    quick = Fitted(Order(-1, "histogram", {}, 0), -49.0, -49.0, None, str(path))
    study._combine(board, material, quick, time.monotonic() + 60)
    assert len(study.model_.members) == (2 if ensemble else 1)
    assert bool(study.warnings_) != ensemble
