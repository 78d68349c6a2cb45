"""`why` in the graph of 100,000 nodes: one step of the newest run, compared with what came before.

The runs are the generations of `bench.graph`, each of which used a few thousand nodes. CPU
milliseconds, best of several; the answer must name what differs from the nearest earlier call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.figure import Figure
from bench.graph import BATCH, History, best_ms
from bench.place import fresh_store
from clew.adapters.stores.sql import SqliteStore
from clew.app.store import open_store
from clew.lineage.records import Node, Reason, Run, Use

A_RUN = 3_000
REASON = Reason("first-run", "no valid result of this call is known")


def figures(quick: bool) -> Iterator[Figure]:
    """Yield the one figure of this module."""
    history = History(10_000 if quick else 100_000)
    with fresh_store() as folder:
        with SqliteStore(folder / "clew.db") as store:
            for start in range(0, len(history.nodes), BATCH):
                values = history.values[2 * start :][: 2 * BATCH]
                store.add(history.nodes[start : start + BATCH], values)
            run, step = log(store, history)
        opened = open_store(folder)
        (answer,) = opened.why(run, step)
        elapsed_ms = best_ms(lambda: opened.why(run, step))
    agrees = answer.compared is not None and bool(answer.changed)
    yield Figure("graph.why_ms", elapsed_ms, "ms", agrees=agrees)


def log(store: SqliteStore, history: History) -> tuple[str, str]:
    """Log the runs, oldest first; return the run and the label of the newest fit."""
    asked = ("", "")
    for number, start in enumerate(range(0, len(history.nodes), A_RUN)):
        id = f"01ARZ3NDEKTSV4RRFFQ69G{number:04d}"
        store.start(Run(id, "income.flow:train", "running", 1_790_000_000_000 + number))
        uses = list(used(history.nodes[start : start + A_RUN]))
        store.use(id, uses)
        fits = [use.label for use in uses if use.label.partition("#")[0] == "fit"]
        asked = (id, fits[-1]) if fits else asked
    return asked


def used(nodes: Sequence[Node]) -> Iterator[Use]:
    """Yield how a run used its nodes, named as a flow names repeated steps."""
    seen: Counter[str] = Counter()
    for seq, node in enumerate(nodes):
        name = node.operation.partition(":")[2]
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name}#{seen[name]}"
        yield Use(seq, label, node.id, "computed", REASON)
