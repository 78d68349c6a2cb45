"""An MLflow Project whose code logs by the stock MLflow client, run by `clew run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import clew
from clew.app.tracking import tracking_here
from clew.entities import Owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="the stock client: clew[peers]"),
    pytest.mark.skipif(find_spec("sklearn") is None, reason="clew[sklearn]"),
]

PROJECT = """
name: line
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      strength: {type: float, default: 0.5}
      rows: {type: string, default: "10"}
    command: "python train.py --alpha {strength} --rows {rows}"
  broken:
    command: "python train.py --alpha -1 --rows 2"
"""
TRAIN = """
import argparse
import sys
import mlflow
from sklearn.linear_model import Ridge

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
parser.add_argument("--rows", type=int)
given = parser.parse_args()
mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run() as run:
    if given.alpha < 0:
        sys.exit("alpha is negative")
    X = [[float(n)] for n in range(given.rows)]
    Ridge(alpha=given.alpha).fit(X, [2 * x[0] for x in X])
    mlflow.log_metric("rows", given.rows, step=3)
    mlflow.log_text("fitted", "notes/said.txt")
    with mlflow.start_run(run_name="inner", nested=True):
        mlflow.log_param("inside", "yes")
print("logged to", run.info.run_id)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "line"
    folder.mkdir()
    (folder / "MLproject").write_text(PROJECT)
    (folder / "python_env.yaml").write_text("python: '3.11'\ndependencies: [scikit-learn]\n")
    (folder / "train.py").write_text(TRAIN)
    return folder


def run(folder: Path, *arguments: str, status: int = 0, **more: str) -> dict[str, object]:
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-m", "clew", "run", str(folder), *arguments, "--json"],
        env={**os.environ, **quiet, "GIT_PYTHON_REFRESH": "quiet", **more},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def check(id: str) -> None:
    """Look at the run of `strength=2`, in the store of this place."""
    tracking = tracking_here()
    record = tracking.runs.get(id)
    assert record.status == "finished"
    # What the project was given, and what autologging saw of the estimator: one run.
    assert (record.params["strength"], record.params["alpha"]) == ("2", "2.0")
    assert record.params["fit_intercept"] == "True"
    assert record.metrics["rows"].value == 10
    assert "training_score" in record.metrics
    assert record.tags["mlflow.source.type"] == "PROJECT"
    assert record.tags["mlflow.project.entryPoint"] == "main"
    owner = Owner("run", id)

    def text_of(path: str) -> str:
        return b"".join(tracking.artifacts.read(tracking.artifacts.get(owner, path))).decode()

    assert text_of("notes/said.txt") == "fitted"
    assert f"logged to {id}" in text_of("project/output.txt")
    assert "scikit-learn" in text_of("project/python_env.yaml")
    experiment = tracking.experiments.get(record.experiment_id)
    assert experiment.name == "line"
    (inner,) = [
        one
        for one in tracking.search.runs([experiment.id]).items
        if one.tags.get("mlflow.parentRunId") == id
    ]
    assert (inner.name, inner.params) == ("inner", {"inside": "yes"})


def test_the_client_logs_into_the_projects_run(project: Path) -> None:
    check(str(run(project, "strength=2")["id"]))
    failed = run(project, "--entry", "broken", status=1)
    record = tracking_here().runs.get(str(failed["id"]))
    assert record.status == "failed"
    assert clew.open().fsck().is_sound


def test_a_projects_store_may_be_a_servers(project: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clew", "server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[2]
            id = str(run(project, "strength=2", CLEW_STORE=address)["id"])
        finally:
            server.terminate()
            server.wait()
    check(id)
