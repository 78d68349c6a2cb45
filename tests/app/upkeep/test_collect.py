"""What goes, what stays, and that a dry run changes nothing."""

from __future__ import annotations

import os
import sqlite3
import time

import numpy as np
import pytest

from clew.app.upkeep.check import check
from clew.app.upkeep.collect import collect
from clew.errors import StoreError
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Edge, Node, Reason, Run, Use, Value, call_id
from tests.app.upkeep.places import CLEAN, MODEL, RAW, Place

DAY_S = 86_400.0
LATER = time.time() + 30 * DAY_S


def stored(place: Place) -> set[ValueId]:
    return {id for id, _, _ in place.blobs.ids()}


def test_what_a_run_used_stays(place: Place) -> None:
    place.thread()
    before = stored(place)
    report = collect(place.store, place.blobs, dry_run=False, now_s=LATER)
    assert report.dropped == ()
    assert stored(place) == before
    assert report.kept_values == len(before) == 4  # the clean array is a value of its own


def test_bytes_that_nothing_names_go(place: Place) -> None:
    place.thread()
    orphan, _ = place.vault.put(np.zeros(50_000))
    report = collect(place.store, place.blobs, dry_run=False, now_s=LATER)
    assert [(one.id, one.why) for one in report.dropped] == [(orphan, "unreachable")]
    assert report.freed_bytes > 0
    assert not place.blobs.has(orphan)
    assert all(place.vault.has(fingerprint(value)) for value in (RAW, CLEAN, MODEL))


def test_a_dry_run_says_the_same_and_changes_nothing(place: Place) -> None:
    place.thread()
    place.vault.put(np.zeros(50_000))
    before = stored(place)
    dry = collect(place.store, place.blobs, older_than_s=DAY_S, now_s=LATER)
    assert stored(place) == before
    wet = collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert dry.dry_run and not wet.dry_run
    assert (dry.dropped, dry.kept_bytes) == (wet.dropped, wet.kept_bytes)


def test_what_was_just_stored_stays(place: Place) -> None:
    place.vault.put(np.zeros(50_000))
    assert collect(place.store, place.blobs, dry_run=False).dropped == ()


def test_old_runs_keep_nothing(place: Place) -> None:
    place.thread("01OLD", started_ms=1000)
    report = collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert {one.why for one in report.dropped} == {"old"}
    assert stored(place) == set()
    states = {value.state for value in place.store.values()}
    assert states == {"absent"}
    assert len(place.store.closure([place.store.history("m:fit", 1)[0].id], "up")) == 3


def test_a_recent_run_keeps_what_an_old_one_used(place: Place) -> None:
    place.thread("01OLD", started_ms=1000)
    place.thread("01NEW", started_ms=int((LATER - 60) * 1000))
    report = collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert report.dropped == ()


def test_values_without_a_run_go_by_their_last_use(place: Place) -> None:
    result = place.put([1, 2, 3])
    place.step("m:eager", [], result, 1.0)
    assert collect(place.store, place.blobs, now_s=LATER).dropped == ()
    (one,) = collect(place.store, place.blobs, older_than_s=DAY_S, now_s=LATER).dropped
    assert (one.id, one.why) == (result.id, "old")


def test_what_a_result_is_put_together_from_stays(place: Place) -> None:
    """A flow that returns a list of results: the list is not stored, its shape is."""
    nodes = place.thread("01OLD", started_ms=1000)
    shape, whole = place.put(("items", ["tuple"])), Value(fingerprint([MODEL]), "builtins.list")
    edges = (Edge("shape", shape.id), Edge("item", nodes[2].outputs[0].value, nodes[2].id))
    call = call_id("clew:assemble", None, None, None, edges)
    outputs = (Edge("result", whole.id),)
    node = Node(call, call, "clew:assemble", "pick", None, None, None, edges, outputs)
    place.store.add([node], [shape, whole])
    place.store.start(Run("01NEW", "adult", "finished", int(LATER * 1000), result=whole.id))
    use = Use(0, "fit", nodes[2].id, "reused", Reason("same-call", ""))
    place.store.use("01NEW", [use])
    collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert place.vault.has(shape.id)
    assert place.vault.has(fingerprint(MODEL))
    assert not place.vault.has(fingerprint(RAW))


def test_roots_stay_with_what_lies_inside_them(place: Place) -> None:
    place.thread()
    clean = fingerprint(CLEAN)
    collect(place.store, place.blobs, roots=[clean], older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert place.vault.has(clean)
    assert not place.vault.has(fingerprint(RAW))


def test_over_budget_the_cheapest_for_its_size_goes_first(place: Place) -> None:
    place.thread()
    total = sum(size for _, size, _ in place.blobs.ids())
    report = collect(place.store, place.blobs, budget_bytes=total - 1, dry_run=False, now_s=LATER)
    assert {one.why for one in report.dropped} == {"over-budget"}
    assert not place.vault.has(fingerprint(CLEAN))  # a millisecond of work
    assert place.vault.has(fingerprint(MODEL))  # a minute
    assert sum(size for _, size, _ in place.blobs.ids()) <= total - 1


@pytest.mark.parametrize("value", [[1, 2, 3], list(range(5000))], ids=["small", "large"])
def test_use_counts_as_use(place: Place, value: list[int]) -> None:
    result = place.put(value)
    place.step("m:eager", [], result, 1.0)
    long_ago = time.time() - 10 * DAY_S
    for path in [p for p in place.files.root.rglob("*") if p.is_file()]:
        os.utime(path, (long_ago, long_ago))
    with sqlite3.connect(place.store.path) as connection:
        connection.execute("UPDATE value SET used_s = ?", (int(long_ago),))
    connection.close()
    assert len(collect(place.store, place.blobs, older_than_s=DAY_S).dropped) == 1
    place.vault.get(result.id)
    assert collect(place.store, place.blobs, older_than_s=DAY_S).dropped == ()


def test_a_full_disk_is_no_obstacle(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes is gone before anything is written."""
    place.thread()
    update = place.store.update
    monkeypatch.setattr(place.store, "update", full)
    with pytest.raises(StoreError, match="full"):
        collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False, now_s=LATER)
    assert [p for p in place.files.root.rglob("*") if p.is_file()] == []
    monkeypatch.setattr(place.store, "update", update)
    assert check(place.store, place.files, repair=True).is_sound


def full(values: object) -> None:
    raise StoreError("the disk is full")
