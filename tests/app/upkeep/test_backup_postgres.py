"""A store in PostgreSQL is backed up to a folder, and a folder restored into PostgreSQL."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import clew
from clew.adapters.stores.sql.open import open_postgres
from clew.app.served import open_served
from clew.app.settings import Settings, load
from clew.app.store import open_store
from clew.app.upkeep import backup as upkeep
from clew.app.upkeep.backup import backup, restore
from clew.cli import main
from clew.entities import Metric, Owner
from clew.errors import CorruptValue, InvalidParameter, InvalidState, NotFound
from clew.lineage.records import Run
from tests.app.upkeep.test_backup import WRITER

pytestmark = pytest.mark.slow

Rows = dict[str, list[tuple[object, ...]]]


@clew.step(seed=1 << 70)
def large(number: int) -> np.ndarray:
    return np.sin(np.arange(200_000.0) * number)


@clew.step
def small(number: int) -> dict[str, object]:
    return {"n": number, "name": "Zürich \N{SNOWMAN}", "raw": b"\0\1\xff"}


@clew.flow
def flow(number: int = 1):
    return large(number), small(number)


def fill(settings: Settings) -> None:
    """Leave every kind of thing in a store, with what the two databases hold differently."""
    tracking = open_served(settings).tracking
    experiment = tracking.experiments.create("one", tags={"user": "ada"}).id
    gone = tracking.experiments.create("gone").id
    run = tracking.runs.create(experiment, name="tracked")
    values = [0.1, -0.0, math.nan, math.inf, -math.inf, 1e308, 5e-324]
    metrics = [Metric("auc", value, step, 7) for step, value in enumerate(values)]
    tracking.logging.log(run.id, metrics=metrics, params={"p": "x\\y\t\n'\""}, tags={"t": "\\N ü"})
    writer = tracking.artifacts.writer(Owner("run", run.id), "a.bin")
    writer.write(bytes(range(256)) * 12_000)
    writer.commit()
    tracking.registered.create("m", description="of ours")
    tracking.versions.create("m", source=f"runs:/{run.id}/a.bin", run_id=run.id)
    tracking.aliases.set("m", "champion", 1)
    with closing(sqlite3.connect(settings.store / "clew.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM experiment WHERE n = ?", (int(gone),))


def rows_of(folder: Path) -> Rows:
    """Return all rows of all tables, the counters of numbers too."""
    with closing(sqlite3.connect(folder / "clew.db")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for (table,) in tables.fetchall()
        }


@pytest.fixture
def target(database: str) -> Settings:
    """Name a store in PostgreSQL that is not there yet."""
    return load(store=database)


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Fill a store in a folder."""
    monkeypatch.setenv("CLEW_STORE", str(tmp_path / "first"))
    flow.run(number=3)
    fill(load())
    return load()


def test_a_store_is_the_same_after_both_ways(
    tmp_path: Path, filled: Settings, target: Settings
) -> None:
    done = backup(filled, tmp_path / "copy")
    moved = restore(tmp_path / "copy", target)
    assert (moved.copied, moved.runs, moved.values) == (done.copied, done.runs, done.values)
    back = backup(target, tmp_path / "back")
    assert (back.copied, back.runs, back.values) == (done.copied, done.runs, done.values)
    expected, found = rows_of(tmp_path / "copy"), rows_of(tmp_path / "back")
    assert found == expected
    assert {"node", "metric", "artifact", "version", "sqlite_sequence"} <= {
        table for table, rows in expected.items() if rows
    }
    again = backup(target, tmp_path / "back")
    assert (again.copied, again.known) == (0, back.copied)


