"""A backup is a sound store, whatever others write meanwhile."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.adapters.blobs.local import layout
from clew.app.served import open_served
from clew.app.settings import load
from clew.app.store import open_store
from clew.app.upkeep.backup import backup, restore
from clew.entities import Metric, Owner
from clew.errors import ClewError, CorruptValue, InvalidParameter, NotFound
from clew.lineage.ulid import new_ulid, ulid_of
from clew.serve.journal import Journal, JournalWriter
from clew.serve.journal.frame import Batch, Said
from clew.serve.journal.write import Ulids

WRITER = """
import sys
from clew.app.tracking import open_tracking
from clew.entities import Metric, Owner
tracking = open_tracking()
number = 0
print("writing", flush=True)
while True:
    run = tracking.runs.create("0", name=f"run {number}")
    tracking.logging.log(run.id, metrics=[Metric("n", float(number), number, 0)])
    writer = tracking.artifacts.writer(Owner("run", run.id), "file.bin")
    writer.write(number.to_bytes(8, "big") * 20_000)
    writer.commit()
    tracking.runs.update(run.id, status="finished", ended_ms=1)
    number += 1
"""


@clew.step
def large(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=50_000)


@clew.flow
def flow(seed: int = 1):
    return large(seed)


def test_a_backup_is_a_store_with_everything_in_it(tmp_path: Path) -> None:
    run = flow.run(seed=3)
    tracking = open_served(load()).tracking
    one = tracking.runs.create("0", name="tracked")
    tracking.logging.log(one.id, metrics=[Metric("auc", 0.5, 1, 1)])
    writer = tracking.artifacts.writer(Owner("run", one.id), "a.bin")
    writer.write(b"x" * 200_000)
    writer.commit()
    done = backup(load(), tmp_path / "copy")
    assert (done.copied, done.known, done.runs) == (2, 0, 2)
    copied = open_store(tmp_path / "copy")
    np.testing.assert_array_equal(copied.value(run.id), run.result)
    there = open_served(load(store=tmp_path / "copy")).tracking
    artifact = there.artifacts.get(Owner("run", one.id), "a.bin")
    assert b"".join(there.artifacts.read(artifact)) == b"x" * 200_000
    assert there.runs.get(one.id).metrics["auc"].value == 0.5


def test_again_copies_only_what_is_new(tmp_path: Path) -> None:
    flow.run(seed=1)
    backup(load(), tmp_path / "copy")
    flow.run(seed=2)
    done = backup(load(), tmp_path / "copy")
    assert (done.copied, done.known) == (1, 1)
    linked = backup(load(), tmp_path / "linked", link=True)
    assert linked.copied == 2
    (file, *_) = [entry for _, entry in layout.values(tmp_path / "linked/values")]
    assert os.stat(file.path).st_nlink == 2


def test_restoring_brings_it_back(tmp_path: Path, monkeypatch) -> None:
    run = flow.run(seed=5)
    backup(load(), tmp_path / "copy")
    with pytest.raises(InvalidParameter, match="already"):
        restore(tmp_path / "copy", load())
    done = restore(tmp_path / "copy", load(store=tmp_path / "new"))
    assert done.runs == 1
    np.testing.assert_array_equal(open_store(tmp_path / "new").value(run.id), run.result)
    with pytest.raises(NotFound, match="no backup"):
        restore(tmp_path, load(store=tmp_path / "other"))


def test_predictions_and_what_deployments_learnt_go_along(tmp_path: Path) -> None:
    flow.run(seed=8)
    store = load().store
    journal, learnt = store / "predictions", store / "deployments/main"
    writer, ulids = JournalWriter(journal), Ulids()
    _, first = ulids.take(1)
    row = Batch(
        first >> 80, first.to_bytes(16), "adult", "1", "c", ("a",), [(7,)], ["yes"], None, 0.001
    )
    writer.append(row)
    writer.append(Said(1, new_ulid(), ulid_of(first), "no", 0.25))
    (learnt / "live").mkdir(parents=True)
    (learnt / "live/1.json").write_text("{}")
    (learnt / "learned.json").write_text('{"known": 1}')
    copied, again = tmp_path / "copy", tmp_path / "again"
    backup(load(), copied)
    kept = (copied / "deployments/main/learned.json").read_text()
    assert kept == '{"known": 1}' and not (copied / "deployments/main/live").exists()

    # More came, and one process died in the middle of writing: again brings all of it.
    writer.append(Said(2, new_ulid(), ulid_of(first), "yes", 0.75))
    (learnt / "learned.json").write_text('{"known": 2}')
    with next(journal.glob("*.predictions")).open("ab") as file:
        file.write(b"torn")
    backup(load(), copied)
    restore(copied, load(store=again))
    found = Journal(again / "predictions").get(ulid_of(first))
    assert (found.answer, found.row) == ("yes", {"a": 7})
    assert [said.truth for said in found.feedback] == ["no", "yes"]
    assert (again / "deployments/main/learned.json").read_text() == '{"known": 2}'


def test_a_damaged_copy_is_found(tmp_path: Path, monkeypatch) -> None:
    flow.run(seed=6)
    backup(load(), tmp_path / "copy")
    (file,) = [Path(entry.path) for _, entry in layout.values(tmp_path / "copy/values")]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(content)
    with pytest.raises(CorruptValue, match="not sound"):
        backup(load(), tmp_path / "copy")


def test_other_folders_are_not_written_into(tmp_path: Path) -> None:
    flow.run(seed=7)
    store = load().store
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/love.txt").write_text("dear")
    for wrong in (store, store / "inside", tmp_path / "letters"):
        with pytest.raises(InvalidParameter):
            backup(load(), wrong)
    with pytest.raises(NotFound):
        backup(load(store=tmp_path / "nowhere"), tmp_path / "copy")


def test_a_backup_that_breaks_off_leaves_the_one_before_it(tmp_path: Path, monkeypatch) -> None:
    first = flow.run(seed=8)
    backup(load(), tmp_path / "copy")
    flow.run(seed=9)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(ClewError, match="could not be written"):
        backup(load(), tmp_path / "copy")
    monkeypatch.undo()
    assert [run.id for run in open_store(tmp_path / "copy").runs()] == [first.id]


def run_ids(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "clew.db")) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM run")}


def test_writers_go_on_and_every_backup_is_whole(tmp_path: Path) -> None:
    """Processes write all the time; each backup holds every run that was there before it began."""
    store = load().store
    open_served(load())
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout.readline() == b"writing\n"
        for number in range(4):
            before = run_ids(store)
            copy = tmp_path / f"copy{number % 2}"
            done = backup(load(), copy)
            held = run_ids(copy)
            assert before <= held
            assert done.runs == len(held) > number
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
            writer.stdout.close()
