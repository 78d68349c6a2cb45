"""`clew gate`: from a file and a table to a verdict, by hand and in CI."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.registry import register

GATE = """
conditions = [
    "n - o > 0.0 +/- 0.06",
    "latency_ms(new) < 60000",
    "training_accuracy(new) - n < 0.2 +/- 0.1",
]
reliability = 0.9
steps = 2
disagreement = 0.5
"""


def said(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["gate", *map(str, words)])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(3000, 2)), columns=["a", "b"])
    y = (X["a"] + X["b"] > 0).astype(int)
    for columns, alias in ((["b"], "champion"), (["a", "b"], "candidate")):
        with clew.run():
            model = LogisticRegression().fit(X[columns][:500], y[:500])
            register(
                clew.log_model(model, "m", input_example=X[columns][:500]), "line", alias=alias
            )
    X.assign(id=[f"r{at}" for at in X.index]).to_parquet(tmp_path / "rows.parquet")
    labelled = pd.DataFrame({"id": [f"r{at}" for at in X.index], "label": y})
    labelled.to_csv(tmp_path / "labels.csv", index=False)
    X[:500].assign(label=y[:500]).to_csv(tmp_path / "training.csv", index=False)
    (tmp_path / "line.toml").write_text(GATE)
    return tmp_path


def run(place: Path, *more: str | Path) -> Result:
    return said(
        "run", place / "line.toml", "--rows", place / "rows.parquet", "--id", "id",
        "--new", "line@candidate", "--old", "line@champion",
        "--training", place / "training.csv", *more,
    )  # fmt: skip


def test_from_plan_to_promotion(place: Path) -> None:
    planned = json.loads(said("plan", place / "line.toml", "--json").stdout)
    assert [one["labels"] > 0 for one in planned["conditions"]] == [True, False, True]
    waiting = run(place, "--ask", place / "ask.txt", "--batch", "7", "--json")
    assert waiting.exit_code == 5, waiting.output
    assert len((place / "ask.txt").read_text().split()) >= 7
    done = run(
        place, "--labels", place / "labels.csv", "--json",
        "--junit", place / "gate.xml", "--markdown", place / "gate.md",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["outcome"], answer["left"], answer["verdict"]) == ("PASS", 1, None)
    suite = ElementTree.parse(place / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert "counted" not in (place / "gate.md").read_text()
    shown = run(place, "--show")
    assert "exact paired" in shown.stdout
    assert "rows counted" in shown.stdout
    assert "line@candidate" in said("ledger", "--json").stdout
    assert "numbers behind a verdict were shown" in said("ledger").stdout

    assert said("require", "line", "line", "infrastructure").exit_code == 0
    promoted = CliRunner().invoke(main, ["models", "promote", "line", "2"])
    assert promoted.exit_code == 1
    assert "infrastructure: no verdict" in promoted.output
    assert "line: " not in promoted.output
    assert said("infrastructure", "line/2", "--latency-ms", "60000").exit_code == 0
    assert CliRunner().invoke(main, ["models", "promote", "line", "2"]).exit_code == 0


def test_a_failure_is_told_to_ci(place: Path) -> None:
    gate = GATE.replace("n - o > 0.0 +/- 0.06", "o - n > 0.0 +/- 0.06")
    (place / "line.toml").write_text(gate)
    done = run(place, "--labels", place / "labels.csv", "--junit", place / "gate.xml")
    assert done.exit_code == 3, done.output
    assert ElementTree.parse(place / "gate.xml").getroot().get("failures") == "1"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--id", "key"), "no such column"),
        (("--new", "column:none"), "no such column"),
        (("--new", "other/1"), "other"),
        (("--fact", "size"), "NAME=NUMBER"),
        (("--labels", "nowhere.csv"), "no such sample"),
    ],
)
def test_what_is_wrong_is_told(place: Path, words: tuple[str, str], told: str) -> None:
    done = run(place, *words)
    assert done.exit_code in (1, 2)
    assert told in done.output
