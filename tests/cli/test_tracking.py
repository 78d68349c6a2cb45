"""The verbs of tracking on the command line."""

from __future__ import annotations

import json

import pytest
from sklearn.linear_model import LogisticRegression

import clew


@pytest.fixture
def model() -> str:
    """A logged model; returns its id."""
    with clew.run("baseline", experiment="cancer") as run:
        clew.log_metric("auc", 0.75)
        logged = clew.log_model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), "lr")
        run.set_tag("stage", "dev")
    return logged.id


def as_json(clew_, *arguments: str) -> object:
    return json.loads(clew_(*arguments, "--json").stdout)


def test_runs_are_found(clew_, model: str) -> None:
    for asked in (
        ["--filter", "metrics.auc > 0.7 and tags.stage = 'dev'"],
        ["--learner", "LogisticRegression", "--since", "1h"],
        ["--experiment", "cancer", "--order-by", "metrics.auc DESC"],
    ):
        (found,) = as_json(clew_, "runs", *asked)
        assert found["name"] == "baseline"
        assert found["metrics"]["auc"]["value"] == 0.75
    assert as_json(clew_, "runs", "--filter", "metrics.auc > 0.8") == []
    assert as_json(clew_, "runs", "--deleted") == []
    assert "baseline" in clew_("runs").stdout
    assert "Invalid clause" in clew_("runs", "--filter", "x y", status=1).stderr
    assert "no experiment" in clew_("runs", "--experiment", "nobody", status=1).stderr
    assert "length of time" in clew_("runs", "--since", "soon", status=1).stderr


def test_experiments_are_changed(clew_, model: str) -> None:
    names = [one["name"] for one in as_json(clew_, "experiments")]
    assert set(names) == {"cancer", "Default"}
    (found,) = as_json(clew_, "experiments", "--filter", "name = 'cancer'")
    clew_("experiments", "rename", found["id"], "tumours")
    clew_("experiments", "delete", found["id"])
    assert [one["name"] for one in as_json(clew_, "experiments", "--deleted")] == ["tumours"]
    assert as_json(clew_, "runs") == []
    clew_("experiments", "restore", found["id"])
    assert len(as_json(clew_, "runs")) == 1
    clew_("experiments", "delete", found["id"])
    clew_("experiments", "purge", found["id"], "--yes")
    assert [one["name"] for one in as_json(clew_, "experiments")] == ["Default"]
    clew_("fsck")


def test_models_are_registered_and_promoted(clew_, model: str) -> None:
    assert "no registered models" in clew_("models").stdout
    (logged,) = as_json(clew_, "models", "logged")
    assert logged["id"] == model
    for number in (1, 2):
        done = clew_("models", "register", f"models:/{model}", "cancer", "--alias", "champion")
        assert done.stdout == f"cancer version {number}\n"
    assert clew_("models", "rollback", "cancer").stdout == "cancer@champion is version 1\n"
    clew_("models", "promote", "cancer", "2", "--reason", "newer")
    shown = as_json(clew_, "models", "show", "cancer")
    assert [one["version"] for one in shown["versions"]] == [2, 1]
    assert shown["model"]["aliases"] == {"champion": 2}
    events = as_json(clew_, "models", "history", "cancer")
    assert events[0]["reason"] == "newer"
    assert "champion→2" in clew_("models").stdout
    assert "not found" in clew_("models", "show", "nobody", status=1).stderr
