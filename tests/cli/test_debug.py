"""`clew debug`: rows from files or out of the lineage, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.registry import register


@clew.step
def rows(seed: int, count: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": random.normal(size=count), "b": random.normal(size=count)})
    return frame.assign(pays=(frame["a"] + random.normal(size=count) > 0).astype(int))


@clew.step
def fit(frame: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(frame[["a", "b"]], frame["pays"])


@clew.step
def judge(model: LogisticRegression, frame: pd.DataFrame) -> float:
    return float(model.score(frame[["a", "b"]], frame["pays"]))


@clew.flow
def train():
    model = fit(rows(0, 300))
    judge(model, rows(1, 200))
    return model


def said(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["debug", *words])
    assert done.exit_code == status, (done.output, done.exception)
    return done


def test_rows_out_of_the_lineage(tmp_path: Path) -> None:
    run = train.run()
    register(clew.log_model(run.result, "payer", run=run.id), "payer")
    page = tmp_path / "report.html"
    found = json.loads(said("payer/1", "--json", "--html", str(page)).stdout)
    assert [(one["name"], one["rows"]) for one in found["parts"]] == [("train", 300), ("test", 200)]
    assert (found["target"], found["version"], found["judged"]) == ("pays", "payer/1", "test")
    assert [one["operation"].rpartition(":")[2] for one in found["thread"]] == ["fit", "rows"]
    assert page.read_text().startswith("<!doctype html>")
    told = said("payer/1")
    assert "accuracy\t0." in told.stdout
    node = clew.open().node(told.stderr.split()[-1])
    assert {edge.name for edge in node.inputs} >= {"rows train", "rows test", "content", "options"}
    kept = clew.open().value(node.id.hex())
    assert kept["scores"]["test"] == found["scores"]["test"]


def test_answers_in_columns_of_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(400) % 7, "truth": np.arange(400) % 2})
    frame["old"], frame["new"] = frame["truth"] ^ (frame["a"] > 4), frame["truth"]
    path = tmp_path / "test.csv"
    frame.to_csv(path, index=False)
    words = ["column:new", "--test", str(path), "--against", "column:old"]
    assert "--target" in said(*words, status=1).output
    written = tmp_path / "report.md"
    told = said(*words, "--target", "truth", "--markdown", str(written)).stdout
    assert "Against the champion" in told
    assert "\taccuracy\t0.28" in told
    assert "new" not in written.read_text().partition("## Worst slices")[2].partition("##")[0]
    assert said(*words, "--target", "truth", "--cost", "fp=x", status=2)
    failed = said("column:new", "--test", str(path), "--target", "no", status=1)
    assert "no such column" in failed.output


@clew.step
def fit_more(frame: pd.DataFrame, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength).fit(frame[["a", "b"]], frame["pays"])


@clew.flow
def tuned(strength: float):
    model = fit_more(rows(0, 300), strength)
    judge(model, rows(1, 200))
    return model


def test_two_versions_row_by_row_and_where_they_part() -> None:
    for strength in (1.0, 0.001):
        run = tuned.run(strength=strength)
        register(clew.log_model(run.result, "payer", run=run.id), "payer")
    done = CliRunner().invoke(main, ["compare", "payer/1", "payer/2", "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(done.stdout)
    told = found["comparison"]
    assert told["rows"] == 200
    assert told["won"] + told["lost"] == len(told["flips"]) > 0
    assert found["parted"][0]["operation"].endswith("fit_more")
    assert "strength" in found["parted"][0]["why"][0]
    kept = clew.open().value(found["node"])
    assert kept["lost"] == told["lost"]
    said = CliRunner().invoke(main, ["compare", "payer/1", "payer/2"]).stdout
    assert said.startswith("200 rows of test: ")
    assert "\nlost\t" in said
