"""What every `RunStore` must do.

Subclass `RunStoreSuite` in a test module and give the fixture ``store``: a new, empty store that
is a `NodeStore`, too.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol

import pytest

from clew.errors import ClewError, NotFound
from clew.lineage.ports import NodeStore, RunStore
from clew.lineage.records import LogEntry, Reason, Run, Use
from clew.testing.records import make_node, unknown_node, value_id


class RunAndNodeStore(RunStore, NodeStore, Protocol):
    """What the suite needs: uses refer to nodes."""


def a_run(id: str = "01RUN", flow: str = "adult", started_ms: int = 1000) -> Run:
    """Return a run that has just started."""
    return Run(id, flow, "running", started_ms, arguments='{"bins": 10}', context='{"pid": 7}')


class RunStoreSuite:
    """Tests of the port; the subclass provides ``store``."""

    def test_a_run_comes_back(self, store: RunAndNodeStore) -> None:
        """Every field."""
        store.start(a_run())
        assert store.run("01RUN") == a_run()
        assert store.run("01OTHER") is None

    def test_an_id_starts_once(self, store: RunAndNodeStore) -> None:
        """A run is an event: a second start is an error, and changes nothing."""
        store.start(a_run())
        with pytest.raises(ClewError):
            store.start(a_run(flow="other"))
        assert store.run("01RUN") == a_run()

    def test_finishing_replaces_the_end(self, store: RunAndNodeStore) -> None:
        """Status, end, result and error; the rest stays."""
        store.start(a_run())
        ended = dataclasses.replace(
            a_run(), status="failed", ended_ms=2000, result=value_id("r"), error="ValueError: no"
        )
        store.finish(dataclasses.replace(ended, flow="ignored", arguments="ignored"))
        assert store.run("01RUN") == ended

    def test_an_unknown_run_is_refused(self, store: RunAndNodeStore) -> None:
        """Nothing is logged to a run that never started."""
        with pytest.raises(NotFound):
            store.finish(a_run())
        with pytest.raises(NotFound):
            store.use("01RUN", [], [LogEntry("param", "a", text="1")])

    def test_runs_are_newest_first(self, store: RunAndNodeStore) -> None:
        """Of all flows or of one, up to a limit."""
        for n, flow in enumerate(["a", "b", "a"]):
            store.start(a_run(f"01RUN{n}", flow, started_ms=n))
        assert [run.id for run in store.runs()] == ["01RUN2", "01RUN1", "01RUN0"]
        assert [run.id for run in store.runs(flow="a")] == ["01RUN2", "01RUN0"]
        assert [run.id for run in store.runs(limit=1)] == ["01RUN2"]
        assert store.runs(flow="nowhere") == ()

    def test_uses_come_back_in_order(self, store: RunAndNodeStore) -> None:
        """With their reasons; a node may be unknown, or known by name only."""
        node = make_node("m:f", [], ["x"])
        store.add([node], [])
        store.start(a_run())
        reason = Reason("input-changed", "rows differ", {"rows": {"was": "aa", "is": "bb"}})
        uses = [
            Use(0, "load", node.id, "reused", Reason("same-inputs", "seen before"), 0.5, 2.0),
            Use(1, "features", unknown_node(), "computed", reason, 1.25),
            Use(2, "model", None, "pruned", Reason("not-needed", "")),
        ]
        store.use("01RUN", uses[1:])
        store.use("01RUN", uses[:1])
        assert store.uses("01RUN") == tuple(uses)
        assert store.uses("01OTHER") == ()

    def test_a_later_use_of_a_label_replaces_the_earlier(self, store: RunAndNodeStore) -> None:
        """A retried step has one row."""
        store.start(a_run())
        first = Use(0, "load", None, "failed", Reason("error", "no file"))
        second = Use(1, "load", None, "computed", Reason("first-run", ""))
        store.use("01RUN", [first])
        store.use("01RUN", [second])
        assert store.uses("01RUN") == (second,)

    def test_entries_come_back_by_kind_and_name(self, store: RunAndNodeStore) -> None:
        """Metrics by step, params, tags, artifacts; the same again, and a new value, replace."""
        store.start(a_run())
        entries = (
            LogEntry("metric", "auc", number=0.5, step=1, time_ms=10),
            LogEntry("metric", "auc", number=0.75, step=2, time_ms=20, node=unknown_node()),
            LogEntry("param", "bins", text="10"),
            LogEntry("tag", "note", text="Σ\n"),
            LogEntry("artifact", "plot.png", text=value_id("plot").hex()),
        )
        store.use("01RUN", [], [*entries[3:], LogEntry("param", "bins", text="9"), entries[1]])
        store.use("01RUN", [], entries[:3])
        assert store.entries("01RUN") == entries

    def test_metrics_keep_their_bits(self, store: RunAndNodeStore) -> None:
        """Infinities, the smallest numbers and the sign of zero; NaN stays NaN."""
        store.start(a_run())
        numbers = [math.inf, -math.inf, -0.0, 5e-324, 1e308, 0.1, 3.0, math.nan]
        entries = [LogEntry("metric", "m", number=x, step=n) for n, x in enumerate(numbers)]
        store.use("01RUN", [], entries)
        found = [entry.number for entry in store.entries("01RUN")]
        assert list(map(repr, found)) == list(map(repr, numbers))
