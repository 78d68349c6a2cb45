"""Runs as code makes them: what is kept, how they end, and that secrets stay out."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clew
from clew import track
from clew.app.tracking import tracking_here
from clew.entities import Owner
from clew.errors import ClewError, InvalidParameter, InvalidState, NotFound, WrongType
from clew.steps import runtime


@clew.step
def doubled(x: int) -> int:
    clew.log_metric("inside", x)
    return 2 * x


def text_of(run: str, path: str) -> str:
    artifacts = tracking_here().artifacts
    return b"".join(artifacts.read(artifacts.get(Owner("run", run), path))).decode()


def test_a_run_keeps_what_it_logs(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.txt").write_text("one")
    with clew.run("first", experiment="adult", tags={"team": "x"}, note="*why*") as run:
        clew.log_param("depth", 3)
        clew.log_metric("auc", 0.5)
        clew.log_metric("auc", math.nan, step=1)
        track.log_metrics({"a": 1.0, "b": 2.0}, step=4)
        clew.log_artifact("plots", tmp_path / "plots")
        clew.log_artifact("table", [1, 2])
        run.log_text("notes/why.md", "text")
    record = run.record
    assert (record.name, record.status, record.params) == ("first", "finished", {"depth": "3"})
    assert math.isnan(record.metrics["auc"].value)
    assert record.metrics["b"].step == 4
    assert record.tags["mlflow.note.content"] == "*why*"
    assert record.ended_ms is not None
    assert text_of(run.id, "plots/a.txt") == "one"
    assert text_of(run.id, "notes/why.md") == "text"
    context = json.loads(clew.open().run(run.id).context)
    assert {"command", "host", "pid", "git"} <= context.keys()
    (experiment,) = track.experiments("name = 'adult'")
    assert experiment.id == record.experiment_id
    assert clew.open().fsck().is_sound


def keys_of(run: str) -> list[str]:
    return sorted(entry.key for entry in clew.open().entries(run) if entry.kind == "artifact")


def test_a_path_is_logged_as_mlflows_users_expect(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "model.pkl").write_text("bytes")
    (tmp_path / "out" / "deep" / "a.txt").write_text("a")
    with clew.run(output=False) as run:
        clew.log_artifact("model.pkl")
        clew.log_artifact(tmp_path / "model.pkl", artifact_path="models/first")
        clew.log_artifact("out")
        clew.log_artifact("renamed.pkl", "model.pkl")
        clew.log_artifact("text", "just a text")
        run.log_artifact("out/deep", artifact_path="more")
        run.log_text("literal", "model.pkl")
    assert keys_of(run.id) == [
        "literal",
        "model.pkl",
        "models/first/model.pkl",
        "more/deep/a.txt",
        "out/deep/a.txt",
        "renamed.pkl",
        "text",
    ]
    assert text_of(run.id, "model.pkl") == text_of(run.id, "renamed.pkl") == "bytes"
    assert text_of(run.id, "literal") == "model.pkl"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("nothing.pkl",), NotFound, "a value needs a name"),
        (([1, 2],), WrongType, "a value needs a name"),
        ((3, [1, 2]), WrongType, "name of an artifact"),
        (("here.txt", "folder"), InvalidParameter, "artifact_path=FOLDER"),
        (("../up", [1]), InvalidParameter, "Invalid artifact path"),
        (("/etc/x", [1]), InvalidParameter, "Invalid artifact path"),
        (("a//b", [1]), InvalidParameter, "Invalid artifact path"),
        (("line\nbreak", [1]), InvalidParameter, "Invalid artifact path"),
        (("", [1]), InvalidParameter, "Invalid artifact path"),
        (("here.txt", Path("gone")), NotFound, "there is no file"),
    ],
)
def test_what_is_no_artifact_says_why(tmp_path: Path, monkeypatch, arguments, error, said) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").write_text("x")
    with clew.run(output=False) as run, pytest.raises(error) as caught:
        clew.log_artifact(*arguments)
    assert said in str(caught.value)
    assert keys_of(run.id) == []


@pytest.mark.parametrize("key", ["", "a\nb", "a/../b", "x[0]", "y" * 251, 3])
@pytest.mark.parametrize("log", [clew.log_metric, clew.log_param])
def test_names_are_checked_in_flows_too(log, key) -> None:
    @clew.flow
    def flow():
        log(key, 1)

    with pytest.raises(InvalidParameter, match="name"):
        flow.run()


def test_steps_inside_are_nodes_of_its_thread() -> None:
    doubled(3)
    with clew.run() as run:
        doubled(3)
        doubled(4)
    uses = clew.open().uses(run.id)
    assert [(use.label, use.decision) for use in uses] == [("doubled", "computed")]
    assert run.record.metrics["inside"].value == 4
    history = tracking_here().histories.history(run.id, "inside").items
    assert sorted(point.value for point in history) == [3.0, 4.0]


def test_reuse_replays_what_a_step_logged() -> None:
    with clew.run() as first:
        doubled(21)
    with clew.run() as second:
        doubled(21)
    (use,) = clew.open().uses(second.id)
    assert use.decision == "reused"
    assert first.record.metrics["inside"].value == second.record.metrics["inside"].value == 21


def test_a_run_ends_as_its_block_does() -> None:
    with pytest.raises(ZeroDivisionError), clew.run() as failed:
        raise ZeroDivisionError("token=abc123")
    with pytest.raises(KeyboardInterrupt), clew.run() as killed:
        raise KeyboardInterrupt
    with pytest.raises(SystemExit), clew.run() as left:
        raise SystemExit(0)
    assert (failed.record.status, killed.record.status) == ("failed", "killed")
    assert left.record.status == "finished"
    assert failed.record.error == "ZeroDivisionError: token=[redacted]"
    with pytest.raises(ClewError, match="outside a run"):
        clew.log_metric("a", 1.0)


def test_children_know_their_parent() -> None:
    with clew.run(experiment="e") as parent, clew.run() as child:
        clew.log_metric("inner", 1.0)
    assert child.record.tags["mlflow.parentRunId"] == parent.id
    assert child.record.experiment_id == parent.record.experiment_id
    assert "inner" not in parent.record.metrics
    found = track.runs(f"tags.mlflow.parentRunId = '{parent.id}'")
    assert [run.id for run in found] == [child.id]


def test_a_run_goes_on_by_its_id() -> None:
    with clew.run() as run:
        clew.log_metric("a", 1.0)
    with clew.run(id=run.id) as again:
        clew.log_metric("b", 2.0)
    assert again.id == run.id
    assert set(again.record.metrics) == {"a", "b"}
    with pytest.raises(NotFound):
        clew.run(id="nothere")


def test_a_param_is_fixed() -> None:
    with clew.run() as run:
        clew.log_param("p", 1)
        clew.log_param("p", 1)
        with pytest.raises(InvalidParameter, match="Changing param values"):
            clew.log_param("p", 2)
    assert run.record.params == {"p": "1"}


def test_secrets_stay_out() -> None:
    with clew.run(tags={"db": "postgresql://ada:hunter2@host/db"}) as run:
        clew.log_param("api_key", "hunter2")
        run.set_tag("url", "postgresql://ada:hunter2@host/db")
        print("password=hunter2")
        print("token: hunter2", file=sys.stderr)
    store = clew.open()
    for path in sorted(store.path.rglob("*")):
        if path.is_file():
            assert b"hunter2" not in path.read_bytes(), path


def test_output_is_kept_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stdout = sys.stdout
    with clew.run() as run:
        print("hello\nΣ")
    assert sys.stdout is stdout
    assert text_of(run.id, "output/stdout.txt") == capsys.readouterr().out == "hello\nΣ\n"
    with clew.run(output=False) as quiet:
        print("hello")
    assert tracking_here().artifacts.list(Owner("run", quiet.id)) == ()


def test_datasets_meet_by_content() -> None:
    frame = pd.DataFrame({"age": [1.0, math.nan, 3.0], "sex": ["m", "f", None]})
    with clew.run() as run:
        track.log_input(frame, "people")
        run.log_input(np.eye(3), "eye", context="eval")
        run.log_input({"any": "value"}, "thing")
    first, eye, _ = run.record.datasets
    assert first.tags == {"mlflow.data.context": "training"}
    profile = json.loads(first.dataset.profile or "")
    assert profile["num_rows"] == 3
    assert profile["columns"]["age"]["missing"] == 1
    assert profile["columns"]["age"]["mean"] == 2.0
    assert profile["columns"]["sex"] == {"missing": 1, "distinct": 2, "common": {"f": 1, "m": 1}}
    assert json.loads(eye.dataset.profile or "")["shape"] == [3, 3]
    with clew.run() as other:
        other.log_input(frame.copy(), "elsewhere")
    (again,) = other.record.datasets
    assert again.dataset.content == first.dataset.content
    assert len(clew.open().lineage(run.id).nodes) == 1


@clew.step
def logs_its_input(n: int) -> int:
    track.log_input([n], "numbers", context="test")
    return n


@clew.step
def asks_for_it(n: int) -> int:
    return logs_its_input(n) + 1


@clew.flow
def logging_flow(n: int = 1):
    return asks_for_it(n)


@clew.step
def reads_a_file(folder: str) -> int:
    track.log_input(Path(folder, "data.csv"), "file")
    return 1


@clew.step
def logs_to_one_run(id: str) -> None:
    track.ActiveRun.of(id).log_input([1])


def test_a_reused_step_has_read_its_datasets_in_every_run() -> None:
    flow_runs = [logging_flow.run().id, logging_flow.run().id]
    with clew.run() as third:
        assert asks_for_it(1) == 2
    assert asks_for_it.last.decision == "reused"
    found = [track.ActiveRun.of(id).record.datasets for id in (*flow_runs, third.id)]
    assert [len(one) for one in found] == [1, 1, 1]
    assert found[0] == found[1] == found[2]
    assert (found[0][0].dataset.name, found[0][0].tags) == (
        "numbers",
        {"mlflow.data.context": "test"},
    )
    (node,) = (one for one in clew.open().lineage(third.id).nodes if one.kind == "run")
    assert [edge.value.hex() for edge in node.inputs] == [found[0][0].dataset.content]
    assert clew.open().fsck().is_sound


def test_a_dataset_that_is_a_file_is_what_the_step_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    digests = []
    for text in ("a\n1\n", "a\n1\n", "a\n2\n"):
        path.write_text(text)
        with clew.run() as run:
            reads_a_file(str(tmp_path))
        digests.append((reads_a_file.last.decision, run.record.datasets[0].dataset.digest))
    assert [decision for decision, _ in digests] == ["computed", "reused", "computed"]
    assert digests[0][1] == digests[1][1] != digests[2][1]


def test_a_step_logs_no_dataset_to_one_certain_run() -> None:
    with clew.run() as run, pytest.raises(InvalidState, match="the runs that reuse the step"):
        logs_to_one_run(run.id)
    assert run.record.datasets == ()
    with pytest.raises(ClewError, match="no run is in progress"):
        track.log_input([1])


@pytest.mark.parametrize("value", ["x", None, 10**400, [1]], ids=["text", "none", "huge", "list"])
def test_what_is_no_number_is_refused(value: object) -> None:
    with clew.run() as run, pytest.raises(WrongType, match="not a number"):
        clew.log_metric("a", value)  # type: ignore[arg-type]
    assert run.record.metrics == {}


def test_threads_log_to_the_run_that_they_are_given() -> None:
    with clew.run() as run:
        threads = [
            threading.Thread(target=lambda n=n: run.log_metrics({f"m{n}": 1.0}, n))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(run.record.metrics) == 8


def test_a_killed_run_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    script = (
        "import os, signal, clew\n"
        "with clew.run('doomed') as run:\n"
        "    for n in range(50):\n"
        "        clew.log_metric('a', n, step=n)\n"
        "    print(run.id, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    id = done.stdout.strip()
    history = tracking_here().histories.history(id, "a").items
    assert [point.step for point in history] == list(range(50))
    found = clew.open().fsck(repair=True)
    assert [problem.what for problem in found.problems if problem.kind == "lost-run"] == [id]
    assert tracking_here().runs.get(id).status == "lost"
    assert track.runs("attributes.status = 'FAILED'")[0].id == id


def test_processes_log_at_once() -> None:
    script = (
        "import sys, clew\n"
        "with clew.run(sys.argv[1], experiment='shared', output=False):\n"
        "    for n in range(40):\n"
        "        clew.log_metric('a', n, step=n)\n"
        "        clew.log_param(f'p{n}', n)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, f"w{n}"]) for n in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    found = track.runs(experiments=["shared"])
    assert len(found) == 4
    for run in found:
        assert (run.status, len(run.params), run.metrics["a"].value) == ("finished", 40, 39.0)
    assert clew.open().fsck().is_sound


def test_a_tracked_run_goes_to_another_store(tmp_path: Path) -> None:
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 1000)
    with clew.run("moved") as run:
        track.log_input(np.eye(3), "eye")
        for path in ("small.txt", "large.bin"):
            clew.log_artifact(path, tmp_path / path)
        clew.log_artifact("value", [1, 2])
        clew.log_metric("a", 1.0)
    clew.open().export(run.id, tmp_path / "thread.clew")
    other = clew.open(tmp_path / "other")
    other.import_(tmp_path / "thread.clew")
    assert other.fsck().is_sound
    assert other.entries(run.id) == clew.open().entries(run.id)
    with runtime.using(other.runtime):
        assert text_of(run.id, "small.txt") == "small"
        assert track.runs()[0].metrics["a"].value == 1.0
    (node,) = other.lineage(run.id).nodes
    assert node.kind == "run"
    content = next(entry.text for entry in other.entries(run.id) if entry.key == "large.bin")
    assert other.value(content or "") == bytes(range(256)) * 1000
    assert other.gc(dry_run=False, grace_s=0).dropped == ()
