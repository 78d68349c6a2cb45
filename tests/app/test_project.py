"""MLflow Projects: entry points, typed parameters, what is recorded, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clew.adapters.trackers.mlflow import project
from clew.app.project import is_project, run_project
from clew.app.tracking import Tracking, open_tracking
from clew.entities import Owner
from clew.errors import ClewError, InvalidParameter, NotFound, UnsafeLoad, UnsupportedValue

FILE = """
name: adult
python_env: env/python_env.yaml
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      rows: path
      label: string
    command: "python train.py {alpha} {rows} {label}"
  check:
    command: "python -c 'import sys; sys.exit(3)'"
"""
SCRIPT = "import os, sys; print(sys.argv[1:]); print('password=hunter2'); print(os.getcwd())"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    (place / "env").mkdir(parents=True)
    (place / "MLproject").write_text(FILE)
    (place / "train.py").write_text(SCRIPT)
    (place / "env" / "python_env.yaml").write_text("python: '3.11'\n")
    (tmp_path / "rows.csv").write_text("1,2")
    return place


def run(folder: Path, given: dict[str, str], **options: str):
    lines: list[bytes] = []
    tracking = open_tracking()
    done = run_project(tracking, folder, given, store=str(folder), echo=lines.append, **options)
    return tracking, done, b"".join(lines).decode()


def test_a_run_keeps_what_was_run(folder: Path) -> None:
    assert is_project(str(folder))
    rows = str(folder.parent / "rows.csv")
    odd = "a b; echo $HOME '`ls`"
    tracking, done, printed = run(folder, {"rows": rows, "label": odd, "more": "1"})
    assert done.status == 0
    assert printed.splitlines()[0] == str(["0.5", rows, odd, "--more", "1"])
    assert printed.splitlines()[-1] == str(folder)
    kept = tracking.runs.get(done.id)
    assert (kept.status, kept.params["alpha"], kept.params["label"]) == ("finished", "0.5", odd)
    assert tracking.experiments.get(kept.experiment_id).name == "adult"
    assert kept.tags["mlflow.project.entryPoint"] == "main"
    assert kept.tags["mlflow.project.env"] == "python"
    assert read(tracking, done.id, "project/python_env.yaml") == "python: '3.11'\n"
    assert "pytest==" in read(tracking, done.id, "project/installed.txt")
    output = read(tracking, done.id, "project/output.txt")
    assert "password=[redacted]" in output
    assert "hunter2" not in output


def read(tracking: Tracking, id: str, path: str) -> str:
    artifact = tracking.artifacts.get(Owner("run", id), path)
    return b"".join(tracking.artifacts.read(artifact)).decode()


def test_a_command_that_fails_is_a_failed_run(folder: Path) -> None:
    tracking, done, _ = run(folder, {}, entry="check")
    assert done.status == 3
    assert tracking.runs.get(done.id).status == "failed"


def test_a_script_of_the_folder_is_an_entry_point(folder: Path) -> None:
    _, done, printed = run(folder, {"x": "1"}, entry="train.py")
    assert done.status == 0
    assert printed.startswith("['--x', '1']")
    (folder / "link.py").symlink_to(sys.executable)
    for name in ("../rows.py", "nothing", "link.py"):
        with pytest.raises((NotFound, UnsafeLoad)):
            run(folder, {}, entry=name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": "a"}, "needs rows=path"),
        ({"rows": "/nowhere/x", "label": "a"}, "there is no"),
        ({"rows": "s3://bucket/x", "label": "a"}, "a path on this machine"),
        ({"rows": ".", "label": "a", "alpha": "much"}, "a number"),
    ],
)
def test_parameters_have_types(folder: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ClewError, match=message):
        run(folder, given)
    assert open_tracking().experiments.by_name("adult") is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("docker_env: {image: x}", UnsupportedValue),
        ("databricks_spark_job: {}", UnsupportedValue),
        ("python_env: nowhere.yaml", NotFound),
        ("python_env: ../../etc/passwd", NotFound),
        ("entry_points: [a]", InvalidParameter),
        ("entry_points: {main: {command: 3}}", InvalidParameter),
        ("entry_points: {main: {command: x, parameters: {a: number}}}", InvalidParameter),
        ("entry_points: {main: {command: '{a.__class__}'}}", InvalidParameter),
        ("conda_env: a\npython_env: b", InvalidParameter),
        ("- a", ClewError),
        ("!!python/object/apply:os.system [ls]", ClewError),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str, error) -> None:
    (tmp_path / "MLproject").write_text(text)
    with pytest.raises(error):
        project.load(tmp_path)
