"""Group commit: who sees a record that waits, when it is committed, what a failure takes along."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.adapters.stores.sql import SqliteStore, backlog, packing
from clew.errors import NotFound
from clew.lineage.ports import Encoded
from clew.lineage.records import Reason, Run, Use, Value
from clew.lineage.ulid import new_ulid
from clew.testing.records import make_node, value_id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "clew.db") as opened:
        yield opened


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but a read or a write commit what waits."""
    monkeypatch.setattr(backlog, "SOON_S", 1e9)
    monkeypatch.setattr(backlog, "LATEST_S", 1e9)


def small(text: str) -> Value:
    id = value_id(text)
    content = packing.pack(id, Encoded("plain", b"", (text.encode(),)))
    return Value(id, "builtins.str", repr(text), "plain", len(content), "stored", content)


def nothing() -> None: ...


def others_see(store: SqliteStore, call: bytes) -> bool:
    with SqliteStore(store.path) as other:
        return bool(other.variants([call]))  # type: ignore[list-item]


@pytest.mark.usefixtures("patient")
def test_this_process_sees_what_waits_and_others_do_not(store: SqliteStore) -> None:
    node, value = make_node("step", outputs=["a"]), small("a")
    kept: list[bool] = []
    store.record([node], [value], kept=lambda: kept.append(others_see(store, node.call)))
    assert store.blobs.has(value.id)
    assert store.blobs.size(value.id) == value.size_bytes
    assert store.blobs.children(value.id) == ()
    found = store.blobs.get(value.id)
    assert found is not None and bytes(found.buffers[0]) == b"a"
    assert store.variants([make_node("another").call]) == {}
    assert not others_see(store, node.call)
    assert not kept, "nothing that was asked needed the commit"
    assert store.variants([node.call]) == {node.call: (node,)}
    assert kept == [True], "called once, when others see it"


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("how", ["read", "write", "close", "many"])
def test_what_waits_is_committed_by(how: str, store: SqliteStore) -> None:
    node = make_node("step", outputs=["a"])
    store.record([node], [small("a")], kept=nothing)
    if how == "read":
        assert store.node(node.id) == node
    elif how == "write":
        store.record([make_node("another")])
    elif how == "close":
        store.close()
    else:
        for n in range(backlog.MOST - 1):
            store.record([make_node(f"step {n}")], kept=nothing)
    assert others_see(store, node.call)


def test_the_watching_thread_commits_what_nobody_else_does(store: SqliteStore) -> None:
    committed = threading.Event()
    node = make_node("step", outputs=["a"])
    store.record([node], [small("a")], kept=committed.set)
    committed.wait()
    assert others_see(store, node.call)


@pytest.mark.usefixtures("patient")
def test_a_record_that_fails_is_told_and_takes_none_before_it_along(store: SqliteStore) -> None:
    good, later = make_node("good", outputs=["a"]), make_node("later", outputs=["b"])
    kept: list[str] = []
    store.record([good], [small("a")], kept=lambda: kept.append("good"))
    unknown = Use(0, "bad", None, "failed", Reason("error", ""))
    store.record(run=new_ulid(), uses=[unknown], kept=lambda: kept.append("bad"))
    store.record([later], [small("b")], kept=lambda: kept.append("later"))
    with pytest.raises(NotFound, match="no such run"):
        store.runs()
    assert kept == ["good", "bad", "later"], "who waits for any of them goes on"
    assert others_see(store, good.call)
    assert not others_see(store, later.call)
    assert not store.blobs.has(value_id("b")), "what was not kept is not there"
    assert store.runs() == (), "told once"


def test_a_failure_of_the_watching_thread_is_told(store: SqliteStore) -> None:
    failed = threading.Event()
    unknown = Use(0, "bad", None, "failed", Reason("error", ""))
    store.record(run=new_ulid(), uses=[unknown], kept=failed.set)
    failed.wait()
    while store._database._state.backlog._watched:
        pass
    with pytest.raises(NotFound, match="no such run"):
        store.runs()


@pytest.mark.usefixtures("patient")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_neither_writes_nor_frees_what_waits(store: SqliteStore) -> None:
    node = make_node("step", outputs=["a"])
    kept: list[int] = []
    store.record([node], [small("a")], kept=lambda: kept.append(os.getpid()))
    child = os.fork()
    if child == 0:
        seen = store.variants([node.call]) or store.blobs.has(value_id("a")) or kept
        os._exit(1 if seen else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert store.node(node.id) == node
    assert kept == [os.getpid()]


def test_threads_that_record_at_once_lose_nothing(store: SqliteStore) -> None:
    kept: list[int] = []

    def record(thread: int) -> None:
        for n in range(50):
            name = f"{thread} {n}"
            store.record(
                [make_node(name, outputs=[name])],
                [small(name)],
                kept=lambda: kept.append(1) if others_see(store, make_node(name).call) else None,
            )
            assert store.variants([make_node(name).call])

    threads = [threading.Thread(target=record, args=(thread,)) for thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 150


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["record", "later", "variants", "has", "uses"]), st.integers(0, 5)),
    max_size=25,
)


@given(ACTIONS)
def test_waiting_changes_no_answer(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    run = Run(new_ulid(), "flow", "running", 1)
    with SqliteStore(folder / "a.db") as waits, SqliteStore(folder / "b.db") as writes:
        waits.start(run)
        writes.start(run)
        for seq, (action, number) in enumerate(actions):
            node, value = make_node(f"step {number}", outputs=[f"{number}"]), small(f"{number}")
            use = Use(seq, f"step {number}", node.id, "computed", Reason("new", ""))
            if action in ("record", "later"):
                kept = nothing if action == "later" else None
                waits.record([node], [value], run=run.id, uses=[use], kept=kept)
                writes.record([node], [value], run=run.id, uses=[use])
            elif action == "variants":
                assert waits.variants([node.call]) == writes.variants([node.call])
            elif action == "has":
                assert waits.blobs.size(value.id) == writes.blobs.size(value.id)
            else:
                assert waits.uses(run.id) == writes.uses(run.id)
        assert waits.uses(run.id) == writes.uses(run.id)
        assert list(waits.values()) == list(writes.values())
