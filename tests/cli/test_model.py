"""`clew model`: out, back in, and into an image."""

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

pytest.importorskip("onnxruntime")


def test_a_model_goes_out_comes_back_and_builds(tmp_path: Path) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(150, 2)), columns=["a", "b"])
    model = LogisticRegression().fit(X, (X["a"] > 0).astype(int))
    with clew.run():
        register(clew.log_model(model, "m", input_example=X), "line", alias="champion")
    X.to_parquet(tmp_path / "rows.parquet")

    def said(*words: str) -> str:
        done = CliRunner().invoke(main, ["model", *words])
        assert done.exit_code == 0, done.output
        return done.output

    graph = str(tmp_path / "line.onnx")
    assert "equal within" in said("export", "line@champion", graph)
    out = json.loads(said("import", graph, "--name", "again", "--alias", "champion", "--json"))
    assert (out["name"], out["version"], out["format"]) == ("again", 1, "onnx")
    rows = str(tmp_path / "rows.parquet")
    assert "150 rows" in said("import", graph, "--name", "again", "--sample", rows)
    folder = tmp_path / "image"
    assert "packages pinned" in said("build", "line@champion", str(folder))
    assert (folder / "Dockerfile").is_file()
    failed = CliRunner().invoke(main, ["model", "export", "line@champion", graph])
    assert failed.exit_code == 1
    assert "something is there already" in failed.output
