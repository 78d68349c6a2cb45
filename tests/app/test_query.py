"""The views say what the store holds, and a query sees nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.adapters.stores.sql import SqliteStore, runs, tracking
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.views import VIEWS
from clew.app.query import sql
from clew.entities import Dataset, DatasetInput
from clew.errors import InvalidParameter, MissingExtra, NotFound
from clew.lineage.records import LogEntry, Read, Reason, Run, Use, Value
from clew.testing.records import make_node, stored_value, value_id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "clew.db") as opened:
        load = make_node("m:load", [], ["raw"], reads=[Read("file", "in.csv", value_id("file"))])
        fit = make_node("m:fit", ["raw"], ["model"], seed=2**70, made_by=[load])
        opened.add([load, fit], [stored_value("raw"), Value(value_id("model"), "m.Model")])
        for number, status in enumerate(["finished", "failed"]):
            opened.start(
                Run(f"01RUN{number}", "m:flow", status, 1_000, 3_500,
                    '{"bins": 10, "fast": true, "name": "Σ", "rate": 0.5}', result=value_id("m"))
            )  # fmt: skip
        entries = [
            LogEntry("metric", "auc", number=0.75, step=1, time_ms=5),
            LogEntry("metric", "loss", number=math.nan),
            LogEntry("param", "depth", text="3"),
            LogEntry("tag", "note", text="it's ok"),
        ]
        uses = [
            Use(0, "load", load.id, "computed", Reason("first-run", "new"), 1.5),
            Use(1, "fit", fit.id, "reused", Reason("same-inputs", "seen"), 0.1, 2.0),
            Use(2, "rest", None, "pruned", Reason("not-needed", "")),
        ]
        opened.use("01RUN0", uses, entries)
        track(opened.database)
        yield opened


def track(database: Database) -> None:
    """Add a tracked run with a dataset, a file, a logged and a registered model."""
    run = tracking.SqlRuns(database).create("0", name="tracked").id
    read = DatasetInput(Dataset(name="adult", digest="d"), {"mlflow.data.context": "training"})
    tracking.SqlLogging(database).log_inputs(run, datasets=[read])
    artifact = LogEntry("artifact", "table", text=value_id("raw").hex())
    with database.writing() as connection:
        runs.add(connection, database.words, run, [], [artifact])
    model = tracking.SqlModels(database).create("0", name="lr", source_run_id=run)
    tracking.SqlRegistered(database).create("adult")
    tracking.SqlVersions(database).create("adult", f"models:/{model.id}")
    tracking.SqlAliases(database).set("adult", "champion", 1)


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.name)
def test_every_view_has_the_documented_columns(view: Any, store: SqliteStore) -> None:
    found = sql(store, f'select * from "{view.name}"')
    assert found.columns == tuple(name for name, _, _ in view.columns)
    assert found.rows


def test_an_empty_store_has_empty_views(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "clew.db") as empty:
        for name in VIEWS.keys() - {"experiments"}:
            assert sql(empty, f'select * from "{name}"').rows == ()
        assert sql(empty, "select experiment, runs from experiments").rows == (("Default", 0),)


def test_runs_and_metrics_join(store: SqliteStore) -> None:
    found = sql(
        store,
        "select flow, wall_s, key, value from runs join metrics using (run, flow) "
        "where status = 'finished' order by key",
    )
    assert found.columns == ("flow", "wall_s", "key", "value")
    assert found.rows[0] == ("m:flow", 2.5, "auc", 0.75)
    assert math.isnan(found.rows[1][3])


def test_params_hold_arguments_and_what_was_logged(store: SqliteStore) -> None:
    found = sql(store, "select key, value from params where run = '01RUN0' order by key")
    assert dict(found.rows) == {
        "bins": "10", "depth": "3", "fast": "true", "name": "Σ", "rate": "0.5",
    }  # fmt: skip


def test_models_lead_back_to_datasets(store: SqliteStore) -> None:
    found = sql(
        store,
        "select v.name, version, aliases, r.name, d.name, d.context, a.path from versions v "
        "join runs r on r.run = v.run join datasets d on d.run = v.run "
        "join artifacts a on a.owner = v.run",
    )
    assert found.rows == (("adult", 1, "champion", "tracked", "adult", "training", "table"),)


def test_edges_tell_their_direction(store: SqliteStore) -> None:
    found = sql(
        store,
        "select operation, direction, name, value from edges join nodes using (node) "
        "where kind <> 'run' order by operation, direction",
    )
    assert found.rows == (
        ("m:fit", "in", "argument_0", value_id("raw").hex()),
        ("m:fit", "out", "result", value_id("model").hex()),
        ("m:load", "out", "result", value_id("raw").hex()),
        ("m:load", "read", "file:in.csv", value_id("file").hex()),
    )


def test_costs_count_reuse(store: SqliteStore) -> None:
    found = sql(
        store,
        "select operation, nodes, wall_s, reused, saved_s from costs "
        "where operation like 'm:%' order by 1",
    )
    assert found.rows == (("m:fit", 1, 0.25, 1, 2.0), ("m:load", 1, 0.25, 0, 0.0))


def test_seeds_of_any_size_and_times_are_kept(store: SqliteStore) -> None:
    assert sql(store, "select seed from nodes where operation = 'm:fit'").rows == ((str(2**70),),)
    assert sql(store, "select year(started) from runs limit 1").rows == ((1970,),)


def test_a_folder_is_asked_without_making_a_store(store: SqliteStore, tmp_path: Path) -> None:
    assert sql(tmp_path, "select count(*) from nodes").rows == ((3,),)
    with pytest.raises(NotFound):
        sql(tmp_path / "nowhere", "select 1")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('{db}')",
        "copy (select 1) to '{db}.csv'",
        "attach '{db}' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "select * from store",
        "select * from rows",
        "export database '{db}.d'",
        "select nonsense",
    ],
)
def test_a_query_sees_the_views_alone(text: str, store: SqliteStore) -> None:
    before = sorted(store.path.parent.iterdir())
    with pytest.raises(InvalidParameter, match="runs"):
        sql(store, text.format(db=store.path))
    assert sorted(store.path.parent.iterdir()) == before


@pytest.mark.parametrize("text", ["", "  ", "-- nothing"])
def test_an_empty_query_is_refused(text: str, store: SqliteStore) -> None:
    with pytest.raises(InvalidParameter, match="empty"):
        sql(store, text)


def test_writing_does_not_reach_the_store(store: SqliteStore) -> None:
    before = sql(store, "select count(*) from nodes").rows
    for text in (
        "delete from nodes",
        "drop view nodes; select 1",
        "create table nodes as select 1",
    ):
        try:
            sql(store, text)
        except InvalidParameter:
            pass
    assert sql(store, "select count(*) from nodes").rows == before


def test_without_duckdb_the_extra_is_named(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(MissingExtra, match=r"pip install 'clew\[sql\]'"):
        sql(store, "select 1")
