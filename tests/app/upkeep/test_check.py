"""Every kind of damage is found, told apart, and put right where that is possible."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

from clew.app.upkeep.check import Checkup, Kind, check
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Run
from tests.app.upkeep.places import CLEAN, MODEL, RAW, Place


def kinds(found: Checkup) -> list[Kind]:
    return [problem.kind for problem in found.problems]


def file_of(place: Place, id: ValueId) -> Path:
    return place.files.root / id.hex()[:2] / id.hex()[2:]


def test_an_intact_store_is_sound(place: Place) -> None:
    place.thread()
    found = check(place.store, place.files)
    assert (found.problems, found.is_sound, found.values, found.runs) == ((), True, 4, 1)


def test_a_flipped_byte_is_found_and_set_aside(place: Place) -> None:
    place.thread()
    path = file_of(place, fingerprint(RAW))
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    assert kinds(check(place.store, place.files)) == ["corrupt", "missing"]
    assert path.exists()  # looking changes nothing
    repaired = check(place.store, place.files, repair=True)
    assert repaired.is_sound
    assert not path.exists()
    assert place.store.describe([fingerprint(RAW)])[fingerprint(RAW)].state in ("corrupt", "absent")
    assert check(place.store, place.files).problems == ()


def test_a_damaged_small_value_is_found_and_set_aside(place: Place) -> None:
    place.thread()
    model = fingerprint(MODEL)
    with sqlite3.connect(place.store.path) as connection:
        connection.execute("UPDATE value SET content = x'00' WHERE id = ?", (model,))
    connection.close()
    assert kinds(check(place.store, place.files)) == ["corrupt", "missing"]
    assert place.blobs.has(model)  # looking changes nothing
    assert check(place.store, place.files, repair=True).is_sound
    assert not place.blobs.has(model)
    assert check(place.store, place.files).problems == ()


def test_a_missing_member_makes_the_whole_missing(place: Place) -> None:
    place.thread()
    file_of(place, fingerprint(CLEAN[0])).unlink()
    found = check(place.store, place.files, repair=True)
    assert kinds(found) == ["missing"]
    assert place.store.describe([fingerprint(CLEAN)])[fingerprint(CLEAN)].state == "absent"
    assert check(place.store, place.files).problems == ()


def test_bytes_that_nothing_names_are_harmless(place: Place) -> None:
    place.vault.put([1, 2, 3])
    found = check(place.store, place.files)
    assert kinds(found) == ["unnamed"]
    assert found.is_sound


def test_leftovers_of_dead_writers_are_removed(place: Place) -> None:
    place.thread()
    shard = file_of(place, fingerprint(RAW)).parent
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    dead, alive = (shard / f".tmp-{pid}-{'0' * 16}" for pid in (done.pid, os.getpid()))
    dead.touch()
    alive.touch()
    assert kinds(check(place.store, place.files, repair=True)) == ["leftover"]
    assert alive.exists() and not dead.exists()


def test_a_run_whose_process_is_gone_is_lost(place: Place) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    here = {"host": socket.gethostname()}
    contexts = {
        "01DEAD": {**here, "pid": done.pid},
        "01RECYCLED": {**here, "pid": os.getpid(), "started": 1.0},
        "01ALIVE": {**here, "pid": os.getpid()},
        "01ELSEWHERE": {"host": "another", "pid": done.pid},
    }
    for id, context in contexts.items():
        place.store.start(Run(id, "adult", "running", 1, context=json.dumps(context)))
    place.store.start(Run("01UNKNOWN", "adult", "running", 1, context="not json"))
    found = check(place.store, place.files, repair=True)
    lost = {problem.what for problem in found.problems}
    expected = {"01DEAD", "01RECYCLED"} if Path("/proc/self/stat").exists() else {"01DEAD"}
    assert lost == expected
    assert {run.id for run in place.store.runs() if run.status == "lost"} == expected


def test_edges_that_lead_nowhere_are_found(place: Place) -> None:
    place.thread()
    with sqlite3.connect(place.store.path) as connection:
        connection.execute("DELETE FROM value WHERE id = ?", (fingerprint(RAW),))
    connection.close()
    found = check(place.store, place.files)
    assert "dangling" in kinds(found)
    assert not found.is_sound


def test_a_damaged_database_is_found(place: Place) -> None:
    place.thread()
    place.store.close()
    path = place.store.path
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'edge'"
        ).fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    start = (page - 1) * 4096
    content[start + 8 : start + 64] = os.urandom(56)
    path.write_bytes(content)
    store = type(place.store)(path)
    assert store.damage()
    store.close()


def test_values_called_absent_need_no_bytes(place: Place) -> None:
    value = place.put([1, 2, 3])
    place.store.update([dataclasses.replace(value, state="absent")])
    place.blobs.delete(value.id)
    assert check(place.store, place.files).problems == ()
