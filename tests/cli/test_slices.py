"""`clew slices` and `clew explain table`: from a file to what is kept as a node."""

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
    frame = pd.DataFrame({"a": random.normal(size=600), "kind": random.choice(["x", "y"], 600)})
    frame["label"] = ((frame["a"] > 0) ^ (frame["kind"] == "y")).astype(int)
    with clew.run():
        model = LogisticRegression().fit(frame[["a"]][:100], frame["a"][:100] > 0)
        register(clew.log_model(model, "m", input_example=frame[["a"]][:100]), "line")
    frame.assign(id=np.arange(600)).to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_the_worst_slice_of_a_registered_model(rows: Path) -> None:
    words = ["slices", "line/1", "--rows", str(rows), "--label", "label", "--without", "id"]
    done = CliRunner().invoke(main, [*words, "--count", "1", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    best = found["slices"][0]
    assert [(one["column"], one["text"]) for one in best["where"]] == [("kind", "y")]
    assert best["errors"] / best["rows"] > 0.9
    node = clew.open().node(found["node"])
    assert {edge.name for edge in node.inputs} >= {"rows", "model", "label", "content"}
    assert clew.open().value(found["node"])[0][0] == "kind=y"
    assert "kind=y" in CliRunner().invoke(main, words).stdout


def test_what_an_outcome_depends_on(rows: Path) -> None:
    words = ["explain", "table", str(rows), "--target", "label", "--value", "1", "--without", "id"]
    done = CliRunner().invoke(main, [*words, "--rules", "4", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["table"]
    assert found["rules"][0]["where"] == []
    assert found["divergence"] < 0.45
    assert "all rows" in CliRunner().invoke(main, words).stdout
    failed = CliRunner().invoke(
        main, ["explain", "table", str(rows), "--target", "no", "--value", "1"]
    )
    assert failed.exit_code == 1
    assert "no such column" in failed.output


def test_problems_of_a_split_in_files(rows: Path, tmp_path: Path) -> None:
    frame = pd.read_parquet(rows)
    frame[:300].to_csv(tmp_path / "train.csv", index=False)
    frame[300:].to_csv(tmp_path / "test.csv", index=False)
    moved = frame[300:].assign(a=frame["a"] + 2, copy=frame["label"])
    moved.to_csv(tmp_path / "moved.csv", index=False)
    frame[:300].assign(copy=frame["label"]).to_csv(tmp_path / "known.csv", index=False)

    def said(train: str, test: str, *more: str) -> Result:
        sides = ["--train", str(tmp_path / train), "--test", str(tmp_path / test), "--groups", "id"]
        return CliRunner().invoke(main, ["problems", *sides, "--target", "label", *more])

    clean = said("train.csv", "test.csv", "--model", "line/1")
    assert (clean.exit_code, clean.output) == (0, "nothing found\n")
    found = said("known.csv", "moved.csv", "--json")
    assert found.exit_code == 3
    told = json.loads(found.stdout)
    assert {one["kind"] for one in told["problems"]} == {"leakage", "shift"}
    assert clew.open().value(told["node"])[0][0] == "leakage"
    assert "copy" in said("known.csv", "moved.csv").output
    refused = CliRunner().invoke(
        main, ["problems", "--train", str(rows), "--test", str(rows), "--model", "line/1"]
    )
    assert refused.exit_code == 1
    assert "--target" in refused.output
