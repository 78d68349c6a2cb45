"""`clew automl`: from a file to a registered model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_breast_cancer

import clew
from clew.cli.main import main
from clew.track import load_model


@pytest.fixture
def table(tmp_path: Path) -> Path:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    path = tmp_path / "tumours.csv"
    X.assign(benign=y.map({0: "no", 1: "yes"})).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_progress_tells_the_best_and_the_model_is_registered(table: Path) -> None:
    words = ["automl", str(table), "--target", "benign", "--budget", "6", "--name", "tumours"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    told = [line for line in done.stderr.splitlines() if " best " in line]
    assert told
    # The best only, and a sign of life in each tenth of the budget.
    best = [float(line.split(" best ")[1].split()[0]) for line in told]
    assert best == sorted(best)
    assert len(told) <= len(set(best)) + 10
    assert "tumours version 1" in done.stdout
    found = pd.read_csv(table).drop(columns="benign")
    assert set(load_model("models:/tumours/1").predict(found)) == {"no", "yes"}
    assert clew.open().find(flow="automl")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--target", "nothing"], "no such column"),
        (["--target", "benign", "--budget", "0"], "above 0"),
    ],
)
def test_what_cannot_be_searched_is_told(table: Path, words: list[str], told: str) -> None:
    done = CliRunner().invoke(main, ["automl", str(table), *words])
    assert done.exit_code != 0
    assert told in done.output + str(done.exception)
