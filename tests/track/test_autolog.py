"""Autologging: what was fitted on what, and the fit itself untouched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clew
from clew import track
from clew.app.tracking import tracking_here
from clew.entities import Owner
from clew.lineage.fingerprint import fingerprint
from clew.track import load_model

X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "c"])
y = (X["a"] > 0).astype(int)


@pytest.fixture(autouse=True)
def logging() -> Iterator[None]:
    clew.autolog()
    yield
    clew.autolog(disable=True)


def test_a_fit_is_a_run_of_its_own() -> None:
    model = LogisticRegression(C=0.5).fit(X, y)
    (run,) = track.runs()
    assert (run.name, run.status) == ("LogisticRegression", "finished")
    assert (run.params["C"], run.tags["clew.features"]) == ("0.5", "|a|b|c|")
    read = {one.dataset.name: one.dataset.content for one in run.datasets}
    assert read == {"X": fingerprint(X).hex(), "y": fingerprint(y).hex()}
    assert run.metrics["fit_s"].value > 0
    clew.autolog(disable=True)
    plain = LogisticRegression(C=0.5).fit(X, y)
    assert (plain.coef_ == model.coef_).all()
    assert len(track.runs()) == 1


def test_only_the_outermost_fit_is_logged() -> None:
    make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, y)
    found = track.runs()
    assert [run.name for run in found] == ["GridSearchCV", "Pipeline"]
    assert found[0].metrics["best_cv_score"].value == search.best_score_
    assert found[0].params["best_C"] == str(search.best_params_["C"])
    files = tracking_here().artifacts.list(Owner("run", found[0].id))
    assert [one.path for one in files] == ["cv_results.csv"]
    assert all(run.tags["clew.learner"] == "LogisticRegression" for run in found)


def test_fits_inside_a_run_are_logged_there() -> None:
    with clew.run() as run:
        Ridge(alpha=1.0).fit(X, y)
        Ridge(alpha=2.0).fit(X, y)
        LinearRegression().fit(X, y)
    (only,) = track.runs()
    assert only.id == run.id
    assert (only.params["alpha"], only.params["Ridge.alpha"]) == ("1.0", "2.0")


def test_a_later_score_is_logged_with_its_data() -> None:
    model = LogisticRegression().fit(X, y)
    score = model.score(X[:40], y[:40])
    (run,) = track.runs()
    name = f"score on {fingerprint(X[:40]).hex()[:8]}"
    assert run.metrics[name].value == score


def test_a_fit_that_fails_is_logged_and_raises() -> None:
    with pytest.raises(ValueError, match="infinity"):
        LogisticRegression().fit(X.replace(X.iloc[0, 0], np.inf), y)
    (run,) = track.runs()
    assert run.status == "failed"
    assert run.error is not None


def test_data_of_any_size_are_told_by_content() -> None:
    large = np.random.default_rng(1).normal(size=(40_000, 20))
    target = large[:, 0]
    content = fingerprint(large).hex()
    LinearRegression(copy_X=False).fit(large.copy(), target)
    LinearRegression().fit(large, target)
    for run in track.runs():
        assert run.datasets[0].dataset.content == content


def test_models_are_stored_when_asked() -> None:
    clew.autolog(models=True)
    model = Ridge().fit(X, y)
    (run,) = track.runs()
    again = load_model(f"runs:/{run.id}/model")
    assert (again.coef_ == model.coef_).all()


def test_it_goes_with_reuse() -> None:
    with clew.reuse() as reused:
        Ridge().fit(X, y)
        Ridge().fit(X, y)
    assert reused.stats.hits == 1
    assert len(track.runs()) == 2
    clew.autolog(disable=True)
    assert not hasattr(Ridge.fit, "__clew_hooked__")


@clew.step
def fits_inside(alpha: float) -> float:
    return float(Ridge(alpha=alpha).fit(X, y).score(X, y))


def test_a_fit_in_a_step_is_a_run_of_its_own() -> None:
    found = []
    for _ in range(2):
        with clew.run() as run:
            fits_inside(0.5)
        found.append(run)
    assert fits_inside.last.decision == "reused"
    assert [(one.record.params, one.record.datasets) for one in found] == [({}, ())] * 2
    (fit,) = (run for run in track.runs() if run.name == "Ridge")
    assert fit.params["alpha"] == "0.5"
    assert fit.tags["mlflow.parentRunId"] == found[0].id