def test_what_was_moved_is_reused_and_goes_on(
    tmp_path: Path, filled: Settings, target: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert target.database is not None
    there = open_store(filled.store)
    known = {run.id for run in there.runs()}
    first = next(run for run in there.runs() if run.result is not None)
    restore(filled.store, target)  # A store is a backup.
    monkeypatch.setenv("CLEW_STORE", target.database)
    array, told = open_store().value(first.id)
    np.testing.assert_array_equal(array, large(3))
    assert told == small(3)
    again = flow.run(number=3)
    # Making the large one again may be quicker than reading it; it is the same call either way.
    uses = {use.label: use for use in open_store().uses(again.id)}
    assert uses["small"].decision == "reused"
    assert {use.node for use in uses.values()} == {use.node for use in there.uses(first.id)}
    tracking = open_served(load()).tracking
    made = tracking.experiments.create("next").id
    assert int(made) > max(
        int(one.id) for one in open_served(filled).tracking.search.experiments(view="all").items
    )
    assert {run.id for run in open_store().runs()} == {*known, again.id}
    backup(load(), tmp_path / "back")
    assert {run.id for run in open_store(tmp_path / "back").runs()} == {*known, again.id}


def test_backups_are_whole_while_others_write(
    tmp_path: Path, target: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert target.database is not None
    monkeypatch.setenv("CLEW_STORE", target.database)
    served = open_served(target)
    writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"writing\n"
        for number in range(3):
            before = {run.id for run in served.tracking.search.runs(["0"]).items}
            done = backup(target, tmp_path / f"copy{number}")
            copied = open_served(load(store=tmp_path / f"copy{number}")).tracking
            held = {run.id: run for run in copied.search.runs(["0"]).items}
            assert before <= set(held) and done.runs == len(held)
            for run in held.values():
                if run.status == "finished":
                    assert run.metrics["n"].value == float(run.name.removeprefix("run "))
    finally:
        writer.kill()
        writer.communicate()


def test_a_store_that_is_there_is_left_alone(filled: Settings, target: Settings) -> None:
    assert target.database is not None
    with open_postgres(target.database) as store:
        store.start(Run("01A", "m:flow", "running", 1))
        with pytest.raises(InvalidParameter, match="there is a store already"):
            restore(filled.store, target)
        assert [run.id for run in store.runs()] == ["01A"]


def test_a_restoration_that_breaks_off_leaves_nothing(
    filled: Settings, target: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsound(*_: object) -> None:
        raise CorruptValue("the copy is not sound: of this test")

    monkeypatch.setattr(upkeep, "_verified", unsound)
    with pytest.raises(CorruptValue, match="of this test"):
        restore(filled.store, target)
    monkeypatch.undo()
    with pytest.raises(NotFound, match="there is no store"):
        backup(target, filled.store.parent / "copy")
    assert restore(filled.store, target).runs == 2


def test_one_process_makes_a_store_at_a_time(filled: Settings, target: Settings) -> None:
    from clew.adapters.stores.sql.open import fresh_postgres

    assert target.database is not None
    with fresh_postgres(target.database), pytest.raises(InvalidState, match="another process"):
        restore(filled.store, target)


def test_a_text_that_postgresql_cannot_keep_is_named(filled: Settings, target: Settings) -> None:
    with closing(sqlite3.connect(filled.store / "clew.db", isolation_level=None)) as connection:
        connection.execute("UPDATE run SET error = 'a' || char(0) || 'b'")
    with pytest.raises(InvalidParameter, match="'run'"):
        restore(filled.store, target)


def test_a_damaged_file_is_found(tmp_path: Path, filled: Settings, target: Settings) -> None:
    done = backup(filled, tmp_path / "copy")
    assert done.copied
    (file, *_) = [path for path in (tmp_path / "copy/values").rglob("*") if path.is_file()]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(content)
    with pytest.raises(CorruptValue, match="not sound"):
        restore(tmp_path / "copy", target)
    with pytest.raises(NotFound):
        backup(target, tmp_path / "other")


def test_files_of_a_database_are_not_linked(tmp_path: Path, target: Settings) -> None:
    assert target.database is not None
    open_postgres(target.database).close()
    with pytest.raises(InvalidParameter, match="shared only"):
        backup(target, tmp_path / "copy", link=True)


def test_the_commands_say_what_they_did_and_no_password(
    tmp_path: Path, filled: Settings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = database.replace("clew@", "clew:sesame@")
    run = CliRunner().invoke
    restored = run(main, ["--store", address, "restore", str(filled.store)])
    assert restored.exit_code == 0 and "2 runs" in restored.output, restored.output
    saved = run(main, ["--store", address, "backup", str(tmp_path / "copy"), "--json"])
    assert saved.exit_code == 0, saved.output
    twice = run(main, ["--store", address, "restore", str(filled.store)])
    assert twice.exit_code != 0
    for said in (restored, saved, twice):
        assert "sesame" not in said.output + str(said.exception)
