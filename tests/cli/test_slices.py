"""`clew slices` and `clew explain table`: from a file to what is kept as a node."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
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
