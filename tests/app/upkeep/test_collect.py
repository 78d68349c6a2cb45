"""What goes, what stays, and that a dry run changes nothing."""

from __future__ import annotations

import os
import sqlite3
import time

import numpy as np
import pytest

from clew.app.upkeep.check import check
from clew.app.upkeep.collect import collect
from clew.errors import InvalidParameter, StoreError
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Edge, LogEntry, Node, Reason, Run, Use, Value, call_id
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


def test_over_budget_the_least_useful_for_its_size_goes_first(place: Place) -> None:
    place.thread()
    total = sum(size for _, size, _ in place.blobs.ids())
    report = collect(place.store, place.blobs, budget_bytes=total - 1, dry_run=False, now_s=LATER)
    assert {one.why for one in report.dropped} == {"over-budget"}
    assert not place.vault.has(fingerprint(RAW))  # a second of work, and the largest
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


def one_run(place: Place, name: str, wall_s: float, size: int = 2000) -> Node:
    """Make a value of its own in a run of its own, and return its node."""
    value = place.put(noise(name, size))
    node = place.step(f"m:{name}", [], value, wall_s)
    use_in(place, f"01{name}", node)
    return node


def noise(name: str, size: int = 2000) -> np.ndarray:
    """Give what no compression makes smaller."""
    return np.random.default_rng(list(name.encode())).normal(size=size)


def use_in(place: Place, run: str, node: Node, metric: float | None = None) -> None:
    place.store.start(Run(run, "m:flow", "finished", 1000, 2000))
    entries = [] if metric is None else [LogEntry("metric", "acc", number=metric, node=node.id)]
    place.store.use(run, [Use(0, node.operation, node.id, "computed", Reason("new", ""))], entries)


def kept(place: Place, nodes: list[Node], **options: object) -> list[bool]:
    size = max(size for _, size, _ in place.blobs.ids())
    collect(place.store, place.blobs, budget_bytes=size, dry_run=False, now_s=LATER, **options)  # type: ignore[arg-type]
    return [place.vault.has(node.outputs[0].value) for node in nodes]


def test_what_many_runs_used_stays(place: Place) -> None:
    once, often = one_run(place, "once", 2.0), one_run(place, "often", 1.0)
    for run in ("01A", "01B", "01C"):
        use_in(place, run, often)
    assert kept(place, [once, often]) == [False, True]


def test_what_stands_on_much_work_stays(place: Place) -> None:
    base = one_run(place, "base", 50.0)
    top_value = place.put(noise("top"))
    top = place.step("m:top", [base.outputs[0].value], top_value, 1.0)
    use_in(place, "01TOP", top)
    other = one_run(place, "other", 40.0)
    assert kept(place, [top, other]) == [True, False]


def test_what_leads_to_a_good_model_stays(place: Place) -> None:
    slow, good = one_run(place, "slow", 1.2), one_run(place, "good", 1.0)
    use_in(place, "01S", slow, metric=0.1)
    use_in(place, "01G", good, metric=0.9)
    assert kept(place, [slow, good], metric="acc") == [False, True]


def test_a_metric_that_is_no_share_is_refused(place: Place) -> None:
    node = one_run(place, "loss", 1.0)
    use_in(place, "01L", node, metric=17.0)
    with pytest.raises(InvalidParameter, match="acc"):
        kept(place, [node], metric="acc")


def test_what_is_faster_made_than_read_goes(place: Place) -> None:
    quick, slow = one_run(place, "quick", 1e-9), one_run(place, "slow", 1.0)
    assert kept(place, [quick, slow]) == [False, True]


def test_the_values_of_a_node_stay_or_go_together(place: Place) -> None:
    place.thread()
    size = sum(size for _, size, _ in place.blobs.ids())
    collect(place.store, place.blobs, budget_bytes=size // 2, dry_run=False, now_s=LATER)
    for value in (RAW, CLEAN, MODEL):
        id = fingerprint(value)
        assert place.vault.has(id) == place.blobs.has(id)


def test_arguments_go_last(place: Place) -> None:
    argument = place.put(noise("argument"))
    result = place.put(noise("result"))
    node = place.step("m:f", [argument.id], result, 100.0)
    use_in(place, "01R", node)
    assert kept(place, [node]) == [False]
    assert place.vault.has(argument.id)
    collect(place.store, place.blobs, budget_bytes=0, dry_run=False, now_s=LATER)
    assert not place.vault.has(argument.id)


def test_what_is_still_used_stays_however_old_its_run(place: Place) -> None:
    """A traced result, or one of an estimator, is read by whoever asks, in no run."""
    nodes = place.thread("01OLD", started_ms=1000)
    long_ago = time.time() - 10 * DAY_S
    for path in [p for p in place.files.root.rglob("*") if p.is_file()]:
        os.utime(path, (long_ago, long_ago))
    with sqlite3.connect(place.store.path) as connection:
        connection.execute("UPDATE value SET used_s = ?", (int(long_ago),))
    connection.close()
    place.vault.get(fingerprint(MODEL))
    collect(place.store, place.blobs, older_than_s=DAY_S, dry_run=False)
    assert place.vault.has(nodes[2].outputs[0].value)
    assert not place.vault.has(fingerprint(RAW))


def test_results_without_a_run_are_judged_by_what_they_took(place: Place) -> None:
    dear, cheap = place.put(noise("dear")), place.put(noise("cheap"))
    argument = place.put(noise("argument"))
    place.store.add([], [argument])
    nodes = [place.step("clew.reuse:keep", [], dear, 50.0), place.step("m:f", [], cheap, 0.5)]
    size = sum(size for _, size, _ in place.blobs.ids())
    budget = size - 1
    collect(place.store, place.blobs, budget_bytes=budget, dry_run=False, now_s=LATER)
    assert [place.vault.has(node.outputs[0].value) for node in nodes] == [True, False]
    assert place.vault.has(argument.id)
