"""Flows whose store is a server's: shared, sound, and the same as with a store of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clew
from clew.app.served import Served
from clew.app.settings import load
from clew.app.wiring import open_runtime
from clew.errors import InvalidState
from clew.steps.runtime import Runtime, using

CALLS: list[object] = []


@clew.step
def made(n: int) -> np.ndarray:
    CALLS.append(n)
    clew.log_metric("n", n)
    return np.arange(n * 1000.0)


@clew.step
def halves(x: np.ndarray, parts: int) -> tuple[np.ndarray, float]:
    CALLS.append(parts)
    return x / parts, float(x.sum())


@clew.flow
def thread(n: int = 3, parts: int = 2):
    half, total = halves(made(n), parts)
    return {"half": half, "total": total}


@clew.step
def plain(value: object, times: int) -> object:
    return [value] * times


@clew.flow
def anything(value: object = None, times: int = 1):
    return plain(plain(value, times), 2)


@pytest.fixture
def remote(served: Served, listening, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The client's side; each test has a connection of its own."""
    monkeypatch.setattr("clew.app.wiring._open", {})
    CALLS.clear()
    return open_runtime(load(store=listening.address))


def test_a_flow_is_computed_once_for_all(remote: Runtime, served: Served) -> None:
    with using(remote):
        first = thread.run()
        assert first.decisions == {"computed": 4}
        assert first.metrics == {"n": 3.0}
    with using(served.store.runtime):  # Whoever opens the store itself finds it, too.
        second = thread.run()
        assert "computed" not in second.decisions
        assert second.metrics == {"n": 3.0}
    assert CALLS == [3, 2]
    with using(remote):
        third = thread.run(parts=4)
        assert third.use("made").decision in ("reused", "pruned")
        expected = np.arange(3000.0)
        np.testing.assert_array_equal(third.result["half"], expected / 4)
        assert third.result["total"] == expected.sum()
    assert CALLS == [3, 2, 4]


@clew.step
def following(x: int) -> tuple[int, str]:
    return x + 1, str(x)


@clew.flow
def chain(count: int = 100):
    x: object = 1
    for _ in range(count):
        x = following(x)[0]
    return x


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=2000)
    | st.binary(max_size=2000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(value=values, times=st.integers(0, 3))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_ids_are_those_of_a_store_of_ones_own(
    value: object, times: int, remote: Runtime, tmp_path: Path
) -> None:
    def thread_of(runtime: Runtime) -> tuple[object, list[object]]:
        with using(runtime):
            run = anything.run(value=value, times=times)
            nodes = [runtime.store.node(use.node) for use in run.uses]
            facts = [(n.id, n.call, n.code, n.environment, n.inputs, n.outputs) for n in nodes]
            return clew.open(runtime.location).value(run.id), [run.record.result, facts]

    local = open_runtime(load(store=tmp_path / "local"))
    here, there = thread_of(local), thread_of(remote)
    assert there[1] == here[1]
    assert repr(there[0]) == repr(here[0])


def test_the_verbs_work_over_a_server(remote: Runtime, served: Served) -> None:
    with using(remote):
        run = thread.run()
        store = clew.open(remote.location)
        assert store.address == remote.location
        assert store.run().id == run.id
        assert store.runs()[0].status == "finished"
        assert [why.use.decision for why in store.why()] == ["computed"] * 4
        np.testing.assert_array_equal(store.value("last:made"), np.arange(3000.0))
        assert len(store.lineage("last").nodes) >= 4
        assert store.diff("last", "last") == ()
        assert store.impact("numpy").direct
        assert store.rebuild("last:made").identical
        assert [found.id for found in store.find("metrics.n > 2")] == [run.id]


@pytest.mark.parametrize("verb", ["gc", "fsck", "sql", "path"])
def test_what_needs_the_store_itself_says_so(remote: Runtime, verb: str) -> None:
    store = clew.open(remote.location)
    with pytest.raises(InvalidState, match="needs the store itself") as caught:
        store.sql("select 1") if verb == "sql" else getattr(store, verb)()
    assert caught.value.got == remote.location


def test_a_bundle_goes_both_ways(remote: Runtime, tmp_path: Path) -> None:
    with using(remote):
        thread.run()
        store = clew.open(remote.location)
        written = store.export("last", tmp_path / "thread.clew")
    elsewhere = clew.open(tmp_path / "elsewhere")
    assert elsewhere.import_(tmp_path / "thread.clew").values == written.values
    assert store.import_(tmp_path / "thread.clew").nodes == written.nodes


def test_runs_models_and_files_are_tracked(remote: Runtime, served: Served, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("thread")
    with using(remote):
        with clew.run("first", experiment="adult", output=False) as run:
            run.log_metrics({"auc": 0.9, "loss": float("nan")}, step=1)
            clew.log_param("depth", 3)
            clew.log_artifact("notes.txt", tmp_path / "notes.txt")
            clew.log_artifact("table", {"a": [1, 2]})
            halves(made(2), 2)
        record = run.record
    there = served.tracking.runs.get(run.id)
    assert (there.status, there.params) == ("finished", {"depth": "3"})
    assert there.metrics["auc"].value == record.metrics["auc"].value == 0.9
    assert np.isnan(there.metrics["loss"].value)
    owner = clew.entities.Owner("run", run.id)
    made_file = served.tracking.artifacts.get(owner, "notes.txt")
    assert b"".join(served.tracking.artifacts.read(made_file)) == b"thread"
    uses = served.store.runtime.store.uses(run.id)
    assert [use.label for use in uses] == ["made", "halves"]


def test_many_small_steps_need_few_requests(remote: Runtime, listening) -> None:
    with using(remote):
        chain.run(count=1)
        listening.requests.clear()
        chain.run()
        computed = len(listening.requests)
        listening.requests.clear()
        chain.run()
    # Two tasks each, the step and the pick from its result; and a look whether somebody was faster.
    assert computed <= 100 * 4 + 30
    assert len(listening.requests) <= 230


def test_worker_processes_share_the_server(remote: Runtime, listening, tmp_path: Path) -> None:
    script = tmp_path / "flow.py"
    script.write_text(
        textwrap.dedent(
            """
            import clew

            @clew.step
            def square(n: int) -> int:
                return n * n

            @clew.step
            def who(n: int, square: int) -> int:
                return n + square

            @clew.flow
            def squares(count: int = 6):
                return [who(n, square(n)) for n in range(count)]

            if __name__ == "__main__":
                for _ in range(2):
                    run = squares.run()
                    print(sorted(run.decisions.items()), run.result)
            """
        )
    )
    environment = {**os.environ, "CLEW_STORE": listening.address, "CLEW_ENGINE": "processes"}
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**environment, "CLEW_WORKERS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.startswith("[('computed', 12)]")
    assert "computed" not in second
    assert first.partition("]")[2].split("[")[-1] == second.split("[")[-1]
