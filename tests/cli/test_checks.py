"""`clew check` and `clew fairness`: from a registered model to what is kept as a node."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.registry import register


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"late": random.poisson(2, 400), "income": random.normal(3, 1, 400)})
    frame["repaid"] = (frame["income"] - 0.5 * frame["late"] > 2).astype(int)
    frame["sex"] = random.choice(["f", "m"], 400)
    with clew.run():
        model = LogisticRegression().fit(frame[["late", "income"]], frame["repaid"])
        register(clew.log_model(model, "m", input_example=frame[["late", "income"]]), "credit")
    frame["answer"] = np.where(frame["sex"] == "f", 0, frame["repaid"])
    frame.to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def said(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == status, (done.output, done.exception)
    return done


def test_how_answers_move(rows: Path) -> None:
    words = ["check", "credit/1", "--rows", str(rows)]
    held = said(*words, "--falling", "late", "--smooth", "income=0.9/0.5")
    assert "late\tfalling\t0 of 400" in held.stdout
    found = json.loads(said(*words, "--rising", "late", "--json", status=3).stdout)
    assert found["found"][0]["violated"] == 400
    node = clew.open().node(found["node"])
    assert {edge.name for edge in node.inputs} >= {"rows", "model", "content", "options"}
    assert "something to check" in said(*words, status=1).output
    assert "--smooth" in said(*words, "--smooth", "income", status=2).output
    assert said("check", "credit/1", "--falling", "late").exit_code == 0


def test_how_groups_are_treated(rows: Path) -> None:
    pytest.importorskip("fairlearn")
    words = ["fairness", "column:answer", "--rows", str(rows), "--target", "repaid"]
    words += ["--group", "sex", "--positive", "1"]
    told = said(*words).stdout
    assert told.startswith("sex\trows\tselected")
    assert "\nf\t" in told
    assert said(*words, "--most-gap", "0.5", status=3)
    found = json.loads(said(*words, "--json").stdout)
    assert found["fairness"]["gaps"][2]["metric"] == "recall"
    assert clew.open().value(found["node"])["groups"][0][0] == ["f"]
