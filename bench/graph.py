"""The graph of 100,000 nodes: ancestors of one node, opening the store, bytes a node.

The graph is what a year of work on one model leaves behind: the raw data is read once, every
generation of the flow cleans it, builds features, searches over hundreds of trials with three folds
each, refits the best and gates it against the model before. The node that is asked for is the last
gate, which stands on two whole studies. CPU milliseconds, best of several; the ancestors are
compared with a search in Python over the records.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.figure import Figure
from clew.adapters.stores.sql import SqliteStore
from clew.lineage.canonical import CodeId, NodeId, ValueId, digest
from clew.lineage.records import Cost, Edge, Node, Value, call_id

FOLDS = 3
TRIALS = 480
FEATURES = 12
REPEATS = 5
BATCH = 1000


def figures(quick: bool) -> Iterator[Figure]:
    """Yield all figures of this module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clew.db"
        history = History(10_000 if quick else 100_000)
        with SqliteStore(path) as store:
            for start in range(0, len(history.nodes), BATCH):
                store.add(
                    history.nodes[start : start + BATCH], history.values[2 * start :][: 2 * BATCH]
                )
        size = sum(file.stat().st_size for file in path.parent.iterdir())
        yield Figure("graph.bytes_per_node", size / len(history.nodes), "bytes")
        yield Figure("graph.open_ms", best_ms(lambda: SqliteStore(path).close()), "ms")
        with SqliteStore(path) as store:
            yield ancestors(store, history)


def ancestors(store: SqliteStore, history: History) -> Figure:
    """Time all ancestors of the last gate."""
    target = history.nodes[-1].id
    agrees = set(store.closure([target], "up")) == expected(history.nodes, target)
    elapsed_ms = best_ms(lambda: store.closure([target], "up"))
    return Figure("graph.ancestors_ms", elapsed_ms, "ms", agrees=agrees)


def best_ms(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of the fastest of several repetitions."""
    found = []
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found) * 1000


def expected(nodes: Sequence[Node], target: NodeId) -> set[NodeId]:
    """Return a node and all its ancestors, by a search over the records."""
    by_id = {node.id: node for node in nodes}
    found: set[NodeId] = set()
    todo = [target]
    while todo:
        id = todo.pop()
        if id not in found:
            found.add(id)
            todo += [edge.source for edge in by_id[id].inputs if edge.source is not None]
    return found


class History:
    """Generations of a flow, until there are so many nodes."""

    def __init__(self, size: int) -> None:
        self.nodes: list[Node] = []
        self.makers: dict[ValueId, NodeId] = {}
        self.values: list[Value] = []
        self._environment = digest("environment", 1, [b"bench"])
        self.edition = 0
        raw = self.step("load", [], "pyarrow.lib.Table", "Table 32561 × 15")
        champion = raw
        per_generation = FEATURES + TRIALS * (2 * FOLDS + 1) + 5
        generation = 0
        while len(self.nodes) + per_generation <= size:
            champion = self.generation(raw, champion, generation)
            generation += 1
        filler = champion
        while len(self.nodes) < size - 1:
            filler = self.step("monitor", [filler], "builtins.float", "0.9123", len(self.nodes))
        self.step("gate", [champion, self.previous], "builtins.dict", "{'verdict': 'PASS'}")

    def generation(self, raw: ValueId, champion: ValueId, number: int) -> ValueId:
        """Add one generation (its code was edited) and return the id of its model."""
        self.previous = champion
        self.edition = number
        clean = self.step("clean", [raw], "pyarrow.lib.Table", "Table 32561 × 15")
        groups = [
            self.step("features", [clean], "numpy.ndarray", "ndarray 32561 × 9 float64", n)
            for n in range(FEATURES)
        ]
        matrix = self.step("join", groups, "numpy.ndarray", "ndarray 32561 × 108 float64")
        scores = []
        for trial in range(TRIALS):
            folds = []
            for fold in range(FOLDS):
                seed = trial * FOLDS + fold
                model = self.step("fit", [matrix], "sklearn.Pipeline", "Pipeline", seed)
                folds.append(self.step("score", [model, matrix], "builtins.float", "0.9071", seed))
            scores.append(self.step("mean", folds, "builtins.float", "0.9064", trial))
        best = self.step("choose", scores, "builtins.dict", "{'C': 0.1, 'depth': 7}")
        model = self.step("refit", [best, matrix], "sklearn.Pipeline", "Pipeline")
        self.step("predict", [model, matrix], "numpy.ndarray", "ndarray 32561 int64")
        return model

    def step(
        self, name: str, inputs: Sequence[ValueId], kind: str, preview: str, *parameters: int
    ) -> ValueId:
        """Add a node with the outputs of a step, and return the id of its result."""
        operation = f"income.flow:{name}"
        count = len(self.nodes)
        edges = [
            Edge(f"argument_{n}", value, self.makers.get(value)) for n, value in enumerate(inputs)
        ]
        edges += [
            Edge(f"parameter_{n}", ValueId(digest("int", 1, [str(value).encode()])))
            for n, value in enumerate(parameters)
        ]
        code = CodeId(digest("code", 1, [operation.encode(), bytes([self.edition])]))
        call = call_id(operation, code, self._environment, None, edges)
        result, effects = (
            ValueId(digest(role, 1, [str(count).encode()])) for role in ("result", "effects")
        )
        self.makers[result] = call
        self.nodes.append(
            Node(
                id=call,
                call=call,
                operation=operation,
                kind="step",
                code=code,
                environment=self._environment,
                seed=None,
                inputs=tuple(edges),
                outputs=(Edge("result", result), Edge("effects", effects)),
                cost=Cost(0.1 + count % 997 / 1000, 0.1 + count % 991 / 1000, 1000 + count),
                created_ms=1_790_000_000_000 + 37 * count,
            )
        )
        self.values += [
            Value(result, kind, preview, "array", 1000 + count, "stored"),
            Value(effects, "clew.Effects", "1 metric", "plain", 150, "stored"),
        ]
        return result
