"""The demo's project, run by command as a user runs it, on a sample; the whole demo is slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.demo import project
from clew.app.demo.play import EDIT, register_model
from clew.app.store import Store, open_store
from clew.data import adult

ROWS = 2_000
LEARNERS = ("logistic regression", "naive Bayes", "random forest", "gradient boosting")
UNTOUCHED = {"load", "validate"}
EDITED = {
    *("build_features", "part", "part#2", "fit", "predict", "evaluate"),
    *("cross_validate", "cross_validate#2", "cross_validate#3", "cross_validate#4"),
}


def clew(folder: Path, *arguments: str) -> Any:
    """Run a command in the project and return what it prints as JSON."""
    environment = {**os.environ, "CLEW_STORE": str(folder / ".clew")}
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli.main", *arguments, "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Played:
    """The project with three runs: the first, the same again, and one after the edit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        project(folder)
        every = pq.read_table(adult.path())
        sample = every.take(pa.array(range(0, len(every), len(every) // ROWS)))
        pq.write_table(sample, folder / "adult.parquet")
        self.first = clew(folder, "run", "flow.py:adult")
        self.again = clew(folder, "run", "flow.py:adult")
        features = folder / "features.py"
        features.write_text(features.read_text("utf-8").replace(*EDIT), "utf-8")
        self.edited = clew(folder, "run", "flow.py:adult")

    @property
    def store(self) -> Store:
        return open_store(self.folder / ".clew")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield Played(tmp_path_factory.mktemp("demo") / "project")


def steps(summary: dict[str, Any], *decisions: str) -> set[str]:
    return {step["step"] for step in summary["steps"] if step["decision"] in decisions}


def test_the_first_run_computes_everything(played: Played) -> None:
    assert played.first["status"] == "finished"
    assert steps(played.first, "computed") == {*UNTOUCHED, *EDITED, "choose"}
    assert {f"cv auc of {name}" for name in LEARNERS} < set(played.first["metrics"])
    assert 0.8 < played.first["metrics"]["test auc"] < 1


def test_the_second_run_executes_nothing_and_says_the_same(played: Played) -> None:
    assert steps(played.again, "computed") == set()
    assert played.again["metrics"] == played.first["metrics"]
    assert played.again["result"] == played.first["result"]
    assert played.again["saved_s"] > 0


def test_an_edit_recomputes_what_depends_on_it_and_no_more(played: Played) -> None:
    computed = steps(played.edited, "computed")
    assert computed >= EDITED
    assert steps(played.edited, "reused", "pruned") >= UNTOUCHED
    assert played.edited["metrics"] != played.first["metrics"]


def test_why_names_the_constant_that_was_edited(played: Played) -> None:
    (why,) = clew(played.folder, "why", played.edited["run"], "build_features")
    assert why["decision"] == "computed"
    assert "BINS" in why["reason"]
    assert "8" in why["reason"]
    assert "12" in why["reason"]


def test_the_threads_part_at_the_edited_step(played: Played) -> None:
    partings = clew(played.folder, "diff", played.first["run"], played.edited["run"])
    assert [parting["operation"].rpartition(":")[2] for parting in partings] == ["build_features"]
    (reason,) = partings[0]["why"]
    assert "BINS" in str(reason)
    assert clew(played.folder, "diff", played.first["run"], played.again["run"]) == []


def test_a_prediction_leads_to_its_source_row(played: Played) -> None:
    thread = f"{played.edited['run']}:predict"
    predictions = played.store.value(thread)
    lineage = played.store.lineage(thread)
    files = {read.name for node in lineage.nodes for read in node.reads if read.kind == "file"}
    assert files == {"adult.parquet"}
    source = pq.read_table(played.folder / "adult.parquet")
    test = source.filter(pc.equal(source["split"], "test"))
    assert predictions["row_id"].to_pylist() == test["row_id"].to_pylist()
    rich = [int(income == ">50K") for income in test["income"].to_pylist()]
    assert predictions["truth"].to_pylist() == rich


def test_both_versions_of_the_predictions_are_kept(played: Played) -> None:
    before, after = (
        played.store.value(f"{run['run']}:predict") for run in (played.first, played.edited)
    )
    assert before["row_id"].equals(after["row_id"])
    assert not before.equals(after)


def test_the_predictions_are_rebuilt_bit_for_bit(played: Played) -> None:
    rebuilt = clew(played.folder, "rebuild", f"{played.edited['run']}:predict")
    assert rebuilt["identical"] is True
    assert rebuilt["executed"] >= 7


def test_the_model_is_registered_and_leads_back_to_the_data(played: Played) -> None:
    said: list[str] = []
    assert register_model(played.folder, played.edited, said.append) == "adult/1"
    assert "models:/adult@champion" in said[0]
    shown = clew(played.folder, "models", "show", "adult")
    (version,) = shown["versions"]
    assert version["aliases"] == ["champion"]
    nodes = played.store.lineage(version["node"]).nodes
    assert {"load", "fit"} <= {node.operation.rpartition(":")[2] for node in nodes}
    found = clew(played.folder, "runs", "--filter", "datasets.name = 'adult'")
    assert [run["id"] for run in found] == [played.edited["run"]]


def test_what_depends_on_the_data(played: Played) -> None:
    impact = clew(played.folder, "impact", "adult.parquet")
    assert [node["operation"] for node in impact["direct"]] == ["flow:load"]
    assert '"flow:predict"' in json.dumps(impact)


BARE = """
import sys

class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"not among what the demo installs: {{name}}", name=name)

sys.meta_path.insert(0, Bare())
"""


def _installed(requirement: str) -> set[str]:
    """Return the distributions that a requirement brings, as pip would install it here."""
    found: set[tuple[str, str]] = set()
    todo = [Requirement(requirement)]
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        for extra in {"", *one.extras}:
            if (name, extra) not in found:
                found.add((name, extra))
                needed = map(Requirement, metadata.requires(name) or [])
                todo += [n for n in needed if not n.marker or n.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


@pytest.mark.slow
def test_the_whole_demo_with_what_it_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = _installed("clew[demo]")
    absent = {
        module
        for module, owners in metadata.packages_distributions().items()
        if not brought & {canonicalize_name(owner) for owner in owners}
    }
    assert "sklearn" not in absent and "pytest" in absent
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "sitecustomize.py").write_text(BARE.format(absent=absent), "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(bare))
    folder = tmp_path / "clew-demo"
    story = clew(tmp_path, "demo", str(folder))
    computed = [scene["computed"] for scene in story["scenes"]]
    assert computed[0] == 13
    assert computed[1] == 0
    assert 0 < computed[2] < 13
    assert story["scenes"][0]["auc"] == story["scenes"][1]["auc"] > 0.9
    assert "BINS" in story["reason"]
    assert "BINS" in story["parting"]
    assert set(story["row"]) >= {"row_id", "age", "income"}
    assert "every content id equal" in story["rebuilt"]
    judged = story["gate"]
    assert (judged["refused"], judged["passed"], story["version"]) == (
        "adult/2",
        "adult/3",
        "adult/3",
    )
    assert judged["training"] > 0.95
    assert "training_accuracy(new)" in judged["reason"]
    assert judged["labels"] * 10 < judged["published"]
    assert judged["slice_error"] > 1.5 * judged["error"]
    shown = clew(folder, "models", "show", "adult")
    aliases = {one["version"]: one["aliases"] for one in shown["versions"]}
    assert aliases == {1: [], 2: [], 3: ["champion"]}
