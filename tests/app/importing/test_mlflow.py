"""MLflow's SQLite file and its folder, imported: everything is there, once, with its ids."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import pytest

from clew.app.importing.mlflow import import_mlflow
from clew.app.tracking import Tracking
from clew.entities import Owner
from clew.errors import NotFound, StoreError, UnsafeLoad
from tests.app.importing import stores
from tests.app.importing.stores import CHILD, GONE, MODEL, RUN


@pytest.fixture(params=["database", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place: Path = getattr(stores, request.param)(tmp_path)
    return place


def test_everything_comes_in(store: Path, tracking: Tracking) -> None:
    report = import_mlflow(tracking, store)
    assert report.new["experiments"] == 2
    assert report.new["runs"] == 2 + (store.suffix == ".db")
    assert report.new["artifacts"] == 2
    assert report.new["models"] == report.new["registered"] == 1
    assert report.new["versions"] == 2
    assert not report.elsewhere
    assert not report.left_out
    experiment = tracking.experiments.get("7")
    assert (experiment.name, experiment.tags["team"]) == ("Größe", "x")
    assert tracking.experiments.get("8").lifecycle == "deleted"
    run = tracking.runs.get(RUN)
    assert (run.name, run.status, run.user) == ("one", "finished", "ann")
    assert (run.started_ms, run.ended_ms, run.experiment_id) == (1000, 2000, "7")
    assert run.params == {"lr": "0.1", "deep/key": "x" * 5000}
    assert run.metrics["acc"].value == 0.9
    (read,) = run.datasets
    assert (read.dataset.digest, read.dataset.schema) == ("abc", '{"a": 1}')
    assert read.tags == {"mlflow.data.context": "training"}
    assert [(link.model_id, link.step) for link in run.model_outputs] == [(MODEL, 4)]
    child = tracking.runs.get(CHILD)
    assert (child.status, child.tags["mlflow.parentRunId"]) == ("failed", RUN)


def test_histories_keep_every_point(store: Path, tracking: Tracking) -> None:
    import_mlflow(tracking, store)
    points = tracking.histories.history(RUN, "loss").items
    assert [(p.value, p.time_ms, p.step) for p in points] == [
        (i / 7, 1000 + i, i) for i in range(2500)
    ]
    odd = [point.value for point in tracking.histories.history(RUN, "odd").items]
    assert math.isnan(odd[0])
    assert odd[1:] == [math.inf, -math.inf]


def test_models_come_with_files_and_measures(store: Path, tracking: Tracking) -> None:
    import_mlflow(tracking, store)
    model = tracking.models.get(MODEL)
    assert (model.name, model.status, model.model_type) == ("lm", "ready", "sklearn")
    assert (model.params, model.tags["colour"]) == ({"depth": "3"}, "red")
    (measured,) = model.metrics
    assert (measured.key, measured.value, measured.dataset_digest) == ("acc", 0.9, "abc")
    assert model.content is not None
    note = tracking.artifacts.get(Owner("run", RUN), "a/note.txt")
    assert b"".join(tracking.artifacts.read(note)) == b"hello"
    weights = tracking.artifacts.get(Owner("model", MODEL), "weights.bin")
    assert weights.size_bytes == 1000


def test_the_registry_keeps_its_numbers(store: Path, tracking: Tracking) -> None:
    import_mlflow(tracking, store)
    registered = tracking.registered.get("reg")
    assert (registered.description, registered.tags) == ("a model", {"k": "v"})
    assert registered.aliases == {"champion": 3}
    first, third = tracking.versions.get("reg", 1), tracking.versions.get("reg", 3)
    assert (first.stage, first.model_id, first.tags) == ("Production", MODEL, {"i": "1"})
    assert first.description == "first"
    assert third.source == f"runs:/{RUN}/a"
    assert third.content is not None
    with pytest.raises(NotFound):
        tracking.versions.get("reg", 2)


def test_what_was_deleted_stays_deleted(tmp_path: Path, tracking: Tracking) -> None:
    import_mlflow(tracking, stores.database(tmp_path))
    gone = tracking.runs.get(GONE)
    assert (gone.lifecycle, gone.params, gone.status) == ("deleted", {"p": "1"}, "killed")


def test_again_imports_only_what_is_new(tmp_path: Path, tracking: Tracking) -> None:
    path = stores.database(tmp_path)
    import_mlflow(tracking, path)
    tracking.logging.log(RUN, tags={"mlflow.note.content": "mine"})
    before = tracking.runs.get(RUN)
    again = import_mlflow(tracking, path)
    assert not +again.new
    assert tracking.runs.get(RUN) == before
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO params VALUES ('more', '2', ?)", (RUN,))
        connection.execute("INSERT INTO metrics VALUES ('loss', 9.0, 9999, ?, 9999, 0)", (RUN,))
        connection.execute("INSERT INTO tags VALUES ('mlflow.note.content', 'theirs', ?)", (RUN,))
        values = ("e" * 32, "four", "ann", "RUNNING", 1, None, "active", None, 7)
        connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.close()
    third = import_mlflow(tracking, path)
    assert +third.new == {"runs": 1}
    after = tracking.runs.get(RUN)
    assert after.params["more"] == "2"
    assert after.metrics["loss"].value == 9.0
    assert after.tags["mlflow.note.content"] == "mine"


def test_ids_that_are_taken_make_way(tmp_path: Path, tracking: Tracking) -> None:
    tracking.experiments.create("mine", id="7")
    import_mlflow(tracking, stores.database(tmp_path))
    theirs = tracking.experiments.by_name("Größe")
    assert theirs is not None
    assert theirs.id != "7"
    assert tracking.runs.get(RUN).experiment_id == theirs.id


def test_an_old_store_has_fewer_tables(tmp_path: Path, tracking: Tracking) -> None:
    path = stores.database(tmp_path)
    with sqlite3.connect(path) as connection:
        for table in ("inputs", "input_tags", "datasets", "logged_models", "logged_model_metrics"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM model_versions WHERE version = 1")
        connection.execute("ALTER TABLE metrics DROP COLUMN is_nan")
    connection.close()
    report = import_mlflow(tracking, path)
    assert report.new["runs"] == 3
    assert tracking.runs.get(RUN).datasets == ()


@pytest.mark.parametrize("target", ["file", "folder"])
def test_links_in_artifacts_are_refused(store: Path, tracking, tmp_path: Path, target) -> None:
    secret = tmp_path / "outside"
    stores.put(secret / "secret.txt", "secret")
    home = store if store.is_dir() else store.parent / "mlartifacts"
    link = home / "7" / RUN / "artifacts" / "link"
    link.symlink_to(secret if target == "folder" else secret / "secret.txt")
    with pytest.raises(UnsafeLoad, match="symbolic link"):
        import_mlflow(tracking, store)


def test_an_address_outside_is_not_read(tmp_path: Path, tracking: Tracking) -> None:
    path = stores.database(tmp_path / "store")
    secret = tmp_path / "secret"
    stores.put(secret / "key.txt", "secret")
    bad = [str(secret), f"file://{secret}", "mlflow-artifacts:/../../secret", "../secret"]
    for address in bad:
        with sqlite3.connect(path) as connection:
            change = "UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?"
            connection.execute(change, (address, CHILD))
        connection.close()
        report = import_mlflow(tracking, path)
        assert tracking.artifacts.list(Owner("run", CHILD)) == ()
        if address.startswith(("/", "file:")):
            assert any(CHILD in line for line in report.elsewhere)
    named = import_mlflow(tracking, path, artifacts=[tmp_path])
    assert named.new["artifacts"] == 0, "its last address begins nowhere"


def test_yaml_that_makes_objects_is_refused(tmp_path: Path, tracking: Tracking) -> None:
    mlruns = stores.folder(tmp_path)
    (mlruns / "7" / "meta.yaml").write_text("!!python/object/apply:os.system ['touch pwned']")
    with pytest.raises(StoreError, match="damaged"):
        import_mlflow(tracking, mlruns)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 4000, b"no database"])
def test_other_files_are_refused(tmp_path: Path, tracking: Tracking, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        import_mlflow(tracking, path)
    with pytest.raises(NotFound):
        import_mlflow(tracking, tmp_path)
